"""Who asks and under which conditions, out of the headers of a request."""

import re
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request

from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.commands import CollectGarbage, Command, Context, Write

LEAST_AGE: Final = timedelta(hours=1)
"""A clean-up asked for from afar leaves younger uploads alone: they may be somebody else's."""

_TAG = re.compile(r'"([0-9]{1,18})"')


def read_context(request: Request, command: type[Command[object]]) -> Context:
    """Return the context of a request; conditions are read only where something is written.

    Raises:
        InvalidInputError: A header cannot be read.
    """
    actor: str = request.state.actor
    if not issubclass(command, Write):
        return Context(actor)
    return Context(actor, _key(request), _if_match(request))


def from_afar(command: Any) -> Any:
    """Return a command as it is done for somebody who asks over HTTP."""
    if not isinstance(command, CollectGarbage):
        return command
    least = int(LEAST_AGE.total_seconds())
    return command.model_copy(update={"grace": max(command.grace, least)})


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise InvalidInputError("Idempotency-Key is not 1 to 200 printable ASCII characters")
    return key


def _if_match(request: Request) -> int | None:
    header = request.headers.get("if-match")
    if header is None or header == "*":
        return None
    match = _TAG.fullmatch(header.strip())
    if match is None:
        raise InvalidInputError("If-Match is not one ETag", hint='send it as you got it, like "12"')
    return int(match[1])
