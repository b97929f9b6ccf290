"""What happened to the lineage of a thing, and when."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from lineage_registry.domain.graph import EdgeKind, Scalar
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Listing, Route, TableAnswer


class EdgeChange(BaseModel):
    """An edge, from effect to cause, that came or ended."""

    model_config = ConfigDict(frozen=True)

    source: str
    kind: EdgeKind
    target: str
    role: str
    ended: bool


class ValueSet(BaseModel):
    """A value of a node that was set; None if it ended."""

    model_config = ConfigDict(frozen=True)

    of: str
    key: str
    value: Scalar | None


class LineageChange(BaseModel):
    """An event that changed the lineage of a thing.

    Attributes:
        event: Type of the event.
        edges: Edges of the lineage that came or ended.
        values: Values of things in the lineage that were set, `stage`, `deleted`, `tag/licence`.
        more: Edges and values that are not listed.
    """

    model_config = ConfigDict(frozen=True)

    position: int
    revision: int
    at: datetime
    actor: str
    reason: str | None
    event: str
    edges: list[EdgeChange]
    values: list[ValueSet]
    more: int


class LineageHistory(TableAnswer):
    """What happened to what a thing comes from, since it is there.

    Attributes:
        truncated: Whether its ancestry is too large to watch all of it.
        next_cursor: What to ask for the rest with; None at the end. It keeps the revision.
    """

    reference: str
    changes: list[LineageChange]
    truncated: bool
    next_cursor: str | None = None

    def table(self) -> Table:
        """Return a row for each edge and value that changed."""
        rows: list[tuple[Scalar | None, ...]] = []
        for one in self.changes:
            known = (one.revision, one.at.isoformat(), one.actor, one.reason, one.event)
            rows += [
                (*known, edge.source, "ended" if edge.ended else "new", edge.kind, edge.target)
                for edge in one.edges
            ]
            rows += [(*known, value.of, "set", value.key, value.value) for value in one.values]
        columns = ("revision", "at", "actor", "reason", "event", "of", "change", "what", "value")
        return Table(columns, rows)


class GetLineageHistory(Listing[LineageHistory]):
    """Return what happened to the lineage of a version, run or deployment: when, who, why, what.

    From its own beginning on: edges that came late or ended, and values of whatever was in its
    ancestry at that time: stages, rollbacks, deletes, new names, tags, parameters, the ends of
    runs. Metrics are left out.

    Attributes:
        newest_first: Whether the last change comes first.
    """

    route: ClassVar[Route] = Route("GET", "/lineage-history", "lineage")

    of: str
    newest_first: bool = False
