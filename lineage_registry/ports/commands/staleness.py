"""Staleness: versions whose causes have newer versions."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import EdgeKind
from lineage_registry.domain.references import Space
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import CATALOG, Listing, Route, TableAnswer


class StaleCause(BaseModel):
    """A cause that has a newer version.

    Attributes:
        used: The version that is used.
        newest: The newest one there is.
        behind: How many newer ones there are.
        seconds: Time between the making of the two.
        distance: Edges from the stale version.
        direct: Whether the version itself, or the run that made it, uses it.
    """

    model_config = ConfigDict(frozen=True)

    used: str
    newest: str
    behind: int
    seconds: float
    distance: int
    direct: bool


class StaleVersion(BaseModel):
    """A version with causes that have newer versions, nearest first."""

    model_config = ConfigDict(frozen=True)

    reference: str
    stage: str | None
    causes: list[StaleCause]


class Staleness(TableAnswer):
    """The stale ones among some versions, oldest first.

    Attributes:
        checked: How many versions were looked at; those not listed are fresh.
        truncated: Whether their ancestry was too large to look at all of it.
        next_cursor: What to ask for the rest with; None at the end. It keeps the revision.
    """

    checked: int
    stale: list[StaleVersion]
    truncated: bool
    next_cursor: str | None = None

    def table(self) -> Table:
        """Return a row for each stale cause."""
        columns = (
            "version",
            "stage",
            "used",
            "newest",
            "behind",
            "seconds",
            "distance",
            "direct",
        )
        return Table(
            columns,
            [
                (
                    version.reference,
                    version.stage,
                    cause.used,
                    cause.newest,
                    cause.behind,
                    cause.seconds,
                    cause.distance,
                    cause.direct,
                )
                for version in self.stale
                for cause in version.causes
            ],
        )


class GetStaleness(Listing[Staleness]):
    """Return which versions are stale: a cause of theirs, however far, has a newer version.

    Newer is a higher number of the same model or dataset, neither deleted nor rolled back. A cause
    that a later version of its own model or dataset comes from is the history of that one, and
    makes nothing stale.

    Attributes:
        start: References; a model or dataset stands for all its versions. Empty is every version of
            all models, or of all datasets.
        space: Which of the two is meant when `start` is empty.
        stage: Only versions in this stage; `None` is no stage.
        edge_kinds: Edges to follow; absent is all lineage, an empty list none.
        limit: Versions to look at for this page at most.
    """

    route: ClassVar[Route] = Route("GET", "/staleness", "lineage")

    start: list[str] = Field(default_factory=list, max_length=1_000)
    space: CATALOG = Space.MODELS
    stage: str | None = Field(default=None, max_length=64)
    edge_kinds: list[EdgeKind] | None = None
