"""Licences: the join is a union, conflicts follow the table, terms are those of all ancestors."""

import re
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_registry.domain import licences
from lineage_registry.domain.graph import CARRYING, NodeKind
from lineage_registry.domain.licence_conflicts import clashes
from lineage_registry.domain.licence_table import (
    KNOWN,
    NO_LICENCE,
    Obligation,
    join,
    may_become,
    parse_licence,
)
from lineage_registry.domain.resolution import Found
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.graph.sqlite.store import SqliteGraphStore
from lineage_registry.ports.graph import Request
from lineage_registry.testing.graph.random_graphs import RandomGraph

ADA = Request("ada")
LICENCES = st.sampled_from(sorted(KNOWN))
SETS = st.frozensets(st.sampled_from(Obligation))
VERSIONS = {NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION}


@given(terms=st.lists(SETS), other=SETS, order=st.randoms(use_true_random=False))
def test_the_join_is_independent_of_order_and_monotone(terms, other, order) -> None:
    shuffled = list(terms)
    order.shuffle(shuffled)
    assert join(shuffled) == join(terms)
    assert join([*terms, *terms]) == join(terms)
    assert join(terms) <= join([*terms, other])
    assert join([join(terms), other]) == join([*terms, other])


def test_every_licence_of_the_table_is_found_in_any_case() -> None:
    for licence in KNOWN:
        assert parse_licence(licence.lower()) == licence
        assert may_become(licence, licence)
    assert len(KNOWN) == len({licence.casefold() for licence in KNOWN})


def test_the_page_of_licences_has_the_table_that_the_code_has() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "licences.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([a-z, -]+) \| ([A-Za-z0-9.+, -]+) \|$", page, re.MULTILINE))
    written = {
        licence: frozenset(obligations.split(", ")) - {"nothing"}
        for obligations, licences_ in rows.items()
        for licence in licences_.split(", ")
        if obligations != "obligations"
    }
    assert written == KNOWN


@pytest.mark.parametrize(
    ("declared", "inherited", "expected"),
    [
        ("MIT", {"CC0-1.0"}, []),
        ("Apache-2.0", {"MIT"}, []),
        ("CC0-1.0", {"MIT"}, ["attribution MIT"]),
        ("MIT", {"GPL-3.0-only"}, ["share-alike GPL-3.0-only"]),
        ("GPL-3.0-only", {"GPL-3.0-only", "MIT"}, []),
        ("GPL-3.0-only", {"LGPL-2.1-or-later", "CC-BY-SA-3.0"}, []),
        ("GPL-2.0-only", {"GPL-3.0-only"}, ["share-alike GPL-3.0-only"]),
        ("AGPL-3.0-only", {"GPL-3.0-only"}, []),
        (
            "GPL-3.0-only",
            {"AGPL-3.0-only"},
            ["network-copyleft AGPL-3.0-only", "share-alike AGPL-3.0-only"],
        ),
        ("MIT", {"CC-BY-NC-4.0"}, ["non-commercial CC-BY-NC-4.0"]),
        ("CC-BY-NC-SA-4.0", {"CC-BY-NC-4.0"}, []),
        ("CC-BY-ND-4.0", {"CC-BY-ND-4.0"}, ["no-derivatives CC-BY-ND-4.0"]),
        (None, {"CC-BY-ND-4.0"}, []),
        ("Apache-2.0", {"llama3.1"}, ["use-restrictions llama3.1"]),
        ("gemma", {"llama3.1"}, []),
        (None, {"GPL-3.0-only", "gemma"}, ["share-alike GPL-3.0-only"]),
        (None, {"CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"}, ["share-alike CC-BY-NC-SA-4.0"]),
        (None, {"CC-BY-SA-3.0", "CC-BY-SA-4.0"}, []),
        (None, {"GPL-2.0-only", "GPL-3.0-only"}, ["share-alike GPL-2.0-only"]),
        (None, {"GPL-2.0-or-later", "GPL-3.0-only"}, []),
        ("MIT", {NO_LICENCE}, []),
    ],
)
def test_what_contradicts_what(declared, inherited, expected) -> None:
    own = frozenset() if declared is None else KNOWN[declared]
    found = clashes(declared, own, {one: KNOWN[one] for one in inherited})
    assert [f"{one.obligation.value} {one.inherited}" for one in found] == expected


def test_what_is_unknown_contradicts_nothing() -> None:
    unknown = frozenset({Obligation.UNKNOWN})
    assert clashes("x", unknown, {"CC-BY-NC-4.0": KNOWN["CC-BY-NC-4.0"]}) == []
    assert clashes("MIT", KNOWN["MIT"], {"x": unknown}) == []


@given(declared=LICENCES, inherited=st.sets(LICENCES, max_size=5), more=LICENCES)
def test_more_licences_upstream_resolve_no_conflict(declared, inherited, more) -> None:
    def found(licences: set[str]) -> set[object]:
        return set(clashes(declared, KNOWN[declared], {one: KNOWN[one] for one in licences}))

    assert found(inherited) <= found(inherited | {more})


def shaken(seed: int, data: st.DataObject) -> tuple[SqliteGraphStore, list[int]]:
    """Return a random graph in which some versions and families have licences."""
    store = SqliteGraphStore.in_memory()
    graph = RandomGraph(store, seed)
    graph.grow(32)
    ids = [1, 2, 3, *graph.ids]
    with store.view() as view:
        nodes = view.nodes(ids, ())
    holders = [id_ for id_, node in nodes.items() if node.kind in VERSIONS or id_ <= 3]
    chosen = data.draw(st.dictionaries(st.sampled_from(holders), LICENCES, max_size=6))
    for node, licence in chosen.items():
        found = Found(node, nodes[node].kind, nodes[node].owner or node)
        store.transact(lambda view, f=found, x=licence: licences.declare(view, f, x), ADA)
    return store, graph.ids


def stop_some(store: SqliteGraphStore, ids: list[int], data: st.DataObject) -> dict:
    with store.view() as view:
        pairs = {(e.source, e.target) for e in view.edges(ids, Direction.UPSTREAM, CARRYING)}
        nodes = view.nodes(ids, ())
    stops = {}
    if pairs:
        some = st.dictionaries(st.sampled_from(sorted(pairs)), SETS, max_size=4)
        for (effect, cause), obligations in data.draw(some).items():
            ends = [Found(id_, nodes[id_].kind, nodes[id_].owner) for id_ in (effect, cause)]
            store.transact(
                lambda view, e=ends, o=obligations: licences.stop(view, *e, o, "no. 12"), ADA
            )
            stops[effect, cause] = obligations
    return stops


def oracle(view: GraphView, ids: list[int], stops: dict, obligation: Obligation) -> "nx.DiGraph":
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(ids)
    for edge in view.edges(ids, Direction.UPSTREAM, CARRYING):
        if obligation not in stops.get((edge.source, edge.target), ()):
            graph.add_edge(edge.source, edge.target)
    return graph


def begins(view: GraphView, ids: list[int], whole: "nx.DiGraph") -> dict[int, str]:
    """Return the licence that begins at each version: declared, or that of a bare source."""
    nodes = view.nodes(ids, ("licence",))
    families = view.nodes([1, 2, 3], ("licence",))
    found = {}
    for id_, node in nodes.items():
        if node.kind not in VERSIONS:
            continue
        own = node.values.get("licence") or families[node.owner].values.get("licence")
        above = [nodes[one].kind for one in nx.descendants(whole, id_)]
        if own is not None:
            found[id_] = str(own)
        elif not VERSIONS & set(above):
            found[id_] = NO_LICENCE
    return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_terms_are_the_union_over_all_ancestors_in_networkx(seed, data) -> None:
    store, ids = shaken(seed, data)
    stops = stop_some(store, ids, data)
    with store.view() as view:
        graphs = {one: oracle(view, ids, stops, one) for one in Obligation}
        own = begins(view, ids, oracle(view, ids, {}, Obligation.UNKNOWN))
        starts = [id_ for id_ in own if id_ % 3 == 0] or list(own)[:1]
        for start in starts:
            ledger = licences.open_ledger(view, [start])
            passed = licences.inherited_terms(ledger, [start])[start]
            found = licences.terms_of(ledger, start)
            expected: dict[tuple[str, Obligation], int] = {}
            above: dict[tuple[str, Obligation], None] = {}
            for obligation, graph in graphs.items():
                far = nx.single_source_shortest_path_length(graph, start)
                for node, distance in far.items():
                    licence = own.get(node)
                    if licence is None or obligation not in KNOWN[licence]:
                        continue
                    key = licence, obligation
                    expected[key] = min(distance, expected.get(key, distance))
                    if distance:
                        above[key] = None
            assert {(t.licence, t.obligation): len(t.way) - 1 for t in found} == expected
            assert {(name, o) for name, terms in passed.items() for o in terms} == set(above)
            for term in found:
                graph = graphs[term.obligation]
                assert all(graph.has_edge(*step) for step in pairwise(term.way))
                assert own[term.way[-1]] == term.licence
    store.close()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_asking_for_many_or_one_and_after_a_replay_is_the_same(seed, data) -> None:
    store, ids = shaken(seed, data)
    stop_some(store, ids, data)

    def answers() -> object:
        with store.view() as view:
            nodes = [i for i, n in view.nodes(ids, ()).items() if n.kind in VERSIONS]
            together = licences.conflicts(licences.open_ledger(view, nodes), nodes)
            for node in nodes[::4]:
                alone = licences.conflicts(licences.open_ledger(view, [node]), [node])
                assert alone[node] == together[node]
            return together

    before = answers()
    store.rebuild(list(store.log()))
    assert answers() == before
    store.close()
