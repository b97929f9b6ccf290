"""Rules by comparison: random questions about random graphs have the reference's answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.node_rows import COLUMNS, NodeRows
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.random_graphs import RandomGraph, selections, starts, walks
from lineage_registry.testing.graph.rules import Rules
from lineage_registry.testing.reference_graph import ReferenceGraph, ReferenceView

_NODES = 60
_all = st.just(frozenset(EdgeKind))
_kinds = st.frozensets(st.sampled_from(EdgeKind))

Ask = Callable[[GraphView], Any]


class OracleRules(Rules):
    """Every question, drawn at random, against the plainest way to answer it.

    Attributes:
        examples: How many questions of each sort; a server far away may be asked fewer.
        shrinks: Whether a question that is answered wrongly is made as small as it can be.
    """

    examples: ClassVar[int] = 250
    shrinks: ClassVar[bool] = True

    def _questions(self, share: int = 1) -> settings:
        phases = tuple(Phase) if self.shrinks else (Phase.explicit, Phase.generate)
        return settings(
            max_examples=self.examples // share,
            phases=phases,
            database=None,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )

    def test_every_walk_finds_what_the_reference_finds(self, store: GraphStore) -> None:
        with _compared(store, seed=1) as (graph, compare):

            @self._questions()
            @given(st.data(), starts(graph.ids), walks(graph.size))
            def check(data: st.DataObject, begin: list[int], walk: Any) -> None:
                compare(data, lambda view: _spelled(view, begin, walk))
                compare(data, lambda view: _miscounted(view, begin, walk))
                compare(data, lambda view: _misread(view, begin, walk))

            check()

    def test_every_census_counts_what_the_reference_counts(self, store: GraphStore) -> None:
        with _compared(store, seed=2) as (graph, compare):

            @self._questions()
            @given(st.data(), starts(graph.ids), walks(graph.size))
            def check(data: st.DataObject, begin: list[int], walk: Any) -> None:
                compare(data, lambda view: view.census(begin, walk))

            check()

    def test_every_path_is_as_short_as_the_reference_path(self, store: GraphStore) -> None:
        with _compared(store, seed=3) as (graph, compare):
            ends = st.lists(st.sampled_from(graph.ids), min_size=2, max_size=2, unique=True)

            @self._questions()
            @given(st.data(), ends, st.one_of(_all, _all, _kinds))
            def check(data: st.DataObject, pair: list[int], kinds: frozenset[EdgeKind]) -> None:
                source, target = sorted(pair, reverse=True)
                compare(data, lambda view: _checked_path(view, source, target, kinds))
                compare(data, lambda view: _checked_path(view, target, source, kinds))
                compare(data, lambda view: view.comes_from(_there(view, pair), graph.ids, kinds))

            check()

    def test_every_list_shows_what_the_reference_shows(self, store: GraphStore) -> None:
        with _compared(store, seed=4) as (graph, compare):
            after = st.one_of(st.none(), st.integers(1, graph.size))

            @self._questions()
            @given(st.data(), selections(), after, st.integers(1, 80))
            def check(data: st.DataObject, wanted: Any, behind: int | None, limit: int) -> None:
                compare(data, lambda view: view.select(wanted, behind, limit))

            check()

    def test_every_degree_is_that_of_the_reference(self, store: GraphStore) -> None:
        with _compared(store, seed=6) as (graph, compare):
            ids = st.lists(st.sampled_from([*range(1, 4), *graph.ids]), max_size=20)
            node_kinds = st.frozensets(st.sampled_from(NodeKind))

            @self._questions(3)
            @given(st.data(), ids, node_kinds, walks(graph.size))
            def check(
                data: st.DataObject, nodes: list[int], listed: frozenset[NodeKind], how: Walk
            ) -> None:
                way, kinds, deleted = how.direction, how.kinds, how.deleted
                limit = 5 if how.limit is None else how.limit

                def degrees(view: GraphView) -> dict[int, int]:
                    return view.degrees(nodes, way, kinds, deleted=deleted, inferred=how.inferred)

                def busiest(view: GraphView) -> list[tuple[int, int]]:
                    return view.busiest(listed, way, kinds, limit=limit, deleted=deleted)

                compare(data, degrees)
                compare(data, busiest)

            check()

    def test_nodes_edges_and_changes_are_those_of_the_reference(self, store: GraphStore) -> None:
        with _compared(store, seed=5) as (graph, compare):
            ids = st.lists(st.sampled_from([*range(1, 10), *graph.ids]), max_size=20, unique=True)

            @self._questions(3)
            @given(st.data(), ids, st.sampled_from(Direction), _kinds)
            def check(
                data: st.DataObject,
                nodes: list[int],
                direction: Direction,
                kinds: frozenset[EdgeKind],
            ) -> None:
                compare(data, lambda view: list(view.nodes(nodes).items()))
                compare(data, lambda view: view.changed(nodes))
                compare(data, lambda view: view.edges(nodes, direction, kinds))

            check()


@contextmanager
def _compared(
    store: GraphStore, *, seed: int
) -> Iterator[tuple[RandomGraph, Callable[[st.DataObject, Ask], None]]]:
    """Grow a graph; yield it and what compares an answer with the reference's."""
    graph = RandomGraph(store, seed)
    graph.grow(_NODES)
    model = replayed(store)
    last = store.head().revision

    def compare(data: st.DataObject, ask: Ask) -> None:
        for revision in {last, data.draw(st.integers(last // 3, last), "revision")}:
            with store.view(revision) as view:
                assert ask(view) == ask(ReferenceView(model, revision))

    yield graph, compare


def replayed(store: GraphStore) -> ReferenceGraph:
    """Return the reference graph of a store's log."""
    graph = ReferenceGraph()
    for recorded in store.log():
        graph.apply(recorded.revision, recorded.at, recorded.changes())
    return graph


def _there(view: GraphView, ids: list[int]) -> list[int]:
    return list(view.nodes(ids, []))


def _spelled(view: GraphView, begin: list[int], walk: Any) -> object:
    begin = _there(view, begin)
    found = view.walk(begin, walk)
    return list(found.distances.items()), list(found.edges), found.depth_reached, found.truncated


def _misread(view: GraphView, begin: list[int], walk: Walk) -> bool:
    """Tell whether a walk that reads columns by the way finds or reads something else."""
    begin = _there(view, begin)
    plain, found = view.walk(begin, walk), view.walk(begin, replace(walk, columns=COLUMNS))
    if found.table is None:
        return False
    known = NodeRows(found.table, found.distances)
    said = NodeRows(view.table(found.distances, COLUMNS), plain.distances)
    return known != said or found.edges != plain.edges


def _miscounted(view: GraphView, begin: list[int], walk: Walk) -> bool:
    """Tell whether a walk that counts its edges counts others than it reports."""
    begin = _there(view, begin)
    joined = view.walk(begin, replace(walk, edges=False, counted=True)).joined
    return joined is not None and joined != len(view.walk(begin, replace(walk, edges=True)).edges)


def _checked_path(
    view: GraphView, source: int, target: int, kinds: frozenset[EdgeKind]
) -> int | None:
    if len(view.nodes({source, target}, [])) < len({source, target}):
        return None
    way = view.path(source, target, kinds)
    if way is None:
        return None
    assert (way[0], way[-1]) == (source, target)
    for here, there in pairwise(way):
        assert there in [e.target for e in view.edges([here], Direction.UPSTREAM, kinds)]
    return len(way)
