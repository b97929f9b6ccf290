"""Walks over the graph: level by level, each node once."""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from lineage_registry.domain.graph import Edge, NodeKind
from lineage_registry.domain.view import (
    Census,
    Closure,
    Direction,
    Pick,
    Survey,
    Walk,
    picked_of,
)
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.codes import (
    NODE_KINDS,
    Row,
    edge_mask,
    edges,
    node_mask,
    pack_levels,
)
from lineage_registry.graph.sqlite.connection import Rows
from lineage_registry.graph.sqlite.filters import comparisons, parameters

_CHUNK: Final = 10_000
# Up to so many nodes are asked one by one when only the closest are wanted: the answers come in
# order then, and a hub's are left after the first few.
_FEW: Final = 64
# A level is read whole if it takes no more rows than this for each node that is still wanted.
_ROWS_FOR_ONE: Final = 8


class Walker:
    """One walk under way.

    Attributes:
        distances: What is reported so far.
        truncated: Whether something to report was left out.
    """

    _tells_truncated = True

    def __init__(self, rows: Rows, revision: int, starts: Collection[int], walk: Walk) -> None:
        self._rows = rows
        self._revision = revision
        self._walk = walk
        self._starts = sorted(set(starts))
        self.distances = dict.fromkeys(self._starts, 0)
        self.truncated = False
        self._left = walk.limit
        self._everything = walk.report is None and not walk.having
        # Where everything is reported, what is reported is what was seen: held once.
        self._seen: set[int] | dict[int, int] = (
            self.distances if self._everything else set(self._starts)
        )
        self._taken = (edge_mask(walk.kinds), revision, 0 if walk.inferred else 1)
        through = () if walk.through is None else (node_mask(walk.through),)
        self._parameters = (*self._taken, *through)
        self._ahead = [
            statements.expand(
                walk.direction, deleted=walk.deleted, through=bool(through), whole=whole
            )
            for whole in (False, True)
        ]
        whole = (walk.edges or walk.counted) and self._is_whole()
        self._edges: list[Row] | None = [] if walk.edges and whole else None
        self._followed: int | None = 0 if whole else None

    def _is_whole(self) -> bool:
        """Tell whether the edges that are walked along are just those to report."""
        walk = self._walk
        cut = walk.depth is not None or walk.stop_at
        if cut or not self._everything or walk.through is not None:
            return False
        # An edge back to a start that is deleted is reported, but never walked along.
        return walk.deleted or not self._any_deleted(self._starts)

    def _any_deleted(self, nodes: Sequence[int]) -> bool:
        return any(self._rows(statements.DELETED_AMONG, (str(nodes), self._revision)))

    def run(self) -> None:
        """Walk to the end, or until it is known that something is left out."""
        frontier = self._open(self._starts)
        distance = 0
        while frontier:
            if distance == self._walk.depth:
                if not self._tells_truncated:
                    return
                self._left = 0  # go on only to see whether there is more
            distance += 1
            reached = self._reach(frontier)
            if not self._report(reached, distance):
                self.truncated = True
                return
            frontier = self._open(reached)

    def _open(self, nodes: list[int]) -> list[int]:
        stop_at = self._walk.stop_at
        return [node for node in nodes if node not in stop_at] if stop_at else nodes

    def _reach(self, frontier: list[int]) -> list[int]:
        fresh = None
        if self._left is None or not self._everything:
            fresh = self._all(frontier, None)
        elif self._left:
            fresh = self._all(frontier, _ROWS_FOR_ONE * self._left)
        if fresh is None:
            # The answer is cut off, so not all that was walked along is in it.
            self._edges = self._followed = None
            fresh = self._closest(frontier, self._left + 1 if self._left else 1)
        if isinstance(self._seen, set):
            self._seen |= fresh
        return sorted(fresh)

    def _all(self, frontier: list[int], most: int | None) -> set[int] | None:
        """Return what lies behind the frontier, or None if that takes more than `most` rows."""
        found = self._expand(frontier, whole=self._edges is not None)
        kept = list(found if most is None else islice(found, most + 1))
        if most is not None and len(kept) > most:
            return None
        if self._followed is not None:
            self._followed += len(kept)
        if self._edges is None:
            return {node for (node,) in kept}.difference(self._seen)
        self._edges += kept
        end = 2 if self._walk.direction is Direction.UPSTREAM else 0
        return {row[end] for row in kept}.difference(self._seen)

    def _closest(self, frontier: list[int], wanted: int) -> set[int]:
        """Return the `wanted` smallest ids behind the frontier, without holding more."""
        closest = _Smallest(wanted, self._seen)
        if len(frontier) > _FEW:
            for (node,) in self._expand(frontier, whole=False):
                closest.offer(node)
        else:
            for node in frontier:
                closest.offer_ascending(neighbour for (neighbour,) in self._neighbours(node))
        return closest.kept

    def _expand(self, frontier: list[int], *, whole: bool) -> Iterable[Row]:
        return self._rows(self._ahead[whole], (str(frontier), *self._parameters))

    def _neighbours(self, node: int) -> Iterable[Row]:
        walk = self._walk
        statement = statements.neighbours(
            walk.direction, deleted=walk.deleted, through=walk.through is not None
        )
        return self._rows(statement, (node, *self._parameters))

    def _report(self, reached: list[int], distance: int) -> bool:
        """Add to the answer; False if not all that should be in it fits."""
        left = self._left
        if self._everything:
            found = reached
        else:
            found = list(islice(self._fitting(reached), None if left is None else left + 1))
        if left is None or len(found) <= left:
            self.distances.update(dict.fromkeys(found, distance))
            self._left = None if left is None else left - len(found)
            return True
        self._edges = self._followed = None
        self.distances.update(dict.fromkeys(found[:left], distance))
        self._left = 0
        return False

    def _fitting(self, nodes: list[int]) -> Iterator[int]:
        statement = statements.fitting(comparisons(self._walk.having))
        for rows in self._filtered(statement, nodes):
            for (node,) in rows:
                yield node

    def _filtered(self, statement: str, nodes: list[int]) -> Iterator[Iterable[Row]]:
        walk = self._walk
        given = parameters(walk.having)
        given |= {"kinds": node_mask(walk.report), "revision": self._revision}
        for chunk in _chunks(nodes):
            yield self._rows(statement, {**given, "ids": str(chunk)})

    def edges(self) -> Sequence[Edge]:
        """Return the edges of the walk's kinds among the reported nodes."""
        if not self._walk.edges:
            return []
        return edges(self._induced() if self._edges is None else self._edges)

    @property
    def joined(self) -> int | None:
        """How many edges there are among the reported nodes, if that is known."""
        return self._followed if self._walk.counted else None

    def _induced(self) -> Iterator[Row]:
        # By the edges that leave: few for each node, where a hub is entered by many.
        statement = statements.expand(Direction.UPSTREAM, deleted=True, through=False, whole=True)
        for chunk in _chunks(list(self.distances)):
            for row in self._rows(statement, (str(chunk), *self._taken)):
                if row[2] in self.distances:
                    yield row


class Counter(Walker):
    """A walk that counts what it reports, and picks out some of it.

    Levels wait until they are many nodes together, so that it asks little more than the walk does.
    """

    _tells_truncated = False

    def __init__(
        self,
        rows: Rows,
        revision: int,
        starts: Collection[int],
        walk: Walk,
        picks: Sequence[Pick] = (),
    ) -> None:
        super().__init__(rows, revision, starts, replace(walk, limit=None, edges=False))
        self._seen = set(self._starts)  # nothing is reported here
        self._picks = picks
        self.picked: list[dict[int, int]] = [{} for _ in picks]
        self.counts: dict[tuple[int, NodeKind], int] = {}
        self.owners: dict[int, int] = {}
        self._waiting: dict[int, int] = {}

    def run(self) -> None:
        """Walk to the end, and count what is still waiting."""
        super().run()
        self._take_up()

    def _report(self, reached: list[int], distance: int) -> bool:
        self._waiting.update(dict.fromkeys(reached, distance))
        if len(self._waiting) >= _CHUNK:
            self._take_up()
        return True

    def _take_up(self) -> None:
        """Count and pick among the levels that wait."""
        distances, self._waiting = self._waiting, {}
        if not distances:
            return
        nodes = list(distances)
        for pick, picked in zip(self._picks, self.picked, strict=True):
            left = pick.limit + 1 - len(picked)
            if left > 0:
                picked.update((id_, distances[id_]) for id_ in self._chosen(pick, nodes, left))
        self._count(distances)

    def _count(self, distances: Mapping[int, int]) -> None:
        having = self._walk.having
        given = parameters(having)
        given |= {"kinds": node_mask(self._walk.report), "revision": self._revision}
        given["levels"] = pack_levels(distances)
        for level, kind, owner, count in self._rows(statements.census(comparisons(having)), given):
            key = int(level), NODE_KINDS[kind]
            self.counts[key] = self.counts.get(key, 0) + count
            self.owners[owner] = self.owners.get(owner, 0) + count

    def _chosen(self, pick: Pick, reached: list[int], most: int) -> Iterable[int]:
        if pick.kinds is None and not pick.having:
            return reached[:most]
        given = parameters(pick.having)
        given |= {"kinds": node_mask(pick.kinds), "revision": self._revision}
        statement = statements.fitting(comparisons(pick.having))
        found = (
            node
            for chunk in _chunks(reached)
            for (node,) in self._rows(statement, {**given, "ids": str(chunk)})
        )
        return islice(found, most)


class _Smallest:
    """The smallest of many numbers, each once, without those that are `known`."""

    def __init__(self, size: int, known: Collection[int]) -> None:
        self.kept: set[int] = set()
        self._heap: list[int] = []
        self._size = size
        self._known = known

    def offer(self, number: int) -> bool:
        """Keep the number if it is small enough; False if it is too large."""
        if number in self._known or number in self.kept:
            return True
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, -number)
        elif number < -self._heap[0]:
            self.kept.remove(-heapq.heapreplace(self._heap, -number))
        else:
            return False
        self.kept.add(number)
        return True

    def offer_ascending(self, numbers: Iterable[int]) -> None:
        """Keep what is small enough, leaving off at the first number that is not."""
        for number in numbers:
            if not self.offer(number):
                return


def closure(rows: Rows, revision: int, starts: Collection[int], walk: Walk) -> Closure:
    """Return everything reached from `starts`."""
    walker = Walker(rows, revision, starts, walk)
    walker.run()
    found = walker.distances
    depth = found[next(reversed(found))] if found else 0
    return Closure(found, walker.edges(), depth, truncated=walker.truncated, joined=walker.joined)


def census(rows: Rows, revision: int, starts: Collection[int], walk: Walk) -> Census:
    """Count everything reached from `starts`."""
    counter = Counter(rows, revision, starts, walk)
    counter.run()
    return _counted(counter)


def survey(
    rows: Rows, revision: int, starts: Collection[int], walk: Walk, picks: Sequence[Pick]
) -> Survey:
    """Count everything reached from `starts` and pick out some of it, in one walk."""
    counter = Counter(rows, revision, starts, walk, picks)
    counter.run()
    return Survey(
        _counted(counter), [picked_of(*one) for one in zip(counter.picked, picks, strict=True)]
    )


def _counted(counter: Counter) -> Census:
    return Census(counter.counts, {id_: n for id_, n in counter.owners.items() if id_})


def _chunks(nodes: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(nodes), _CHUNK):
        yield nodes[start : start + _CHUNK]
