"""Garbage: blobs that nothing names."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.ports.commands.base import Answer, Route, Write

DEFAULT_GRACE = 2 * 24 * 3600


class Tally(BaseModel):
    """So many blobs, or uploads, of so many bytes together."""

    model_config = ConfigDict(frozen=True)

    count: int = 0
    bytes: int = 0


class Unnamed(BaseModel):
    """A blob that nothing names.

    Attributes:
        kept: Why it stays: a pin keeps it (`pinned`), or it is `young`. None: it goes.
    """

    model_config = ConfigDict(frozen=True)

    digest: str
    size: int
    stored_at: datetime
    kept: Literal["pinned", "young"] | None = None


class Garbage(Answer):
    """What a garbage collection removed, or would remove; what it keeps, and why.

    Attributes:
        dry_run: Nothing was removed.
        removed: Blobs that went, or would go.
        uploads: Unfinished uploads and expired pins that went, or would go.
        named: Blobs that stay because a version names them; deleted versions count, they can be
            restored.
        pinned: Blobs that nothing names and that stay because an upload under way keeps them.
        young: Blobs that nothing names and that stay because they are not older than the grace.
        unnamed: The blobs that no version names, in order of digest, up to `limit`.
        truncated: There are more of them than are listed.
    """

    dry_run: bool
    removed: Tally
    uploads: Tally
    named: Tally
    pinned: Tally
    young: Tally
    unnamed: list[Unnamed]
    truncated: bool


class CollectGarbage(Write[Garbage]):
    """Remove blobs that no version names, no pin keeps and that are old enough.

    Versions that are deleted count: they can be restored. Uploads that nobody went on with are
    removed, too.

    Attributes:
        dry_run: Only say what would be removed.
        grace: Seconds for which a blob that nothing names is left alone; longer than the time
            between an upload and its registration. Unfinished uploads rest an hour at least; over
            HTTP other blobs, too: somebody else may be about to register them.
        limit: Blobs to list at most.
        force: Although the registry names none of the blobs in its store.
    """

    route: ClassVar[Route] = Route("POST", "/gc", "artifacts")

    dry_run: bool = True
    grace: int = Field(default=DEFAULT_GRACE, ge=0, le=10 * 365 * 24 * 3600)
    limit: int = Field(default=100, ge=0, le=10_000)
    force: bool = False
