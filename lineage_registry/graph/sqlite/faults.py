"""SQLite's errors as the registry's."""

import errno
import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    InvalidInputError,
    RegistryError,
    StorageFullError,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")

FOREIGN: Final = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeEncodeError, OSError)
"""What a call into the driver or the file system may raise."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def translate(error: Exception) -> RegistryError:
    """Return the registry's error for one of the driver's or the file system's."""
    if isinstance(error, OverflowError):
        return InvalidInputError("an integer has more than 64 bits")
    if isinstance(error, UnicodeEncodeError):
        return InvalidInputError("a text holds half of a surrogate pair, which is no character")
    if isinstance(error, OSError):
        return _from_system(error)
    return _from_code(getattr(error, "sqlite_errorcode", 0) & 0xFF, error)


def closed() -> BackendUnavailableError:
    """Return the error for a store, view or iterator that was let go of."""
    return BackendUnavailableError("the store is closed", hint="open it again")


def translated(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Wrap a function so that no error of the driver leaves it."""

    @wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return function(*args, **kwargs)
        except FOREIGN as error:
            raise translate(error) from error

    return wrapper


def _from_system(error: OSError) -> BackendError:
    if error.errno in _NO_ROOM:
        return StorageFullError(f"no room left on the disk: {error}", hint="make room")
    return BackendUnavailableError(f"the database file cannot be used: {error}")


def _from_code(code: int, error: Exception) -> BackendError:
    if code in _BUSY:
        return BackendUnavailableError(
            f"the database stayed busy: {error}", hint="another process writes; try again"
        )
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError(f"no room left for the database: {error}", hint="make room")
    if code == sqlite3.SQLITE_READONLY:
        return BackendError(
            f"the database cannot be written: {error}",
            hint="check the permissions of the file and of its folder",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return BackendUnavailableError(
            f"the database cannot be opened: {error}",
            hint="check that the folder exists and may be read and written",
        )
    if code in _BROKEN:
        return BackendError(
            f"the database file is damaged: {error}", hint="restore it from a backup of the log"
        )
    return BackendError(f"the database failed: {error}")
