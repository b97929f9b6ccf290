"""Opening a file: made if it is new, refused if it is somebody else's."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from lineage_registry.errors import BackendError, BackendUnavailableError
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.connection import (
    BUSY_SECONDS,
    FileDatabase,
    connect,
    transaction,
)
from lineage_registry.graph.sqlite.file_systems import refuse_network
from lineage_registry.graph.sqlite.rebuilding import create_tables, finish_tables
from lineage_registry.ports.graph import Head

_PAUSE: Final = 0.02
_NO_FILE: Final = 0


def open_file(path: Path, *, create: bool, read_only: bool) -> FileDatabase:
    """Return the registry's database at `path`.

    Raises:
        BackendUnavailableError: There is no file, and none should be made.
        BackendError: The file is no registry, or lies where it would not be safe.
    """
    refuse_network(path)
    if read_only:
        return _open_for_reading(path)
    if create:
        _make_folder(path.parent)
    elif not path.exists():
        raise _absent(path)
    with closing(connect(path.absolute().as_uri())) as connection:
        if not _is_registry(connection, path):
            _create(connection, path)
    return FileDatabase(path)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise BackendError(
            f"there can be no registry in {str(folder)!r}: {error.strerror}",
            hint="choose a folder that can be made or written to",
        ) from error


def _open_for_reading(path: Path) -> FileDatabase:
    if not path.exists():
        raise _absent(path)
    uri = path.absolute().as_uri() + "?mode=ro"
    immutable = False
    try:
        with closing(connect(uri)) as connection:
            registry = _is_registry(connection, path)
    except sqlite3.OperationalError:
        # On a medium that takes no writes SQLite cannot lay its index of the write-ahead log
        # beside the file. Where there is no such log, nobody can be writing either.
        if _write_ahead(path):
            raise
        immutable = True
        with closing(connect(uri + "&immutable=1")) as connection:
            registry = _is_registry(connection, path)
    if not registry:
        raise _foreign(path, _NO_FILE)
    return FileDatabase(path, read_only=True, immutable=immutable)


def _write_ahead(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _is_registry(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell a registry from an empty file.

    Raises:
        BackendError: It is neither.
    """
    try:
        mark, layout, filled = _marks(connection)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise _foreign(path, None) from error
        raise
    if mark == statements.APPLICATION_ID:
        if layout > statements.LAYOUT:
            raise BackendError(
                f"{str(path)!r} was written by a newer version of lineage-registry",
                hint="use that version, or a newer one",
            )
        return True
    if mark or filled:
        raise _foreign(path, mark)
    return False


def _marks(connection: sqlite3.Connection) -> tuple[int, int, bool]:
    """Return the application, the layout, and whether there are tables.

    All are of one moment: another process may be making the registry just now.
    """
    connection.execute("SAVEPOINT marks")  # the caller may be in a transaction
    try:
        ((mark,),) = connection.execute("PRAGMA application_id").fetchall()
        ((layout,),) = connection.execute("PRAGMA user_version").fetchall()
        filled = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    finally:
        connection.execute("RELEASE marks")
    return mark, layout, bool(filled)


def _create(connection: sqlite3.Connection, path: Path) -> None:
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            break
        except sqlite3.OperationalError as error:
            # Whoever changes the mode does not wait for others who are about to.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
    with transaction(connection):
        if not _is_registry(connection, path):  # nobody was faster
            create_tables(connection)
            finish_tables(connection, Head(0, 0, 0))


def _absent(path: Path) -> BackendUnavailableError:
    return BackendUnavailableError(
        f"there is no registry at {str(path)!r}", hint="check the path, or let it be created"
    )


def _foreign(path: Path, mark: int | None) -> BackendError:
    what = "no SQLite database" if mark is None else f"another program's database ({mark:#010x})"
    if mark == _NO_FILE:
        what = "a database without a registry in it"
    return BackendError(
        f"{str(path)!r} is {what}", hint="name another file; this one was not touched"
    )
