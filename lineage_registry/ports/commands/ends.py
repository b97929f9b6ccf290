"""Ends of lineage: what all comes from in the end, and what all ends in."""

from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Route, TableAnswer
from lineage_registry.ports.commands.scope import Scoped


class Ends(TableAnswer):
    """Where lineage begins or ends.

    Attributes:
        nodes: The ends, closest first; a start that is one, too.
        total: How many there are, shown or not.
        truncated: Whether the limit left some out.
    """

    starts: list[str]
    nodes: Nodes
    total: int
    truncated: bool

    def table(self) -> Table:
        """Return a row for each end."""
        rows = [(node.reference, str(node.kind), node.distance) for node in self.nodes]
        return Table(("reference", "kind", "distance"), rows)


class GetEnds(Scoped[Ends]):
    """What both questions about ends ask.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        node_kinds: Kinds of nodes to report; absent is all, an empty list none.
        limit: Nodes to name at most, closest first.
    """

    start: list[str] = Field(min_length=1, max_length=1_000)
    node_kinds: list[NodeKind] | None = None
    limit: int = Field(default=1_000, ge=1, le=10_000)


class GetRoots(GetEnds):
    """Return what some things come from in the end: ancestors without causes."""

    route: ClassVar[Route] = Route("GET", "/roots", "lineage")


class GetLeaves(GetEnds):
    """Return what some things end in: descendants without effects."""

    route: ClassVar[Route] = Route("GET", "/leaves", "lineage")
