"""Integrity: whether the files of versions are there and are what was registered."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.ports.commands.base import CATALOG, Listing, Page, Route


class FileProblem(BaseModel):
    """A file of a version that is not what was registered.

    Attributes:
        path: Its path in the version; None for the list of its files.
        state: Whether its bytes are gone, or are others.
    """

    model_config = ConfigDict(frozen=True)

    path: str | None
    digest: str
    state: Literal["missing", "different"]


class VersionCheck(BaseModel):
    """What the check of one version found.

    Attributes:
        state: `verified`: every byte was read and is right; `present`: all files are there, of the
            right size, and were not read; `damaged`: something is missing or different;
            `no files`: it is metadata only.
        bytes: Size of its files together.
        problems: What is wrong, by path, 100 at most.
        truncated: Whether more is wrong than is listed.
        hint: How to put it right, if it is damaged.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    reference: str
    state: Literal["verified", "present", "damaged", "no files"]
    files: int
    bytes: int
    problems: list[FileProblem]
    truncated: bool = False
    hint: str | None = None


class VerifyVersions(Listing[Page[VersionCheck]]):
    """Check the files of versions against what was registered, oldest version first.

    Each row is one version. A page ends early when it has taken some seconds; `next_cursor` goes
    on behind it, so that a check of everything can be stopped and taken up again.

    Attributes:
        of: Versions, or models and datasets with all their versions; none is everything.
        space: Only models, or only datasets.
        read: Read every file again and compare digests; otherwise only presence and size count.
        deleted: Whether deleted versions are checked, too.
    """

    route: ClassVar[Route] = Route("GET", "/verify", "audit")

    of: list[str] = Field(default_factory=list, max_length=1_000)
    space: CATALOG | None = None
    read: bool = True
    deleted: bool = False
