"""Rules of writing: all or nothing, one after the other, each request once."""

from collections.abc import Generator
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.view import Direction, GraphView, Selection, Walk
from lineage_registry.errors import (
    ConflictError,
    IdempotencyMismatchError,
    InputTooLargeError,
    RegistryError,
)
from lineage_registry.ports.graph import (
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    GraphStore,
    Head,
    Recorded,
    Request,
    leaf_hash,
    to_microseconds,
)
from lineage_registry.testing.graph.back_door import RawGraph
from lineage_registry.testing.graph.rules import Rules, large
from lineage_registry.testing.graph.writing import (
    ADA,
    commit,
    delete,
    derived,
    model,
    put,
    version,
    write,
    write_family,
    yielding,
)

_KEYED = Request("ada", key="k1", digest="d1")


class CallerError(Exception):
    """An exception of the caller's own, which no store knows."""


class CallerStopped(BaseException):
    """Something like Ctrl-C in the middle of a decision."""


class TransactionRules(Rules):
    """What `transact` promises."""

    def test_an_empty_store_is_at_revision_zero(self, store: GraphStore) -> None:
        assert store.head() == Head(0, 0, 0)
        assert list(store.log()) == []
        with store.view() as view:
            assert view.revision == 0
            assert view.at(0) is None

    def test_a_commit_says_what_it_wrote(self, store: GraphStore) -> None:
        before = to_microseconds(datetime.now(UTC))
        done = store.transact(yielding(model("a"), model("b")), Request("ada", "because", "k", "d"))
        assert (done.revision, done.replayed) == (1, False)
        assert [r.position for r in done.events] == [1, 2]
        for recorded in done.events:
            said = (recorded.revision, recorded.at, recorded.actor, recorded.reason)
            assert said == (1, done.at, "ada", "because")
            assert (recorded.type, recorded.key, recorded.digest) == ("model.created", "k", "d")
            assert recorded.leaf == leaf_hash(recorded.body)
        assert abs(done.at - before) < 600_000_000
        assert store.head() == Head(1, 2, done.at)

    def test_the_log_holds_exactly_what_the_commit_returned(self, store: GraphStore) -> None:
        first = commit(store, model("a"), model("é漢"), request=Request("ada", "\u00e9"))
        second = commit(store, model("c"), request=_KEYED)
        assert list(store.log()) == [*first.events, *second.events]

    def test_a_node_gets_the_position_of_its_event(self, store: GraphStore) -> None:
        given: list[int] = []

        def decide(_view: GraphView) -> Generator[Event, int, None]:
            given.clear()
            given.append((yield model("a")))
            given.append((yield version(given[0], 1)))

        commit(store, model("first"), put(1, n=1))
        done = store.transact(decide, ADA)
        assert given == [3, 4] == [r.position for r in done.events]
        with store.view() as view:
            assert list(view.nodes([1, 2, 3, 4])) == [1, 3, 4]
            assert view.nodes([4])[4].owner == 3

    def test_revisions_and_positions_have_no_gaps(self, store: GraphStore) -> None:
        for number in range(1, 6):
            commit(store, *(model(f"m {number} {i}") for i in range(number)))
        log = list(store.log())
        assert [r.position for r in log] == list(range(1, 16))
        assert [r.revision for r in log] == [1, 2, 2, 3, 3, 3, *[4] * 4, *[5] * 5]

    def test_commit_times_rise_strictly(self, store: GraphStore) -> None:
        times = [commit(store, model(f"m{i}")).at for i in range(20)]
        assert all(a < b for a, b in pairwise(times))
        assert store.head().at == times[-1]

    def test_a_decision_without_events_writes_nothing(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        first = commit(store, model("a"))
        before = raw.snapshot()
        done = store.transact(yielding(), _KEYED)
        assert (done.revision, done.at, list(done.events)) == (1, first.at, [])
        assert not done.replayed
        assert raw.snapshot() == before
        assert not commit(store, model("b"), request=_KEYED).replayed

    def test_a_decision_that_fails_half_way_leaves_nothing(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        family = write_family(store)
        before = raw.snapshot()

        def decide(view: GraphView) -> Generator[Event, int, None]:
            node = yield version(family.model, 5, derived(family.top))
            yield put(node, rate=0.5)
            yield delete(family.base)
            assert view.values([(node, "param/rate")]) == {(node, "param/rate"): 0.5}
            raise ConflictError("changed my mind")

        with pytest.raises(ConflictError, match="changed my mind"):
            store.transact(decide, _KEYED)
        assert raw.snapshot() == before
        done = commit(store, model("next"), request=_KEYED)
        assert (done.revision, done.events[0].position) == (2, 12)

    def test_an_exception_of_the_caller_comes_back_as_it_is(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        for error in (CallerError("mine"), CallerStopped("mine")):

            def decide(
                view: GraphView, error: BaseException = error
            ) -> Generator[Event, int, None]:
                node = yield model("a")
                view.nodes([node])
                raise error

            with pytest.raises(type(error), match="mine") as caught:
                store.transact(decide, ADA)
            assert caught.value is error
        assert raw.counts().events == raw.counts().nodes == 0
        assert commit(store, model("a")).revision == 1

    def test_a_decision_sees_what_it_has_already_yielded(self, store: GraphStore) -> None:
        family = write_family(store)

        def decide(view: GraphView) -> Generator[Event, int, None]:
            new = yield version(family.model, 5, derived(family.top), tags={"a": "b"})
            self._look_at_new_version(view, family.top, new, family.model)
            yield delete(family.left)
            assert view.values([(family.left, "deleted")]) == {(family.left, "deleted"): True}
            seen = view.walk([new], Walk()).distances
            assert family.left not in seen
            assert seen[family.base] == 3

        store.transact(decide, ADA)

    def _look_at_new_version(self, view: GraphView, top: int, new: int, owner: int) -> None:
        assert view.values([(owner, "last_number")]) == {(owner, "last_number"): 5}
        assert view.nodes([new])[new].values == {"tag/a": "b"}
        assert view.select(Selection(NodeKind.MODEL_VERSION, owner=owner), top, 9) == [new]
        (edge,) = view.edges([new], Direction.UPSTREAM, [EdgeKind.DERIVED_FROM])
        assert (edge.source, edge.target) == (new, top)
        assert view.walk([top], Walk(Direction.DOWNSTREAM)).distances[new] == 1
        assert view.path(new, top, [EdgeKind.DERIVED_FROM]) == [new, top]
        assert [i.value for i in view.history(new, "tag/a")] == ["b"]

    def test_the_same_key_gets_the_same_commit_again(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        done = commit(store, model("a"), model("b"), request=_KEYED)
        commit(store, model("c"))
        before = raw.snapshot()
        again = commit(store, model("d"), request=_KEYED)
        assert again.replayed
        assert (again.revision, again.at) == (done.revision, done.at)
        assert list(again.events) == list(done.events)
        assert raw.snapshot() == before

    def test_the_same_key_for_another_request_is_refused(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        commit(store, model("a"), request=_KEYED)
        before = raw.snapshot()
        for digest in ("d2", None):
            with pytest.raises(IdempotencyMismatchError):
                commit(store, model("b"), request=Request("ada", key="k1", digest=digest))
        assert raw.snapshot() == before

    def test_other_keys_and_no_key_write_each_time(self, store: GraphStore) -> None:
        commit(store, model("a"), request=_KEYED)
        others = [Request("ada", key=key, digest="d1") for key in ("k2", "K1", "k1 ")]
        for number, request in enumerate([*others, ADA, ADA]):
            assert not commit(store, model(f"m{number}"), request=request).replayed
        assert store.head().revision == 6

    def test_a_key_tells_what_was_written_with_it(self, store: GraphStore, raw: RawGraph) -> None:
        assert store.written_with("k1") == ()
        done = commit(store, model("a"), model("b"), request=_KEYED)
        commit(store, model("c"))
        before = raw.snapshot()
        assert list(store.written_with("k1")) == list(done.events)
        assert [store.written_with(key) for key in ("K1", "k1 ", "")] == [(), (), ()]
        assert raw.snapshot() == before

    def test_a_key_lives_on_after_a_replay(self, store: GraphStore) -> None:
        done = commit(store, model("a"), request=_KEYED)
        store.rebuild(list(store.log()))
        again = commit(store, model("b"), request=_KEYED)
        assert again.replayed
        assert list(again.events) == list(done.events)

    @large
    def test_one_commit_takes_so_many_events_and_no_more(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        owner = write(store, model("m"))[0]
        before = raw.counts()
        with pytest.raises(InputTooLargeError):
            commit(store, *(put(owner, n=i) for i in range(MAX_EVENTS + 1)))
        assert raw.counts() == before
        done = commit(store, *(put(owner, n=i) for i in range(MAX_EVENTS)))
        assert len(done.events) == MAX_EVENTS
        assert store.head()[:2] == (2, MAX_EVENTS + 1)

    def test_one_event_takes_so_many_bytes_and_no_more(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        owner = write(store, model("m"))[0]
        small = len(commit(store, put(owner, text="")).events[0].body)
        before = raw.counts()
        with pytest.raises(InputTooLargeError):
            commit(store, model("x"), put(owner, text="a" * (MAX_EVENT_BYTES + 1 - small)))
        assert raw.counts() == before
        longest = "a" * (MAX_EVENT_BYTES - small)
        (recorded,) = commit(store, put(owner, text=longest)).events
        assert len(recorded.body) == MAX_EVENT_BYTES
        with store.view() as view:
            assert view.values([(owner, "param/text")]) == {(owner, "param/text"): longest}

    def test_a_value_that_no_store_can_hold_is_refused_in_our_own_words(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        owner = write(store, model("m"))[0]
        before = raw.snapshot()
        for number in (2**63, -(2**63) - 1, 2**200):
            with pytest.raises(RegistryError):
                commit(store, put(owner, fine=1), put(owner, big=number))
        assert raw.snapshot() == before
        assert commit(store, put(owner, n=1)).revision == 2

    def test_what_was_committed_can_be_read_from_its_bytes(self, store: GraphStore) -> None:
        event = version(1, 1, params={"a": True, "b": 1, "c": 1.0, "d": "\u20ac \U0001f600"})
        commit(store, model("m"), event)
        *_, recorded = store.log()
        assert recorded.event == event
        assert Recorded.parse(recorded.position, recorded.body) == recorded
