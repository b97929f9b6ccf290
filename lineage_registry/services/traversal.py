"""One traversal: the closest nodes, how many there are at all, and where it would go on."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any, Literal, NamedTuple

from lineage_registry.domain.graph import LINEAGE, Edge, NodeKind
from lineage_registry.domain.streams import BATCH
from lineage_registry.domain.traversal import (
    edges_among,
    edges_of_page,
    hops_of,
    nearest,
    version_distances,
)
from lineage_registry.domain.view import Closure, Column, Direction, Filter, GraphView, Walk
from lineage_registry.services.filtering import kinds_left


class Found(NamedTuple):
    """The closest nodes of a traversal.

    Attributes:
        distances: The starts and what was reached, in order of (distance, id).
        edges: The edges among them; None if they were not asked for.
        cut_by: What left out something to report, if anything did.
        ways: What was reached each way.
        joined: How many edges there are among them, where the walk counted them.
        table: What the columns of the walk say of them, where the walk read it by the way.
    """

    distances: Mapping[int, int]
    edges: Sequence[Edge] | None
    cut_by: Literal["limit", "depth"] | None
    ways: Sequence[Mapping[int, int]]
    joined: int | None = None
    table: Iterable[Any] | None = None


@dataclass(frozen=True)
class Traversal:
    """Where to go from some starts, whatever a page takes of it.

    Attributes:
        starts: Where it begins; each once.
        walks: One for each direction, to the end, without limit and edges.
        depth: How far what is reported may be.
        in_versions: Whether distances count versions instead of edges.
        hidden: Nodes that are reached and not reported.
        columns: What to read of the closest nodes by the way, where that saves a question.
    """

    view: GraphView
    starts: Sequence[int]
    walks: Sequence[Walk]
    depth: int | None = None
    in_versions: bool = False
    hidden: frozenset[int] = frozenset()
    columns: tuple[tuple[Column, ...], ...] | None = None

    def closest(self, most: int, *, edges: bool) -> Found:
        """Return the starts and the `most` closest nodes."""
        # One node more says what cut the answer, and as many as are taken out again.
        limit = most + 1 + len(self.hidden)
        one_way = len(self.walks) == 1
        reach = self._reach_in_versions if self.in_versions else self._reach
        closures = [reach(walk, limit, edges=edges and one_way) for walk in self.walks]
        ways = [self._shown(closure.distances) for closure in closures]
        distances = nearest(ways)
        room = len(self.starts) + most
        cut_by: Literal["limit", "depth"] | None = None
        if len(distances) > room:
            cut_by = "limit"
            distances = dict(islice(distances.items(), room))
        elif any(closure.truncated for closure in closures) and self._has_more_than(distances):
            cut_by = "depth"
        if not edges:
            alone = one_way and not self.hidden and len(distances) == len(closures[0].distances)
            return Found(distances, None, cut_by, ways, closures[0].joined if alone else None)
        if not one_way:
            return Found(distances, self.edges_among(distances), cut_by, ways)
        known = closures[0].edges
        if len(distances) < len(closures[0].distances) or self.in_versions:
            known = edges_of_page(known, distances)
        table = None if self.hidden else closures[0].table
        return Found(distances, known, cut_by, ways, table=table)

    def counts(self) -> Counter[NodeKind]:
        """Return how many nodes of each kind there are to report, the starts left out."""
        counts: Counter[NodeKind] = Counter()
        if self._is_plain:
            for walk in self.walks:
                for (_, kind), nodes in self.view.census(self.starts, walk).counts.items():
                    counts[kind] += nodes
        else:
            others = self._whole - set(self.starts)
            counts.update(kind for kind, _ in self.view.table(others, ()))
        return counts

    def edges_among(
        self, nodes: Mapping[int, object], sources: Collection[int] | None = None
    ) -> Sequence[Edge]:
        """Return the edges among nodes that the traversal may follow; those from some of them."""
        walk = self.walks[0]
        ends = nodes.keys() if sources is None else sources
        edges = self.view.edges(ends, Direction.UPSTREAM, walk.kinds)
        return edges_among(edges, nodes, inferred=walk.inferred)

    def neighbours_left(self, nodes: Collection[int], found: Found) -> dict[int, int]:
        """Return how many neighbours of these nodes, ahead in the walk, were not found."""
        left: Counter[int] = Counter()
        uncounted = self._uncounted()
        for walk, way in zip(self.walks, found.ways, strict=True):
            asked = [node for node in nodes if node in way]
            degrees = self.view.degrees(
                asked, walk.direction, walk.kinds, deleted=walk.deleted, inferred=walk.inferred
            )
            left.update(degrees)
            for pairs in self._pairs(found, walk.direction):
                left.subtract(
                    near for near, far in pairs if near in degrees and far not in uncounted
                )
        return {node: left[node] for node in nodes if left[node]}

    def _pairs(self, found: Found, direction: Direction) -> Iterator[set[tuple[int, int]]]:
        """Yield which neighbours were found ahead of which nodes, each pair once."""
        up = direction is Direction.UPSTREAM
        nodes = iter(found.distances)
        known = [found.edges] if found.edges is not None else None
        several = known or (
            self.edges_among(found.distances, batch)
            for batch in iter(lambda: list(islice(nodes, BATCH)), [])
        )
        for edges in several:
            yield {
                (edge.source, edge.target) if up else (edge.target, edge.source) for edge in edges
            }

    def _reach(self, walk: Walk, limit: int | None, *, edges: bool) -> Closure:
        asked = replace(
            walk,
            depth=self.depth,
            limit=limit,
            edges=edges,
            counted=not edges,
            columns=self.columns if edges else None,
        )
        return self.view.walk(self.starts, asked)

    def _reach_in_versions(self, walk: Walk, _limit: int, *, edges: bool) -> Closure:
        """Measure everything that is near enough; runs that are not reported count, too."""
        depth = hops_of(self.depth, walk.kinds)
        plan = replace(walk, depth=depth, report=None, having=(), edges=True)
        shown = whole = self.view.walk(self.starts, plan)
        if walk.report is not None or walk.having:
            shown = self.view.walk(self.starts, replace(walk, depth=depth))
        measured = version_distances(self.starts, whole.edges, walk.direction, walk.stop_at)
        near = {
            node: distance
            for node, distance in measured.items()
            if node in shown.distances and (self.depth is None or distance <= self.depth)
        }
        truncated = shown.truncated or len(near) < len(shown.distances)
        return Closure(near, whole.edges if edges else (), 0, truncated)

    def _shown(self, distances: Mapping[int, int]) -> Mapping[int, int]:
        if not self.hidden:
            return distances
        return {node: far for node, far in distances.items() if not far or node not in self.hidden}

    def _has_more_than(self, distances: Mapping[int, int]) -> bool:
        """Tell whether what lies too deep one way is hidden, or near enough the other way."""
        return self._is_plain or len(self._whole) > len(distances)

    @property
    def _is_plain(self) -> bool:
        """Whether what each walk says of itself is true of the whole, as they share no node."""
        apart = len(self.starts) == 1 and self.walks[0].kinds <= LINEAGE
        return not self.hidden and (len(self.walks) == 1 or apart)

    @cached_property
    def _whole(self) -> set[int]:
        """Everything there is to report, however deep, with the starts."""
        walked = (self.view.walk(self.starts, walk).distances for walk in self.walks)
        return {node for distances in walked for node in self._shown(distances)}

    def _uncounted(self) -> set[int]:
        """Return the starts that do not count as neighbours: the deleted ones."""
        if self.walks[0].deleted:
            return set()
        gone = self.view.values([(node, "deleted") for node in self.starts])
        return {node for node, _ in gone}


def reached_and_passing(
    view: GraphView, starts: Sequence[int], walks: Sequence[Walk], filters: tuple[Filter, ...]
) -> frozenset[int]:
    """Return what the walks reach that passes the filters, the starts left out."""
    kinds = kinds_left(filters, None)
    found = (
        view.walk(starts, replace(walk, report=kinds, having=filters, edges=False))
        for walk in walks
    )
    return frozenset().union(*(closure.distances for closure in found)) - frozenset(starts)
