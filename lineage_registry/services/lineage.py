"""Lineage: ancestors, descendants and both, closest first, in pages."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, get_args

from lineage_registry.domain.graph import LINEAGE, Edge, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode, NodeField
from lineage_registry.domain.references import Reference
from lineage_registry.domain.traversal import edges_of_page
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands import Context, GetLineage
from lineage_registry.services.filtering import filters_of, named_filters
from lineage_registry.services.lineage_cursor import LineageCursor, read_cursor, write_cursor
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.paging import not_a_cursor
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.traversal import Found, Traversal, reached_and_passing
from lineage_registry.services.workplace import Workplace, read


def get_lineage(work: Workplace, command: GetLineage, _: Context) -> Lineage:
    """Return what some things come from, what comes from them, or both."""
    references = [read(text) for text in command.start]
    stops = [read(text) for text in command.stop_at]
    cursor = read_cursor(command)
    named = () if cursor else (*references, *stops)  # a cursor has settled the time
    with work.ask(cursor.revision if cursor else command.as_of, named) as view:
        starts = nodes_of(view, references, deleted=command.deleted)
        stop_at = nodes_of(view, stops, deleted=True) if stops else ()
        traversal = _traversal(view, command, starts, frozenset(stop_at))
        return _answer(traversal, command, references, cursor)


def lineage_of(view: GraphView, references: Sequence[Reference], direction: Direction) -> Lineage:
    """Return the whole lineage of some things one way, through deleted nodes."""
    command = GetLineage(
        start=[str(reference) for reference in references],
        direction=direction.value,
        deleted=True,
        limit=1_000_000,
    )
    starts = nodes_of(view, references, deleted=True)
    return _answer(_traversal(view, command, starts, frozenset()), command, references, None)


def _traversal(
    view: GraphView, command: GetLineage, starts: Sequence[int], stop_at: frozenset[int]
) -> Traversal:
    directions = list(Direction) if command.direction == "both" else [Direction(command.direction)]
    walk = Walk(
        kinds=LINEAGE if command.edge_kinds is None else frozenset(command.edge_kinds),
        through=_set_of(command.through),
        stop_at=stop_at,
        deleted=command.deleted,
        inferred=command.inferred,
        report=_set_of(command.node_kinds),
        having=filters_of(
            stage=command.stage,
            tag=command.tag,
            metric=command.metric,
            param=command.param,
            text=command.text,
        ),
        edges=False,
    )
    walks = [replace(walk, direction=direction) for direction in directions]
    if command.stop_when:
        filters = named_filters(command.stop_when)
        stop_at |= reached_and_passing(view, starts, walks, filters)
        walks = [replace(walk, stop_at=stop_at) for walk in walks]
    return Traversal(
        view,
        starts,
        walks,
        command.depth,
        in_versions=command.depth_unit == "versions",
        hidden=frozenset() if command.stop_shown else stop_at,
    )


def _set_of(kinds: Sequence[NodeKind] | None) -> frozenset[NodeKind] | None:
    return None if kinds is None else frozenset(kinds)


def _answer(
    traversal: Traversal,
    command: GetLineage,
    references: Sequence[Reference],
    cursor: LineageCursor | None,
) -> Lineage:
    """Read one page and say what lies beyond it."""
    view, fields = traversal.view, command.fields
    before = cursor.given if cursor else 0
    found = traversal.closest(before + command.limit, edges=fields is None or "edges" in fields)
    skipped = _skipped(found, cursor, len(traversal.starts))
    page = dict(islice(found.distances.items(), skipped, None)) if skipped else found.distances
    nodes = describe_nodes(view, page, deleted=command.deleted)
    omitted = _omitted(traversal, found, nodes, cursor) if command.count else None
    return Lineage.model_construct(
        starts=[str(reference) for reference in references],
        direction=command.direction,
        depth=command.depth,
        depth_unit=command.depth_unit,
        fields=fields,
        given=before,
        nodes=nodes if fields is None else _masked(nodes, fields),
        edges=_edges(found, skipped),
        depth_reached=nodes[-1].distance if nodes else 0,
        truncated=found.cut_by is not None,
        truncated_by=found.cut_by,
        omitted=omitted,
        has_more=_has_more(traversal, command, found, page),
        next_cursor=_next_cursor(traversal, command, found, omitted),
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _skipped(found: Found, cursor: LineageCursor | None, starts: int) -> int:
    """Return how many nodes earlier pages had.

    Raises:
        InvalidQueryError: The cursor does not say where the page before ended.
    """
    if cursor is None:
        return 0
    skipped = starts + cursor.given
    if next(islice(found.distances, skipped - 1, None), None) != cursor.last:
        raise not_a_cursor()
    return skipped


def _omitted(
    traversal: Traversal,
    found: Found,
    nodes: Sequence[LineageNode],
    cursor: LineageCursor | None,
) -> dict[NodeKind, int]:
    """Return how many nodes of each kind lie beyond a page; counted for the first one alone."""
    if found.cut_by is None:
        return {}
    known = cursor.omitted if cursor else None
    left = Counter(traversal.counts() if known is None else known)
    left.subtract(node.kind for node in nodes if node.distance)
    return {kind: left[kind] for kind in NodeKind if left[kind] > 0}


def _has_more(
    traversal: Traversal, command: GetLineage, found: Found, page: Collection[int]
) -> dict[int, int] | None:
    if not command.count:
        return None
    stops = command.stop_at or command.stop_when
    return traversal.neighbours_left(page, found) if found.cut_by or stops else {}


def _edges(found: Found, skipped: int) -> Sequence[Edge]:
    if found.edges is None or not skipped:
        return found.edges or []
    return edges_of_page(found.edges, found.distances, skipped)


def _next_cursor(
    traversal: Traversal,
    command: GetLineage,
    found: Found,
    omitted: Mapping[NodeKind, int] | None,
) -> str | None:
    if found.cut_by != "limit":
        return None
    distances = found.distances
    last = next(islice(distances, len(distances) - 1, None))
    given = len(distances) - len(traversal.starts)
    return write_cursor(command, LineageCursor(traversal.view.revision, last, given, omitted))


def _masked(nodes: Sequence[LineageNode], fields: Collection[str]) -> list[LineageNode]:
    """Leave out what was not asked for."""
    unasked: dict[str, Any] = {name: None for name in get_args(NodeField) if name not in fields}
    return [node._replace(**unasked) for node in nodes]
