"""Siblings and direct neighbours."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer


class Sibling(BaseModel):
    """A version with a cause in common; `shared` names the causes, empty if only declared."""

    model_config = ConfigDict(frozen=True)

    reference: str
    stage: str | None = None
    declared: bool = False
    shared: list[str] = Field(default_factory=list)


class Siblings(TableAnswer):
    """Versions that share a direct parent, run or dataset version with one, by age."""

    reference: str
    siblings: list[Sibling]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each sibling; what it shares is one cell, parted by commas."""
        return Table(
            ("reference", "stage", "declared", "shared"),
            [
                (each.reference, each.stage, each.declared, ", ".join(each.shared))
                for each in self.siblings
            ],
        )


class GetSiblings(Query[Siblings]):
    """Return the siblings of a version, and what they share."""

    route: ClassVar[Route] = Route("GET", "/siblings", "lineage")

    of: str
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Neighbour(BaseModel):
    """A direct neighbour; `direction` is upstream for a cause, downstream for an effect."""

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: NodeKind
    direction: Literal["upstream", "downstream"]
    edge: EdgeKind
    role: str
    declared: bool


class Neighbours(TableAnswer):
    """Everything that one edge of any kind joins to a node."""

    reference: str
    neighbours: list[Neighbour]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each edge."""
        return Table(
            ("reference", "kind", "direction", "edge", "role", "declared"),
            [
                (each.reference, each.kind, each.direction, each.edge, each.role, each.declared)
                for each in self.neighbours
            ],
        )


class GetNeighbours(Query[Neighbours]):
    """Return the direct neighbours of a thing over edges of every kind."""

    route: ClassVar[Route] = Route("GET", "/neighbours", "lineage")

    of: str
    limit: int = Field(default=1_000, ge=1, le=10_000)
