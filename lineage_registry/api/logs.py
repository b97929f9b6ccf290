"""The whole log as a stream."""

from collections.abc import Iterator

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from lineage_registry.api.commands import add_route
from lineage_registry.api.fields import read_query
from lineage_registry.api.operations import PREFIX
from lineage_registry.ports.commands import Commands, ExportLog, build

MEDIA_TYPE = "application/x-ndjson"


def add_log_routes(app: FastAPI, commands: Commands) -> None:
    """Add the route that streams the log; importing one is done where the registry lies."""

    async def export_log(request: Request) -> Response:
        """Stream a verifiable copy of the log as JSON Lines: a header, then the events."""
        command = build(ExportLog, read_query(request.scope["query_string"]))
        pieces = commands.export_log(command)
        # The first piece is made before the answer begins: what fails there gets a problem.
        first = await run_in_threadpool(next, pieces)
        return StreamingResponse(_behind(first, pieces), media_type=MEDIA_TYPE)

    add_route(app, "GET", f"{PREFIX}/log", export_log, "export_log")


def _behind(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
