"""Siblings and direct neighbours."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Route, TableAnswer
from lineage_registry.ports.commands.scope import Bounded


class Sibling(BaseModel):
    """A version with a cause in common; `shared` names the causes, empty if only declared."""

    model_config = ConfigDict(frozen=True)

    reference: str
    stage: str | None = None
    deleted: bool = False
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
            ("reference", "stage", "deleted", "declared", "shared"),
            [
                (each.reference, each.stage, each.deleted, each.declared, ", ".join(each.shared))
                for each in self.siblings
            ],
        )


class GetSiblings(Bounded[Siblings]):
    """Return the siblings of a version, and what they share.

    Attributes:
        cause_kinds: Kinds of the shared causes: a model or dataset version, a run. Absent is all,
            and also those that are siblings only because somebody declared it; an empty list none.
        edge_kinds: How a cause is shared: by `derived_from` a parent, by `generated_by` the run
            that made both, by `used` what their runs read, by `sibling_of` what was declared.
            Absent is all.
        deleted: Whether deleted siblings and causes count; then the version may be deleted, too.
    """

    route: ClassVar[Route] = Route("GET", "/siblings", "lineage")

    of: str
    cause_kinds: list[NodeKind] | None = None
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
    deleted: bool = False


class Neighbours(TableAnswer):
    """Everything that one edge of any kind joins to a node."""

    reference: str
    neighbours: list[Neighbour]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each edge."""
        return Table(
            ("reference", "kind", "direction", "edge", "role", "declared", "deleted"),
            [
                (
                    each.reference,
                    each.kind,
                    each.direction,
                    each.edge,
                    each.role,
                    each.declared,
                    each.deleted,
                )
                for each in self.neighbours
            ],
        )


class GetNeighbours(Bounded[Neighbours]):
    """Return the direct neighbours of a thing over edges of every kind.

    Attributes:
        edge_kinds: Edges of any kind; absent is all, an empty list none.
        deleted: Whether deleted neighbours count; then the thing may be deleted, too.
    """

    route: ClassVar[Route] = Route("GET", "/neighbours", "lineage")

    of: str
    limit: int = Field(default=1_000, ge=1, le=10_000)
