"""The embedded store."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, Self

from lineage_registry.domain.view import GraphView
from lineage_registry.graph.sqlite import log as questions
from lineage_registry.graph.sqlite.connection import Database, MemoryDatabase
from lineage_registry.graph.sqlite.faults import translated
from lineage_registry.graph.sqlite.files import open_file
from lineage_registry.graph.sqlite.rebuilding import create_tables, finish_tables, replay
from lineage_registry.graph.sqlite.view import SqliteView
from lineage_registry.graph.sqlite.writing import SqliteTransaction
from lineage_registry.ports.graph import (
    Commit,
    EventFilter,
    GraphStore,
    Head,
    Recorded,
    Transaction,
)

_PAGE: Final = 256


class SqliteGraphStore(GraphStore):
    """Log and graph in one SQLite file, for many threads and several processes of one machine.

    Example:
        >>> store = SqliteGraphStore.in_memory()
        >>> store.head()
        Head(revision=0, size=0, at=0)
        >>> store.close()
    """

    name: ClassVar[str] = "sqlite"

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @translated
    def open(cls, path: Path, *, create: bool = True, read_only: bool = False) -> Self:
        """Return the store in the file `path`, which is made if `create` says so.

        Raises:
            BackendUnavailableError: There is no such file, or it cannot be opened.
            BackendError: The file is not a registry, or lies on a network file system.
        """
        return cls(open_file(path, create=create, read_only=read_only))

    @classmethod
    def in_memory(cls) -> Self:
        """Return an empty store that is gone when it is closed."""
        database = MemoryDatabase()
        with database.writing() as connection:
            create_tables(connection)
            finish_tables(connection, Head(0, 0, 0))
        return cls(database)

    def _write(self, work: Callable[[Transaction], Commit]) -> Commit:
        with self._database.writing() as connection:
            head = questions.checked_head(connection.execute)
            transaction = SqliteTransaction(connection, head)
            try:
                return work(transaction)
            finally:
                transaction.close()

    def view(self, as_of: int | datetime | None = None) -> AbstractContextManager[GraphView]:
        """Open the state at a revision or time; None is now."""
        return self._view(as_of)

    @contextmanager
    def _view(self, as_of: int | datetime | None) -> Iterator[GraphView]:
        with self._database.reading() as rows:
            head = questions.checked_head(rows)
            view = SqliteView(rows, questions.revision_at(rows, head, as_of))
            try:
                yield view
            finally:
                view.close()

    def head(self) -> Head:
        """Return where the log ends."""
        with self._database.reading() as rows:
            return questions.head_of(rows)

    def log(self, after: int = 0) -> Iterator[Recorded]:
        """Stream the log as it is now, a page at a time."""
        last = self.head().size
        while after < last:
            with self._database.reading() as rows:
                page = questions.between(rows, after, last, _PAGE)
            if not page:  # rebuilt from a shorter log meanwhile
                return
            yield from page
            after = page[-1].position

    def events(self, where: EventFilter, limit: int) -> list[Recorded]:
        """Return up to `limit` events that fit, in order of position."""
        with self._database.reading() as rows:
            questions.checked_head(rows)
            return questions.fitting(rows, where, limit)

    def rebuild(self, log: Iterable[Recorded]) -> Head:
        """Replace log and graph by what `log` says.

        Readers go on with what they see; writers wait.
        """
        with self._database.replacing() as connection:
            return replay(connection, log)

    def upgrade(self) -> Head:
        """Replay the store's own log into fresh tables of this version of the software."""
        with self._database.replacing() as connection:
            return replay(connection, self.log())

    def close(self) -> None:
        """Close the connections; further calls fail."""
        self._database.close()
