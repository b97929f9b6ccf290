"""What is done with a walk once it is read, against networkx."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.graph import EDGE_RULES, LINEAGE, Edge, EdgeKind, NodeKind
from lineage_registry.domain.traversal import (
    edges_of_page,
    hops_of,
    in_order,
    nearest,
    version_distances,
)
from lineage_registry.domain.view import Direction

KINDS = [NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION, NodeKind.RUN, NodeKind.DEPLOYMENT]
UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


@st.composite
def graphs(draw):
    """Draw nodes with kinds, and edges that the table of edges allows; cycles, too."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=14))
    allowed = [
        (source, kind, target)
        for source, a in enumerate(kinds)
        for target, b in enumerate(kinds)
        for kind, rule in EDGE_RULES.items()
        if (a, b) in rule.ends and source != target
    ]
    drawn = draw(st.lists(st.sampled_from(allowed), max_size=40, unique=True)) if allowed else []
    edges = [Edge(*one, "", 1, declared=True) for one in sorted(drawn)]
    starts = draw(st.sets(st.integers(0, len(kinds) - 1), min_size=1, max_size=3))
    stops = draw(st.sets(st.integers(0, len(kinds) - 1), max_size=3))
    return kinds, edges, starts, stops


@given(graphs(), st.sampled_from(Direction))
def test_distances_in_versions_are_the_cheapest_ways(graph, direction):
    kinds, edges, starts, stops = graph
    ways = nx.DiGraph()
    ways.add_nodes_from(starts)
    for edge in edges:
        here, there = (edge.source, edge.target)[:: 1 if direction is UP else -1]
        if here not in stops:
            free = kinds[here] is NodeKind.RUN and here not in starts
            ways.add_edge(here, there, weight=0 if free else 1)
    known = nx.multi_source_dijkstra_path_length(ways, starts)
    found = version_distances(starts, edges, direction, stops)
    assert found == known
    assert list(found.items()) == sorted(known.items(), key=lambda item: (item[1], item[0]))


@given(graphs(), st.sampled_from(Direction), st.integers(0, 4))
def test_the_hops_of_a_depth_hold_all_versions_that_near(graph, direction, depth):
    kinds, edges, starts, _ = graph
    edges = [edge for edge in edges if edge.kind in LINEAGE]
    ways = nx.DiGraph([(edge.source, edge.target) for edge in edges])
    ways.add_nodes_from(range(len(kinds)))
    ways = ways if direction is UP else ways.reverse()
    hops = dict(enumerate(nx.bfs_layers(ways, starts)))
    most = hops_of(depth, LINEAGE)
    near = {node for far, layer in hops.items() if far <= most for node in layer}
    measured = version_distances(starts, edges, direction)
    assert {node for node, far in measured.items() if far <= depth} <= near


def test_a_run_and_what_it_used_are_one_step():
    made = Edge(3, EdgeKind.GENERATED_BY, 2, "", 1, declared=True)
    used = Edge(2, EdgeKind.USED, 1, "train", 1, declared=True)
    assert version_distances([3], [made, used], UP) == {3: 0, 1: 1, 2: 1}
    assert version_distances([1], [made, used], DOWN) == {1: 0, 2: 1, 3: 1}
    assert version_distances([2], [made, used], UP) == {2: 0, 1: 1}
    assert version_distances([3], [made, used], UP, stop_at=[2]) == {3: 0, 2: 1}


def test_runs_within_runs_have_no_bound_in_hops():
    assert hops_of(3, LINEAGE) == 6
    assert hops_of(3, [EdgeKind.CHILD_OF]) is None
    assert hops_of(None, LINEAGE) is None


def test_a_chain_of_ten_thousand_is_measured():
    edges = []
    for n in range(2, 20_000, 2):
        edges.append(Edge(n, EdgeKind.GENERATED_BY, n - 1, "", 1, declared=True))
        edges.append(Edge(n - 1, EdgeKind.USED, n - 2, "", 1, declared=True))
    assert version_distances([19_998], edges, UP)[0] == 9_999


distances = st.dictionaries(st.integers(0, 20), st.integers(0, 5)).map(in_order)


@given(st.lists(distances, min_size=1, max_size=3), st.integers(0, 25))
def test_the_nearest_of_several_are_in_the_nearest_of_each(several, most):
    whole = nearest(several)
    assert whole == {
        node: min(one[node] for one in several if node in one) for one in several for node in one
    }
    cut = nearest([dict(list(one.items())[:most]) for one in several])
    assert list(cut.items())[:most] == list(whole.items())[:most]


@given(graphs(), st.data())
def test_pages_of_edges_join_to_the_edges_among_all_nodes(graph, data):
    kinds, edges, _, _ = graph
    nodes = data.draw(st.permutations(range(len(kinds))))
    nodes = nodes[: data.draw(st.integers(0, len(nodes)))]
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(nodes), 1)))) | {len(nodes)})
    order, pages, given_ = {}, [], 0
    for cut in cuts:
        order = dict.fromkeys(nodes[:cut])
        pages += edges_of_page(edges, order, given_)
        given_ = cut
    assert sorted(pages) == [edge for edge in edges if {edge.source, edge.target} <= set(nodes)]


@pytest.mark.parametrize("kind", EdgeKind)
def test_every_end_that_may_be_a_run_is_one(kind):
    """What is a run is read off the edges, so an edge kind must not leave it open."""
    for end in (0, 1):
        kinds = {pair[end] for pair in EDGE_RULES[kind].ends}
        assert NodeKind.RUN not in kinds or kinds == {NodeKind.RUN}
