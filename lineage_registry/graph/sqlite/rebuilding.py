"""The tables made anew from a log."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from lineage_registry.errors import LogCorruptError
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.faults import translated
from lineage_registry.graph.sqlite.writing import Batch
from lineage_registry.ports.graph import PROJECTION, Head, Recorded, follow

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
        self._batch = Batch(connection)

    def add(self, recorded: Recorded) -> None:
        read, changes = Recorded.read(recorded.position, recorded.body)
        self._check(recorded, read)
        self.head = follow(self.head, read)
        self._batch.add(read, changes)
        if read.position % _BATCH == 0:
            self._batch.flush()

    def end(self) -> None:
        self._batch.end_revision()
        self._batch.flush()

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
