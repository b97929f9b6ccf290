"""Folding: what is alike becomes one node, what people look for stays, nothing else changes."""

import random

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_registry.domain.graph import EdgeKind
from lineage_registry.exports.folding import LEAST, fold
from tests.golden import lineages
from tests.golden.lineages import DEPLOYMENT, DV, MV, RUN, Draft


def titles(folded):
    return {node.title for node in folded.lineage.nodes if node.id in folded.members}


def test_a_chain_of_versions_becomes_one_node():
    folded = fold(lineages.chain(13))
    assert titles(folded) == {"12 versions of chain"}
    assert [(edge.source, edge.target) for edge in folded.lineage.edges] == [(13, 1)]
    assert folded.members == {1: list(range(1, 13))}


def test_the_runs_between_the_versions_of_a_chain_fold_with_them():
    folded = fold(lineages.chain_with_runs(40))
    assert len(folded.lineage.nodes) < 10
    assert any("versions of clf, " in title and " runs" in title for title in titles(folded))


def test_siblings_become_one_node_and_a_few_do_not():
    assert titles(fold(lineages.star(LEAST))) == {f"{LEAST} runs"}
    few = lineages.star(LEAST - 1)
    assert fold(few) == (few, {})


def test_models_with_one_version_each_fold_where_they_see_the_same():
    folded = fold(lineages.users(300))
    assert titles(folded) == {"300 model versions"}
    assert [(e.source, e.kind, e.role) for e in folded.lineage.edges] == [
        (2, EdgeKind.DERIVED_FROM, "finetune")
    ]
    with_runs = fold(lineages.users(LEAST, runs=True))
    assert titles(with_runs) == {f"{LEAST} model versions", f"{LEAST} runs"}
    few = lineages.users(LEAST - 1, runs=True)
    assert titles(fold(few)) == set()
    assert fold(lineages.families(30)).members == {}  # each needs another one


def test_siblings_of_different_causes_stay_apart():
    draft = Draft()
    hubs = [draft.node(f"datasets:/d/{i}", DV) for i in (1, 2)]
    top = draft.node("models:/top/1", MV)
    for hub in hubs:
        for number in range(6):
            run = draft.node(f"runs:/r{hub}-{number}", RUN)
            version = draft.node(f"models:/m/{hub * 10 + number}", MV)
            draft.edge(run, EdgeKind.USED, hub, "train")
            draft.edge(version, EdgeKind.GENERATED_BY, run)
            draft.edge(top, EdgeKind.DEPENDS_ON, version, "member")
    folded = fold(draft.answer(top, "upstream"))
    assert sorted(node.title or node.reference for node in folded.lineage.nodes) == [
        "12 versions of m",
        "6 runs",
        "6 runs",
        "datasets:/d/1",
        "datasets:/d/2",
        "models:/top/1",
    ]


def test_what_people_look_for_never_folds():
    draft = Draft()
    versions = []
    for number in range(1, 31):
        marks = {10: {"stage": "Production"}, 20: {"status": "rolled_back"}}.get(number, {})
        versions.append(draft.node(f"models:/clf/{number}", MV, **marks))
        if number > 1:
            draft.edge(versions[-1], EdgeKind.DERIVED_FROM, versions[-2], "retrained")
    draft.edge(draft.node("deployments:/web", DEPLOYMENT), EdgeKind.SERVES, versions[14])
    folded = fold(draft.answer(versions[-1], "both"))
    alone = {node.reference for node in folded.lineage.nodes if node.id not in folded.members}
    assert {f"models:/clf/{number}" for number in (10, 15, 20, 30)} <= alone
    assert "deployments:/web" in alone
    assert titles(folded) == {"9 versions of clf"}  # 1 to 9, and 21 to 29
    assert nx.is_directed_acyclic_graph(as_graph(folded.lineage))


def as_graph(lineage):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(node.id for node in lineage.nodes)
    graph.add_edges_from((edge.source, edge.target) for edge in lineage.edges)
    return graph


@st.composite
def answers(draw):
    dice = random.Random(draw(st.integers(0, 10**9)))
    draft = Draft()
    made = []
    for number in range(draw(st.integers(1, 60))):
        kind = dice.choice([MV, MV, RUN, DV])
        name = {MV: f"models:/m{dice.randrange(2)}/{number}", DV: f"datasets:/d/{number}"}
        stage = dice.choice([None] * 9 + ["Production"]) if kind is MV else None
        node = draft.node(name.get(kind, f"runs:/r{number}"), kind, stage=stage)
        for cause in dice.sample(made, min(len(made), dice.randrange(3))):
            draft.edge(node, dice.choice([EdgeKind.DERIVED_FROM, EdgeKind.USED]), cause, "other")
        made.append(node)
    return draft.answer(made[-1]), dice


@given(answers())
@settings(max_examples=200, deadline=None)
def test_folding_partitions_the_nodes_and_keeps_who_comes_from_whom(drawn):
    answer, dice = drawn
    folded = fold(answer)
    group = {id_: first for first, ids in folded.members.items() for id_ in ids}
    shown = {node.id for node in folded.lineage.nodes}
    assert {group.get(node.id, node.id) for node in answer.nodes} == shown
    assert sum(len(folded.members.get(id_, [id_])) for id_ in shown) == len(answer.nodes)
    # The folded graph is the quotient of the graph: an edge for each that leaves its group.
    wanted = {
        (group.get(e.source, e.source), e.kind, group.get(e.target, e.target), e.role)
        for e in answer.edges
    }
    kept = {(e.source, e.kind, e.target, e.role) for e in folded.lineage.edges}
    assert kept == {edge for edge in wanted if edge[0] != edge[2]}
    for node in answer.nodes:
        if node.distance == 0 or node.stage == "Production":
            assert node.id not in group
    assert nx.is_directed_acyclic_graph(as_graph(folded.lineage))
    # The order of the input is not seen in the output.
    nodes, edges = list(answer.nodes), list(answer.edges)
    dice.shuffle(nodes)
    dice.shuffle(edges)
    assert fold(answer.model_copy(update={"nodes": nodes, "edges": edges})) == folded
