"""Answers drawn or written in other forms than JSON."""

import functools
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from lineage_registry.api.commands import Endpoint, add_route
from lineage_registry.api.conditions import read_context
from lineage_registry.api.fields import read_fields
from lineage_registry.api.operations import PREFIX, Operation, operations
from lineage_registry.api.responses import matches, tag_of
from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.streams import Streamed
from lineage_registry.errors import InputTooLargeError, InvalidQueryError
from lineage_registry.exports import Format, export, export_chunks, find_format, formats_of
from lineage_registry.ports.commands import Commands, GetAuditReport, Query, build
from lineage_registry.reports import audit_html

# A page that names come into, however well escaped, gets no origin and no network.
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:; frame-ancestors 'none'; sandbox allow-scripts allow-downloads"
)
_HEADERS: Final = {"Content-Security-Policy": _PAGE_POLICY}
# What is not written part by part takes a hundred times the memory of its nodes.
_MOST_AT_ONCE: Final = 20_000

Formats = Mapping[str, Format]


class Export(NamedTuple):
    """The route that gives the answers of an operation in other formats."""

    id: str
    path: str
    operation: Operation
    formats: Formats


def exported() -> Iterator[Export]:
    """Walk over the questions whose answers are graphs or tables."""
    for operation in operations():
        kind = operation.command.answer()
        formats = formats_of(kind) if issubclass(operation.command, Query) else {}
        if len(formats) > 1:
            name = "export_" + operation.id.removeprefix("get_")
            yield Export(name, f"{operation.path}/export", operation, formats)


def add_export_routes(app: FastAPI, commands: Commands) -> None:
    """Add the routes for pictures, graph files, tables and pages."""

    async def get_audit_report_page(request: Request) -> Response:
        """Return the audit report of a version as a page to read or print."""
        return await run_in_threadpool(functools.partial(_audit_report, commands, request))

    for export_ in exported():
        add_route(app, "GET", export_.path, _endpoint(export_, commands), export_.id)
    path = f"{PREFIX}/audit-report/html"
    add_route(app, "GET", path, get_audit_report_page, "get_audit_report_page")


def _endpoint(export_: Export, commands: Commands) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(functools.partial(_export, export_, commands, request))

    return endpoint


def _export(export_: Export, commands: Commands, request: Request) -> Response:
    asked, query = _take(request.scope["query_string"], b"format=")
    accepted = _accepted(request.headers.get("accept", ""), export_.formats)
    known = find_format(asked or accepted, export_.operation.command.answer())
    answer = _ask(commands, export_.operation, request, query)
    tag = tag_of(answer, known.name)
    if tag is not None and matches(request.headers.get("if-none-match"), tag):
        response = Response(None, HTTPStatus.NOT_MODIFIED)
    elif isinstance(answer, Lineage) and isinstance(answer.nodes, Streamed):
        response = _large(answer, known.name, known.media_type)
    else:
        response = _page(export(answer, known.name), known.media_type)
    response.headers["Vary"] = "Accept"
    if tag is not None:
        response.headers["ETag"] = tag
    return response


def _large(answer: Lineage, name: str, media_type: str) -> Response:
    chunks = export_chunks(answer, name)
    if chunks is not None:
        return StreamingResponse(chunks, headers=_HEADERS, media_type=media_type)
    if len(answer.nodes) > _MOST_AT_ONCE:
        raise InputTooLargeError(
            f"a server writes up to {_MOST_AT_ONCE:,} nodes as {name}, and these are "
            f"{len(answer.nodes):,}",
            hint="ask for json, node-link, csv-nodes or csv-edges, or for fewer by limit or depth",
        )
    held = answer.model_copy(update={"nodes": list(answer.nodes), "edges": list(answer.edges)})
    return _page(export(held, name), media_type)


def _audit_report(commands: Commands, request: Request) -> Response:
    operation = Operation("", GetAuditReport, "", {}, 0)
    answer = _ask(commands, operation, request, request.scope["query_string"])
    return _page(audit_html(answer), "text/html")


def _ask(commands: Commands, operation: Operation, request: Request, query: bytes) -> Any:
    fields = read_fields(operation, request.path_params, query, b"")
    command: Any = build(operation.command, fields)
    return commands.stream(command, read_context(request, operation.command))


def _page(content: str | bytes, media_type: str) -> Response:
    return Response(content, headers=_HEADERS, media_type=media_type)


def _take(query: bytes, name: bytes) -> tuple[str, bytes]:
    """Take one plain parameter out of a query."""
    parts = query.split(b"&")
    taken = [part.removeprefix(name) for part in parts if part.startswith(name)]
    if len(taken) > 1:
        raise InvalidQueryError("format is there twice")
    rest = b"&".join(part for part in parts if not part.startswith(name))
    return (taken[0].decode("latin-1") if taken else ""), rest


def _accepted(header: str, formats: Formats) -> str:
    wanted = [part.partition(";")[0].strip().lower() for part in header.split(",")]
    given = (name for kind in wanted for name, known in formats.items() if known.media_type == kind)
    return next(given, "json")
