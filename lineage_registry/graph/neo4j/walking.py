"""Walks over the graph: one statement for one start, another for many."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, NamedTuple

from lineage_registry.domain.graph import REGISTRY, Edge, EdgeKind, NodeKind
from lineage_registry.domain.view import (
    Census,
    Closure,
    Comparison,
    Direction,
    Filter,
    Pick,
    Survey,
    Walk,
)
from lineage_registry.graph.neo4j.connection import Reader, Row
from lineage_registry.graph.neo4j.folding import STILL
from lineage_registry.graph.neo4j.rendering import edges_from
from lineage_registry.graph.neo4j.surveying import Group, counted, picked
from lineage_registry.graph.neo4j.tables import table_of

_PASSING_AT_ONCE = 10_000
# One statement walks from each of so many starts by itself; from more, all go level by level.
_FEW = 4
# So many levels are walked one by one; a graph that is deeper than this is seldom wide.
_LEVELS = 64
_NO_TABLE: Mapping[str, object] = {"keys_of": None, "owner_keys": []}


def in_bounds(numbers: Iterable[int]) -> list[int]:
    """Return those that a server could have given away, each once."""
    return [number for number in dict.fromkeys(numbers) if 0 <= number < STILL]


def filter_parameters(filters: Iterable[Filter]) -> list[dict[str, object]]:
    """Return filters as statements take them; text is sought in lower case."""
    return [
        {
            "key": one.key,
            "comparison": one.comparison.value,
            "value": one.value.lower()
            if one.comparison is Comparison.CONTAINS and isinstance(one.value, str)
            else one.value,
        }
        for one in filters
    ]


def unfit(filters: Iterable[Filter]) -> bool:
    """Tell whether a filter asks what no value can be: text in a number, order of truth."""
    return any(
        (isinstance(one.value, bool) and one.comparison is not Comparison.EQUAL)
        or (one.comparison is Comparison.CONTAINS and not isinstance(one.value, str))
        for one in filters
        if one.comparison is not Comparison.ABSENT
    )


class _Reached(NamedTuple):
    """What a walk comes across.

    Attributes:
        rows: `[node, distance, edges]`, the starts first.
        joined: How many edges these nodes have, if they were counted.
        told: The same nodes with what a table says of them, if that was read by the way.
    """

    rows: list[Sequence[Any]]
    joined: int | None = None
    told: Row | None = None


class Walker:
    """Answers walks as of one revision."""

    def __init__(self, reader: Reader, revision: int) -> None:
        self._reader = reader
        self._revision = revision

    def closure(self, starts: Collection[int], walk: Walk) -> Closure:
        """Return everything reached, closest first."""
        found, joined, told = self._reached(starts, walk)
        distances = dict.fromkeys(sorted(set(starts)), 0)
        wanted = self._passing(found, distances, walk)
        kept = wanted if walk.limit is None else wanted[: max(walk.limit, 0)]
        distances.update((row[0], row[1]) for row in kept)
        edges = self._induced(found, distances, walk) if walk.edges else ()
        truncated = len(kept) < len(wanted) or self._goes_on(starts, walk)
        return Closure(
            distances,
            edges,
            max(distances.values(), default=0),
            truncated=truncated,
            joined=None if truncated else joined,
            table=_table(told, walk, len(distances)),
        )

    def census(self, starts: Collection[int], walk: Walk) -> Census:
        """Count what is reached."""
        walked = self._walked_starts(starts, walk)
        if walk.having or len(walked) > _FEW:
            return counted(self._groups(starts, walk), walk, self.passing)
        if walk.depth == 0:
            return Census({}, {})
        parameters = {
            **self._parameters(walk, starts),
            "starts": walked,
            "uncounted": in_bounds(starts),
        }
        rows = self._reader.read(f"read.count_{_way(walk)}", parameters, **_depth(walk))
        counts = {(row["distance"], NodeKind(row["kind"])): row["nodes"] for row in rows}
        owners: Counter[int] = Counter()
        for row in rows:
            owners.update(dict(row["owners"]))
        return Census(
            counts, {owner: nodes for owner, nodes in owners.items() if owner != REGISTRY}
        )

    def survey(self, starts: Collection[int], walk: Walk, picks: Sequence[Pick]) -> Survey:
        """Count what is reached and pick out some of it; one walk does for all."""
        groups = self._groups(starts, walk)
        census = counted(groups, walk, self.passing)
        return Survey(census, [picked(groups, pick, self.passing) for pick in picks])

    def _reached(self, starts: Collection[int], walk: Walk) -> _Reached:
        walked = self._walked_starts(starts, walk)
        if not walked or walk.depth == 0:
            return _Reached([])
        if len(walked) > _FEW:
            return _Reached(self._by_levels(starts, walked, walk))
        if len(walked) == 1 and (walk.having or not walk.edges):
            return self._without_edges(starts, walked[0], walk)
        if len(walked) > 1 or len(starts) > 1:
            walk = replace(walk, columns=None)
        return self._at_once(starts, walked, walk)

    def _without_edges(self, starts: Collection[int], start: int, walk: Walk) -> _Reached:
        """Walk from one start; ids by distance are a third of what rows with edges are."""
        cut = walk.depth is not None or walk.stop_at or walk.having
        narrow = walk.through is not None or walk.report is not None
        counts = walk.counted and len(starts) == 1 and not cut and not narrow
        parameters = {
            **self._parameters(walk, starts),
            "start": start,
            "counted": counts,
            "limit": _most(walk, 1),
        }
        rows = self._reader.read(f"read.reach_{_way(walk)}", parameters, **_depth(walk))
        found: list[Sequence[Any]] = [
            (id_, row["distance"], None) for row in rows for id_ in row["ids"]
        ]
        return _Reached(found, sum(row["joined"] for row in rows) if counts else None)

    def _by_levels(
        self, starts: Collection[int], walked: list[int], walk: Walk
    ) -> list[Sequence[Any]]:
        """Walk from many starts, whose walks would meet: each node is gone on from once.

        Where few are left to go on from, one statement walks the rest.
        """
        most = STILL if walk.limit is None or walk.having else len(walked) + walk.limit
        found: list[Sequence[Any]] = [(start, 0, None) for start in walked]
        seen = set(in_bounds(starts))
        frontier, distance = walked, 0
        while frontier and distance != walk.depth and len(found) <= most:
            if len(frontier) <= _FEW or distance == _LEVELS:
                return found + self._rest(frontier, distance, seen, walk)
            distance += 1
            rows = self._step(frontier, walk)
            fresh = sorted((row for row in rows if row[0] not in seen), key=itemgetter(0))
            seen.update(node for node, _ in fresh)
            found += [(node, distance, None) for node, reported in fresh if reported]
            frontier = [node for node, _ in fresh if node not in walk.stop_at]
        return found

    def _step(self, frontier: list[int], walk: Walk) -> list[Sequence[Any]]:
        """Return rows `[node, whether to report it]` of all that is one edge away."""
        parameters = self._parameters(walk, ())
        del parameters["stop_at"]
        rows = self._reader.read(f"read.step_{_way(walk)}", {**parameters, "ids": frontier})
        return list(rows[0]["rows"])

    def _rest(
        self, frontier: list[int], distance: int, seen: Collection[int], walk: Walk
    ) -> list[Sequence[Any]]:
        """Return the rows of what lies behind the nodes at this distance."""
        ahead = replace(
            walk,
            columns=None,
            stop_at=walk.stop_at.union(seen),
            depth=None if walk.depth is None else walk.depth - distance,
            limit=None if walk.limit is None else walk.limit + len(seen),
        )
        rows = self._at_once(frontier, frontier, ahead).rows
        return [(row[0], row[1] + distance, row[2]) for row in rows if row[0] not in seen]

    def _at_once(self, starts: Collection[int], walked: list[int], walk: Walk) -> _Reached:
        parameters: dict[str, object] = {
            **self._parameters(walk, starts),
            "edges": walk.edges and not walk.having,
            "limit": _most(walk, len(walked)),
        }
        if len(walked) == 1:
            name = f"read.walk_{_way(walk)}"
            table = _NO_TABLE if walk.columns is None else table_of(walk.columns).parameters
            parameters |= {"start": walked[0], **table}
        else:
            name = f"read.walk_{_way(walk)}_of_many"
            parameters["starts"] = walked
        records = self._reader.read(name, parameters, **_depth(walk))
        rows = [row for chunk in records for row in chunk["chunk"]]
        return _Reached(rows, told=records[0] if walk.columns and records else None)

    def _walked_starts(self, starts: Collection[int], walk: Walk) -> list[int]:
        """Leave out the starts that nothing leads away from."""
        return [start for start in in_bounds(starts) if start not in walk.stop_at]

    def _parameters(self, walk: Walk, starts: Collection[int]) -> dict[str, object]:
        # Who comes to another start need not go on: that one goes from there itself.
        return {
            "kinds": sorted(walk.kinds),
            "through": None if walk.through is None else sorted(walk.through),
            "stop_at": in_bounds([*walk.stop_at, *starts]),
            "deleted": walk.deleted,
            "inferred": walk.inferred,
            "report": None if walk.report is None else sorted(walk.report),
            "revision": self._revision,
        }

    def _passing(
        self, found: Sequence[Sequence[Any]], starts: Collection[int], walk: Walk
    ) -> list[Sequence[Any]]:
        others = [row for row in found if row[0] not in starts]
        if not walk.having:
            return others
        passing = set(self.passing([row[0] for row in others], walk.having))
        return [row for row in others if row[0] in passing]

    def passing(self, ids: Sequence[int], filters: Collection[Filter]) -> Iterator[int]:
        """Yield the nodes that pass all filters."""
        if unfit(filters):
            return
        for begin in range(0, len(ids), _PASSING_AT_ONCE):
            parameters = {
                "ids": ids[begin : begin + _PASSING_AT_ONCE],
                "filters": filter_parameters(filters),
                "revision": self._revision,
            }
            yield from self._reader.read("read.passing", parameters)[0]["ids"]

    def _induced(
        self, found: Sequence[Sequence[Any]], reported: Collection[int], walk: Walk
    ) -> Sequence[Edge]:
        """Return the edges among the reported nodes."""
        came = {} if walk.having else {row[0]: row[2] for row in found if row[2] is not None}
        rows = [(node, *edge) for node in reported for edge in came.get(node, ())]
        missing = [node for node in reported if node not in came]
        if missing:
            asked = self._edge_rows(missing, Direction.UPSTREAM, walk.kinds)
            rows += [row for row in asked if walk.inferred or row[5]]
        return edges_from(row for row in rows if row[2] in reported)

    def edges(
        self, ids: Collection[int], direction: Direction, kinds: Collection[EdgeKind]
    ) -> Sequence[Edge]:
        """Return the edges of `kinds` that leave or enter these nodes."""
        return edges_from(self._edge_rows(ids, direction, kinds))

    def _edge_rows(
        self, ids: Collection[int], direction: Direction, kinds: Collection[EdgeKind]
    ) -> list[Any]:
        side = "out" if direction is Direction.UPSTREAM else "in"
        parameters = {"ids": in_bounds(ids), "kinds": sorted(kinds), "revision": self._revision}
        rows = self._reader.read(f"read.edges_{side}", parameters)
        return [row for chunk in rows for row in chunk["chunk"]]

    def _goes_on(self, starts: Collection[int], walk: Walk) -> bool:
        """Tell whether something to report lies further away than the depth."""
        walked = self._walked_starts(starts, walk)
        if walk.depth is None or not walked:
            return False
        if len(walked) > 1 or walk.having:
            return self._counts_beyond(starts, walk, walk.depth)
        parameters = {
            **self._parameters(walk, starts),
            "start": walked[0],
            "depth": walk.depth,
        }
        return bool(self._reader.read(f"read.beyond_{_way(walk)}", parameters))

    def _counts_beyond(self, starts: Collection[int], walk: Walk, depth: int) -> bool:
        whole = self.census(starts, _without_bounds(walk))
        return any(distance > depth for distance, _ in whole.counts)

    def _groups(self, starts: Collection[int], walk: Walk) -> list[Group]:
        """Return all that is reached but the starts, closest first, whatever is reported of it."""
        walked = self._walked_starts(starts, walk)
        if not walked or walk.depth == 0:
            return []
        if len(walked) > _FEW:
            return self._groups_by_hand(starts, walk)
        parameters = {
            **self._parameters(walk, starts),
            "starts": walked,
            "uncounted": in_bounds(starts),
        }
        del parameters["report"]
        rows = self._reader.read(f"read.survey_{_way(walk)}", parameters, **_depth(walk))
        return [
            Group(row["distance"], NodeKind(row["kind"]), owner, ids)
            for row in rows
            for owner, ids in row["owned"]
        ]

    def _groups_by_hand(self, starts: Collection[int], walk: Walk) -> list[Group]:
        everything = replace(walk, report=None, having=(), limit=None, edges=False)
        distances = self.closure(starts, everything).distances
        begun = set(starts)
        reached = [node for node in distances if node not in begun]
        grouped: defaultdict[tuple[int, NodeKind, int], list[int]] = defaultdict(list)
        for node, kind, owner, *_ in self._bare(reached):
            grouped[distances[node], NodeKind(kind), owner].append(node)
        return [Group(*said, ids) for said, ids in grouped.items()]

    def _bare(self, ids: Sequence[int]) -> Iterator[Sequence[Any]]:
        """Yield nodes without values, in order: id, kind, owner."""
        for begin in range(0, len(ids), _PASSING_AT_ONCE):
            batch = ids[begin : begin + _PASSING_AT_ONCE]
            parameters = {"ids": batch, "keys": [], "revision": self._revision}
            yield from self._reader.read("read.nodes_with", parameters)[0]["rows"]


def _table(told: Row | None, walk: Walk, nodes: int) -> list[Any] | None:
    """Return the table of the first nodes that were come across; the others were left out."""
    if told is None or walk.columns is None:
        return None
    return table_of(walk.columns).rows(told)[:nodes]


def _most(walk: Walk, starts: int) -> int:
    """Return how many rows are enough: one more than is wanted says that there is more."""
    if walk.limit is None or walk.having:
        return STILL
    return min(starts + walk.limit + 1, STILL)


def _way(walk: Walk) -> str:
    return walk.direction.value


def _depth(walk: Walk) -> dict[str, str]:
    return {} if walk.depth is None else {"depth": str(min(max(walk.depth, 0), 999_999_999))}


def _without_bounds(walk: Walk) -> Walk:
    return replace(walk, depth=None, limit=None, edges=False)
