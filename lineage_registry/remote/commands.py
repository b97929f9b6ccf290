"""Commands done by a server: sent over HTTP, their answers and errors read back."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx2
from pydantic import TypeAdapter, ValidationError

from lineage_registry.domain.references import Space, parse_selector
from lineage_registry.errors import InvalidReferenceError, UnsupportedCapabilityError
from lineage_registry.ports.commands import (
    Command,
    Commands,
    Context,
    ExportLog,
    LogImport,
    Write,
)
from lineage_registry.ports.log_copies import LogCopy, Progress
from lineage_registry.remote.transport import (
    PREFIX,
    Transport,
    checked,
    not_understood,
    translated,
)

A = TypeVar("A")
_AS_IT_IS = "surrogatepass"  # text that is not Unicode is for the server to refuse
_FIELD = re.compile(r"\{(\w+)\}")


class HttpCommands(Commands):
    """A registry behind HTTP; may be used by many threads.

    A write that gets no answer is sent again under the same idempotency key, so that it is done
    once however often the connection breaks.
    """

    def __init__(self, base_url: str, *, token: str | None = None, timeout: float = 300.0) -> None:
        self._transport = Transport(base_url, token=token, timeout=timeout)

    def run(self, command: Command[A], context: Context) -> A:
        """Let the server do or answer a command.

        Raises:
            BackendUnavailableError: The server cannot be reached, or stays too busy.
            RegistryError: The subclass that the server raised.
        """
        route = command.route
        free = {
            name: value
            for name, value in command.model_dump(mode="json", exclude_unset=True).items()
            if f"{{{name}}}" not in route.path
        }
        in_query = route.method in {"GET", "DELETE"}
        headers = _headers(command, context)
        if not in_query:
            headers["Content-Type"] = "application/json"
        response = self._transport.request(
            route.method,
            PREFIX + _path(command),
            query=urlencode(list(_parameters(free)), errors=_AS_IT_IS) if in_query else "",
            content=None if in_query else json.dumps(free).encode(),
            headers=headers,
        )
        try:
            answer: A = _adapter(type(command)).validate_json(response.content)
        except ValidationError as error:
            raise not_understood() from error
        return answer

    def export_log(self, command: ExportLog) -> Iterator[bytes]:
        """Stream the server's copy of the log.

        Raises:
            BackendUnavailableError: The server cannot be reached, or went away.
        """
        query = urlencode(list(_parameters(command.model_dump(mode="json", exclude_unset=True))))
        request = self._transport.build("GET", f"{PREFIX}/log", query=query)
        response = self._transport.send(request, stream=True)
        try:
            yield from self._pieces(checked(response))
        finally:
            response.close()

    def import_log(self, _copy: LogCopy, _progress: Progress | None = None) -> LogImport:
        """Refuse: whoever imports a log writes in the names of others.

        Raises:
            UnsupportedCapabilityError: Always.
        """
        raise UnsupportedCapabilityError(
            "a log is imported where the registry lies, not over HTTP",
            hint="run `lineage-registry log import` on the server's machine",
        )

    def _pieces(self, response: httpx2.Response) -> Iterator[bytes]:
        pieces = response.iter_raw()
        while True:
            with translated():
                piece = next(pieces, b"")
            if not piece:
                return
            yield piece

    def close(self) -> None:
        """Give back connections."""
        self._transport.close()


@cache
def _adapter(command: type[Command[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(command.answer())


def _headers(command: Command[Any], context: Context) -> dict[str, str]:
    headers = {"X-Actor": quote(context.actor, safe=" @.+:/", errors=_AS_IT_IS)}
    if isinstance(command, Write):
        headers["Idempotency-Key"] = context.key or uuid.uuid4().hex
        if context.if_match is not None:
            headers["If-Match"] = f'"{context.if_match}"'
    return headers


def _path(command: Command[Any]) -> str:
    return _FIELD.sub(lambda match: _part(str(getattr(command, match[1]))), command.route.path)


def _part(value: str) -> str:
    """Encode one part of a path; what a proxy would read as more or less than a part is refused.

    `..` would climb to another thing: deleting its version `..` would delete the model.
    """
    if value in {"", ".", ".."} or "/" in value:
        parse_selector(value, Space.MODELS)  # says why, as it would be said here
        raise InvalidReferenceError(f"not a version: {value[:60]!a}")
    return quote(value, safe="@", errors=_AS_IT_IS)


def _parameters(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Write fields as a query: a list item by item, the empty list as one empty value."""
    for name, value in fields.items():
        items = value if isinstance(value, list) else [value]
        for item in items or [""]:
            if item is not None:
                yield name, _text(item)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
