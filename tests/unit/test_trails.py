"""Shortest ways over the edges of a walk, against networkx."""

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.graph import Edge, EdgeKind
from lineage_registry.domain.trails import Trails
from lineage_registry.domain.view import Direction

NODES = 9


def edge(source: int, target: int, role: str = "", *, declared: bool = True) -> Edge:
    return Edge(source, EdgeKind.DERIVED_FROM, target, role, 1, declared)


@st.composite
def graphs(draw: st.DrawFn) -> list[Edge]:
    """Edges of an acyclic graph, some of them parallel."""
    pairs = st.tuples(st.integers(1, NODES), st.integers(1, NODES)).filter(lambda p: p[0] > p[1])
    triples = st.tuples(pairs, st.sampled_from(["", "x"]))
    found = draw(st.lists(triples, unique=True, max_size=30))
    return [edge(*pair, role, declared=draw(st.booleans())) for pair, role in found]


def walked(
    edges: list[Edge], starts: set[int], direction: Direction
) -> tuple[nx.MultiDiGraph, dict[int, int], list[Edge]]:
    """The graph in the direction of the walk, the distances and the edges among what it reached."""
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    graph.add_nodes_from(range(1, NODES + 1))
    down = direction is Direction.DOWNSTREAM
    for one in edges:
        near, far = (one.target, one.source) if down else (one.source, one.target)
        graph.add_edge(near, far, key=one.role, it=one)
    distances = nx.multi_source_dijkstra_path_length(graph, starts)
    distances = dict(sorted(distances.items(), key=lambda item: (item[1], item[0])))
    among = [one for one in edges if one.source in distances and one.target in distances]
    return graph, distances, among


@given(graphs(), st.sets(st.integers(1, NODES), min_size=1, max_size=3), st.sampled_from(Direction))
def test_a_way_is_a_shortest_one_with_as_few_inferred_edges_as_can_be(edges, starts, direction):
    graph, distances, among = walked(edges, starts, direction)
    trails = Trails(distances, among, direction)
    cost = nx.multi_source_dijkstra_path_length(
        graph,
        starts,
        weight=lambda _u, _v, keyed: min(
            1 + (not data["it"].declared) / 1_000 for data in keyed.values()
        ),
    )
    for node, distance in distances.items():
        trail, nodes = trails.trail(node), trails.nodes_to(node)
        assert trails.on_ways([node]) == set(nodes)
        assert len(trail) == distance
        assert set(trail) <= set(among)
        if not trail:
            assert node in starts
            assert nodes == [node]
            continue
        assert nodes[0] in starts
        assert nodes[-1] == node
        assert [{one.source, one.target} for one in trail] == [set(p) for p in pairwise(nodes)]
        assert len(trail) + sum(not one.declared for one in trail) / 1_000 == pytest.approx(
            cost[node]
        )


@given(graphs(), st.sets(st.integers(1, NODES), min_size=1, max_size=3), st.sampled_from(Direction))
def test_what_some_edges_alone_reach_is_what_networkx_reaches_on_them(edges, starts, direction):
    graph, distances, among = walked(edges, starts, direction)
    declared = nx.MultiDiGraph(
        [(u, v) for u, v, data in graph.edges(data=True) if data["it"].declared]
    )
    declared.add_nodes_from(starts)
    expected = starts.union(*(nx.descendants(declared, start) for start in starts))
    trails = Trails(distances, among, direction)
    assert trails.reached_by(lambda one: one.declared) == expected
    assert trails.on_ways(distances) == set(distances)


@given(graphs(), st.randoms())
def test_the_order_of_the_edges_does_not_matter(edges, chance):
    _, distances, among = walked(edges, {1}, Direction.DOWNSTREAM)
    shuffled = chance.sample(among, len(among))
    first, second = (Trails(distances, given, Direction.DOWNSTREAM) for given in (among, shuffled))
    assert [first.trail(node) for node in distances] == [second.trail(node) for node in distances]


def test_a_way_may_be_as_long_as_a_chain():
    length = 20_000
    trails = Trails(
        {node: node for node in range(length)},
        [edge(node + 1, node) for node in range(length - 1)],
        Direction.DOWNSTREAM,
    )
    assert len(trails.trail(length - 1)) == length - 1
    assert len(trails.reached_by(lambda one: one.declared)) == length


def test_of_two_shortest_ways_the_declared_one_is_taken_then_the_one_by_the_smaller_id():
    diamond = [edge(2, 1, declared=False), edge(3, 1), edge(4, 2), edge(4, 3)]
    distances = {1: 0, 2: 1, 3: 1, 4: 2}
    assert Trails(distances, diamond, Direction.DOWNSTREAM).trail(4) == [diamond[1], diamond[3]]
    plain = [edge(2, 1), *diamond[1:]]
    assert Trails(distances, plain, Direction.DOWNSTREAM).trail(4) == [plain[0], plain[2]]
