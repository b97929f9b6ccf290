"""Reading the part of the graph that a question about its shape is about."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from lineage_registry.domain.graph import LINEAGE, Edge, EdgeKind, NodeKind
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands.scope import Scoped

MOST: Final = 1_000_000
"""Nodes that one question looks at, at most; what is behind them is told by `truncated`."""

_AT_ONCE: Final = 10_000


def kinds_of(scope: Scoped[Any]) -> frozenset[EdgeKind]:
    """Return the kinds of edges that a question follows."""
    return LINEAGE if scope.edge_kinds is None else frozenset(scope.edge_kinds)


def walk_in(scope: Scoped[Any], direction: Direction, **more: Any) -> Walk:
    """Return how to walk the part of the graph that a question is about."""
    options = {"limit": MOST, **more}
    return Walk(
        direction,
        kinds=kinds_of(scope),
        deleted=scope.deleted,
        inferred=scope.inferred,
        **options,
    )


def edges_among(view: GraphView, scope: Scoped[Any], ids: Collection[int]) -> Iterator[Edge]:
    """Yield the edges that a question follows and that join two of these nodes."""
    wanted, kinds = frozenset(ids), kinds_of(scope)
    for batch in batches(wanted):
        for edge in view.edges(batch, Direction.UPSTREAM, kinds):
            if edge.target in wanted and (edge.declared or scope.inferred):
                yield edge


def degrees(
    view: GraphView, scope: Scoped[Any], ids: Collection[int], direction: Direction
) -> dict[int, int]:
    """Return how many direct causes or effects nodes have in the part that is asked about."""
    found: dict[int, int] = {}
    for batch in batches(ids):
        found |= view.degrees(
            batch, direction, kinds_of(scope), deleted=scope.deleted, inferred=scope.inferred
        )
    return found


def beyond(
    view: GraphView,
    scope: Scoped[Any],
    nodes: Collection[int],
    edges: Iterable[Edge],
    directions: Iterable[Direction] = Direction,
) -> dict[int, int]:
    """Return how many direct neighbours of nodes, in these directions, are not among them.

    Args:
        view: Where to read.
        scope: The part of the graph that is asked about.
        nodes: The nodes of an answer.
        edges: The edges among them.
        directions: Whether to count causes, effects, or both.
    """
    pairs = {edge[0:3:2] for edge in edges}
    left: Counter[int] = Counter()
    for direction in directions:
        left.update(degrees(view, scope, nodes, direction))
        near = 0 if direction is Direction.UPSTREAM else 1
        left.subtract(pair[near] for pair in pairs)
    return {id_: left[id_] for id_ in nodes if left[id_] > 0}


def count_kinds(view: GraphView, ids: Collection[int]) -> dict[NodeKind, int]:
    """Return how many nodes there are of each kind."""
    counts = Counter(node_kinds(view, ids).values())
    return {kind: counts[kind] for kind in NodeKind if counts[kind]}


def of_kinds(
    view: GraphView, ids: Collection[int], wanted: Collection[NodeKind] | None
) -> list[int]:
    """Return those nodes that are of the wanted kinds, None: all, in their order."""
    if wanted is None:
        return list(ids)
    kinds = node_kinds(view, ids)
    return [id_ for id_ in ids if kinds[id_] in wanted]


def node_kinds(view: GraphView, ids: Collection[int]) -> dict[int, NodeKind]:
    """Return the kind of each node."""
    return {id_: node.kind for batch in batches(ids) for id_, node in view.nodes(batch, ()).items()}


def batches(ids: Collection[int]) -> Iterator[Sequence[int]]:
    """Yield nodes in order of id, so many at once as one read should be about."""
    return in_parts(sorted(ids), _AT_ONCE)


def in_parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield nodes as they stand, so many at once."""
    return (ids[first : first + size] for first in range(0, len(ids), size))
