"""Taints against networkx: what they reach is reachability over the edges that carry them."""

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_registry.domain import taints
from lineage_registry.domain.graph import CARRYING, Edge, EdgeKind, NodeKind
from lineage_registry.domain.propagation import inherited
from lineage_registry.domain.resolution import Found
from lineage_registry.domain.taints import Severity
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.graph.sqlite.store import SqliteGraphStore
from lineage_registry.ports.graph import Request
from lineage_registry.testing.graph.random_graphs import RandomGraph

ADA = Request("ada", "why")


def drawn(seed: int, nodes: int = 40) -> tuple[SqliteGraphStore, RandomGraph]:
    store = SqliteGraphStore.in_memory()
    graph = RandomGraph(store, seed)
    graph.grow(nodes)
    return store, graph


def carrying(view: GraphView, ids: list[int]) -> "nx.DiGraph[int]":
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(ids)
    edges = view.edges(ids, Direction.UPSTREAM, CARRYING)
    graph.add_edges_from((edge.source, edge.target) for edge in edges)
    return graph


def raise_on(store: SqliteGraphStore, node: int, severity: Severity = Severity.WARNING) -> None:
    with store.view() as view:
        kind = view.nodes([node], ())[node].kind
    found = Found(node, kind, node)
    store.transact(lambda view: taints.raise_taint(view, found, "cve", severity, "why\nso"), ADA)


def begins_at(view: GraphView, node: int, ids: list[int]) -> set[int]:
    """Where a taint of a node begins: at all versions of a model or dataset, too."""
    owned = {one.id for one in view.nodes(ids, ()).values() if one.owner == node}
    return {node} | owned


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_what_a_taint_reaches_is_reachability_in_networkx(seed: int, data: st.DataObject) -> None:
    store, graph = drawn(seed)
    ids = [1, 2, 3, *graph.ids]
    tainted = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4))
    for node in tainted:
        raise_on(store, node)
    with store.view() as view:
        oracle = carrying(view, ids)
        held = taints.active(view)
        assert [taint.node for taint in held] == tainted
        assert {taint.reason for taint in held} == {"why\nso"}
        for start in ids:
            above = nx.single_source_shortest_path_length(oracle, start)
            found = taints.reaching(view, [start], held)
            expected = {}
            for taint in held:
                far = [above[n] for n in begins_at(view, taint.node, ids) if n in above]
                if far:
                    expected[taint.id] = min(far)
            assert {reach.taint.id: len(reach.way) - 1 for reach in found} == expected
            for reach in found:
                assert reach.way[0] == start
                assert reach.way[-1] in begins_at(view, reach.taint.node, ids)
                assert all(oracle.has_edge(*step) for step in pairwise(reach.way))
            keys = [(len(reach.way), reach.taint.id) for reach in found]
            assert keys == sorted(keys)
    store.close()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_lifting_restores_what_was_answered_before(seed: int, data: st.DataObject) -> None:
    store, graph = drawn(seed)
    first, second = data.draw(st.tuples(*[st.sampled_from(graph.ids)] * 2))
    raise_on(store, first)

    def answers() -> list[object]:
        with store.view() as view:
            held = taints.active(view)
            return [held, *(taints.reaching(view, [node], held) for node in graph.ids)]

    before = answers()
    raise_on(store, second)
    during, at = answers(), store.head().revision
    assert len(during[0]) == 2  # type: ignore[arg-type]
    store.transact(lambda view: taints.lift_taint(view, 2), ADA)
    assert answers() == before
    store.rebuild(list(store.log()))
    assert answers() == before
    with store.view(at) as view:
        assert [taint.id for taint in taints.active(view)] == [1, 2]
    store.close()


@settings(max_examples=100, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=40),
    own=st.dictionaries(st.integers(0, 15), st.integers(0, 255)),
    stops=st.dictionaries(st.integers(0, 39), st.integers(0, 255)),
    order=st.randoms(use_true_random=False),
)
def test_marks_are_the_union_over_all_ways_that_let_them_through(pairs, own, stops, order) -> None:
    arrows = sorted({(max(pair), min(pair)) for pair in pairs if pair[0] != pair[1]})
    edges = [Edge(s, EdgeKind.DERIVED_FROM, t, "other", 1, declared=True) for s, t in arrows]
    stopped = {arrows[place]: marks for place, marks in stops.items() if place < len(arrows)}
    expected = dict.fromkeys(range(16), 0)
    for bit in range(8):
        graph = nx.DiGraph()
        graph.add_nodes_from(range(16))
        graph.add_edges_from(pair for pair in arrows if not stopped.get(pair, 0) >> bit & 1)
        for node in range(16):
            reached = {node} | nx.descendants(graph, node)
            if any(own.get(one, 0) >> bit & 1 for one in reached):
                expected[node] |= 1 << bit
    nodes = list(range(16))
    order.shuffle(nodes)
    order.shuffle(edges)
    assert inherited(nodes, edges, own, stopped) == expected


def test_a_chain_of_ten_thousand_is_no_recursion() -> None:
    nodes = range(10_000)
    edges = [Edge(n, EdgeKind.DERIVED_FROM, n - 1, "other", 1, declared=True) for n in nodes[1:]]
    assert inherited(nodes, edges, {0: 1}, {})[9_999] == 1


class Counting:
    """A view that counts its reads."""

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self.asked: list[str] = []

    def __getattr__(self, name: str):
        self.asked.append(name)
        return getattr(self._view, name)


@pytest.mark.parametrize("severity", [None, Severity.WARNING])
def test_a_gate_without_critical_taints_walks_nowhere(severity: Severity | None) -> None:
    store, graph = drawn(3)
    if severity is not None:
        raise_on(store, graph.ids[0], severity)
    with store.view() as view:
        counted = Counting(view)
        assert taints.pass_gate(counted, graph.ids[-1], "go", force=False, reason=None) == []  # type: ignore[arg-type]
    assert "walk" not in counted.asked
    assert len(counted.asked) <= 3
    store.close()


def test_the_random_graphs_have_what_the_oracle_needs() -> None:
    store, graph = drawn(7)
    with store.view() as view:
        kinds = {node.kind for node in view.nodes(graph.ids, ()).values()}
        assert kinds >= {NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION, NodeKind.RUN}
        assert carrying(view, graph.ids).number_of_edges() > 20
    store.close()
