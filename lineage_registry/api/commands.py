"""One route for each command: fields in, the answer out."""

import functools
from collections.abc import Awaitable, Callable

import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from lineage_registry.api.bodies import read_body
from lineage_registry.api.conditions import from_afar, read_context
from lineage_registry.api.fields import read_fields
from lineage_registry.api.operations import Operation, operations
from lineage_registry.api.responses import answer_response
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.commands import (
    Commands,
    InspectVersion,
    RegisterVersion,
    RegisterVersions,
    build,
)

_LOOK_INTO_FILES = frozenset({InspectVersion, RegisterVersion, RegisterVersions})
_AT_ONCE = 8
"""How many may look into files at once: it takes long, and others have small questions."""

Endpoint = Callable[[Request], Awaitable[Response]]


def add_route(app: FastAPI, method: str, path: str, endpoint: Endpoint, name: str) -> None:
    """Add a route that reads the request itself, so that every entrance refuses alike.

    What answers GET answers HEAD, too.
    """
    methods = [method]
    if method == "GET":
        methods, endpoint = [method, "HEAD"], _streaming_for_get_only(endpoint)
    app.add_api_route(
        path, endpoint, methods=methods, name=name, operation_id=name, response_model=None
    )


def _streaming_for_get_only(endpoint: Endpoint) -> Endpoint:
    """Let a HEAD not read what it does not send; the server leaves out short bodies itself."""

    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        if request.method == "HEAD" and isinstance(response, StreamingResponse):
            response.body_iterator = iterate_in_threadpool(())
        return response

    answer.__doc__ = endpoint.__doc__
    return answer


def add_command_routes(app: FastAPI, commands: Commands) -> None:
    """Add a route for each operation."""
    looking = anyio.CapacityLimiter(_AT_ONCE)
    for operation in operations():
        limiter = looking if operation.command in _LOOK_INTO_FILES else None
        endpoint = _endpoint(operation, commands, limiter)
        add_route(app, operation.method, operation.path, endpoint, operation.id)


def _endpoint(
    operation: Operation, commands: Commands, limiter: anyio.CapacityLimiter | None
) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = b""
        if operation.has_body:
            body = await read_body(request, operation.body_limit)
            check_content_type(request, body)
        # Reading fields and writing the answer may take long, too: none of it on the event loop.
        work = functools.partial(_do, operation, commands, request, body)
        return await anyio.to_thread.run_sync(work, limiter=limiter)

    return endpoint


def _do(operation: Operation, commands: Commands, request: Request, body: bytes) -> Response:
    query: bytes = request.scope["query_string"]
    fields = read_fields(operation, request.path_params, query, body)
    command = from_afar(build(operation.command, fields))
    answer = commands.stream(command, read_context(request, operation.command))
    return answer_response(answer, request, operation.command.route.status)


def check_content_type(request: Request, body: bytes) -> None:
    """Return if a body says that it is JSON.

    Raises:
        InvalidInputError: It says something else, or nothing: a web page elsewhere could send it.
    """
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and said != "application/json" and not said.endswith("+json"):
        raise InvalidInputError("the body is not JSON", hint="send Content-Type: application/json")
