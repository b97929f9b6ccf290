"""The graph store: an append-only log of events and the graph that follows from it."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple, final

from pydantic_core import from_json

from lineage_registry.domain.events import EVENT_TYPES, Event
from lineage_registry.domain.graph import AddNode, Change, Scalar, Set
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import (
    ConflictError,
    IdempotencyMismatchError,
    InputTooLargeError,
    InvalidQueryError,
    LogCorruptError,
)
from lineage_registry.ports import collector

MAX_EVENTS: Final = 2_000
"""Events of one commit at most: what a server takes in one transaction."""
MAX_EVENT_BYTES: Final = 256 * 1024
"""Stored bytes of one event at most."""
PROJECTION: Final = 3
"""Version of the tables that events are projected into; raise it when a projection changes."""

_PART_BYTES: Final = 8 * 1024 * 1024
_DATA: Final = b',"data":'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNREADABLE: Final = (ValueError, KeyError, TypeError)

Decide = Callable[[GraphView], Generator[Event, int, None]]
"""Reads the head, yields events, gets back the position of each. It may be run more than once."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, and how to know the same request again.

    Attributes:
        actor: Who is accountable.
        reason: Why, in the actor's words.
        key: Idempotency key; a second request of the same key gets the first one's commit.
        digest: What the request asks for; the same key with another digest is refused.
    """

    actor: str
    reason: str | None = None
    key: str | None = None
    digest: str | None = None


class Head(NamedTuple):
    """Where the log ends: number of commits, number of events, microseconds since 1970 UTC."""

    revision: int
    size: int
    at: int


class Recorded(NamedTuple):
    """An event as it lies in the log.

    Attributes:
        position: Its number, from 1.
        body: The stored bytes; they are the event.
        leaf: RFC 9162 leaf hash of them, 32 bytes.
        at: Time of the commit, microseconds since 1970 UTC; strictly increasing by revision.
    """

    position: int
    revision: int
    at: int
    type: str
    actor: str
    reason: str | None
    key: str | None
    digest: str | None
    body: bytes
    leaf: bytes

    @property
    def event(self) -> Event:
        """The event that the stored bytes say.

        Raises:
            LogCorruptError: They say nothing that this version of the software can read.
        """
        try:
            return _event(self.type, _split(self.body)[1])
        except _UNREADABLE as error:
            raise _unreadable(self.position, error) from error

    @property
    def time(self) -> datetime:
        """Time of the commit."""
        return from_microseconds(self.at)

    def changes(self) -> list[Change]:
        """What the event does to the graph; a new node knows who made it and when."""
        return _changes(self.event, self)

    @classmethod
    def parse(cls, position: int, body: bytes) -> "Recorded":
        """Read back everything that an event's stored bytes say.

        Raises:
            LogCorruptError: They are not an event.
        """
        try:
            return _recorded(position, _envelope(body)[0], body)
        except _UNREADABLE as error:
            raise _unreadable(position, error) from error

    @classmethod
    def read(cls, position: int, body: bytes) -> "tuple[Recorded, list[Change]]":
        """Read back what an event's stored bytes say, and what the event does to the graph.

        Raises:
            LogCorruptError: They are not an event.
        """
        try:
            said, data = _envelope(body)
            recorded = _recorded(position, said, body)
            return recorded, _changes(_event(recorded.type, data), recorded)
        except _UNREADABLE as error:
            raise _unreadable(position, error) from error


class Commit(NamedTuple):
    """What a transaction wrote; without events nothing was written and `revision` is the head.

    Attributes:
        replayed: Whether an earlier request of the same key wrote it.
    """

    revision: int
    at: int
    events: Sequence[Recorded]
    replayed: bool


class Part(NamedTuple):
    """Whole revisions of another log, with the heads before and behind them.

    What the events change is worked out when it is written: to hold it for thousands of events
    takes longer than to read them twice.
    """

    after: Head
    events: list[Recorded]
    end: Head

    @property
    def commit(self) -> "Commit":
        """What a transaction that appends it has written."""
        return Commit(self.end.revision, self.end.at, self.events, replayed=False)


class EventFilter(NamedTuple):
    """Which events to read, all conditions together; None leaves a condition out.

    Attributes:
        nodes: Events that made, changed or mention one of these nodes.
        types: Exact types.
        after: Positions above this one.
        before: Positions below this one.
        since: Microseconds; commits at or after this time.
        until: Microseconds; commits before this time.
        newest_first: Descending positions.
    """

    nodes: frozenset[int] | None = None
    actor: str | None = None
    types: frozenset[str] | None = None
    after: int | None = None
    before: int | None = None
    since: int | None = None
    until: int | None = None
    newest_first: bool = False


class Transaction(ABC):
    """One write transaction: it holds the head lock until it is committed or given up."""

    head: Head
    view: GraphView

    @abstractmethod
    def earlier(self, key: str) -> Sequence[Recorded]:
        """Return the events of the commit that used this idempotency key; none if unused."""

    @abstractmethod
    def now(self) -> int:
        """Return the store's clock, microseconds since 1970 UTC."""

    @abstractmethod
    def apply(self, recorded: Recorded, changes: Sequence[Change]) -> None:
        """Append the event and change the graph; `view` shows it from now on.

        The revision of the changes is `recorded.revision`.
        """

    @abstractmethod
    def move_head(self, head: Head) -> None:
        """Move the head."""


class GraphStore(ABC):
    """A log of events and the graph that follows from it; one writer at a time.

    Whatever goes wrong in the backend surfaces as `BackendError` or one of its subclasses.
    """

    name: ClassVar[str]
    part_size: int = MAX_EVENTS
    """Events of another log that are appended in one transaction, about."""

    @final
    def transact(self, decide: Decide, request: Request) -> Commit:
        """Decide on the head, then append the events and apply their changes: all or nothing.

        The only way anything changes. It is durable when this returns. A decision without events
        writes nothing.

        Raises:
            RegistryError: Whatever `decide` raises; nothing is written then.
            IdempotencyMismatchError: The key was used for another request.
            InputTooLargeError: More or larger events than one commit takes.
            BackendUnavailableError: The store cannot be reached or stayed busy.
        """
        return self._write(lambda transaction: _commit(transaction, decide, request))

    @final
    def extend(self, bodies: Iterable[bytes], after: Head) -> Head:
        """Append what a copy of this log holds behind `after`: the same bytes and revisions.

        They are taken in parts, each a transaction of whole revisions, and readers see the
        registry grow. What is interrupted goes on from where the head is then. Returns the new
        head.

        Raises:
            ConflictError: The head is not `after`, or somebody else wrote in between.
            LogCorruptError: An event cannot be read, or does not follow the one before it.
            BackendUnavailableError: The store cannot be reached or stayed busy.
        """
        with collector.paused():
            parts = collector.collected_between(_parts(bodies, after, self.part_size))
            return self._append(parts, after)

    def _append(self, parts: Iterable[Part], after: Head) -> Head:
        """Append each part in a transaction and return the new head."""
        for part in parts:
            self._write(partial(_append, part=part))
            after = part.end
        return after

    @abstractmethod
    def _write(self, work: Callable[[Transaction], Commit]) -> Commit:
        """Run `work` in one transaction under the head lock, again after a transient fault."""

    @final
    def written_with(self, key: str) -> Sequence[Recorded]:
        """Return the events of the commit that used an idempotency key; none if it is unused.

        Raises:
            BackendUnavailableError: The store cannot be reached or stayed busy.
        """
        return self._write(lambda transaction: _written_with(transaction, key)).events

    @abstractmethod
    def view(self, as_of: int | datetime | None = None) -> AbstractContextManager[GraphView]:
        """Open the state at a revision or time; None is now, at the latest when it is first read.

        Raises:
            InvalidQueryError: The revision lies in the future.
            BackendUnavailableError: The store cannot be reached; perhaps not before it is read.
        """

    @abstractmethod
    def head(self) -> Head:
        """Return where the log ends; also tells whether the store can be reached."""

    @abstractmethod
    def log(self, after: int = 0) -> Iterator[Recorded]:
        """Stream the whole log in order, behind position `after`."""

    @abstractmethod
    def events(self, where: EventFilter, limit: int) -> list[Recorded]:
        """Return up to `limit` events that fit, in order of position."""

    @abstractmethod
    def rebuild(self, log: Iterable[Recorded]) -> Head:
        """Replace log and graph by what `log` says: replay, restore and upgrade are this one.

        All or nothing. Returns the new head.

        Raises:
            LogCorruptError: The positions have a gap or an event cannot be read.
        """

    @abstractmethod
    def upgrade(self) -> Head:
        """Replay the store's own log into fresh tables of this version of the software."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections and files; further calls fail."""


def leaf_hash(body: bytes) -> bytes:
    """Return the 32 bytes that stand for an event in the log's Merkle tree (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def to_microseconds(time: datetime) -> int:
    """Return the microseconds from 1970 UTC to an aware time, exactly."""
    return (time - _EPOCH) // _MICROSECOND


def demand_as_of(as_of: int | datetime, newest: int) -> None:
    """Check that a view can be opened as of a revision or time.

    Raises:
        InvalidQueryError: The revision lies in the future, or the time has no offset.
    """
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise InvalidQueryError("a time needs an offset from UTC", hint="write 12:00Z")
    elif not 0 <= as_of <= newest:
        raise InvalidQueryError(
            f"there is no revision {as_of}; the last one is {newest}", last=newest
        )


def from_microseconds(at: int) -> datetime:
    """Return the time so many microseconds after 1970, UTC."""
    return _EPOCH + at * _MICROSECOND


def subjects(changes: Sequence[Change]) -> list[int]:
    """Return the nodes that these changes make, change or mention, each once, in order."""
    found: dict[int, None] = {}
    for change in changes:
        if isinstance(change, Set):
            found[change.node] = None
        elif isinstance(change, AddNode):
            found[change.id] = None
            found[change.owner] = None
        else:
            found[change.source] = None
            found[change.target] = None
    found.pop(0, None)
    return list(found)


def follow(head: Head, recorded: Recorded) -> Head:
    """Return the head with an event behind it.

    Raises:
        LogCorruptError: The event is not the next one.
    """
    position, revision, at = recorded[:3]
    same = revision == head.revision and at == head.at
    if position != head.size + 1 or not (same or (revision == head.revision + 1 and at > head.at)):
        raise LogCorruptError(
            f"event {position} does not follow the one before it", position=position
        )
    return Head(revision, position, at)


def _recorded(position: int, said: Mapping[str, Any], body: bytes) -> Recorded:
    return Recorded(
        position,
        int(said["revision"]),
        int(said["at"]),
        said["type"],
        said["actor"],
        said.get("reason"),
        said.get("key"),
        said.get("digest"),
        body,
        leaf_hash(body),
    )


def _event(type_: str, data: bytes) -> Event:
    return EVENT_TYPES[type_].model_validate_json(data)


def _unreadable(position: int, error: Exception) -> LogCorruptError:
    return LogCorruptError(f"event {position} cannot be read: {error}", position=position)


def _changes(event: Event, recorded: Recorded) -> list[Change]:
    changes = list(event.changes(recorded.position))
    for place, change in enumerate(changes):
        if type(change) is AddNode:
            birth: dict[str, Scalar] = {"created_at": recorded.at, "created_by": recorded.actor}
            changes[place] = AddNode(
                change.id, change.kind, change.owner, {**change.facts, **birth}
            )
    return changes


def _envelope(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what stands around the event in its stored bytes, and the event's own JSON."""
    envelope, data = _split(body)
    return from_json(envelope + b"}"), data


def _split(body: bytes) -> tuple[bytes, bytes]:
    """Split stored bytes into what stands before the event and the event's own JSON.

    A quote inside a JSON string is escaped, so the mark occurs where `record` wrote it, or earlier
    in a body that nobody wrote here, which then cannot be read.
    """
    envelope, mark, data = body.partition(_DATA)
    if not mark or not data.endswith(b"}"):
        raise ValueError("no event in it")
    return envelope, data[:-1]


def _commit(transaction: Transaction, decide: Decide, request: Request) -> Commit:
    if request.key is not None:
        earlier = transaction.earlier(request.key)
        if earlier:
            return _again(earlier, request)
    head = transaction.head
    revision, at = head.revision + 1, max(transaction.now(), head.at + 1)
    events: list[Recorded] = []
    decision = decide(transaction.view)
    try:
        event = next(decision)
        while True:
            position = head.size + len(events) + 1
            if len(events) == MAX_EVENTS:
                raise InputTooLargeError(
                    f"one commit takes at most {MAX_EVENTS} events", hint="do it in several parts"
                )
            recorded = record(event, position, revision, at, request)
            transaction.apply(recorded, _changes(event, recorded))
            events.append(recorded)
            event = decision.send(position)
    except StopIteration:
        pass
    if not events:
        return Commit(head.revision, head.at, (), replayed=False)
    transaction.move_head(Head(revision, head.size + len(events), at))
    return Commit(revision, at, tuple(events), replayed=False)


def _written_with(transaction: Transaction, key: str) -> Commit:
    head = transaction.head
    return Commit(head.revision, head.at, tuple(transaction.earlier(key)), replayed=True)


def _parts(bodies: Iterable[bytes], after: Head, most: int) -> Iterator[Part]:
    part, size, head = Part(after, [], after), 0, after
    for body in bodies:
        recorded = Recorded.parse(head.size + 1, body)
        begins = recorded.revision != head.revision
        if begins and (len(part.events) >= most or size >= _PART_BYTES):
            yield part._replace(end=head)
            part, size = Part(head, [], head), 0
        head = follow(head, recorded)
        if not begins and not part.events:
            raise LogCorruptError(
                f"event {recorded.position} belongs to the revision before it",
                position=recorded.position,
            )
        part.events.append(recorded)
        size += len(body)
    if part.events:
        yield part._replace(end=head)


def demand_head(head: Head, part: Part) -> None:
    """Let a part be appended only behind the one before it.

    Raises:
        ConflictError: Somebody else wrote in between.
    """
    if head != part.after:
        raise ConflictError(
            f"the log ends at event {head.size}, not at {part.after.size}: somebody "
            "else wrote meanwhile",
            hint="nobody may write to a registry that a log is imported into",
        )


def _append(transaction: Transaction, part: Part) -> Commit:
    demand_head(transaction.head, part)
    for recorded in part.events:
        transaction.apply(recorded, recorded.changes())
    transaction.move_head(part.end)
    return part.commit


def _again(earlier: Sequence[Recorded], request: Request) -> Commit:
    first = earlier[0]
    if first.digest != request.digest:
        raise IdempotencyMismatchError(
            f"the idempotency key {request.key!r} was used for another request",
            hint="use a new key for a new request",
        )
    return Commit(first.revision, first.at, tuple(earlier), replayed=True)


def record(event: Event, position: int, revision: int, at: int, request: Request) -> Recorded:
    """Write an event as the log keeps it.

    Raises:
        InputTooLargeError: It takes more bytes than an event may.
    """
    envelope: dict[str, object] = {
        "type": event.type,
        "v": event.schema_version,
        "revision": revision,
        "at": at,
        "actor": request.actor,
    }
    for name in ("reason", "key", "digest"):
        value = getattr(request, name)
        if value is not None:
            envelope[name] = value
    opening = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    data = event.model_dump_json(exclude_defaults=True)
    body = opening[:-1].encode() + _DATA + data.encode() + b"}"
    if len(body) > MAX_EVENT_BYTES:
        raise InputTooLargeError(
            f"an event takes at most {MAX_EVENT_BYTES} bytes, this one has {len(body)}",
            hint="put long texts and many values into a file or into several requests",
        )
    return Recorded(
        position,
        revision,
        at,
        event.type,
        request.actor,
        request.reason,
        request.key,
        request.digest,
        body,
        leaf_hash(body),
    )
