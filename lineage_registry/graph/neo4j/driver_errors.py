"""What the driver's and the server's failures mean to us."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from neo4j import exceptions as neo4j

from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    InputTooLargeError,
    InvalidInputError,
    RegistryError,
    StorageFullError,
)

_OUT_OF_MEMORY: Final = "MemoryPoolOutOfMemoryError", "TransactionMemoryLimit", "OutOfMemoryError"
_TOO_LARGE: Final = "too large to index"
_FULL: Final = "No space left", "StorageFull"
_READ_ONLY: Final = "WriteOnReadOnlyAccessDatabase", "ForbiddenOnReadOnlyDatabase"


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Raise our errors instead of the driver's."""
    try:
        yield
    except (neo4j.DriverError, neo4j.Neo4jError) as error:
        raise explain(error, action) from error


@contextmanager
def packed(name: str) -> Iterator[None]:
    """Refuse parameters that the server has no form for."""
    try:
        yield
    except (OverflowError, UnicodeEncodeError) as error:
        raise InvalidInputError(
            f"the server cannot take this for {name}: {error}",
            hint="integers have at most 64 bits, text is Unicode without lone surrogates",
        ) from error


def explain(error: Exception, action: str) -> RegistryError:
    """Return what to raise instead of `error`."""
    text = f"cannot {action}: {_said(error)}"
    if out_of_memory(error):
        return InputTooLargeError(
            f"cannot {action}: it takes more memory than the server gives one transaction",
            hint="do it in smaller parts, or raise db.memory.transaction.max on the server",
        )
    if _TOO_LARGE in str(error):
        return InputTooLargeError(text, hint="use shorter names and keys")
    if any(sign in str(error) for sign in _FULL):
        return StorageFullError(text, hint="make room where the server keeps its data")
    return _of_class(error, text)


def out_of_memory(error: Exception) -> bool:
    """Tell whether the server gave up for want of memory; trying again would end the same."""
    code = getattr(error, "code", None) or ""
    return any(code.endswith(sign) for sign in _OUT_OF_MEMORY)


def not_allowed(error: BaseException | None) -> bool:
    """Tell whether the server would do it for somebody else, or where the database is writable."""
    code = getattr(error, "code", None) or ""
    return isinstance(error, neo4j.Forbidden) or code.endswith(_READ_ONLY)


def worth_another_try(error: Exception) -> bool:
    """Tell whether the same thing may go well in a moment, and surely was not done yet."""
    if out_of_memory(error):
        return False
    if isinstance(error, (neo4j.DriverError, neo4j.Neo4jError)):
        return error.is_retryable()
    return False


def _of_class(error: Exception, text: str) -> RegistryError:
    if isinstance(error, neo4j.AuthError):
        return BackendError(text, hint="check user and password of the Neo4j server")
    if isinstance(error, neo4j.Forbidden):
        return BackendError(text, hint="the Neo4j user needs to read and write, once also schema")
    if isinstance(error, neo4j.ConfigurationError):
        return BackendError(text, hint="check the address: bolt://host:7687 or neo4j://host:7687")
    if isinstance(error, _UNAVAILABLE):
        return BackendUnavailableError(text, hint="check that the server runs, try again later")
    code = getattr(error, "code", None) or ""
    if code.endswith("DatabaseNotFound"):
        return BackendError(text, hint="check the name of the database")
    return BackendError(text)


_UNAVAILABLE: Final = (
    neo4j.ServiceUnavailable,
    neo4j.SessionExpired,
    neo4j.TransientError,
    neo4j.ConnectionPoolError,
)


def _said(error: Exception) -> str:
    return str(getattr(error, "message", None) or error)
