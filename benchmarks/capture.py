"""What an engine is asked during a call, to be asked again without anything around it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import neo4j

from lineage_registry.graph.sqlite.store import SqliteGraphStore


class Asked(NamedTuple):
    """One statement with its parameters."""

    statement: str
    parameters: Any


class RawSqlite:
    """The bare engine: one connection, statements sent as they were captured."""

    def __init__(self, store: SqliteGraphStore, path: Path) -> None:
        self._store = store
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=500)
        self.connection.execute("PRAGMA mmap_size = 17179869184")
        self.connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def listening(self) -> Iterator[list[Asked]]:
        """Collect every statement that views of the store run inside the block."""
        database: Any = self._store._database  # noqa: SLF001 - to listen where it reads
        asked: list[Asked] = []
        reading = database.reading

        @contextmanager
        def with_ears() -> Iterator[Callable[..., Any]]:
            with reading() as rows:

                def execute(statement: str, parameters: Any = ()) -> Any:
                    asked.append(Asked(statement, parameters))
                    return rows(statement, parameters)

                yield execute

        database.reading = with_ears
        try:
            yield asked
        finally:
            del database.reading

    def ask(self, asked: list[Asked]) -> int:
        """Run the statements in one read transaction, fetch all rows, return how many."""
        rows = 0
        self.connection.execute("BEGIN")
        for statement, parameters in asked:
            rows += len(self.connection.execute(statement, parameters).fetchall())
        self.connection.execute("COMMIT")
        return rows

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()


class RawNeo4j:
    """The bare driver: one session, statements sent as they were captured."""

    def __init__(self, uri: str, user: str, password: str) -> None:
        self._driver = neo4j.GraphDatabase.driver(
            uri, auth=(user, password), notifications_min_severity="OFF", telemetry_disabled=True
        )
        self._session = self._driver.session(
            database="neo4j", default_access_mode=neo4j.READ_ACCESS
        )

    @contextmanager
    def listening(self) -> Iterator[list[Asked]]:
        """Collect every statement that any session runs inside the block."""
        asked: list[Asked] = []
        run = neo4j.Session.run

        def with_ears(session: Any, query: Any, parameters: Any = None, **more: Any) -> Any:
            asked.append(Asked(query, parameters))
            return run(session, query, parameters, **more)

        neo4j.Session.run = with_ears  # type: ignore[method-assign, assignment]
        try:
            yield asked
        finally:
            neo4j.Session.run = run  # type: ignore[method-assign]

    def ask(self, asked: list[Asked]) -> int:
        """Run the statements one after the other, fetch all records, return how many."""
        return sum(len(list(self._session.run(text, given))) for text, given in asked)

    @contextmanager
    def writing(self) -> Iterator[neo4j.Transaction]:
        """Give a write transaction, which the block commits."""
        with self._driver.session(database="neo4j") as session:
            yield session.begin_transaction()

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()
        self._driver.close()
