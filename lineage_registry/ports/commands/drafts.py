"""Drafts: files collected for a version that is not registered yet."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.formats import Inspection
from lineage_registry.ports.commands.base import Command, Route
from lineage_registry.ports.commands.versions import File


class DraftedFile(File):
    """A file of a draft.

    Attributes:
        modified_at: When its bytes last changed where it came from.
    """

    modified_at: datetime | None = None


class ListedFile(DraftedFile):
    """A file of a draft, as it is listed.

    Attributes:
        added_at: When it came into the draft.
        media_type: What its name says of its content, like `text/csv`; None if nothing.
    """

    added_at: datetime
    media_type: str | None


class Draft(BaseModel):
    """Files collected for a version that is not registered yet.

    Attributes:
        files: How many there are.
        size: Bytes of the files together.
        expires_at: When it is forgotten unless it changes before.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    files: int
    size: int
    created_at: datetime
    created_by: str
    changed_at: datetime
    expires_at: datetime


class DraftContent(Draft):
    """A draft with its files, in order of their paths.

    Attributes:
        state: Another one after each change; empty if the draft is gone, and these are the files
            that were registered.
    """

    state: str
    listed: list[ListedFile]


class Drafts(BaseModel):
    """All drafts, in order of their names."""

    model_config = ConfigDict(frozen=True)

    drafts: list[Draft]


class AddToDraft(Command[Draft]):
    """Put files into a draft, which is made if there is none; a path that is there is replaced.

    Their bytes are in the artifact store before. The draft keeps them for 30 days after its last
    change.

    Attributes:
        version: A version whose files are put into it first.
    """

    route: ClassVar[Route] = Route("POST", "/drafts/{name}/files", "drafts")

    name: str
    files: list[DraftedFile] = Field(default_factory=list, max_length=100_000)
    version: str | None = None


class RemoveFromDraft(Command[Draft]):
    """Take files out of a draft.

    Attributes:
        path: Paths of files, or of folders with all that is in them.
    """

    route: ClassVar[Route] = Route("DELETE", "/drafts/{name}/files", "drafts")

    name: str
    path: Annotated[list[str], Field(min_length=1, max_length=1_000)]


class GetDraft(Command[DraftContent]):
    """Return a draft with its files.

    Attributes:
        registered_with: The idempotency key of a request that registers it. If there is no such
            draft, but one version was registered with this key, its files are returned: sent
            again with the same key, they find the version instead of making another one.
    """

    route: ClassVar[Route] = Route("GET", "/drafts/{name}", "drafts")

    name: str
    registered_with: str | None = Field(default=None, min_length=1, max_length=200)


class InspectDraft(Command[Inspection]):
    """Look into the files of a draft where they are stored, as their registration would.

    Nothing of theirs is run, and what would be refused leaves no event.

    Attributes:
        format: Format handler; found by content if left out.
    """

    route: ClassVar[Route] = Route("GET", "/drafts/{name}/inspection", "drafts")

    name: str
    format: str | None = Field(default=None, max_length=64)


class ListDrafts(Command[Drafts]):
    """List all drafts."""

    route: ClassVar[Route] = Route("GET", "/drafts", "drafts")


class DiscardDraft(Command[Draft]):
    """Throw a draft away, and return what it was; registered versions are not touched.

    Attributes:
        state: That of its content when it was read; a draft that changed since is kept.
    """

    route: ClassVar[Route] = Route("DELETE", "/drafts/{name}", "drafts")

    name: str
    state: str | None = None
