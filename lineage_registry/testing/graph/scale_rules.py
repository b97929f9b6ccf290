"""Rules of size: graphs on which enumerating paths, recursion and a trip per node would show."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import LINEAGE, EdgeKind, NodeKind
from lineage_registry.domain.view import Direction, GraphView, Selection, Walk
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.rules import Rules, large
from lineage_registry.testing.graph.writing import (
    cause,
    data_version,
    dataset,
    delete,
    depend,
    derived,
    end,
    fill,
    model,
    put,
    restore,
    run,
    undepend,
    version,
)
from lineage_registry.testing.reference_graph_store import ReferenceGraphStore

CHAIN = 10_000
LAYERS, WIDTH = 60, 3
HUB = 5_000
FAN = 500

_DOWN = Direction.DOWNSTREAM


class ScaleRules(Rules):
    """What an engine answers in time, whatever the shape of the graph.

    The bounds are generous: what is linear stays far below them, what is not never ends.
    """

    @large
    def test_a_chain_of_ten_thousand_is_walked_from_end_to_end(self, store: GraphStore) -> None:
        fill(store, _chain())
        last = CHAIN + 1
        with store.view() as view, _within(30):
            found = view.walk([last], Walk())
            assert (len(found.distances), found.depth_reached) == (CHAIN, CHAIN - 1)
            assert list(found.distances.items())[-1] == (2, CHAIN - 1)
            assert len(found.edges) == CHAIN - 1
            assert not found.truncated
            assert len(view.walk([2], Walk(_DOWN, edges=False)).distances) == CHAIN
            near = view.walk([last], Walk(limit=10))
            assert (len(near.distances), near.truncated) == (11, True)
            assert sum(view.census([2], Walk(_DOWN)).counts.values()) == CHAIN - 1
            way = view.path(last, 2, LINEAGE)
            assert way == list(range(last, 1, -1))
            assert view.path(2, last, LINEAGE) is None

    @large
    def test_a_ladder_of_diamonds_costs_what_its_nodes_cost(self, store: GraphStore) -> None:
        fill(store, _lattice())
        top = range(2 + (LAYERS - 1) * WIDTH, 2 + LAYERS * WIDTH)
        size = LAYERS * WIDTH
        with store.view() as view, _within(10):
            for revision_deleted in (False, True):
                found = view.walk(top, Walk(deleted=revision_deleted))
                assert (len(found.distances), found.depth_reached) == (size, LAYERS - 1)
                assert len(found.edges) == (LAYERS - 1) * WIDTH**2
            down = view.walk([2], Walk(_DOWN, depth=LAYERS, limit=size))
            assert (len(down.distances), down.truncated) == (size - WIDTH + 1, False)
            models = Walk(through=frozenset({NodeKind.MODEL_VERSION}), inferred=False)
            assert len(view.walk(top, models).distances) == size
            assert sum(view.census([2], Walk(_DOWN)).counts.values()) == size - WIDTH
            assert len(view.path(top[0], 2, LINEAGE) or ()) == LAYERS
            assert view.path(2, top[0], LINEAGE) is None
            assert view.path(top[0], top[1], LINEAGE) is None

    @large
    def test_many_starts_share_the_way_they_have_in_common(self, store: GraphStore) -> None:
        fill(store, _fan())
        first, last = CHAIN + 2, CHAIN + FAN + 1
        starts = range(first, last + 1)
        with store.view() as view, _within(30):
            found = view.walk(starts, Walk())
            assert (len(found.distances), found.depth_reached) == (CHAIN + FAN, CHAIN)
            assert list(found.distances.items())[-1] == (2, CHAIN)
            assert len(found.edges) == CHAIN - 1 + FAN
            near = view.walk(starts, Walk(limit=10))
            assert (len(near.distances), near.truncated) == (FAN + 10, True)
            far = view.walk(starts, Walk(depth=CHAIN - 1, edges=False))
            assert (len(far.distances), far.truncated) == (CHAIN + FAN - 1, True)
            assert sum(view.census(starts, Walk()).counts.values()) == CHAIN

    @large
    def test_a_hub_with_thousands_of_users_is_seen_near_and_whole(self, store: GraphStore) -> None:
        fill(store, _hub())
        users = list(range(3, HUB + 3))
        with store.view() as view, _within(20):
            near = view.walk([2], Walk(_DOWN, limit=100))
            assert list(near.distances) == [2, *users[:100]]
            assert near.truncated
            assert len(near.edges) == 100
            assert list(view.walk([2], Walk(_DOWN)).distances) == [2, *users]
            assert view.census([2], Walk(_DOWN)).counts == {(1, NodeKind.RUN): HUB}
            assert len(view.walk(users, Walk(depth=1)).distances) == HUB + 1
            assert list(view.nodes(users, ["status"])) == users
            assert len(view.changed(users)) == HUB
            assert len(view.edges(users, Direction.UPSTREAM, LINEAGE)) == HUB
            assert len(view.edges([2], _DOWN, LINEAGE)) == HUB
            assert view.select(Selection(NodeKind.RUN), None, HUB + 1) == users
            assert view.degrees([2], _DOWN) == {2: HUB}
            assert len(view.degrees(users, Direction.UPSTREAM)) == HUB
            assert view.busiest(list(NodeKind), _DOWN, limit=3) == [(2, HUB)]
            assert view.busiest(list(NodeKind), Direction.UPSTREAM, limit=1) == [(3, 1)]

    @large
    def test_a_long_log_is_replayed_whatever_the_size_of_its_commits(
        self, store: GraphStore
    ) -> None:
        for size in (7, 1300):
            reference = ReferenceGraphStore()
            fill(reference, _unrest(), size=size)
            fill(store, _unrest(), size=size)
            assert store.head() == reference.head()
            last = store.head().revision
            for revision in (last // 3, last // 2, last):
                with store.view(revision) as view, reference.view(revision) as expected:
                    for key in ("param/n", "deleted", "last_number"):
                        for node in range(1, 5):
                            assert view.history(node, key) == expected.history(node, key)
                    for ask in (_neighbours, _values, _changes):
                        assert ask(view) == ask(expected)


def _neighbours(view: GraphView) -> object:
    return view.edges(range(1, 5), Direction.UPSTREAM, LINEAGE)


def _values(view: GraphView) -> object:
    return view.nodes(range(1, 5))


def _changes(view: GraphView) -> object:
    return view.changed(range(1, 5))


def _unrest() -> Iterator[Event]:
    """Say the same things of the same few nodes over and over, so that all is set and ended."""
    yield model("m")
    for number in range(1, 4):
        yield version(1, number)
    for turn in range(1250):
        node = 2 + turn % 3
        yield put(node, n=turn)
        yield put(node, n=-turn)
        yield depend(4, 3) if turn % 4 < 2 else undepend(4, 3)
        if turn % 7 == 0:
            yield end(node, "param/n")
        if turn % 11 == 0:
            yield delete(node) if turn % 2 else restore(node)


def _chain() -> Iterator[Event]:
    yield model("m")
    yield version(1, 1)
    for node in range(3, CHAIN + 2):
        yield version(1, node - 1, derived(node - 1))


def _fan() -> Iterator[Event]:
    yield from _chain()
    for number in range(FAN):
        yield version(1, CHAIN + number + 1, derived(CHAIN + 1))


def _hub() -> Iterator[Event]:
    yield dataset("d")
    yield data_version(1, 1)
    for number in range(HUB):
        yield run(f"r{number}", cause(EdgeKind.USED, 2, "train"))


def _lattice() -> Iterator[Event]:
    yield model("m")
    for number in range(LAYERS * WIDTH):
        below = 2 + (number // WIDTH - 1) * WIDTH
        parents = range(below, below + WIDTH) if number >= WIDTH else ()
        yield version(1, number + 1, *(derived(p, "merged") for p in parents))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
