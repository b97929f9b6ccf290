"""Order, layers, lowest nodes and longest paths of DAGs; networkx is the oracle."""

import itertools

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.dag import (
    Dag,
    in_layers,
    layers,
    longest_path,
    lowest,
    upstream_of,
)
from lineage_registry.errors import IntegrityError

Pairs = list[tuple[int, int]]
SIZE = 9
EDGES = st.lists(
    st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).filter(lambda pair: pair[0] > pair[1]),
    max_size=25,
)
SOME = st.frozensets(st.integers(0, SIZE))
CHAIN = 10_000


def graph_of(edges: Pairs) -> "nx.DiGraph[int]":
    """From cause to effect, as networkx orders."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(SIZE + 1))
    graph.add_edges_from((cause, effect) for effect, cause in edges)
    return graph


def dag_of(edges: Pairs) -> Dag:
    return Dag(range(SIZE + 1), edges)


@given(EDGES)
def test_layers_are_the_topological_generations(edges):
    found = in_layers(layers(dag_of(edges)))
    assert found == [sorted(one) for one in nx.topological_generations(graph_of(edges))]


@given(EDGES)
def test_each_cause_comes_before_its_effects(edges):
    order = dag_of(edges).order()
    place = {id_: index for index, id_ in enumerate(order)}
    assert sorted(order) == list(range(SIZE + 1))
    assert all(place[cause] < place[effect] for effect, cause in edges)


@given(EDGES, SOME)
def test_layers_among_some_keep_what_joins_them_through_others(edges, some):
    closed = nx.transitive_closure_dag(graph_of(edges)).subgraph(some)
    wanted = [sorted(one) for one in nx.topological_generations(closed)]
    assert in_layers(layers(dag_of(edges), some)) == wanted


@given(EDGES, SOME)
def test_the_lowest_are_those_that_no_other_descends_from(edges, some):
    graph = graph_of(edges)
    wanted = {one for one in some if not nx.descendants(graph, one) & some}
    assert lowest(dag_of(edges), some) == wanted


@given(EDGES, st.integers(0, SIZE), st.integers(0, SIZE))
def test_the_lowest_common_ancestors_hold_the_one_of_networkx(edges, one, other):
    dag, graph = dag_of(edges), graph_of(edges)
    common = upstream_of(dag, [one]) & upstream_of(dag, [other])
    picked = nx.lowest_common_ancestor(graph, one, other)
    assert (picked is None) == (not common)
    if picked is not None:
        assert picked in lowest(dag, common)


@given(EDGES, SOME)
def test_upstream_is_the_ancestry(edges, some):
    graph = graph_of(edges)
    wanted = set(some).union(*(nx.ancestors(graph, one) for one in some))
    assert upstream_of(dag_of(edges), some) == wanted
    assert upstream_of(dag_of(edges), [SIZE + 7]) == set()


@given(EDGES, st.lists(st.integers(0, 5), min_size=SIZE + 1, max_size=SIZE + 1))
def test_the_longest_path_is_the_heaviest(edges, weights):
    graph = graph_of(edges)
    weight_of = dict(enumerate(map(float, weights)))
    # networkx weighs edges: each carries the weight of its end, and all begin at one start.
    weighed: nx.DiGraph[int] = nx.DiGraph()
    for one in graph:
        weighed.add_edge(-1, one, weight=weight_of[one])
    weighed.add_edges_from((a, b, {"weight": weight_of[b]}) for a, b in graph.edges)
    weight, path = longest_path(dag_of(edges), weight_of)
    assert weight == nx.dag_longest_path_length(weighed)
    assert weight == sum(weight_of[one] for one in path)
    assert all(graph.has_edge(*pair) for pair in itertools.pairwise(path))


def test_nothing_has_no_layers_and_no_path():
    nothing = Dag([], [(1, 2)])
    assert (layers(nothing), in_layers({}), lowest(nothing, ())) == ({}, [], set())
    assert longest_path(nothing, {}) == (0.0, [])


def test_a_cycle_is_said_and_not_walked():
    with pytest.raises(IntegrityError, match="cycle"):
        Dag([1, 2, 3], [(2, 1), (1, 3), (3, 2)]).order()


def test_a_long_chain_needs_no_recursion():
    chain = Dag(range(CHAIN), [(one + 1, one) for one in range(CHAIN - 1)])
    assert layers(chain)[CHAIN - 1] == CHAIN - 1
    assert lowest(chain, {3, 5, 7}) == {7}
    assert longest_path(chain, {0: 1.0, CHAIN - 1: 2.0})[0] == 3.0
    assert len(upstream_of(chain, [CHAIN - 1])) == CHAIN
