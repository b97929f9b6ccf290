"""Trails: for each node that a walk reached, one shortest way that leads there.

Everything here is linear in nodes and edges, and nothing recurses: a way may have 10,000 edges.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

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
        self._leading: defaultdict[int, list[Edge]] = defaultdict(list)
        into: defaultdict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            near, far = self._ends(edge)
            self._leading[near].append(edge)
            if distances[far] == distances[near] + 1:
                into[far].append(edge)
        self.arrivals: dict[int, Edge] = {}
        self._choose(distances, into)

    def trail(self, node: int) -> list[Edge]:
        """Return the edges of the way to one node, the one at the start first; none for a start."""
        edges: list[Edge] = []
        while node in self.arrivals:
            edge = self.arrivals[node]
            edges.append(edge)
            node = self._ends(edge)[0]
        edges.reverse()
        return edges

    def reached_by(self, taken: Callable[[Edge], bool]) -> set[int]:
        """Return what the starts lead to along such edges alone, the starts included."""
        seen = set(self._starts)
        frontier = self._starts
        while frontier:
            fresh = {
                self._ends(edge)[1]
                for node in frontier
                for edge in self._leading.get(node, ())
                if taken(edge)
            }
            frontier = list(fresh - seen)
            seen |= fresh
        return seen

    def nodes_on(self, trail: Sequence[Edge]) -> list[int]:
        """Return the nodes of a way that has edges, a start first."""
        return [self._ends(trail[0])[0], *(self._ends(edge)[1] for edge in trail)]

    def _choose(self, distances: Mapping[int, int], into: Mapping[int, list[Edge]]) -> None:
        inferred: dict[int, int] = {}
        for node in distances:
            edges = into.get(node)
            if not edges:
                inferred[node] = 0
                continue
            cost, *_, edge = min(
                (inferred[near] + (not edge.declared), near, edge.kind, edge.role, edge)
                for edge in edges
                for near, _ in (self._ends(edge),)
            )
            inferred[node] = cost
            self.arrivals[node] = edge

    def _ends(self, edge: Edge) -> tuple[int, int]:
        """Return the end nearer to the starts and the other one."""
        return (edge.target, edge.source) if self._downstream else (edge.source, edge.target)
