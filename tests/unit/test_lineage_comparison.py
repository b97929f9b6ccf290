"""Pairs of causes, standing versions, presence in an ancestry, and what is known: pure rules."""

import networkx as nx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_registry.domain.dag import distances
from lineage_registry.domain.graph import EdgeKind, Node, NodeKind
from lineage_registry.domain.matching import Cause, pair_up
from lineage_registry.domain.presence import Span, presence, there
from lineage_registry.domain.reproducibility import Item, know, score
from lineage_registry.domain.staleness import standing

# The machine may be busy with something else.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TIE = frozenset({(EdgeKind.DERIVED_FROM, "finetune")})


def run(id_: int, name: str | None, *made: int, far: int = 1) -> Cause:
    return Cause(id_, NodeKind.RUN, 0, far, name, frozenset(made))


@st.composite
def sides(draw: st.DrawFn) -> list[Cause]:
    ids = draw(st.lists(st.integers(1, 12), unique=True, max_size=9))
    return [
        run(id_, ["train", "test", None][id_ % 3], id_ % 2, far=draw(st.integers(1, 3)))
        if id_ % 4 == 0
        else Cause(
            id_,
            NodeKind.MODEL_VERSION,
            100 + id_ % 3,
            draw(st.integers(1, 3)),
            ties=draw(st.sampled_from([TIE, frozenset()])),
        )
        for id_ in ids
    ]


@patient
@given(sides(), sides())
def test_every_cause_is_in_one_pair_and_turning_around_swaps_the_pairs(before, after):
    pairs = pair_up(before, after)
    assert sorted(one.id for one, _ in pairs if one) == sorted(one.id for one in before)
    assert sorted(one.id for _, one in pairs if one) == sorted(one.id for one in after)
    assert pair_up(after, before) == [(other, one) for one, other in pairs]
    for one, other in pairs:
        if one and other:
            assert (one.kind, one.owner) == (other.kind, other.owner)
    alone = [one for pair in pairs if None in pair for one in pair if one and one.owner]
    left = {one.owner for one in alone if one in before}
    right = {one.owner for one in alone if one in after and one not in before}
    assert not left & right


@patient
@given(sides())
def test_everything_is_paired_with_itself(causes):
    assert all(one == other for one, other in pair_up(causes, causes))


def test_direct_causes_go_together_although_the_old_one_is_behind_the_new_one():
    old = Cause(1, NodeKind.MODEL_VERSION, 9, 1, ties=TIE)
    new = Cause(2, NodeKind.MODEL_VERSION, 9, 1, ties=TIE)
    behind = old._replace(distance=2, ties=frozenset())
    assert pair_up([old], [new, behind]) == [(old, new), (None, behind)]


def test_runs_go_together_by_name_and_by_what_they_made():
    clean, train = run(1, "clean", 5, far=3), run(2, "train", 0)
    others = run(11, "train", 0), run(12, "clean", 5, far=3)
    assert pair_up([clean, train], others) == [(train, others[0]), (clean, others[1])]
    renamed = run(13, "prepare", 5)
    assert pair_up([clean], [renamed]) == [(clean, renamed)]
    assert pair_up([run(1, None)], [run(2, None)]) == [(run(1, None), None), (None, run(2, None))]


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, list[int]]:
    """A graph without cycles: causes have lower numbers."""
    size = draw(st.integers(1, 9))
    return {
        node: sorted(draw(st.sets(st.integers(0, node - 1), max_size=3))) if node else []
        for node in range(size)
    }


@patient
@given(graphs(), st.data())
def test_a_version_stands_unless_a_later_one_of_its_own_family_comes_from_it(causes, data):
    start = max(causes)
    owners = {node: data.draw(st.integers(1, 3)) for node in causes if data.draw(st.booleans())}
    graph = nx.DiGraph([(a, b) for a, found in causes.items() for b in found])
    graph.add_nodes_from(causes)
    reached = nx.descendants(graph, start) | {start}
    assert distances(causes, [start]) == dict(nx.single_source_shortest_path_length(graph, start))
    expected = {
        node
        for node in reached & owners.keys()
        if not any(
            owners.get(other) == owners[node] for other in nx.ancestors(graph, node) & reached
        )
    }
    assert standing(causes, owners, dict.fromkeys(reached, 0)) == expected


def test_a_long_chain_needs_no_deep_stack():
    size = 20_000
    chain = {node: [node - 1] for node in range(1, size)}
    reached = distances(chain, [size - 1])
    assert reached[0] == size - 1
    assert standing(chain, dict.fromkeys(range(size), 7), reached) == {size - 1}
    spans = [Span(node, node - 1, 1, None) for node in range(1, size)]
    assert len(presence(size - 1, 1, 2, spans)) == size


@st.composite
def lives(draw: st.DrawFn) -> list[Span]:
    found = []
    for _ in range(draw(st.integers(0, 12))):
        source = draw(st.integers(1, 6))
        since = draw(st.integers(1, 8))
        until = draw(st.one_of(st.none(), st.integers(since + 1, 10)))
        found.append(Span(source, draw(st.integers(0, source - 1)), since, until))
    return found


@patient
@given(lives(), st.integers(1, 6))
def test_a_node_is_there_when_a_way_leads_to_it(spans, born):
    now = 9
    times = presence(6, born, now, spans)
    for revision in range(born, now + 1):
        held = [s for s in spans if s.since <= revision and (s.until is None or revision < s.until)]
        graph = nx.DiGraph([(span.source, span.target) for span in held])
        graph.add_node(6)
        expected = nx.descendants(graph, 6) | {6}
        assert {node for node in range(7) if there(times, node, revision)} == expected
    assert not any(there(times, node, born - 1) for node in range(7))


def node(kind: NodeKind, facts=None, **values) -> Node:
    params = {f"param/{key}": value for key, value in values.items()}
    return Node(1, kind, 0, 1, facts or {}, params)


def known(of: Node, *, asked=False, reads=False, made=(), causes=0, has_run=False):
    return know(of, asked=asked, reads=reads, made=made, causes=causes, has_run=has_run)


def test_what_a_run_needs():
    model, data = node(NodeKind.MODEL_VERSION), node(NodeKind.DATASET_VERSION)
    empty = known(node(NodeKind.RUN), made=[model])
    assert list(empty.missing) == [
        Item.CODE,
        Item.DATA,
        Item.ENVIRONMENT,
        Item.PARAMETERS,
        Item.SEED,
    ]
    assert len(known(node(NodeKind.RUN), made=[data]).missing) == 3
    facts = {"code_commit": "abc", "environment/python": "3.11"}
    full = known(node(NodeKind.RUN, facts, random_state=1), reads=True, made=[model])
    assert (full.score, full.missing) == (1.0, {})
    given_later = known(node(NodeKind.RUN, facts), reads=True, made=[node(model.kind, seed=1)])
    assert given_later.score == 1.0


def test_what_a_version_needs():
    files = {"manifest": "sha256:0"}
    assert known(node(NodeKind.DATASET_VERSION, files)).score == 1.0
    assert known(node(NodeKind.DATASET_VERSION, files), asked=True).score == 0.5
    assert known(node(NodeKind.DATASET_VERSION, files), causes=1).score == 0.5
    assert known(node(NodeKind.MODEL_VERSION), causes=1, has_run=True).missing.keys() == {
        Item.FILES
    }
    assert known(node(NodeKind.DEPLOYMENT), asked=True) == ([], {})
    assert score(0, 0) == 1.0
