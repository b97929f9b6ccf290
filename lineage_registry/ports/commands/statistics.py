"""Statistics: how much there is, of what, and what is stored once though it is named often."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer


class StatisticsGroup(BaseModel):
    """How many things have something in common.

    Attributes:
        by: What they have in common; versions but for `kind`, which counts all things.
        name: The kind, format, stage or owner; None is those without one.
        bytes: Size of the files of its versions together, as if nothing were stored once.
    """

    model_config = ConfigDict(frozen=True)

    by: Literal["kind", "format", "stage", "owner"]
    name: str | None
    count: int
    bytes: int


class Statistics(TableAnswer):
    """How much a registry holds.

    Attributes:
        versions: Of models and datasets.
        files: Files of all versions; one that two versions have counts twice.
        bytes: Size of these files together.
        blobs: Different files among them; None if the lists of files were not read.
        stored_bytes: Size of the different files together.
        saved_bytes: What storing each once saves.
        unread: Versions whose list of files cannot be read: their blobs are not counted.
        groups: In order of what is counted, then the largest first.
    """

    versions: int
    files: int
    bytes: int
    blobs: int | None
    stored_bytes: int | None
    saved_bytes: int | None
    unread: int
    groups: list[StatisticsGroup]

    def table(self) -> Table:
        """Return a row for each group."""
        rows = [(one.by, one.name, one.count, one.bytes) for one in self.groups]
        return Table(("by", "name", "count", "bytes"), rows)


class GetStatistics(Query[Statistics]):
    """Return how much there is: things by kind; versions and bytes by format, stage and owner.

    Attributes:
        stored: Whether to read the list of files of each version, which tells what storing each
            file once saves.
        deleted: Whether deleted things count, too.
    """

    route: ClassVar[Route] = Route("GET", "/statistics", "status")

    stored: bool = True
    deleted: bool = False
