"""Lineage: ancestors, descendants and both, closest first, in pages."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

from lineage_registry.domain.graph import LINEAGE, Edge, NodeKind
from lineage_registry.domain.lifecycle import demand_stages
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.domain.references import Reference
from lineage_registry.domain.traversal import edges_of_page
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands import Context, GetLineage
from lineage_registry.services.filtering import filters_of, kinds_left, named_filters
from lineage_registry.services.lineage_cursor import LineageCursor, read_cursor, write_cursor
from lineage_registry.services.lineage_nodes import masked, node_columns, node_rows
from lineage_registry.services.paging import not_a_cursor
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.streaming import LargePage
from lineage_registry.services.traversal import Found, Traversal, reached_and_passing
from lineage_registry.services.workplace import Workplace, read

LARGE: Final = 10_000
"""Nodes from which on an answer is read while it is written, where that is wanted."""


class Asked(NamedTuple):
    """A question, and where its answer begins."""

    command: GetLineage
    references: Sequence[Reference]
    cursor: LineageCursor | None
    traversal: Traversal

    @property
    def before(self) -> int:
        """How many nodes earlier pages had."""
        return self.cursor.given if self.cursor else 0

    @property
    def with_edges(self) -> bool:
        """Whether edges are asked for."""
        return self.command.fields is None or "edges" in self.command.fields

    def closest(self, most: int, *, edges: bool) -> Found:
        """Return the closest nodes up to the end of the page."""
        return self.traversal.closest(most, edges=edges and self.with_edges)


class Parts(NamedTuple):
    """What a page has; `kinds` are those of its nodes without the starts."""

    nodes: Sequence[LineageNode]
    edges: Sequence[Edge]
    kinds: Iterable[NodeKind]


def get_lineage(work: Workplace, command: GetLineage, _: Context) -> Lineage:
    """Return what some things come from, what comes from them, or both."""
    with _asked(work, command) as asked:
        return _answer(asked)


def stream_lineage(work: Workplace, command: GetLineage, _: Context) -> Lineage:
    """Return the same; nodes and edges of a large answer are read when they are walked over."""
    with _asked(work, command) as asked:
        most = asked.before + command.limit
        if most <= LARGE:
            return _answer(asked)
        found = asked.closest(most, edges=False)
        if len(found.distances) > LARGE:
            return _large(asked, found, work)
        edges = asked.traversal.edges_among(found.distances) if asked.with_edges else None
        return _told(asked, found._replace(edges=edges))


@contextmanager
def _asked(work: Workplace, command: GetLineage) -> Iterator[Asked]:
    references = [read(text) for text in command.start]
    stops = [read(text) for text in command.stop_at]
    cursor = read_cursor(command)
    named = () if cursor else (*references, *stops)  # a cursor has settled the time
    with work.ask(cursor.revision if cursor else command.as_of, named) as view:
        if command.stage is not None:
            demand_stages(view, [command.stage])
        starts = nodes_of(view, references, deleted=command.deleted)
        stop_at = nodes_of(view, stops, deleted=True) if stops else ()
        traversal = _traversal(view, command, starts, frozenset(stop_at))
        yield Asked(command, references, cursor, traversal)


def lineage_of(view: GraphView, references: Sequence[Reference], direction: Direction) -> Lineage:
    """Return the whole lineage of some things one way, through deleted nodes."""
    command = GetLineage(
        start=[str(reference) for reference in references],
        direction=direction.value,
        deleted=True,
        limit=1_000_000,
    )
    starts = nodes_of(view, references, deleted=True)
    traversal = _traversal(view, command, starts, frozenset())
    return _answer(Asked(command, references, None, traversal))


def _traversal(
    view: GraphView, command: GetLineage, starts: Sequence[int], stop_at: frozenset[int]
) -> Traversal:
    directions = list(Direction) if command.direction == "both" else [Direction(command.direction)]
    filters = filters_of(
        stage=command.stage,
        tag=command.tag,
        metric=command.metric,
        param=command.param,
        text=command.text,
    )
    walk = Walk(
        kinds=LINEAGE if command.edge_kinds is None else frozenset(command.edge_kinds),
        through=_set_of(command.through),
        stop_at=stop_at,
        deleted=command.deleted,
        inferred=command.inferred,
        report=kinds_left(filters, command.node_kinds),
        having=filters,
        edges=False,
    )
    walks = [replace(walk, direction=direction) for direction in directions]
    if command.stop_when:
        stop_at |= reached_and_passing(view, starts, walks, named_filters(command.stop_when))
        walks = [replace(walk, stop_at=stop_at) for walk in walks]
    few = command.cursor is None and command.limit <= LARGE
    return Traversal(
        view,
        starts,
        walks,
        command.depth,
        in_versions=command.depth_unit == "versions",
        hidden=stop_at if command.hide_stops else frozenset(),
        columns=node_columns(deleted=command.deleted) if few else None,
    )


def _set_of(kinds: Sequence[NodeKind] | None) -> frozenset[NodeKind] | None:
    return None if kinds is None else frozenset(kinds)


def _answer(asked: Asked) -> Lineage:
    """Read one page and say what lies beyond it."""
    return _told(asked, asked.closest(asked.before + asked.command.limit, edges=True))


def _told(asked: Asked, found: Found) -> Lineage:
    command, view = asked.command, asked.traversal.view
    skipped = _skipped(found, asked)
    page = _page(found, skipped)
    known = None if found.table is None else islice(found.table, skipped, skipped + len(page))
    nodes = node_rows(view, page, deleted=command.deleted, known=known)
    shown = nodes if command.fields is None else masked(nodes, command.fields)
    return _with_facts(asked, found, page, Parts(shown, _edges(found, skipped), nodes.kinds()))


def _large(asked: Asked, found: Found, work: Workplace) -> Lineage:
    command, view = asked.command, asked.traversal.view
    skipped = _skipped(found, asked)
    walk = asked.traversal.walks[0]
    page = LargePage(
        work.graph,
        view.revision,
        found.distances,
        skipped,
        None if skipped else found.joined,
        walk.kinds,
        walk.inferred,
        command.deleted,
        command.fields,
    )
    parts = Parts(page.nodes(), page.edges(), page.kinds_of_nodes())
    return _with_facts(asked, found, _page(found, skipped), parts)


def _page(found: Found, skipped: int) -> Mapping[int, int]:
    return dict(islice(found.distances.items(), skipped, None)) if skipped else found.distances


def _with_facts(asked: Asked, found: Found, page: Mapping[int, int], parts: Parts) -> Lineage:
    """Say what the whole answer is, and what lies beyond it."""
    command, view = asked.command, asked.traversal.view
    omitted = _omitted(asked, found, parts.kinds) if command.count else None
    return Lineage.model_construct(
        starts=[str(reference) for reference in asked.references],
        direction=command.direction,
        depth=command.depth,
        depth_unit=command.depth_unit,
        fields=command.fields,
        given=asked.before,
        nodes=parts.nodes,
        edges=parts.edges,
        depth_reached=page[next(reversed(page))] if page else 0,
        truncated=found.cut_by is not None,
        truncated_by=found.cut_by,
        omitted=omitted,
        has_more=_has_more(asked, found, page),
        next_cursor=_next_cursor(asked, found, omitted),
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _skipped(found: Found, asked: Asked) -> int:
    """Return how many nodes earlier pages had.

    Raises:
        InvalidQueryError: The cursor does not say where the page before ended.
    """
    cursor = asked.cursor
    if cursor is None:
        return 0
    skipped = len(asked.traversal.starts) + cursor.given
    if next(islice(found.distances, skipped - 1, None), None) != cursor.last:
        raise not_a_cursor()
    return skipped


def _omitted(asked: Asked, found: Found, kinds: Iterable[NodeKind]) -> dict[NodeKind, int]:
    """Return how many nodes of each kind lie beyond a page; counted for the first one alone."""
    if found.cut_by is None:
        return {}
    known = asked.cursor.omitted if asked.cursor else None
    left = Counter(asked.traversal.counts() if known is None else known)
    left.subtract(kinds)
    return {kind: left[kind] for kind in NodeKind if left[kind] > 0}


def _has_more(asked: Asked, found: Found, page: Collection[int]) -> dict[int, int] | None:
    if not asked.command.count:
        return None
    stops = asked.command.stop_at or asked.command.stop_when
    return asked.traversal.neighbours_left(page, found) if found.cut_by or stops else {}


def _edges(found: Found, skipped: int) -> Sequence[Edge]:
    if found.edges is None or not skipped:
        return found.edges or []
    return edges_of_page(found.edges, found.distances, skipped)


def _next_cursor(asked: Asked, found: Found, omitted: Mapping[NodeKind, int] | None) -> str | None:
    if found.cut_by != "limit":
        return None
    distances, traversal = found.distances, asked.traversal
    last = next(islice(distances, len(distances) - 1, None))
    given = len(distances) - len(traversal.starts)
    return write_cursor(asked.command, LineageCursor(traversal.view.revision, last, given, omitted))
