"""Rules of `extend`: a copied log is appended as it is, in parts that are whole revisions."""

from itertools import product

import pytest

from lineage_registry.errors import ConflictError, LogCorruptError
from lineage_registry.ports.graph import EventFilter, GraphStore, Head, Request
from lineage_registry.testing.graph.back_door import RawGraph
from lineage_registry.testing.graph.rules import Rules
from lineage_registry.testing.graph.time_rules import answers_at_each, story
from lineage_registry.testing.graph.writing import commit, model, yielding
from lineage_registry.testing.reference_graph_store import ReferenceGraphStore

_EMPTY = Head(0, 0, 0)


class CopyRules(Rules):
    """What `extend` promises."""

    def test_a_copied_log_makes_the_same_registry_whatever_the_parts(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        story(store)
        log, head = list(store.log()), store.head()
        said, before = answers_at_each(store), raw.snapshot()
        for part in (1, 3, 10_000):
            store.rebuild([])
            store.part_size = part
            assert store.extend([one.body for one in log], _EMPTY) == head == store.head()
            assert list(store.log()) == log
            assert answers_at_each(store) == said
            assert raw.snapshot() == before

    def test_the_trail_of_a_node_is_the_same_whatever_the_parts(self, store: GraphStore) -> None:
        other = ReferenceGraphStore()
        story(other)
        log, said = list(other.log()), trails(other)
        for part in (1, 3, 10_000):
            store.rebuild([])
            store.part_size = part
            store.extend([one.body for one in log], _EMPTY)
            assert trails(store) == said
            store.rebuild(log)
            assert trails(store) == said

    def test_what_was_interrupted_goes_on_from_the_head(self, store: GraphStore) -> None:
        other = ReferenceGraphStore()
        story(other)
        log = list(other.log())
        store.part_size = 2
        with pytest.raises(LogCorruptError):
            store.extend([*(one.body for one in log[:-1]), b"nonsense"], _EMPTY)
        half = store.head()
        assert 0 < half.size < len(log)
        assert log[half.size - 1].revision < log[half.size].revision
        assert list(store.log()) == log[: half.size]
        store.extend([one.body for one in log[half.size :]], half)
        assert store.head() == other.head()
        assert answers_at_each(store) == answers_at_each(other)

    def test_only_what_follows_the_head_is_appended(self, store: GraphStore) -> None:
        other = ReferenceGraphStore()
        story(other)
        log = [one.body for one in other.log()]
        head = commit(store, model("mine")).revision
        for bodies in (log[1:], [log[0], log[0].replace(b'"revision":1', b'"revision":3')]):
            with pytest.raises(LogCorruptError):
                store.extend(bodies, store.head())
        with pytest.raises(ConflictError):
            store.extend(log, _EMPTY)
        assert store.head().revision == head
        assert store.head().size == 1

    def test_keys_that_were_copied_are_known(self, store: GraphStore) -> None:
        other = ReferenceGraphStore()
        keyed = Request("ada", key="k", digest="d")
        first = other.transact(yielding(model("one")), keyed)
        commit(other, model("two"))
        store.extend([one.body for one in other.log()], _EMPTY)
        again = store.transact(yielding(model("one")), keyed)
        assert again.replayed
        assert (again.revision, again.at) == (first.revision, first.at)

    def test_writing_goes_on_behind_a_copied_log(self, store: GraphStore) -> None:
        other = ReferenceGraphStore()
        story(other)
        store.extend([one.body for one in other.log()], _EMPTY)
        done = commit(store, model("after"))
        assert done.revision == other.head().revision + 1
        assert done.at > other.head().at


def trails(store: GraphStore) -> dict[EventFilter, list[int]]:
    """Return the events of each node and of two together, whole and in pages, in both orders."""
    size = store.head().size
    few = [frozenset({node}) for node in range(size + 2)] + [frozenset({1, 2})]
    bounds = [(None, None), (2, size - 1), (size // 2, None), (None, size // 2)]
    found = {}
    for nodes, (after, before), newest_first in product(few, bounds, (False, True)):
        where = EventFilter(nodes, after=after, before=before, newest_first=newest_first)
        found[where] = [one.position for one in store.events(where, 3)]
    return found
