"""Trails: for each node that a walk reached, one shortest way that leads there.

Everything here is linear in nodes and edges, and nothing recurses: a way may have 10,000 edges.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from lineage_registry.domain.graph import Edge
from lineage_registry.domain.view import Direction


class Trails:
    """The shortest ways of a walk: a breadth-first tree over its edges.

    Of several shortest ways to a node it takes the one with the fewest inferred edges; then
    the one through the node with the smallest id, then the first by kind and role of its last edge.

    Attributes:
        arrivals: For each node but the starts the last edge of its way.
    """

    def __init__(
        self, distances: Mapping[int, int], edges: Iterable[Edge], direction: Direction
    ) -> None:
        """Find the ways to all nodes.

        Args:
            distances: What the walk reached, in order of distance.
            edges: The edges among it.
            direction: Which way the walk went.
        """
        self._downstream = direction is Direction.DOWNSTREAM
        self._starts = [node for node, distance in distances.items() if not distance]
        self._edges = list(edges)
        into: defaultdict[int, list[Edge]] = defaultdict(list)
        for edge in self._edges:
            near, far = self._ends(edge)
            if distances[far] == distances[near] + 1:
                into[far].append(edge)
        self.arrivals: dict[int, Edge] = {}
        self._before: dict[int, int] = {}
        self._choose(distances, into)

    def trail(self, node: int) -> list[Edge]:
        """Return the edges of the way to one node, the one at the start first; none for a start."""
        return [self.arrivals[id_] for id_ in self.nodes_to(node)[1:]]

    def nodes_to(self, node: int) -> list[int]:
        """Return the nodes of the way to one node, a start first; a start alone is its way."""
        nodes = [node]
        while (near := self._before.get(nodes[-1])) is not None:
            nodes.append(near)
        nodes.reverse()
        return nodes

    def on_ways(self, nodes: Iterable[int]) -> set[int]:
        """Return all nodes on the ways to some, both ends included; each is looked at once."""
        found: set[int] = set()
        for node in nodes:
            at: int | None = node
            while at is not None and at not in found:
                found.add(at)
                at = self._before.get(at)
        return found

    def reached_by(self, taken: Callable[[Edge], bool]) -> set[int]:
        """Return what the starts lead to along such edges alone, the starts included."""
        leading: defaultdict[int, list[Edge]] = defaultdict(list)
        for edge in filter(taken, self._edges):
            leading[self._ends(edge)[0]].append(edge)
        seen = set(self._starts)
        frontier = self._starts
        while frontier:
            fresh = {self._ends(edge)[1] for node in frontier for edge in leading.get(node, ())}
            frontier = list(fresh - seen)
            seen |= fresh
        return seen

    def _choose(self, distances: Mapping[int, int], into: Mapping[int, list[Edge]]) -> None:
        inferred: dict[int, int] = {}
        for node in distances:
            edges = into.get(node)
            if not edges:
                inferred[node] = 0
                continue
            cost, near, *_, edge = min(
                (inferred[near] + (not edge.declared), near, edge.kind, edge.role, edge)
                for edge in edges
                for near, _ in (self._ends(edge),)
            )
            inferred[node] = cost
            self.arrivals[node], self._before[node] = edge, near

    def _ends(self, edge: Edge) -> tuple[int, int]:
        """Return the end nearer to the starts and the other one."""
        return (edge.target, edge.source) if self._downstream else (edge.source, edge.target)
