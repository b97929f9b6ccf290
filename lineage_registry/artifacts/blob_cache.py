"""Blobs that came from afar, kept in a folder of this machine, up to a size.

The folder is shared by all processes of a user. An SQLite index says what is in it and when it was
last used: its transactions keep the processes apart, and making room takes no walk over the folder.
The bytes are never believed: they are hashed again whenever they are taken.
"""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import BackendError
from lineage_registry.ports.caches import Cache, CacheState

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS blob (
    digest TEXT PRIMARY KEY, size INTEGER NOT NULL, used REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS by_use ON blob (used);
"""
_PATIENCE: Final = 30.0
_FORGOTTEN: Final = 7 * 24 * 3600.0
_READ_ONLY: Final = 0o444


class BlobCache(Cache):
    """A folder of blobs with a limit, safe between processes.

    ```text
    index.sqlite   what is there, and when it was last used
    blobs/         a file for each blob
    use/           what is being read: hard links, which outlast the eviction of their blob
    ```

    What was used longest ago goes first, before there is more, so that the files of `blobs` never
    exceed the limit. Whatever goes wrong with the cache itself is no failure of who reads.

    Args:
        folder: Where; made when it is needed.
        limit: Bytes at most.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._blobs = folder / "blobs"
        self._use = folder / "use"

    def room(self) -> Path | None:
        """Return a folder for what is being read; None if there can be none.

        What processes that died have left there for a week is removed.
        """
        try:
            self._use.mkdir(parents=True, exist_ok=True)
            for path in self._use.iterdir():
                with suppress(FileNotFoundError):  # somebody has just read it to its end
                    if path.stat().st_mtime < time.time() - _FORGOTTEN:
                        shutil.rmtree(path, ignore_errors=True)
        except OSError:
            return None
        return self._use

    def take(self, digest: Digest, target: Path) -> bool:
        """Put a blob at `target`, a path in `room`, if it is there and right; tell if so."""
        blob = self._blobs / digest.hex
        try:
            if not self._note_use(digest):
                return False
            os.link(blob, target)
            if _hash(target) == digest:
                return True
            target.unlink()
            self._forget(digest)
        except (OSError, sqlite3.Error):
            with suppress(OSError, sqlite3.Error):
                self._forget(digest)
        return False

    def keep(self, digest: Digest, file: Path) -> None:
        """Take a verified file, in `room`, into the cache, where there is room for it."""
        with suppress(OSError, sqlite3.Error), self._transaction() as index:
            size = file.stat().st_size
            if size > self._limit or self._has(index, digest):
                return
            self._make_room(index, size)
            blob = self._blobs / digest.hex
            file.chmod(_READ_ONLY)
            blob.unlink(missing_ok=True)  # of a process that died before it said so
            os.link(file, blob)
            index.execute("INSERT INTO blob VALUES (?, ?, ?)", (digest.hex, size, time.time()))

    def state(self) -> CacheState:
        """Return what is there.

        Raises:
            BackendError: The folder cannot be used.
        """
        with self._told(), self._transaction() as index:
            count, size = index.execute(
                "SELECT count(*), coalesce(sum(size), 0) FROM blob"
            ).fetchone()
        return CacheState(self._folder, count, size, self._limit)

    def clear(self) -> None:
        """Remove everything; what is being read is read to its end.

        Raises:
            BackendError: The folder cannot be used.
        """
        with self._told():
            try:
                with self._transaction() as index:
                    index.execute("DELETE FROM blob")
                    _empty(self._blobs)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                (self._folder / "index.sqlite").unlink(missing_ok=True)  # it is none any more
                _empty(self._blobs)

    def _note_use(self, digest: Digest) -> bool:
        with self._transaction() as index:
            changed = index.execute(
                "UPDATE blob SET used = ? WHERE digest = ?", (time.time(), digest.hex)
            )
            return changed.rowcount > 0

    def _forget(self, digest: Digest) -> None:
        with self._transaction() as index:
            index.execute("DELETE FROM blob WHERE digest = ?", (digest.hex,))
            (self._blobs / digest.hex).unlink(missing_ok=True)

    def _has(self, index: sqlite3.Connection, digest: Digest) -> bool:
        found = index.execute("SELECT 1 FROM blob WHERE digest = ?", (digest.hex,)).fetchone()
        return found is not None

    def _make_room(self, index: sqlite3.Connection, size: int) -> None:
        (held,) = index.execute("SELECT coalesce(sum(size), 0) FROM blob").fetchone()
        for name, freed in index.execute("SELECT digest, size FROM blob ORDER BY used").fetchall():
            if held + size <= self._limit:
                return
            (self._blobs / name).unlink(missing_ok=True)
            index.execute("DELETE FROM blob WHERE digest = ?", (name,))
            held -= freed

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._blobs.mkdir(parents=True, exist_ok=True)
        path = self._folder / "index.sqlite"
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as index:
            index.execute("PRAGMA synchronous = OFF")  # after a crash of the machine it is empty
            index.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                index.execute(statement)
            yield index
            index.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise BackendError(
                f"the cache in {self._folder} cannot be used: {error}", hint="remove the folder"
            ) from error


def _hash(path: Path) -> Digest:
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
