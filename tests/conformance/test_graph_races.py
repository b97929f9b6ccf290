"""Threads and processes that want the same thing at the same moment."""

import random
import sys
import time
from itertools import pairwise

import networkx as nx
import pytest

from lineage_registry.domain.graph import EdgeKind
from lineage_registry.domain.view import Direction
from lineage_registry.testing.graph.oracle_rules import replayed
from lineage_registry.testing.graph.races import (
    PRODUCTION,
    ProcessRace,
    edges,
    names,
    numbers,
    promotions,
    race_in_threads,
)
from lineage_registry.testing.graph.writing import commit, model, version, write
from tests.conformance.graph_backends import opened

PROCESSES = 4
IN_THREADS = ["reference", "sqlite-file", "sqlite-memory", "neo4j"]
IN_PROCESSES = ["sqlite-file", "neo4j"]


def _parameters():
    for name in IN_THREADS:
        yield pytest.param((name, "threads"), id=f"{name}-threads", marks=_marks(name))
    for name in IN_PROCESSES:
        yield pytest.param((name, "processes"), id=f"{name}-processes", marks=_marks(name))


def _marks(name):
    return [pytest.mark.neo4j] if name == "neo4j" else []


@pytest.fixture(params=_parameters())
def race(request):
    """A store, and what runs attempts at it side by side."""
    name, how = request.param
    with opened(name, request) as backend:
        if how == "threads":
            yield backend.store, lambda attempts: race_in_threads(backend.store, attempts)
            return
        with ProcessRace(backend.open, PROCESSES) as processes:
            yield backend.store, processes.run


def test_of_many_who_want_one_name_one_gets_it(race):
    store, run = race
    got = [result for result in run(names(16)) if result is not None]
    assert got == [1]
    assert store.head()[:2] == (1, 1)


def test_sixty_four_who_register_the_next_version_get_all_numbers_once(race, request, capsys):
    store, run = race
    (owner,) = write(store, model("m"))
    began = time.monotonic()
    got = run(numbers(64, owner))
    seconds = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\n  64 next versions, {request.node.callspec.id}: {seconds:.2f} s\n")
    assert seconds < (5 if store.name == "sqlite" else 60)
    assert sorted(got) == list(range(1, 65))
    log = list(store.log())
    assert [r.position for r in log] == list(range(1, 66))
    assert [r.revision for r in log] == list(range(1, 66))
    assert [r.event.number for r in log[1:]] == list(range(1, 65))
    assert all(a.at < b.at for a, b in pairwise(log))
    _is_as_the_log_says(store)


def test_a_cycle_is_not_closed_from_two_sides(race):
    store, run = race
    _, *versions = write(store, model("m"), *(version(1, n) for n in range(1, 7)))
    dice = random.Random(5)
    pairs = [(a, b) for a in versions for b in versions if a != b]
    for _ in range(3):
        dice.shuffle(pairs)
        run(edges(pairs[:12]))
        graph = nx.DiGraph(_drawn(store, versions))
        assert nx.is_directed_acyclic_graph(graph)
    assert graph.number_of_edges() >= 5
    _is_as_the_log_says(store)


def test_opposite_edges_at_the_same_moment_leave_one(race):
    store, run = race
    commit(store, model("m"))
    for number in range(1, 9, 2):
        first, second = write(store, version(1, number), version(1, number + 1))
        got = run(edges([(first, second), (second, first)] * 2))
        drawn = _drawn(store, [first, second])
        assert len(drawn) == 1
        assert [revision is None for revision in got].count(True) == 2


def test_promotions_leave_one_holder_and_are_all_logged(race):
    store, run = race
    owner, *versions = write(store, model("m"), *(version(1, n) for n in range(1, 9)))
    got = run(promotions(owner, versions * 2))
    assert sorted(got) == list(range(2, 18))
    moves = [r.event for r in store.log(9)]
    assert sorted(m.version for m in moves) == sorted(versions * 2)
    assert [m.before for m in moves] == [None, *(m.version for m in moves[:-1])]
    with store.view() as view:
        stages = view.values([(v, "stage") for v in versions])
        assert [v for (v, _), stage in stages.items() if stage == "Production"] == [
            moves[-1].version
        ]
        assert [i.value for i in view.history(owner, PRODUCTION)] == [m.version for m in moves]
    _is_as_the_log_says(store)


def _drawn(store, versions):
    with store.view() as view:
        found = view.edges(versions, Direction.UPSTREAM, [EdgeKind.DEPENDS_ON])
    return [(edge.source, edge.target) for edge in found]


def _is_as_the_log_says(store):
    head = store.head()
    graph = replayed(store)
    ids = list(graph.nodes)
    with store.view() as view:
        assert view.revision == head.revision
        assert list(view.nodes(ids, [])) == ids
        assert len(view.edges(ids, Direction.UPSTREAM, list(EdgeKind))) == sum(
            ties[-1].until is None for ties in graph.ties.values()
        )
