"""A graph store in memory: a list of events, a reference graph and a lock.

It keeps every rule of the suite, holds nothing on disk, and is the base of the stores that are
broken on purpose.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import ClassVar, NamedTuple

from lineage_registry.domain.graph import AddNode, Change, Scalar, Set
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import (
    BackendUnavailableError,
    InvalidInputError,
    LogCorruptError,
)
from lineage_registry.ports.graph import (
    Commit,
    EventFilter,
    GraphStore,
    Head,
    Recorded,
    Transaction,
    demand_as_of,
    subjects,
    to_microseconds,
)
from lineage_registry.testing.reference_graph import ReferenceGraph, ReferenceView

_BIGGEST = 2**63 - 1


class State(NamedTuple):
    """Everything a store knows after a commit; never changed, only replaced."""

    head: Head
    log: tuple[Recorded, ...]
    graph: ReferenceGraph


class ReferenceTransaction(Transaction):
    """Works on a copy, which the store takes over when all went well."""

    def __init__(self, store: "ReferenceGraphStore", state: State) -> None:
        self.store = store
        self.head = state.head
        self.log = list(state.log)
        self.graph = state.graph.copy()
        self.view = store.view_type(self.graph, state.head.revision + 1)

    def earlier(self, key: str) -> Sequence[Recorded]:
        """Return the events of the commit that used this key."""
        return [recorded for recorded in self.log if recorded.key == key]

    def now(self) -> int:
        """Return the clock of this machine."""
        return time.time_ns() // 1000

    def apply(self, recorded: Recorded, changes: Sequence[Change]) -> None:
        """Append the event and change the copy."""
        check_scalars(changes)
        self.log.append(recorded)
        self.graph.apply(recorded.revision, recorded.at, changes)

    def move_head(self, head: Head) -> None:
        """Move the head of the copy."""
        self.head = head


class ReferenceGraphStore(GraphStore):
    """A complete store for tests; it is gone with the process."""

    name: ClassVar[str] = "reference"
    graph_type: ClassVar[type[ReferenceGraph]] = ReferenceGraph
    view_type: ClassVar[type[ReferenceView]] = ReferenceView
    transaction_type: ClassVar[type[ReferenceTransaction]] = ReferenceTransaction

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._state: State | None = self.empty()

    @property
    def state(self) -> State:
        """What was committed.

        Raises:
            BackendUnavailableError: The store is closed.
        """
        if self._state is None:
            raise BackendUnavailableError("the store is closed")
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state

    def empty(self) -> State:
        """Return the state of a store without events."""
        return State(Head(0, 0, 0), (), self.graph_type())

    def _write(self, work: Callable[[Transaction], Commit]) -> Commit:
        with self._lock:
            transaction = self.transaction_type(self, self.state)
            commit = work(transaction)
            self.state = State(transaction.head, tuple(transaction.log), transaction.graph)
            return commit

    def view(self, as_of: int | datetime | None = None) -> AbstractContextManager[GraphView]:
        """Open the state at a revision or time; None is now."""
        return self._view(as_of)

    @contextmanager
    def _view(self, as_of: int | datetime | None) -> Iterator[GraphView]:
        state = self.state
        yield self.view_type(state.graph, self.revision_at(state, as_of))

    def revision_at(self, state: State, as_of: int | datetime | None) -> int:
        """Return the revision that `as_of` means."""
        if as_of is None:
            return state.head.revision
        demand_as_of(as_of, state.head.revision)
        if isinstance(as_of, datetime):
            until = to_microseconds(as_of)
            return max((r for r, at in state.graph.times.items() if at <= until), default=0)
        return as_of

    def head(self) -> Head:
        """Return where the log ends."""
        return self.state.head

    def log(self, after: int = 0) -> Iterator[Recorded]:
        """Stream the log as it is now."""
        yield from self.state.log[after:]

    def events(self, where: EventFilter, limit: int) -> list[Recorded]:
        """Return up to `limit` events that fit."""
        fitting = [recorded for recorded in self.state.log if fits(recorded, where)]
        if where.newest_first:
            fitting.reverse()
        return fitting[:limit]

    def rebuild(self, log: Iterable[Recorded]) -> Head:
        """Replace everything by what `log` says."""
        head, events, graph = self.empty()
        kept = list(events)
        for recorded in log:
            if recorded.position != head.size + 1:
                raise LogCorruptError(f"event {head.size + 1} is missing")
            read = Recorded.parse(recorded.position, recorded.body)
            graph.apply(read.revision, read.at, read.changes())
            kept.append(read)
            head = Head(read.revision, read.position, read.at)
        with self._lock:
            self.state = State(head, tuple(kept), graph)
        return head

    def upgrade(self) -> Head:
        """Replay the store's own log."""
        with self._lock:
            return self.rebuild(self.state.log)

    def close(self) -> None:
        """Forget everything."""
        self._state = None


def fits(recorded: Recorded, where: EventFilter) -> bool:
    """Tell whether an event passes every condition."""
    mentioned = where.nodes is None or where.nodes.intersection(subjects(recorded.changes()))
    return bool(mentioned) and all(
        (
            where.actor in {None, recorded.actor},
            where.types is None or recorded.type in where.types,
            where.after is None or recorded.position > where.after,
            where.before is None or recorded.position < where.before,
            where.since is None or recorded.at >= where.since,
            where.until is None or recorded.at < where.until,
        )
    )


def check_scalars(changes: Iterable[Change]) -> None:
    """Refuse what is no scalar of the graph.

    Raises:
        InvalidInputError: An integer has more than 64 bits.
    """
    for change in changes:
        values: list[Scalar | None] = []
        if isinstance(change, AddNode):
            values.extend(change.facts.values())
        if isinstance(change, Set):
            values.append(change.value)
        for value in values:
            if isinstance(value, int) and not -_BIGGEST - 1 <= value <= _BIGGEST:
                raise InvalidInputError(f"{value} has more than 64 bits")
