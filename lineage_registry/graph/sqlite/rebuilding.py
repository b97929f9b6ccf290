"""The tables made anew from a log."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from lineage_registry.errors import LogCorruptError
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.codes import Row
from lineage_registry.graph.sqlite.faults import translated
from lineage_registry.graph.sqlite.writing import Batch
from lineage_registry.ports.graph import PROJECTION, Head, Recorded

_BATCH: Final = 2_000


@translated
def create_tables(connection: sqlite3.Connection) -> None:
    """Make empty tables in place of all there are, without indexes and head."""
    for statement in (*statements.DROPS, *statements.MARKS, *statements.TABLES):
        connection.execute(statement)


@translated
def finish_tables(connection: sqlite3.Connection, head: Head) -> None:
    """Add indexes and head."""
    for statement in statements.INDEXES:
        connection.execute(statement)
    connection.execute(statements.NEW_HEAD, (PROJECTION, *head))


def replay(connection: sqlite3.Connection, log: Iterable[Recorded]) -> Head:
    """Fill fresh tables with a log and its graph.

    Raises:
        LogCorruptError: The log has a gap, or an event is not the one that was written.
    """
    create_tables(connection)
    loader = _Loader(connection)
    for recorded in log:
        loader.add(recorded)
    loader.end()
    finish_tables(connection, loader.head)
    return loader.head


class _Loader:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.head = Head(0, 0, 0)
        self._connection = connection
        self._batch = Batch(connection)
        self._revisions: list[Row] = []
        self._first = 1
        self._key: str | None = None

    def add(self, recorded: Recorded) -> None:
        read = Recorded.parse(recorded.position, recorded.body)
        self._check(recorded, read)
        if read.revision != self.head.revision:
            self._end_revision()
            self._first, self._key = read.position, read.key
        self._batch.add(read, read.changes())
        self.head = Head(read.revision, read.position, read.at)
        if read.position % _BATCH == 0:
            self._flush()

    def end(self) -> None:
        self._end_revision()
        self._flush()

    def _end_revision(self) -> None:
        if self.head.size:
            head = self.head
            row = head.revision, head.at, self._first, head.size, self._key
            self._revisions.append(row)

    @translated
    def _flush(self) -> None:
        self._batch.flush()
        self._connection.executemany(statements.ADD_REVISION, self._revisions)
        self._revisions.clear()

    def _check(self, recorded: Recorded, read: Recorded) -> None:
        position = recorded.position
        if position != self.head.size + 1:
            raise LogCorruptError(
                f"event {self.head.size + 1} is missing, {position} came in its place",
                position=self.head.size + 1,
            )
        if read.leaf != recorded.leaf:
            raise LogCorruptError(
                f"event {position} is not the one that was written", position=position
            )
        same = (read.revision, read.at) == (self.head.revision, self.head.at)
        later = read.revision == self.head.revision + 1 and read.at > self.head.at
        if not same and not later:
            raise LogCorruptError(
                f"event {position} does not follow the one before it", position=position
            )
