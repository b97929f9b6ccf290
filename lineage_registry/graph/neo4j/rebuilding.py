"""A graph built anew from a log, in many transactions that lock everybody else out."""

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

from lineage_registry.errors import BackendError, BackendUnavailableError, LogCorruptError
from lineage_registry.graph.neo4j.ahead import one_ahead
from lineage_registry.graph.neo4j.connection import Connection, Parameters, Session
from lineage_registry.graph.neo4j.driver_errors import translated
from lineage_registry.graph.neo4j.eventlog import pages
from lineage_registry.graph.neo4j.folding import Fold
from lineage_registry.graph.neo4j.state import UNFINISHED, check_log
from lineage_registry.ports.graph import PROJECTION, Head, Recorded

_EVENTS_AT_ONCE: Final = 1_000
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
_ERASED_AT_ONCE: Final = 5_000
_EMPTY: Final = Head(0, 0, 0)


def replace_log(connection: Connection, log: Iterable[Recorded]) -> Head:
    """Replace log and graph by what `log` says.

    Raises:
        LogCorruptError: The positions have a gap or an event cannot be read.
        BackendUnavailableError: Somebody else rebuilds the store at the same time.
    """
    with _spooled(log) as events:
        builder = _Builder(connection, has_log=False)
        builder.erase("edges", "nodes", "values", "subjects", "events")
        return builder.build(events, with_log=True)


def replay_own_log(connection: Connection) -> Head:
    """Build the graph anew from the log that is there.

    Raises:
        LogCorruptError: The log has a gap or an event cannot be read.
        ProjectionMismatchError: The log itself is not complete.
    """
    head = connection.read("read.head", {})[0]
    check_log(head)
    builder = _Builder(connection, has_log=True)
    head = connection.read("read.head", {})[0]
    events = _checked(pages(connection, 0, head["size"]))
    builder.erase("edges", "nodes", "values", "subjects")
    built = builder.build(events, with_log=False)
    if built.size != head["size"]:
        raise LogCorruptError(f"event {built.size + 1} is missing", position=built.size + 1)
    return built


class _Builder:
    """Writes the graph; no other writer and no reader is let in until it is finished."""

    def __init__(self, connection: Connection, *, has_log: bool) -> None:
        self._connection = connection
        self._owner = uuid.uuid4().hex
        self._set_head(
            {"projection": UNFINISHED, "has_log": has_log, "owner": self._owner}, first=True
        )

    def erase(self, *what: str) -> None:
        """Take away, in pieces that fit into a transaction."""
        for kind in what:
            while self._erase_some(kind):
                pass

    def build(self, events: Iterable[Recorded], *, with_log: bool) -> Head:
        """Write what the events say, then let everybody in again."""
        head = _EMPTY
        for parameters, end in one_ahead(_pieces(events)):
            self._run("write.apply", parameters if with_log else {**parameters, "events": []})
            head = end
        done = {"projection": PROJECTION, "has_log": True, "owner": None}
        self._set_head({**head._asdict(), **done})
        return head

    def _erase_some(self, kind: str) -> bool:
        return bool(self._run(f"write.erase_{kind}", {"limit": _ERASED_AT_ONCE})[0]["erased"])

    def _set_head(self, changes: Mapping[str, object], *, first: bool = False) -> None:
        self._run("write.set_head", {"changes": changes}, first=first)

    def _run(
        self, name: str, parameters: Mapping[str, object], *, first: bool = False
    ) -> list[dict[str, object]]:
        def once(session: Session) -> list[dict[str, object]]:
            rows = session.run("write.lock_head", {})
            if not rows:
                raise BackendError("the Neo4j database holds no registry any more")
            if not first and rows[0]["owner"] != self._owner:
                raise BackendUnavailableError(
                    "somebody else began to rebuild the store", hint="let them finish"
                )
            return session.run(name, parameters)

        with translated("rebuild the graph in Neo4j"):
            return self._connection.write(once)


def _pieces(events: Iterable[Recorded]) -> Iterator[tuple[Parameters, Head]]:
    """Yield what one transaction writes, and where the log ends then."""
    head, fold, size = _EMPTY, Fold(), 0
    for event in events:
        recorded, changes = Recorded.read(event.position, event.body)
        if size >= _BYTES_AT_ONCE or len(fold) >= _EVENTS_AT_ONCE or not fold.takes(changes):
            yield fold.parameters(), head
            fold, size = Fold(), 0
        fold.add(recorded, changes)
        size += len(recorded.body)
        head = Head(recorded.revision, recorded.position, recorded.at)
    if not fold.empty:
        yield fold.parameters(), head


@contextmanager
def _spooled(log: Iterable[Recorded]) -> Iterator[Iterator[Recorded]]:
    """Keep a copy of a log, checked to its end, in a temporary file.

    So a broken log destroys nothing, and a store's own log can be read while it is replaced.
    """
    with tempfile.TemporaryFile() as file:
        for recorded in _checked(log):
            file.write(len(recorded.body).to_bytes(4))
            file.write(recorded.body)
        file.seek(0)
        yield _unspooled(file)


def _unspooled(file: IO[bytes]) -> Iterator[Recorded]:
    position = 0
    while length := file.read(4):
        position += 1
        yield Recorded.parse(position, file.read(int.from_bytes(length)))


def _checked(log: Iterable[Recorded]) -> Iterator[Recorded]:
    """Yield the events as their bytes say them, and refuse a gap."""
    for expected, recorded in enumerate(log, start=1):
        if recorded.position != expected:
            raise LogCorruptError(f"event {expected} is missing", position=expected)
        yield Recorded.read(expected, recorded.body)[0]
