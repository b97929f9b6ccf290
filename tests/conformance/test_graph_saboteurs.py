"""The rules have teeth: each store that is broken on purpose breaks exactly the rules it should.

`graph_sabotage.txt` says which; LINEAGE_UPDATE_GOLDEN=1 writes it anew, to be read in the diff.
"""

import inspect
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineage_registry.testing.graph import GraphStoreContract, rules
from lineage_registry.testing.graph.oracle_rules import OracleRules
from lineage_registry.testing.graph.races import numbers, race_in_threads
from lineage_registry.testing.graph.writing import model, write
from lineage_registry.testing.reference_graph_store import ReferenceGraphStore
from tests.conformance import graph_saboteurs
from tests.conformance.graph_backends import Backend, RawReference
from tests.conformance.graph_saboteurs import SABOTEURS
from tests.conformance.test_graph_machine import play

EXPECTED = Path(__file__).with_name("graph_sabotage.txt")
LARGE = [rule for rule in rules() if hasattr(getattr(GraphStoreContract, rule), "large")]
DRAWN = [rule for rule in rules() if rule in vars(OracleRules)]
SMALL = [rule for rule in rules() if rule not in LARGE + DRAWN]

# The rules that take seconds are tried on those that should break them.
AT_SCALE = {
    "BrittleStreams": ["streamed_while", "left_in_the_middle"],
    "EnumeratesPaths": ["ladder"],
    "Recursive": ["chain", "ladder", "many_starts"],
    "ReplayByLargeBatches": ["long_log", "chain"],
    "StreamsHoldTheLock": ["streamed_while", "left_in_the_middle"],
    "TakesAThousand": ["one_commit_takes"],
    "TooManyParameters": ["hub", "many_at_once"],
}
BY_DRAWING = [
    ("IgnoresInferred", "test_every_walk_finds_what_the_reference_finds"),
    ("ForgetsTombstones", "test_every_walk_finds_what_the_reference_finds"),
    ("IgnoresUntil", "test_every_walk_finds_what_the_reference_finds"),
    ("LongestWay", "test_every_census_counts_what_the_reference_counts"),
    ("PathStopsAtDeleted", "test_every_path_is_as_short_as_the_reference_path"),
    ("ListsDeleted", "test_every_list_shows_what_the_reference_shows"),
    ("MissingFits", "test_every_list_shows_what_the_reference_shows"),
    ("DegreesIgnoreInferred", "test_every_degree_is_that_of_the_reference"),
    ("BusiestLastMade", "test_every_degree_is_that_of_the_reference"),
    ("EdgesUnsorted", "test_nodes_edges_and_changes_are_those_of_the_reference"),
]
IN_LIFE = [
    "AgainIsAnew",
    "EdgesDoNotReturn",
    "ForgetsKeys",
    "HistoryKnowsTheFuture",
    "IgnoresUntil",
    "KeepsHalfACommit",
    "ReplayForgetsHistory",
    "SameValueIsNoChange",
]


class Suite(GraphStoreContract):
    """The rules, to be called by hand."""

    examples = 250
    shrinks = False

    def store(self):
        raise NotImplementedError

    def raw(self, store):
        raise NotImplementedError


def breaks(store_type, rule):
    """Tell whether a fresh store of this type breaks the rule."""
    check = getattr(Suite(), rule)
    store = store_type()
    given = {"store": store, "raw": RawReference(store)}
    try:
        check(**{name: given[name] for name in inspect.signature(check).parameters})
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever the rule makes of it
        return True
    return False


def expected():
    found = {}
    for line in EXPECTED.read_text().splitlines():
        if not line.startswith(" "):
            name = line
            found[name] = set()
        else:
            found[name].add(line.strip())
    return found


def tried(name):
    return SMALL + [rule for rule in LARGE if any(p in rule for p in AT_SCALE.get(name, ()))]


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_breaks_exactly_the_rules_it_should(name):
    broken = {rule for rule in tried(name) if breaks(SABOTEURS[name], rule)}
    assert broken == expected()[name]
    assert broken


def test_an_honest_store_breaks_no_rule_when_called_by_hand():
    assert [rule for rule in SMALL if breaks(ReferenceGraphStore, rule)] == []


@pytest.mark.parametrize(("name", "rule"), BY_DRAWING)
def test_a_saboteur_is_found_by_questions_drawn_at_random(name, rule):
    assert breaks(SABOTEURS[name], rule)


def test_every_rule_is_broken_by_some_saboteur():
    broken = set().union(*expected().values()) | {rule for _, rule in BY_DRAWING}
    assert [rule for rule in rules() if rule not in broken] == []


def test_every_expected_saboteur_exists():
    assert sorted(expected()) == sorted(SABOTEURS)


@pytest.mark.parametrize("name", IN_LIFE)
def test_a_saboteur_does_not_live_like_the_reference(name):
    with pytest.raises(Exception, match=r".*"):
        play(_opens(SABOTEURS[name]), examples=60, steps=40, shrinks=False)


def test_a_store_without_a_lock_gives_a_number_twice():
    store = graph_saboteurs.WithoutALock()
    (owner,) = write(store, model("m"))
    assert sorted(race_in_threads(store, numbers(16, owner))) != list(range(1, 17))


@pytest.mark.skipif("LINEAGE_UPDATE_GOLDEN" not in os.environ, reason="writes the expected rules")
def test_write_what_is_expected():
    lines = []
    for name, store_type in sorted(SABOTEURS.items()):
        lines.append(name)
        lines += [f"  {rule}" for rule in tried(name) if breaks(store_type, rule)]
    EXPECTED.write_text("\n".join(lines) + "\n")


def _opens(store_type):
    @contextmanager
    def open_backend():
        store = store_type()
        yield Backend(store, RawReference(store))

    return open_backend
