"""Which edges may join which nodes: the one table, asked from every side."""

from itertools import product

import pytest

import lineage_registry
from lineage_registry.domain.graph import EDGE_RULES, Derivation, EdgeKind, NodeKind
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.registration import Link, NewVersion, check_ends, register
from lineage_registry.domain.resolution import references_of
from lineage_registry.errors import InvalidReferenceError
from lineage_registry.graph.sqlite.store import SqliteGraphStore
from lineage_registry.ports.graph import Request


@pytest.mark.parametrize("edge", EdgeKind)
def test_an_edge_joins_what_the_table_says_and_nothing_else(edge: EdgeKind) -> None:
    for ends in product(NodeKind, NodeKind):
        if ends in EDGE_RULES[edge].ends:
            check_ends(edge, *ends)
        else:
            with pytest.raises(InvalidReferenceError) as caught:
                check_ends(edge, *ends)
            assert edge in str(caught.value)
            assert caught.value.hint


def test_only_lineage_carries_taint_and_licences() -> None:
    assert all(rule.lineage for rule in EDGE_RULES.values() if rule.carries)
    assert EDGE_RULES[EdgeKind.DERIVED_FROM].roles == set(Derivation)


def test_a_decision_that_fails_half_way_leaves_nothing() -> None:
    store = SqliteGraphStore.in_memory()
    new = NewVersion(Space.MODELS, "m", siblings=[Link(Reference(Space.DATASETS, "d"))])

    def decide(view):
        yield from register(view, NewVersion(Space.MODELS, "m"))
        yield from register(view, new)

    with pytest.raises(LookupError):
        store.transact(decide, Request("ada"))
    assert store.head().size == 0
    store.close()


def test_several_registrations_in_one_decision_count_on() -> None:
    store = SqliteGraphStore.in_memory()

    def decide(view):
        for _ in range(5):
            yield from register(view, NewVersion(Space.MODELS, "m"))

    commit = store.transact(decide, Request("ada"))
    nodes = [one.position for one in commit.events if one.type == "version.registered"]
    with store.view() as view:
        assert list(references_of(view, nodes).values()) == [
            f"models:/m/{number}" for number in range(1, 6)
        ]
    store.close()


def test_one_reference_alone_is_one_parent():
    with lineage_registry.connect("memory://") as registry:
        registry.register("base")
        child = registry.register("child", parents="base:1", datasets=[])
        assert [parent.reference for parent in child.parents] == ["models:/base/1"]
