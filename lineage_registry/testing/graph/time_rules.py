"""Rules of time travel, replay and the end of a store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.view import Direction, GraphView, Selection, Walk
from lineage_registry.errors import BackendError, InvalidInputError, LogCorruptError
from lineage_registry.ports.graph import (
    EventFilter,
    GraphStore,
    Head,
    Recorded,
    from_microseconds,
    leaf_hash,
)
from lineage_registry.testing.graph.back_door import RawGraph
from lineage_registry.testing.graph.rules import Rules
from lineage_registry.testing.graph.writing import (
    commit,
    delete,
    depend,
    details,
    end,
    model,
    put,
    restore,
    undepend,
    version,
    write_family,
)
from lineage_registry.testing.reference_graph_store import ReferenceGraphStore

_ALL = frozenset(EdgeKind)


class ViewRules(Rules):
    """What `view(as_of)` promises."""

    def test_a_view_says_its_revision_and_when_each_was_committed(self, store: GraphStore) -> None:
        times = [commit(store, model(f"m{i}")).at for i in range(4)]
        for as_of in (None, 4, 2, 0):
            with store.view(as_of) as view:
                assert view.revision == (4 if as_of is None else as_of)
                assert view.at(0) is None
                for revision in range(1, view.revision + 1):
                    assert view.at(revision) == from_microseconds(times[revision - 1])

    def test_a_time_means_the_last_revision_committed_by_then(self, store: GraphStore) -> None:
        times = [from_microseconds(commit(store, model(f"m{i}")).at) for i in range(3)]
        microsecond = timedelta(microseconds=1)
        for revision, time in enumerate(times, 1):
            assert _revision(store, time) == revision
            assert _revision(store, time - microsecond) == revision - 1
            far = time.astimezone(_zone(+9))
            assert _revision(store, far) == revision
        assert _revision(store, datetime(1970, 1, 1, tzinfo=UTC)) == 0

    def test_a_time_to_come_means_now(self, store: GraphStore) -> None:
        commit(store, model("m"))
        assert _revision(store, datetime.now(UTC) + timedelta(days=3650)) == 1

    def test_a_revision_to_come_is_refused(self, store: GraphStore) -> None:
        commit(store, model("m"))
        for as_of in (2, 3, 2**40):
            with pytest.raises(InvalidInputError), store.view(as_of):
                pass

    def test_a_time_without_an_offset_is_refused(self, store: GraphStore) -> None:
        naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        with pytest.raises(InvalidInputError), store.view(naive):
            pass

    def test_a_view_does_not_change_while_others_write(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            before = answers(view)
            commit(store, delete(f.base), put(f.top, n=1), version(f.model, 5))
            commit(store, depend(f.right, f.raw), details(f.model, name="other"))
            assert view.revision == 1
            assert answers(view) == before

    def test_many_views_are_open_at_once(self, store: GraphStore) -> None:
        commit(store, model("a"))
        commit(store, model("b"))
        with store.view(1) as old, store.view() as new, store.view(1) as again:
            assert list(new.nodes([1, 2])) == [1, 2]
            assert list(old.nodes([1, 2])) == list(again.nodes([1, 2])) == [1]

    def test_every_answer_stays_the_same_as_of_its_revision(self, store: GraphStore) -> None:
        remembered: dict[int, object] = {}
        times: dict[int, datetime] = {}
        for done in _chapters(store):
            times[done] = from_microseconds(store.head().at)
            with store.view() as view:
                remembered[done] = answers(view)
        for revision, said in remembered.items():
            for as_of in (revision, times[revision]):
                with store.view(as_of) as view:
                    assert answers(view) == said


class ReplayRules(Rules):
    """The graph is a function of the log."""

    def test_replaying_its_own_log_changes_nothing(self, store: GraphStore, raw: RawGraph) -> None:
        last = story(store)[-1]
        before, said = raw.snapshot(), answers_at_each(store)
        log, head = list(store.log()), store.head()
        assert store.rebuild(log) == head
        assert store.head() == head == Head(last, len(log), log[-1].at)
        assert raw.snapshot() == before
        assert answers_at_each(store) == said

    def test_an_upgrade_changes_nothing_that_is_up_to_date(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        story(store)
        before, head = raw.snapshot(), store.head()
        assert store.upgrade() == head
        assert raw.snapshot() == before

    def test_stored_bytes_and_leaves_survive_a_replay(self, store: GraphStore) -> None:
        story(store)
        log = list(store.log())
        store.rebuild(log)
        assert list(store.log()) == log
        assert all(r.leaf == leaf_hash(r.body) for r in log)

    def test_what_no_event_says_is_gone_after_a_replay(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        f = write_family(store)
        before = raw.snapshot()
        raw.add_edge(f.base, EdgeKind.DEPENDS_ON, f.raw)
        assert raw.snapshot() != before
        with store.view() as view:
            found = view.edges([f.base], Direction.UPSTREAM, [EdgeKind.DEPENDS_ON])
            assert [e.target for e in found] == [f.raw]
        store.upgrade()
        assert raw.snapshot() == before

    def test_a_log_from_another_store_brings_everything(self, store: GraphStore) -> None:
        other = ReferenceGraphStore()
        story(other)
        commit(store, model("in the way"))
        assert store.rebuild(other.log()) == other.head()
        assert list(store.log()) == list(other.log())
        assert answers_at_each(store) == answers_at_each(other)

    def test_writing_goes_on_after_a_replay(self, store: GraphStore) -> None:
        story(store)
        before = store.head()
        store.rebuild(list(store.log()))
        done = commit(store, model("after"))
        assert done.revision == before.revision + 1
        assert done.events[0].position == before.size + 1
        assert done.at > before.at
        with store.view() as view:
            assert view.nodes([before.size + 1])

    def test_an_empty_log_empties_the_store(self, store: GraphStore, raw: RawGraph) -> None:
        empty = raw.snapshot()
        write_family(store)
        assert store.rebuild([]) == Head(0, 0, 0)
        assert raw.snapshot() == empty

    def test_a_log_with_a_gap_or_nonsense_is_refused_and_everything_stays(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        story(store)
        before = raw.snapshot()
        log = list(store.log())
        unknown = log[2].body.replace(log[2].type.encode(), b"no.such.event")
        broken: list[list[Recorded]] = [
            [*log[:2], *log[3:]],
            log[1:],
            [*log, log[-1]],
            [*log[:-1], log[-1]._replace(body=b"nonsense")],
            [*log[:2], log[2]._replace(body=unknown, leaf=leaf_hash(unknown)), *log[3:]],
        ]
        for bad in broken:
            with pytest.raises(LogCorruptError):
                store.rebuild(iter(bad))
            assert raw.snapshot() == before
        assert store.head().size == len(log)

    def test_a_log_that_breaks_off_by_itself_leaves_everything(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        write_family(store)
        before = raw.snapshot()
        log = list(store.log())

        def breaking() -> Iterator[Recorded]:
            yield from log[:3]
            raise ConnectionResetError("gone")

        with pytest.raises((ConnectionResetError, BackendError)):
            store.rebuild(breaking())
        assert raw.snapshot() == before


class ClosingRules(Rules):
    """What is left of a store when it is closed."""

    def test_a_closed_store_refuses_everything_in_our_own_words(self, store: GraphStore) -> None:
        commit(store, model("m"))
        store.close()
        calls = (
            store.head,
            lambda: commit(store, model("n")),
            lambda: list(store.log()),
            lambda: store.events(EventFilter(), 1),
            lambda: _look(store),
        )
        for call in calls:
            with pytest.raises(BackendError):
                call()

    def test_closing_twice_is_closing(self, store: GraphStore) -> None:
        store.close()
        store.close()


def _look(store: GraphStore) -> None:
    with store.view() as view:
        view.nodes([1])


def answers(view: GraphView) -> dict[str, object]:
    """Return what a view says about everything with a small id, in a comparable form."""
    ids = range(1, 40)
    walks = (
        Walk(kinds=_ALL),
        Walk(Direction.DOWNSTREAM, deleted=True),
        Walk(depth=2),
        Walk(limit=2),
    )
    return {
        "revision": view.revision,
        "at": view.at(view.revision),
        "nodes": view.nodes(ids),
        "changed": view.changed(ids),
        "edges": view.edges(ids, Direction.UPSTREAM, _ALL),
        "lists": [
            view.select(replace(Selection(kind), deleted=deleted), None, 100)
            for kind in NodeKind
            for deleted in (False, True)
        ],
        "history": [
            view.history(i, key) for i in (2, 4, 9) for key in ("name", "deleted", "param/n")
        ],
        "walks": [
            (list(found.distances.items()), list(found.edges), found[2:])
            for walk in walks
            for found in (view.walk([i], walk) for i in view.nodes(range(1, 12), []))
        ],
    }


def story(store: GraphStore) -> list[int]:
    """Write commits in which everything comes, changes, goes and comes back."""
    return list(_chapters(store))


def _chapters(store: GraphStore) -> Iterator[int]:
    f = write_family(store)
    parts = (
        [put(f.top, n=1), put(f.top, n=2)],
        [delete(f.base)],
        [depend(f.right, f.raw), put(f.model, n="x")],
        [end(f.top, "param/n"), undepend(f.left, f.raw)],
        [version(f.model, 5), depend(19, f.top, "late")],
        [restore(f.base), details(f.model, name="renamed")],
        [depend(f.left, f.raw), put(f.top, n=2.5, flag=True)],
    )
    yield store.head().revision
    for part in parts:
        yield commit(store, *part).revision


def answers_at_each(store: GraphStore) -> list[object]:
    """Ask at every revision, and return all that is said."""
    found: list[object] = []
    for revision in range(store.head().revision + 1):
        with store.view(revision) as view:
            found.append(answers(view))
    return found


def _revision(store: GraphStore, as_of: datetime) -> int:
    with store.view(as_of) as view:
        return view.revision


def _zone(hours: int) -> timezone:
    return timezone(timedelta(hours=hours))
