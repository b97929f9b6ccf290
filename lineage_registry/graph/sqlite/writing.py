"""Changes as rows, many at a time."""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from lineage_registry.domain.graph import REGISTRY, AddEdge, AddNode, Change, EndEdge, Scalar, Set
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.codes import EDGE_CODES, NODE_CODES, Row, encode, pack
from lineage_registry.graph.sqlite.connection import Parameters
from lineage_registry.graph.sqlite.faults import translated
from lineage_registry.graph.sqlite.view import SqliteView
from lineage_registry.ports.graph import Head, Recorded, Transaction, subjects

_AT_ONCE: Final = 50
"""Rows that one INSERT takes: stepping through a statement costs as much as inserting a row."""


class Batch:
    """Events on their way into the tables, held back until `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._takes: Mapping[type[Change], Callable[[Any], None]] = {
            AddNode: self._add_node,
            Set: self._set,
            AddEdge: self._add_edge,
            EndEdge: self._end_edge,
        }
        self._under_way: Row | None = None  # the row of a revision, without its last position
        self._last = 0  # the last position added
        self._revisions: list[Row] = []
        self._clear()

    def _clear(self) -> None:
        self._first: int | None = None  # position in the batch; None while nothing is held
        self._revision = 0
        self._position = 0
        self._events: list[Recorded] = []
        self._subjects: list[tuple[int, int]] = []
        self._nodes: list[Row] = []
        self._changed: dict[tuple[int, int], None] = {}
        self._closed: list[Row] = []
        self._past: list[Row] = []
        self._values: dict[tuple[int, str], tuple[int, Scalar]] = {}
        self._edges: list[Row] = []

    @translated
    def add(self, recorded: Recorded, changes: Sequence[Change]) -> None:
        """Take an event and what it changes."""
        position = recorded.position
        if self._first is None:
            self._first = position
        if self._under_way is None or self._under_way[0] != recorded.revision:
            self.end_revision()
            self._under_way = recorded.revision, recorded.at, position, recorded.key
        self._last = position
        self._revision, self._position = recorded.revision, position
        self._events.append(recorded)
        self._subjects += [(node, position) for node in subjects(changes)]
        for change in changes:
            self._takes[type(change)](change)

    def end_revision(self) -> None:
        """Know that the last event added is the last one of its revision."""
        if self._under_way is not None:
            number, at, first, key = self._under_way
            self._revisions.append((number, at, first, self._last, key))
            self._under_way = None

    def _add_node(self, change: AddNode) -> None:
        kind, facts = NODE_CODES[change.kind], pack(change.facts)
        self._nodes.append((change.id, kind, change.owner, self._revision, facts))
        self._changed[change.id, self._revision] = None

    def _set(self, change: Set) -> None:
        node, key, value, first = change
        if value is None:
            self._end(change)
            return
        pair = node, key
        running = self._values.get(pair)
        if running is not None and running[0] < self._revision:
            self._past.append((*pair, running[0], self._revision, encode(running[1])))
        elif running is None and not first and not self._is_new(node):
            self._closed.append((*pair, self._revision))
        self._values[pair] = self._revision, value
        if node != REGISTRY:
            self._changed[node, self._revision] = None

    def _is_new(self, node: int) -> bool:
        """Tell whether the node was born in this batch: no value of it is in the table."""
        return self._first is not None and node >= self._first

    def _end(self, change: Set) -> None:
        self._flush_within()
        given = change.node, change.key, self._revision
        execute = self._connection.execute
        if execute(statements.CLOSE_VALUE, given).rowcount:
            if change.node != REGISTRY:
                self._changed[change.node, self._revision] = None
        elif execute(statements.DROP_VALUE, given).rowcount:
            execute(statements.DROP_CHANGE, (change.node, self._revision))

    def _add_edge(self, change: AddEdge) -> None:
        source, kind, target, role, declared = change
        self._edges.append(
            (
                source,
                EDGE_CODES[kind],
                target,
                role,
                int(declared),
                self._revision,
                statements.HOLDS,
            )
        )

    def _end_edge(self, change: EndEdge) -> None:
        self._flush_within()
        given = (
            change.source,
            EDGE_CODES[change.kind],
            change.target,
            change.role,
            self._revision,
        )
        if not self._connection.execute(statements.CLOSE_EDGE, given).rowcount:
            self._connection.execute(statements.DROP_EDGE, given)

    def _flush_within(self) -> None:
        """Write what is held back in the middle of an event, of which more is to come."""
        revision, position = self._revision, self._position
        self.flush()
        self._revision, self._position, self._first = revision, position, position + 1

    @translated
    def flush(self) -> None:
        """Write what is held back."""
        if self._first is None and not self._revisions:
            return
        running = [
            (node, key, since, statements.HOLDS, encode(value))
            for (node, key), (since, value) in self._values.items()
        ]
        for statement, rows in (
            (statements.ADD_EVENT, self._events),
            (statements.ADD_SUBJECT, self._subjects),
            (statements.ADD_NODE, self._nodes),
            (statements.CLOSE_VALUE, self._closed),
            (statements.ADD_VALUE, self._past),
            (statements.ADD_VALUE, running),
            (statements.ADD_CHANGE, list(self._changed)),
            (statements.ADD_EDGE, self._edges),
            (statements.ADD_REVISION, self._revisions),
        ):
            if rows:
                insert(self._connection, statement, rows)
        self._revisions = []
        self._clear()


def insert(connection: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run a statement for each row; rows of an INSERT go into the database many at a time."""
    whole = len(rows) - len(rows) % _AT_ONCE if " VALUES (" in statement else 0
    if whole:
        several = statements.of_many(statement, _AT_ONCE)
        for low in range(0, whole, _AT_ONCE):
            connection.execute(several, tuple(chain.from_iterable(rows[low : low + _AT_ONCE])))
    connection.executemany(statement, rows[whole:])


class SqliteTransaction(Transaction):
    """One write transaction; what it applies is written before the next read or the commit."""

    def __init__(self, connection: sqlite3.Connection, head: Head) -> None:
        self.head = head
        self._connection = connection
        self._batch = Batch(connection)
        self._view = SqliteView(self._rows, head.revision + 1)
        self.view = self._view

    def _rows(self, statement: str, parameters: Parameters) -> sqlite3.Cursor:
        self._batch.flush()
        return self._connection.execute(statement, parameters)

    @translated
    def earlier(self, key: str) -> Sequence[Recorded]:
        """Return the events of the commit that used this key."""
        for first, last in self._rows(statements.REVISION_OF_KEY, (key,)):
            rows = self._rows(statements.EVENTS_BETWEEN, (first - 1, last, last - first + 1))
            return [Recorded._make(row) for row in rows]
        return ()

    def now(self) -> int:
        """Return the clock of this machine."""
        return time.time_ns() // 1000

    def apply(self, recorded: Recorded, changes: Sequence[Change]) -> None:
        """Append the event and change the graph."""
        self._batch.add(recorded, changes)

    @translated
    def move_head(self, head: Head) -> None:
        """Move the head."""
        self._batch.end_revision()
        self._batch.flush()
        self._connection.execute(statements.MOVE_HEAD, head)
        self.head = head

    def close(self) -> None:
        """Refuse further questions to the view."""
        self._view.close()
