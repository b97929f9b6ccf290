"""Paths counted and listed; networkx enumerates what is small enough."""

import itertools

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.dag import Dag, distances
from lineage_registry.domain.paths import (
    MOST_COUNTED,
    count_paths,
    shortest_paths,
)
from tests.processor import timed

SIZE = 9
EDGES = st.lists(
    st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).filter(lambda pair: pair[0] != pair[1]),
    max_size=30,
)


def acyclic(edges, order):
    """Turn the edges so that each leads to what comes earlier in `order`."""
    place = {id_: index for index, id_ in enumerate(order)}
    return [(a, b) if place[a] > place[b] else (b, a) for a, b in edges]


@given(EDGES, st.permutations(range(SIZE + 1)), st.integers(1, 60), st.data())
def test_paths_are_those_of_networkx_in_order_of_length_and_nodes(edges, order, most, data):
    pairs = acyclic(edges, order)
    source, target = data.draw(st.sampled_from(order)), data.draw(st.sampled_from(order))
    graph: nx.DiGraph[int] = nx.DiGraph(pairs)
    graph.add_nodes_from(order)
    every = sorted(
        (tuple(path) for path in nx.all_simple_paths(graph, source, target)),
        key=lambda path: (len(path), path),
    )
    if source == target:
        every = [(source,)]
    dag = Dag(order, pairs)
    assert shortest_paths(dag, source, target, most) == every[:most]
    assert count_paths(dag, source, target) == len(every)
    wanted = dict(nx.single_target_shortest_path_length(graph, target))
    assert distances(dag.effects, [target]) == wanted


def ladder(rungs: int, width: int) -> tuple[Dag, int, int]:
    """A start, layers that all of the next one come from, and an end."""
    rows = [[0], *([1 + rung * width + n for n in range(width)] for rung in range(rungs))]
    rows.append([1 + rungs * width])
    edges = [(b, a) for low, high in itertools.pairwise(rows) for a in low for b in high]
    return Dag([id_ for row in rows for id_ in row], edges), rows[-1][0], 0


def test_the_paths_of_a_ladder_are_counted_and_never_listed():
    dag, top, bottom = ladder(60, 3)
    found, took = timed(lambda: shortest_paths(dag, top, bottom, 100))
    counted, counting = timed(lambda: count_paths(dag, top, bottom))
    assert counted == 3**60
    assert counting + took < 1
    assert len(set(found)) == 100
    assert found == sorted(found)
    assert found[0] == (top, *range(top - 3, 0, -3), bottom)


def test_a_deep_ladder_has_more_paths_than_are_counted():
    dag, top, bottom = ladder(5_000, 2)
    assert count_paths(dag, top, bottom) is None
    found = shortest_paths(dag, top, bottom, 10)
    assert [len(path) for path in found] == [5_002] * 10
    assert len(set(found)) == 10
    assert 2**990 < MOST_COUNTED < float("inf")


def test_a_chain_is_one_path():
    chain = Dag(range(10_000), [(one + 1, one) for one in range(9_999)])
    assert shortest_paths(chain, 9_999, 0, 3) == [tuple(range(9_999, -1, -1))]
    assert count_paths(chain, 9_999, 0) == 1
    assert count_paths(chain, 0, 9_999) == 0
    assert shortest_paths(chain, 0, 9_999, 3) == []


def test_what_is_not_there_has_no_paths():
    dag = Dag([1, 2], [(2, 1)])
    assert count_paths(dag, 2, 7) == 0
    assert shortest_paths(dag, 2, 7, 1) == []
    assert shortest_paths(dag, 7, 1, 1) == []
    assert count_paths(dag, 7, 1) == 0
