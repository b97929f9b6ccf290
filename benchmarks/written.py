"""What an engine was sent to write, by transaction, to be sent again without anything around it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import neo4j

from benchmarks.capture import RawNeo4j, RawSqlite
from benchmarks.places import Place


class Statement(NamedTuple):
    """A captured statement; `many` says that its parameters are rows."""

    text: str
    parameters: Any
    many: bool = False


Transactions = list[list[Statement]]


def written(place: Place) -> AbstractContextManager[Transactions]:
    """Collect what the store of a place writes inside the block."""
    return _on_sqlite(place) if place.engine == "sqlite" else _on_neo4j()


def write(place: Place, transactions: Transactions) -> None:
    """Send it again, durably, over the bare driver."""
    again = _sqlite_again if place.engine == "sqlite" else _neo4j_again
    for asked in transactions:
        again(place.raw, asked)


@contextmanager
def _on_sqlite(place: Place) -> Iterator[Transactions]:
    store: Any = place.store
    database = store._database  # noqa: SLF001 - to listen where it writes
    found: Transactions = []
    writing = database.writing

    class Ears:
        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, text: str, given: Any = ()) -> Any:
            found[-1].append(Statement(text, given))
            return self._connection.execute(text, given)

        def executemany(self, text: str, rows: Any) -> Any:
            found[-1].append(Statement(text, [tuple(row) for row in rows], many=True))
            return self._connection.executemany(text, found[-1][-1].parameters)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

    @contextmanager
    def with_ears() -> Iterator[Any]:
        with writing() as connection:
            found.append([])
            yield Ears(connection)

    database.writing = with_ears
    try:
        yield found
    finally:
        del database.writing


def _sqlite_again(raw: RawSqlite, asked: list[Statement]) -> None:
    connection = raw.connection
    connection.execute("BEGIN IMMEDIATE")
    for text, given, many in asked:
        if many:
            connection.executemany(text, given)
        else:
            connection.execute(text, given).fetchall()
    connection.execute("COMMIT")


@contextmanager
def _on_neo4j() -> Iterator[Transactions]:
    found: Transactions = []
    last: list[neo4j.Transaction] = []
    run = neo4j.Transaction.run

    def with_ears(transaction: Any, query: Any, parameters: Any = None, **more: Any) -> Any:
        if not last or last[0] is not transaction:
            last[:] = [transaction]
            found.append([])
        found[-1].append(Statement(query, parameters))
        return run(transaction, query, parameters, **more)

    neo4j.Transaction.run = with_ears  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        neo4j.Transaction.run = run  # type: ignore[method-assign]


def _neo4j_again(raw: RawNeo4j, asked: list[Statement]) -> None:
    with raw.writing() as transaction:
        for text, given, _ in asked:
            list(transaction.run(text, given))
        transaction.commit()
