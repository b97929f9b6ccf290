"""Paths between two nodes of a DAG: how many there are, and the shortest ones in order."""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush, nsmallest
from typing import Final, NamedTuple

from lineage_registry.domain.dag import Dag, distances

MOST_COUNTED: Final = 10**300
"""More paths than this are not told apart; a JSON reader with numbers of 64 bits takes it."""


def count_paths(dag: Dag, source: int, target: int) -> int | None:
    """Return how many paths there are, exactly; None for more than `MOST_COUNTED`.

    Counted by dynamic programming: one addition for each edge, however many paths there are.
    """
    ways = {target: 1}
    for id_ in dag.order():
        if id_ != target:
            some = sum(ways[cause] for cause in dag.causes[id_])
            ways[id_] = min(some, MOST_COUNTED + 1)
    total = ways.get(source, 0) if target in dag.causes else 0
    return None if total > MOST_COUNTED else total


class _Candidate(NamedTuple):
    """A path, and where it left the path that it was made from.

    Attributes:
        turn: Index of the last node that the two have in common.
        rank: Which of that node's ways onward it takes, the best one is 0.
    """

    length: int
    nodes: tuple[int, ...]
    turn: int
    rank: int


def shortest_paths(dag: Dag, source: int, target: int, most: int) -> list[tuple[int, ...]]:
    """Return the first paths from effect to cause in order of (length, nodes).

    After E. L. Lawler, A procedure for computing the K best solutions (1972): the paths not yet
    found fall into sets that share a beginning, and exact distances to the target say the best
    of each set at once. So the work grows with the paths that are asked for, not with those that
    there are.
    """
    away = distances(dag.effects, [target])
    if source not in away or target not in dag.causes:
        return []
    onward = {
        id_: sorted(
            (cause for cause in dag.causes[id_] if cause in away),
            key=lambda cause: (away[cause], cause),
        )
        for id_ in away
        if id_ != target
    }
    first = _completed((), source, onward)
    pool = [_Candidate(away[source], first, 0, 0)]
    found: list[tuple[int, ...]] = []
    while pool and len(found) < most:
        best = heappop(pool)
        found.append(best.nodes)
        left = most - len(found)
        for candidate in _turning_off(best, onward, away, left):
            heappush(pool, candidate)
        if len(pool) > left:
            pool = nsmallest(left, pool)
    return found


def _turning_off(
    path: _Candidate, onward: Mapping[int, Sequence[int]], away: Mapping[int, int], most: int
) -> list[_Candidate]:
    """Return the best paths that follow `path` for a while and then leave it."""
    nodes = path.nodes
    turns: list[tuple[int, bool, int, int]] = []
    for turn in range(path.turn, len(nodes) - 1):
        rank = path.rank + 1 if turn == path.turn else 1
        if rank < len(onward[nodes[turn]]):
            other = onward[nodes[turn]][rank]
            # Two that leave at different nodes differ first where the earlier one leaves.
            later = other > nodes[turn + 1]
            turns.append((turn + 1 + away[other], later, -turn if later else turn, rank))
    found: list[_Candidate] = []
    for length, _, place, rank in nsmallest(most, turns):
        turn = abs(place)
        begun = nodes[: turn + 1]
        other = onward[nodes[turn]][rank]
        found.append(_Candidate(length, _completed(begun, other, onward), turn, rank))
    return found


def _completed(
    begun: tuple[int, ...], id_: int, onward: Mapping[int, Sequence[int]]
) -> tuple[int, ...]:
    """Return the path that goes on to the target from `id_` by the best way at each node."""
    rest = [id_]
    while id_ in onward:
        id_ = onward[id_][0]
        rest.append(id_)
    return begun + tuple(rest)
