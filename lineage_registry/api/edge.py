"""What every request passes first and every response last: one ASGI layer, deny by default."""

import logging
import re
import uuid
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage_registry.api.access import Access
from lineage_registry.api.responses import problem_response
from lineage_registry.errors import InvalidInputError, RegistryError

log = logging.getLogger("lineage_registry.api")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_ENCODED_SLASH = re.compile(rb"%2[fF]")
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


class Edge:
    """Checks host, path and key, names the request, guards the response.

    Whatever goes wrong inside becomes a problem document; nothing of a traceback leaves.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._cache_control = "no-store" if access.needs_key else "no-cache"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and the response back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(message, request_id)
            await send(message)

        try:
            self._admit(scope, headers)
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - the last net: all of it is told or logged
            response = _failure(error, request_id)
            if not started:  # otherwise it breaks off, so that nobody takes a part for the whole
                await response(scope, receive, guarded)

    def _admit(self, scope: Scope, headers: Headers) -> None:
        self._access.check_host(headers)
        _check_path(scope)
        scope.setdefault("state", {})["actor"] = self._access.actor(scope["path"], headers)

    def _add_headers(self, message: Message, request_id: str) -> None:
        headers = MutableHeaders(scope=message)
        headers["X-Request-ID"] = request_id
        headers.setdefault("Cache-Control", self._cache_control)
        headers.setdefault("Content-Security-Policy", _POLICY)
        for name, value in _HEADERS.items():
            headers[name] = value


def _failure(error: Exception, request_id: str) -> Response:
    """Return what the caller is told of an error, and log what they are not."""
    if not isinstance(error, RegistryError):
        log.error("request %s failed", request_id, exc_info=error)
        hint = f"its log says why, at request {request_id}"
        return problem_response(RegistryError("the server failed", hint=hint))
    response = problem_response(error)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request %s failed: %s", request_id, error)
    return response


def _check_path(scope: Scope) -> None:
    raw: bytes = scope.get("raw_path") or b""
    if b"%" not in raw:
        return
    path = raw.partition(b"?")[0]
    if _ENCODED_SLASH.search(path):
        raise InvalidInputError("a part of the path holds a slash")
    try:
        unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInputError("the path is not UTF-8") from None
