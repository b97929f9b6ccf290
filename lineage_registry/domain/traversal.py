"""What is done with a walk once it is read: distances in versions, unions, what a page holds."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from lineage_registry.domain.edge_rows import EdgeRows
from lineage_registry.domain.graph import EDGE_RULES, Edge, EdgeKind, NodeKind
from lineage_registry.domain.view import Direction

_RUN_MADE: Final = frozenset(
    kind
    for kind, rule in EDGE_RULES.items()
    if all(target is NodeKind.RUN for _, target in rule.ends)
)
_RUN_READ: Final = frozenset(
    kind
    for kind, rule in EDGE_RULES.items()
    if all(source is NodeKind.RUN for source, _ in rule.ends)
)
_RUN_TO_RUN: Final = _RUN_MADE & _RUN_READ


def hops_of(versions: int | None, kinds: Collection[EdgeKind]) -> int | None:
    """Return how many edges hold everything up to so many versions away; None: all of them."""
    if versions is None or not _RUN_TO_RUN.isdisjoint(kinds):
        return None
    return 2 * versions


def version_distances(
    starts: Collection[int],
    edges: Iterable[Edge],
    direction: Direction,
    stop_at: Collection[int] = (),
) -> dict[int, int]:
    """Measure a walk in versions instead of edges: a run and what lies behind it are one step.

    A step out of a run costs nothing, every other step and those out of a start cost one
    (breadth first with weights 0 and 1). So a version is as far as there are versions on the way,
    and a run as far as what it leads to.

    Args:
        starts: Where the walk began; they are at 0.
        edges: The edges that it may have followed.
        direction: Which way it went.
        stop_at: What it did not go through.

    Returns:
        Node to distance, in order of (distance, id).
    """
    ways, runs = _ways(edges, direction)
    runs -= set(starts)
    distances = dict.fromkeys(sorted(starts), 0)
    level, distance = list(distances), 0
    while level:
        ahead: list[int] = []
        for node in level:  # grows as runs are passed
            if node in stop_at or distances[node] < distance:
                continue
            far = distance if node in runs else distance + 1
            for there in ways.get(node, ()):
                if distances.get(there, far + 1) > far:
                    distances[there] = far
                    (level if node in runs else ahead).append(there)
        level, distance = ahead, distance + 1
    return in_order(distances)


def _ways(
    edges: Iterable[Edge], direction: Direction
) -> tuple[Mapping[int, Sequence[int]], set[int]]:
    """Return where each node leads, and which nodes are runs."""
    ways: defaultdict[int, list[int]] = defaultdict(list)
    runs: set[int] = set()
    for edge in edges:
        if direction is Direction.UPSTREAM:
            ways[edge.source].append(edge.target)
        else:
            ways[edge.target].append(edge.source)
        if edge.kind in _RUN_MADE:
            runs.add(edge.target)
        if edge.kind in _RUN_READ:
            runs.add(edge.source)
    return ways, runs


def in_order(distances: Mapping[int, int]) -> dict[int, int]:
    """Return distances in the order of every answer: (distance, id)."""
    by_distance: defaultdict[int, list[int]] = defaultdict(list)
    for node, distance in distances.items():
        by_distance[distance].append(node)
    return {node: far for far in sorted(by_distance) for node in sorted(by_distance[far])}


def nearest(several: Sequence[Mapping[int, int]]) -> Mapping[int, int]:
    """Return the smaller distance where walks found a node twice, in order."""
    if len(several) == 1:
        return several[0]
    distances: dict[int, int] = {}
    for found in several:
        for node, distance in found.items():
            if distances.get(node, distance) >= distance:
                distances[node] = distance
    return in_order(distances)


def edges_of_page(
    edges: Sequence[Edge], order: Mapping[int, object], given: int = 0
) -> Sequence[Edge]:
    """Return the edges that a page brings: both ends are known, and one is new.

    So each edge is in one page, that of its later end.

    Args:
        edges: Edges among the nodes, and others.
        order: The nodes up to the end of the page, in order.
        given: How many of them earlier pages had.
    """
    return edges_among(edges, order, set(islice(order, given, None)) if given else None)


def edges_among(
    edges: Sequence[Edge],
    known: Container[int],
    new: Container[int] | None = None,
    *,
    inferred: bool = True,
) -> Sequence[Edge]:
    """Return those of the edges that join known nodes.

    Args:
        edges: In any order, which stays.
        known: Where both ends are.
        new: Where one end is, too; None is anywhere.
        inferred: Whether to return edges that nobody declared.
    """

    def wanted(rows: Sequence[Any]) -> list[Any]:
        kept = [row for row in rows if row[0] in known and row[2] in known]
        if new is not None:
            kept = [row for row in kept if row[0] in new or row[2] in new]
        return kept if inferred else [row for row in kept if row[5]]

    # Edges and an engine's rows of them have the same columns; an answer has thousands.
    return edges.only(wanted) if isinstance(edges, EdgeRows) else wanted(edges)
