"""Rules of the log: reading it, filtering it, streaming it."""

from collections.abc import Callable
from itertools import islice

from lineage_registry.domain.events import MetricsLogged, MetricSummary
from lineage_registry.domain.graph import EdgeKind
from lineage_registry.ports.graph import EventFilter, GraphStore, Recorded, Request, leaf_hash
from lineage_registry.testing.graph.back_door import RawGraph
from lineage_registry.testing.graph.rules import Rules, large
from lineage_registry.testing.graph.writing import (
    cause,
    commit,
    delete,
    deployment,
    derived,
    model,
    put,
    run,
    tie,
    version,
    write_all,
)

_ALL = EventFilter()


class EventRules(Rules):
    """What `events` and `log` promise."""

    def _story(self, store: GraphStore) -> list[Recorded]:
        """Write seven commits by three people and return the log."""
        metrics = MetricsLogged(
            node=3, points=[], summaries={"loss": MetricSummary(0.1, 0.1, 0.1, 1)}
        )
        for actor, events in (
            ("ada", [model("m"), version(1, 1), run("r")]),
            ("grace", [version(1, 2, derived(2))]),
            ("ada", [tie(3, cause(EdgeKind.USED, 4, "base")), metrics]),
            ("Ada", [put(2, n=1)]),
            ("grace", [deployment("s", 4)]),
            ("ada", [delete(2)]),
            ("ada", [put(1, n=1), put(2, n=2), put(3, n=3)]),
        ):
            commit(store, *events, request=Request(actor))
        return list(store.log())

    def test_without_conditions_all_events_come_in_order(self, store: GraphStore) -> None:
        assert store.events(_ALL, 10) == []
        log = self._story(store)
        assert store.events(_ALL, 100) == log
        assert [r.position for r in log] == list(range(1, 13))

    def test_a_limit_takes_the_first_ones(self, store: GraphStore) -> None:
        log = self._story(store)
        assert store.events(_ALL, 3) == log[:3]
        newest = store.events(EventFilter(newest_first=True), 3)
        assert newest == log[:-4:-1]

    def test_events_about_a_node_made_changed_or_mentioned_it(self, store: GraphStore) -> None:
        self._story(store)
        assert {node: _about(store, node) for node in (1, 2, 3, 4, 8, 77)} == {
            1: [1, 2, 4, 10],
            2: [2, 4, 7, 9, 11],
            3: [3, 5, 6, 12],
            4: [4, 5, 8],
            8: [8],
            77: [],
        }

    def test_conditions_work_alone(self, store: GraphStore) -> None:
        log = self._story(store)
        third = log[4].at
        cases: list[tuple[EventFilter, Callable[[Recorded], bool]]] = [
            (EventFilter(actor="ada"), lambda r: r.actor == "ada"),
            (EventFilter(actor="nobody"), lambda _: False),
            (
                EventFilter(types=frozenset({"model.created", "params.logged"})),
                lambda r: r.type in {"model.created", "params.logged"},
            ),
            (EventFilter(types=frozenset()), lambda _: False),
            (EventFilter(nodes=frozenset()), lambda _: False),
            (EventFilter(after=3), lambda r: r.position > 3),
            (EventFilter(before=3), lambda r: r.position < 3),
            (EventFilter(since=third), lambda r: r.at >= third),
            (EventFilter(since=third + 1), lambda r: r.at > third),
            (EventFilter(until=third), lambda r: r.at < third),
            (EventFilter(until=third + 1), lambda r: r.at <= third),
        ]
        for where, fits in cases:
            expected = [r for r in log if fits(r)]
            assert store.events(where, 100) == expected, where
            turned = where._replace(newest_first=True)
            assert store.events(turned, 100) == expected[::-1], turned

    def test_conditions_hold_together(self, store: GraphStore) -> None:
        log = self._story(store)
        where = EventFilter(
            nodes=frozenset({2, 3}),
            actor="ada",
            types=frozenset({"params.logged", "node.deleted", "metrics.logged"}),
            after=6,
            before=12,
            since=log[6].at,
            until=log[11].at + 1,
        )
        assert [r.position for r in store.events(where, 100)] == [9, 11]
        assert [r.position for r in store.events(where, 1)] == [9]
        turned = where._replace(newest_first=True)
        assert [r.position for r in store.events(turned, 1)] == [11]

    def test_an_event_about_two_of_the_nodes_comes_once(self, store: GraphStore) -> None:
        self._story(store)
        found = store.events(EventFilter(nodes=frozenset(range(1, 50))), 100)
        assert [r.position for r in found] == list(range(1, 13))

    def test_the_log_goes_on_behind_a_position(self, store: GraphStore) -> None:
        log = self._story(store)
        for after in (0, 1, 5, len(log), len(log) + 5):
            assert list(store.log(after)) == log[after:]

    @large
    def test_the_log_can_be_streamed_while_somebody_writes(self, store: GraphStore) -> None:
        write_all(store, (run(f"r{i}") for i in range(2500)))
        stream = store.log()
        seen = [r.position for r in islice(stream, 5)]
        commit(store, model("meanwhile"))
        with store.view() as view:
            assert view.revision == 3
        seen += [r.position for r in stream]
        assert seen[:2500] == list(range(1, 2501))
        assert seen[2500:] in ([], [2501])

    @large
    def test_a_stream_that_is_left_in_the_middle_holds_nothing_up(self, store: GraphStore) -> None:
        write_all(store, (run(f"r{i}") for i in range(2500)))
        streams = [store.log() for _ in range(20)]
        assert [next(stream).position for stream in streams] == [1] * 20
        assert commit(store, model("meanwhile")).revision == 3
        del streams
        assert commit(store, model("afterwards")).revision == 4

    def test_stored_bytes_are_given_out_as_stored_beside_the_stored_leaf(
        self, store: GraphStore, raw: RawGraph
    ) -> None:
        done = commit(store, model("abc"), model("def"))
        body = done.events[0].body
        assert body.count(b'"abc"') == 2
        altered = body.replace(b'"abc"', b'"abd"')
        raw.rewrite_event(1, altered)
        for recorded in (next(store.log()), store.events(_ALL, 1)[0]):
            assert recorded.body == altered
            assert recorded.leaf == leaf_hash(body)


def _about(store: GraphStore, node: int) -> list[int]:
    return [r.position for r in store.events(EventFilter(nodes=frozenset({node})), 100)]
