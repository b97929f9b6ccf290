"""Common ancestors: what several things all come from."""

from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.lineage import Edges, Lineage, Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import GraphAnswer, Route, TableAnswer
from lineage_registry.ports.commands.scope import Scoped


class CommonAncestors(TableAnswer, GraphAnswer):
    """What several things all come from; a thing counts as its own ancestor.

    Attributes:
        nearest: Common ancestors that no other one descends from: the lowest ones.
        ancestors: All of them, closest to any start first.
        distances: For each of `ancestors` the edges to each of `starts`.
        edges: The edges among the nodes named here.
        total: How many there are, shown or not.
        truncated: Whether the limit left some out.
    """

    starts: list[str]
    nearest: Nodes
    ancestors: Nodes
    distances: list[list[int]]
    edges: Edges = ()
    total: int
    truncated: bool

    def graph(self) -> Lineage:
        """Return the common ancestors that are named, and the edges among them."""
        named = {node.id: node for node in (*self.ancestors, *self.nearest)}
        nodes = sorted(named.values(), key=lambda node: (node.distance, node.id))
        return Lineage.model_construct(
            starts=self.starts,
            direction="upstream",
            nodes=nodes,
            edges=self.edges,
            depth_reached=max((node.distance for node in nodes), default=0),
            truncated=self.truncated,
            revision=self.revision,
            as_of=self.as_of,
        )

    def table(self) -> Table:
        """Return a row for each common ancestor, with a distance for each start."""
        nearest = {node.id for node in self.nearest}
        starts = range(1, len(self.starts) + 1)
        rows: list[tuple[Scalar, ...]] = [
            (node.reference, str(node.kind), node.id in nearest, *distances)
            for node, distances in zip(self.ancestors, self.distances, strict=True)
        ]
        return Table(("reference", "kind", "nearest", *(f"distance_{n}" for n in starts)), rows)


class GetCommonAncestors(Scoped[CommonAncestors]):
    """Return what several things all come from, and the nearest of it.

    Attributes:
        start: References; a model or dataset stands for any of its versions.
        node_kinds: Kinds of nodes to report; absent is all, an empty list none.
        limit: Nodes to name at most, closest first.
    """

    route: ClassVar[Route] = Route("GET", "/common-ancestors", "lineage")

    start: list[str] = Field(min_length=2, max_length=100)
    node_kinds: list[NodeKind] | None = None
    limit: int = Field(default=1_000, ge=1, le=10_000)
