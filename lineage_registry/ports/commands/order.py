"""Order: which things come before which, in layers."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Route, TableAnswer
from lineage_registry.ports.commands.scope import Scoped


class Order(TableAnswer):
    """Nodes in layers, causes first.

    Things of one layer do not come from each other; read one after the other, the layers are a
    topological order. A layer is as high as the longest chain of causes below it.

    Attributes:
        total: How many nodes there are, shown or not.
        depth_reached: Largest distance in the answer from a start.
        truncated: Whether the limit left something out.
        omitted: How many nodes of each kind that is.
        has_more: How many direct neighbours of a node, in the direction asked for, are left out;
            nodes without any are not in it. None for the direction `none`, which asks for no
            neighbours.
    """

    starts: list[str]
    direction: Literal["upstream", "downstream", "both", "none"]
    levels: list[Nodes]
    total: int
    depth_reached: int
    truncated: bool
    omitted: Mapping[NodeKind, int]
    has_more: Mapping[int, int] | None

    def table(self) -> Table:
        """Return a row for each node, in order."""
        rows = [
            (level, node.reference, str(node.kind))
            for level, nodes in enumerate(self.levels)
            for node in nodes
        ]
        return Table(("level", "reference", "kind"), rows)


class GetOrder(Scoped[Order]):
    """Return the nodes of a lineage in layers, each thing behind all that it comes from.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        direction: Whose order: that of the causes, of the effects, of both, or `none`: of the
            given things alone, also where they come from each other through others.
        limit: Nodes to order at most, those closest to a start.
    """

    route: ClassVar[Route] = Route("GET", "/order", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    direction: Literal["upstream", "downstream", "both", "none"] = "upstream"
    limit: int = Field(default=10_000, ge=1, le=100_000)
