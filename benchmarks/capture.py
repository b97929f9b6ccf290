"""What an engine is asked during a call, to be asked again without anything around it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from lineage_registry.graph.sqlite.connection import Database
from lineage_registry.graph.sqlite.store import SqliteGraphStore


class Asked(NamedTuple):
    """One statement with its parameters."""

    statement: str
    parameters: Any


@contextmanager
def sqlite_statements(store: SqliteGraphStore) -> Iterator[list[Asked]]:
    """Collect every statement that views of the store run inside the block."""
    database: Database = store._database
    asked: list[Asked] = []
    reading = database.reading

    @contextmanager
    def listening() -> Iterator[Callable[..., Any]]:
        with reading() as rows:

            def execute(statement: str, parameters: Any = ()) -> Any:
                asked.append(Asked(statement, parameters))
                return rows(statement, parameters)

            yield execute

    database.reading = listening  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        del database.reading  # type: ignore[method-assign]


def ask_sqlite(connection: sqlite3.Connection, asked: list[Asked]) -> int:
    """Run the statements in one read transaction, fetch all rows, return how many."""
    rows = 0
    connection.execute("BEGIN")
    for statement, parameters in asked:
        rows += len(connection.execute(statement, parameters).fetchall())
    connection.execute("COMMIT")
    return rows
