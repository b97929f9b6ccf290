"""Hot list: what most depends on."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.lineage import Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer


class HotList(TableAnswer):
    """The nodes with the most direct neighbours, most first.

    Attributes:
        nodes: In order of (-direct, id).
        direct: For each of them how many direct neighbours it has.
        transitive: For each of them how many nodes are behind it in all, if that was asked.
        truncated: Whether there are more.
    """

    nodes: Nodes
    direct: list[int]
    transitive: list[int] | None
    truncated: bool

    def table(self) -> Table:
        """Return a row for each node."""
        behind: Sequence[int | None] = self.transitive or [None] * len(self.nodes)
        rows = [
            (node.reference, str(node.kind), direct, transitive)
            for node, direct, transitive in zip(self.nodes, self.direct, behind, strict=True)
        ]
        return Table(("reference", "kind", "direct", "transitive"), rows)


class GetHotList(Query[HotList]):
    """Return what most things depend on directly; upstream, what depends on most things.

    Attributes:
        node_kinds: Kinds of nodes to list; absent is versions of models and datasets.
        edge_kinds: Edges to count along; absent is all lineage, an empty list none.
        direction: Whether to count effects (downstream) or causes.
        transitive: Whether to count for the listed ones also what is behind their neighbours.
        deleted: Whether deleted things are listed and counted.
    """

    route: ClassVar[Route] = Route("GET", "/hot-list", "lineage")

    node_kinds: list[NodeKind] | None = None
    edge_kinds: list[EdgeKind] | None = None
    direction: Literal["downstream", "upstream"] = "downstream"
    transitive: bool = False
    deleted: bool = False
    limit: int = Field(default=20, ge=1, le=100)
