"""What has to be rebuilt: all of it, nothing else, in order; networkx is the oracle."""

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.rebuilding import Rebuilding, affected
from lineage_registry.domain.rebuilding import rebuilding as _rebuilding

SIZE = 9
EDGES = st.lists(
    st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).filter(lambda pair: pair[0] > pair[1]),
    max_size=25,
)
SOME = st.frozensets(st.integers(0, SIZE), max_size=4)


def rebuilding(edges, changed, *, pinned=(), targets=None, gone=()) -> Rebuilding:
    among = affected(edges, changed, pinned)
    wanted = among.causes.keys() - gone if targets is None else targets
    return _rebuilding(edges, changed, among, wanted, gone)


def downstream(edges, changed, pinned):
    graph = nx.DiGraph((cause, effect) for effect, cause in edges)
    graph.add_nodes_from(range(SIZE + 1))
    graph.remove_nodes_from(pinned)
    found = set().union(*(nx.descendants(graph, one) for one in changed)) - changed
    # A changed thing is not rebuilt, and what comes from it is found from itself.
    return graph, found


@given(EDGES, SOME, SOME, st.none() | SOME)
def test_a_plan_is_what_lies_between_the_change_and_the_targets(edges, changed, pinned, targets):
    changed -= pinned
    graph, wanted = downstream(edges, changed, pinned)
    if targets is not None:
        within = graph.subgraph(wanted)
        ends = targets & wanted
        wanted = ends.union(*(nx.ancestors(within, one) for one in ends))
    found = rebuilding(set(edges), changed, pinned=pinned, targets=targets)
    assert found.levels.keys() == wanted
    assert [
        sorted(id_ for id_, level in found.levels.items() if level == n)
        for n in range(max(found.levels.values(), default=-1) + 1)
    ] == [sorted(one) for one in nx.topological_generations(graph.subgraph(wanted))]


@given(EDGES, SOME, SOME)
def test_each_step_has_a_reason_that_is_done_before(edges, changed, pinned):
    changed -= pinned
    found = rebuilding(set(edges), changed, pinned=pinned)
    for id_, level in found.levels.items():
        causes = found.because[id_]
        assert set(causes) == {
            cause
            for effect, cause in edges
            if effect == id_ and (cause in changed or cause in found.levels)
        }
        assert causes
        assert all(found.levels[cause] < level for cause in causes if cause in found.levels)


@given(EDGES, SOME, SOME)
def test_what_is_gone_is_no_step_and_what_comes_from_it_waits_all_the_same(edges, changed, gone):
    gone -= changed
    whole, found = rebuilding(set(edges), changed), rebuilding(set(edges), changed, gone=gone)
    assert found.levels.keys() == whole.levels.keys() - gone
    # What has changed already is done, so nothing waits for anything beyond it.
    graph = nx.DiGraph((cause, effect) for effect, cause in edges).subgraph(whole.levels)
    for effect in found.levels:
        above = nx.ancestors(graph, effect) & found.levels.keys()
        assert found.levels[effect] == max((found.levels[one] + 1 for one in above), default=0)
        assert found.because[effect] == whole.because[effect]
    # What is gone and leads nowhere lies between nothing.
    assert set(found.between) == {
        one for one in gone & whole.levels.keys() if nx.descendants(graph, one) - gone
    }


def test_a_long_chain_needs_no_recursion():
    found = rebuilding({(one + 1, one) for one in range(10_000)}, [0])
    assert found.levels[10_000] == 9_999
