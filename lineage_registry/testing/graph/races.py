"""Decisions that race for the same thing, and how to let threads and processes run them.

What is handed to another process is made of names only, so that it can be started afresh there.
"""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from multiprocessing import get_context
from typing import Self

from lineage_registry.domain.events import Event, StageMoved
from lineage_registry.domain.graph import LINEAGE, REGISTRY
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import AlreadyExistsError, LineageCycleError
from lineage_registry.ports.graph import Decide, GraphStore, Request
from lineage_registry.testing.graph.writing import depend, model, version

Open = Callable[[], GraphStore]
Attempt = Callable[[GraphStore], int | None]
"""Tries something; returns what it got, None if another was first."""

PRODUCTION = "stage/Production"
_PATIENCE = 120


def take_name(name: str) -> Decide:
    """Return a decision that creates a model, if its name is free."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        wanted = model(name)
        if view.values([(REGISTRY, f"model/{wanted.key}")]):
            raise AlreadyExistsError(f"there is a model {name!r}")
        yield wanted

    return decide


def register_next(owner: int) -> Decide:
    """Return a decision that registers the next version of a model."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        last = view.values([(owner, "last_number")])[owner, "last_number"]
        yield version(owner, int(last) + 1)

    return decide


def add_dependency(source: int, target: int) -> Decide:
    """Return a decision that draws an edge, unless it would close a cycle."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        way = view.path(target, source, LINEAGE)
        if way is not None:
            raise LineageCycleError("it depends on itself by this", path=way)
        yield depend(source, target)

    return decide


def promote(owner: int, candidate: int) -> Decide:
    """Return a decision that moves a version to Production and archives the one before."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        held = view.values([(owner, PRODUCTION)]).get((owner, PRODUCTION))
        holder = None if held is None else int(held)
        below = view.history(owner, PRODUCTION)
        stages: dict[int, str | None] = {candidate: "Production"}
        if holder not in {None, candidate}:
            stages[int(held or 0)] = "Archived"
        yield StageMoved(
            model=owner,
            pointer=PRODUCTION,
            before=holder,
            version=candidate,
            below=below[-1].since if below else 0,
            stages=stages,
        )

    return decide


def attempt_name(store: GraphStore, name: str) -> int | None:
    """Take a name; return the model's id, None if it was taken."""
    try:
        return store.transact(take_name(name), Request("racer")).events[0].position
    except AlreadyExistsError:
        return None


def attempt_next(store: GraphStore, owner: int) -> int | None:
    """Register the next version; return its number."""
    done = store.transact(register_next(owner), Request("racer"))
    with store.view(done.revision) as view:
        number = view.nodes([done.events[0].position], [])[done.events[0].position].facts["number"]
    return int(number)


def attempt_edge(store: GraphStore, source: int, target: int) -> int | None:
    """Draw an edge; return the revision, None if it would have closed a cycle."""
    try:
        return store.transact(add_dependency(source, target), Request("racer")).revision
    except LineageCycleError:
        return None


def attempt_promotion(store: GraphStore, owner: int, candidate: int) -> int | None:
    """Promote a version; return the revision."""
    return store.transact(promote(owner, candidate), Request("racer")).revision


def race_in_threads(store: GraphStore, attempts: list[Attempt]) -> list[int | None]:
    """Run the attempts at the same moment, a thread for each."""
    gate = threading.Barrier(len(attempts))

    def one(attempt: Attempt) -> int | None:
        gate.wait(_PATIENCE)
        return attempt(store)

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(one, attempts, timeout=_PATIENCE))


class ProcessRace:
    """Processes that have the same store open, and wait for attempts.

    They are there before the race begins, so that its time is the time of the race.
    """

    def __init__(self, open_store: Open, processes: int) -> None:
        context = get_context("spawn")
        self._meeting = context.Barrier(processes)
        self._pool = ProcessPoolExecutor(
            processes, context, initializer=_enter, initargs=(open_store, self._meeting)
        )
        self._processes = processes
        list(self._pool.map(_meet, range(processes), timeout=_PATIENCE))

    def run(self, attempts: list[Attempt]) -> list[int | None]:
        """Deal the attempts out to the processes, a thread for each of them there."""
        hands = [attempts[i :: self._processes] for i in range(self._processes)]
        found = self._pool.map(_run_hand, hands, timeout=_PATIENCE)
        return [result for hand in found for result in hand]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        list(self._pool.map(_leave, range(self._processes), timeout=_PATIENCE))
        self._pool.shutdown()


class _Racer:
    """What a process of the race knows."""

    store: GraphStore
    meet: Callable[[float], int]


def _enter(open_store: Open, meeting: "threading.Barrier") -> None:
    _Racer.store = open_store()
    _Racer.meet = staticmethod(meeting.wait)


def _meet(number: int) -> int:
    """Wait for the others, so that each process takes part once."""
    _Racer.meet(_PATIENCE)
    return number


def _run_hand(attempts: list[Attempt]) -> list[int | None]:
    _Racer.meet(_PATIENCE)
    return race_in_threads(_Racer.store, attempts)


def _leave(number: int) -> int:
    _Racer.meet(_PATIENCE)
    with closing(_Racer.store):
        return number


def names(count: int) -> list[Attempt]:
    """Return attempts at one name."""
    return [partial(attempt_name, name="wanted")] * count


def numbers(count: int, owner: int) -> list[Attempt]:
    """Return attempts at the next number of a model."""
    return [partial(attempt_next, owner=owner)] * count


def edges(pairs: list[tuple[int, int]]) -> list[Attempt]:
    """Return attempts to draw these edges."""
    return [partial(attempt_edge, source=a, target=b) for a, b in pairs]


def promotions(owner: int, candidates: list[int]) -> list[Attempt]:
    """Return attempts to promote each of the candidates."""
    return [partial(attempt_promotion, owner=owner, candidate=c) for c in candidates]
