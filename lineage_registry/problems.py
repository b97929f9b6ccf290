"""Errors as others see them: an HTTP status, an exit code, and a problem document (RFC 9457)."""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from lineage_registry import errors
from lineage_registry.errors import RegistryError

TYPE: Final = "urn:lineage-registry:problem:"
"""What the type of every problem begins with; its code follows."""


class ExitCode(IntEnum):
    """What the command line ends with."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    INTEGRITY = 5
    UNSAFE_FILE = 6
    GATE = 7
    NOT_PERMITTED = 8
    UNAVAILABLE = 69
    RETRY_LATER = 75
    INTERRUPTED = 130


class Outcome(NamedTuple):
    """What an error becomes outside."""

    status: HTTPStatus
    exit_code: ExitCode


_OUTCOMES: Final[Mapping[type[RegistryError], Outcome]] = {
    RegistryError: Outcome(HTTPStatus.INTERNAL_SERVER_ERROR, ExitCode.UNEXPECTED),
    errors.InvalidInputError: Outcome(HTTPStatus.UNPROCESSABLE_ENTITY, ExitCode.USAGE),
    errors.MethodNotAllowedError: Outcome(HTTPStatus.METHOD_NOT_ALLOWED, ExitCode.USAGE),
    errors.InputTooLargeError: Outcome(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ExitCode.USAGE),
    errors.InputIncompleteError: Outcome(HTTPStatus.REQUEST_TIMEOUT, ExitCode.RETRY_LATER),
    errors.NotFoundError: Outcome(HTTPStatus.NOT_FOUND, ExitCode.NOT_FOUND),
    errors.DeletedError: Outcome(HTTPStatus.GONE, ExitCode.NOT_FOUND),
    errors.ConflictError: Outcome(HTTPStatus.CONFLICT, ExitCode.CONFLICT),
    errors.StaleWriteError: Outcome(HTTPStatus.PRECONDITION_FAILED, ExitCode.CONFLICT),
    errors.IntegrityError: Outcome(HTTPStatus.INTERNAL_SERVER_ERROR, ExitCode.INTEGRITY),
    errors.ManifestIncompleteError: Outcome(HTTPStatus.UNPROCESSABLE_ENTITY, ExitCode.INTEGRITY),
    errors.FormatError: Outcome(HTTPStatus.UNPROCESSABLE_ENTITY, ExitCode.USAGE),
    errors.UnsafeArtifactError: Outcome(HTTPStatus.UNPROCESSABLE_ENTITY, ExitCode.UNSAFE_FILE),
    errors.NotInstalledError: Outcome(HTTPStatus.NOT_IMPLEMENTED, ExitCode.UNAVAILABLE),
    errors.NotAuthenticatedError: Outcome(HTTPStatus.UNAUTHORIZED, ExitCode.NOT_PERMITTED),
    errors.NotPermittedError: Outcome(HTTPStatus.FORBIDDEN, ExitCode.NOT_PERMITTED),
    errors.BackendError: Outcome(HTTPStatus.INTERNAL_SERVER_ERROR, ExitCode.UNAVAILABLE),
    errors.BackendUnavailableError: Outcome(HTTPStatus.SERVICE_UNAVAILABLE, ExitCode.RETRY_LATER),
    errors.StorageFullError: Outcome(HTTPStatus.INSUFFICIENT_STORAGE, ExitCode.UNAVAILABLE),
    errors.ProjectionMismatchError: Outcome(HTTPStatus.SERVICE_UNAVAILABLE, ExitCode.UNAVAILABLE),
    errors.UnsupportedCapabilityError: Outcome(HTTPStatus.NOT_IMPLEMENTED, ExitCode.UNAVAILABLE),
}
"""A class that is not here is treated as the nearest of its ancestors."""


def outcome(error: RegistryError | type[RegistryError]) -> Outcome:
    """Return the HTTP status and the exit code of an error."""
    kind = error if isinstance(error, type) else type(error)
    return next(_OUTCOMES[base] for base in kind.__mro__ if base in _OUTCOMES)


def title(code: str) -> str:
    """Return what a kind of problem is called, for people."""
    return code.replace("-", " ").capitalize()


def problem(error: RegistryError, status: int | None = None) -> dict[str, Any]:
    """Return the error as a problem document of RFC 9457.

    Args:
        error: What failed; its context goes along.
        status: The HTTP status where it is not the one of the error's class.
    """
    context = dict(error.context)
    document = {
        "type": TYPE + error.code,
        "title": title(error.code),
        "status": int(status or outcome(error).status),
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "errors": context.pop("errors", None),
        "context": context or None,
    }
    return {key: value for key, value in document.items() if value is not None}


def error_from(document: Mapping[str, Any]) -> RegistryError:
    """Return the error that a problem document tells of: the same class, hint and context.

    A code that this version does not know becomes the class its HTTP status fits best.
    """
    kind = codes().get(str(document.get("code"))) or _by_status(document.get("status"))
    context = document.get("context")
    told = {
        str(key): value
        for key, value in (context.items() if isinstance(context, Mapping) else ())
        if key not in {"message", "hint", "self"}
    }
    if document.get("errors") is not None:
        told["errors"] = document["errors"]
    hint = document.get("hint")
    message = str(document.get("detail") or document.get("title") or "the server gave no reason")
    return kind(message, hint=None if hint is None else str(hint), **told)


def codes() -> dict[str, type[RegistryError]]:
    """Return every error of the package by its code."""
    return {kind.code: kind for kind in _family(RegistryError)}


def _family(kind: type[RegistryError]) -> Iterator[type[RegistryError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _family(child)


def _by_status(status: object) -> type[RegistryError]:
    for kind, known in _OUTCOMES.items():
        if known.status == status and kind is not RegistryError:
            return kind
    return RegistryError
