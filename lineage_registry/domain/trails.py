"""Trails: for each node that a walk reached, one shortest way that leads there.

Everything here is linear in nodes and edges, and nothing recurses: a way may have 10,000 edges.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter

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
            distances: What the walk reached, in order of (distance, id).
            edges: The edges among it.
            direction: Which way the walk went.
        """
        down = direction is Direction.DOWNSTREAM
        self._near: Callable[[Edge], int] = attrgetter("target" if down else "source")
        self._far: Callable[[Edge], int] = attrgetter("source" if down else "target")
        self._starts = [node for node, distance in distances.items() if not distance]
        self._leading: defaultdict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            self._leading[self._near(edge)].append(edge)
        self.arrivals: dict[int, Edge] = {}
        self._before: dict[int, int] = {}
        self._choose(distances)

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
        leading, far = self._leading, self._far
        seen = set(self._starts)
        frontier = self._starts
        while frontier:
            fresh = {
                far(edge) for node in frontier for edge in leading.get(node, ()) if taken(edge)
            }
            frontier = list(fresh - seen)
            seen |= fresh
        return seen

    def _choose(self, distances: Mapping[int, int]) -> None:
        """Look at each edge once; of nodes equally far the one with the smallest id comes first."""
        inferred = dict.fromkeys(self._starts, 0)
        for node, distance in distances.items():
            for edge in self._leading.get(node, ()):
                far = self._far(edge)
                if distances[far] != distance + 1:
                    continue
                cost = inferred.get(node, 0) + (not edge.declared)
                if (
                    far not in inferred
                    or cost < inferred[far]
                    or (cost == inferred[far] and self._comes_first(edge, node, far))
                ):
                    inferred[far], self.arrivals[far], self._before[far] = cost, edge, node

    def _comes_first(self, edge: Edge, node: int, far: int) -> bool:
        """Tell whether it stands before the edge chosen so far, if that is from the same node."""
        chosen = self.arrivals[far]
        return self._before[far] == node and (edge.kind, edge.role) < (chosen.kind, chosen.role)
