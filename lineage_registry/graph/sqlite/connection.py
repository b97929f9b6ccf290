"""Connections to a database: many for reading, one for writing."""

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from lineage_registry.errors import BackendError, BackendUnavailableError
from lineage_registry.graph.sqlite.codes import Row
from lineage_registry.graph.sqlite.faults import closed, translated

BUSY_SECONDS: Final = 30
_CACHE_KIB: Final = 32 * 1024
# Mapped pages count as memory of the process, for each connection anew; more is hardly faster.
_MAPPED_BYTES: Final = 64 * 1024 * 1024

Parameters = Sequence[object] | Mapping[str, object]
Rows = Callable[[str, Parameters], Iterable[Row]]
"""Runs a query; the rows may be read while they are found."""


class Database(ABC):
    """Where the tables lie."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Rows]:
        """Give a way to run queries."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Give the one write transaction: committed at the end, rolled back on any error."""

    @abstractmethod
    def replacing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Give a write transaction for tables that take the place of all there are."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections; further calls fail."""


class FileDatabase(Database):
    """A database file, which other processes may have open too.

    Readers never wait: write-ahead logging keeps what they see. Writers wait for each other, in
    this process by a lock (which is fair and cheap), between processes by SQLite's own.
    """

    def __init__(self, path: Path, *, read_only: bool = False, immutable: bool = False) -> None:
        self._uri = path.absolute().as_uri()
        self._read_only = read_only
        self._immutable = immutable
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._lock = lock_of(path)
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Give queries on a snapshot."""
        connection = self._take()
        try:
            yield connection.execute
        finally:
            self._put_back(connection)

    @translated
    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise closed()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect(writes=False)
        connection.execute("BEGIN")
        return connection

    def _put_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("COMMIT")
        except sqlite3.Error:
            connection.close()
            return
        self._idle.append(connection)
        if self._closed:
            self._close_idle()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the one write transaction."""
        if self._read_only:
            raise BackendError(
                "the registry was opened for reading only", hint="open it without read_only"
            )
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise BackendUnavailableError(
                f"the database stayed busy for {BUSY_SECONDS} s",
                hint="a long write is under way in this process; try again",
            )
        try:
            writer = self._open_writer()
            with transaction(writer):
                yield writer
        finally:
            self._lock.release()

    @translated
    def _open_writer(self) -> sqlite3.Connection:
        if self._closed:
            raise closed()
        if self._writer is None:
            self._writer = self._connect(writes=True)
        return self._writer

    @contextmanager
    def replacing(self) -> Iterator[sqlite3.Connection]:
        """Give a write transaction; what is dropped in it stays for the readers under way."""
        with self.writing() as connection:
            connection.execute("PRAGMA cache_size = -262144")
            connection.execute("PRAGMA temp_store = FILE")  # indexes are sorted there
            try:
                yield connection
            finally:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._shorten_log()

    def _shorten_log(self) -> None:
        # The write-ahead log is as large as all tables now, and readers search in it. If one of
        # them still needs it, it is left to a later commit.
        with self._lock, suppress(sqlite3.Error):
            if self._writer is None:
                return
            self._writer.execute("PRAGMA busy_timeout = 0").fetchall()
            try:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._writer.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}").fetchall()

    def _connect(self, *, writes: bool) -> sqlite3.Connection:
        question = "?mode=ro" if self._read_only else "?mode=rw"
        connection = connect(self._uri + question + ("&immutable=1" if self._immutable else ""))
        if writes:
            connection.execute("PRAGMA synchronous = FULL")
            # What a statement would take back if it failed half-way: a file of it costs more
            # than the rows.
            connection.execute("PRAGMA temp_store = MEMORY")
        else:
            connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}").fetchall()
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection

    def close(self) -> None:
        """Close what is idle; the rest when it comes back. The last one tidies the file up."""
        self._closed = True
        self._close_idle()
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _close_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


class MemoryDatabase(Database):
    """A database without a file: one connection, which threads take in turns.

    A view needs no snapshot, as it reads by its revision; so the lock is held for one query, or for
    a whole write transaction, and never for as long as somebody keeps a view.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = connect(":memory:")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise closed()
        return self._connection

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Give queries that are answered whole."""
        connection = self._open()

        def rows(statement: str, parameters: Parameters) -> Iterable[Row]:
            with self._lock:
                return connection.execute(statement, parameters).fetchall()

        yield rows

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the one write transaction."""
        with self._lock:
            connection = self._open()
            with transaction(connection):
                yield connection

    @contextmanager
    def replacing(self) -> Iterator[sqlite3.Connection]:
        """Give a new database, which takes the place of the old one when all went well."""
        with self._lock:
            self._open()
            fresh = connect(":memory:")
            with transaction(fresh):
                yield fresh
            self._connection = fresh

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._connection = None


class HeadLock:
    """Lets one thread of this process write to a file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_LOCKS: WeakValueDictionary[Path, HeadLock] = WeakValueDictionary()
_LOCKS_LOCK = threading.Lock()


def lock_of(path: Path) -> HeadLock:
    """Return the lock that all stores of this process share for a file."""
    with _LOCKS_LOCK:
        return _LOCKS.setdefault(path.resolve(), HeadLock())


def connect(uri: str) -> sqlite3.Connection:
    """Open a connection without automatic transactions, for use by any thread."""
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("contains", 2, _contains, deterministic=True)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run one write transaction: all or nothing."""
    execute = translated(connection.execute)
    execute("BEGIN IMMEDIATE")
    try:
        yield
        execute("COMMIT")
    except BaseException:
        # A full disk may have rolled it back already.
        if connection.in_transaction:
            execute("ROLLBACK")
        raise


def _contains(value: Any, part: Any) -> bool:
    return isinstance(value, str) and isinstance(part, str) and part.lower() in value.lower()
