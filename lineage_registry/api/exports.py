"""Answers drawn or written in other forms than JSON."""

import functools
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lineage_registry.api.commands import add_route
from lineage_registry.api.conditions import read_context
from lineage_registry.api.fields import read_fields
from lineage_registry.api.operations import PREFIX, Operation
from lineage_registry.errors import InvalidQueryError
from lineage_registry.exports import FORMATS, export
from lineage_registry.ports.commands import Commands, GetAuditReport, GetLineage, build
from lineage_registry.reports import audit_html

# A page that names come into, however well escaped, gets no origin and no network.
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:; frame-ancestors 'none'; sandbox allow-scripts allow-downloads"
)


def add_export_routes(app: FastAPI, commands: Commands) -> None:
    """Add the routes for pictures, graph files and pages."""

    async def export_lineage(request: Request) -> Response:
        """Return a lineage in another format, as `format` or the header Accept says."""
        return await run_in_threadpool(functools.partial(_lineage, commands, request))

    async def get_audit_report_page(request: Request) -> Response:
        """Return the audit report of a version as a page to read or print."""
        return await run_in_threadpool(functools.partial(_audit_report, commands, request))

    add_route(app, "GET", f"{PREFIX}/lineage/export", export_lineage, "export_lineage")
    path = f"{PREFIX}/audit-report/html"
    add_route(app, "GET", path, get_audit_report_page, "get_audit_report_page")


def _lineage(commands: Commands, request: Request) -> Response:
    asked, query = _take(request.scope["query_string"], b"format=")
    name = asked or _accepted(request.headers.get("accept", ""))
    if name not in FORMATS:
        raise InvalidQueryError(
            f"no such export format: {name[:60]!a}", hint=f"choose one of {', '.join(FORMATS)}"
        )
    answer = _ask(commands, GetLineage, request, query)
    return _page(export(answer, name), FORMATS[name].media_type)


def _audit_report(commands: Commands, request: Request) -> Response:
    answer = _ask(commands, GetAuditReport, request, request.scope["query_string"])
    return _page(audit_html(answer), "text/html")


def _ask(commands: Commands, command: type[Any], request: Request, query: bytes) -> Any:
    operation = Operation("", command, "", {}, 0)
    fields = read_fields(operation, {}, query, b"")
    return commands.run(build(command, fields), read_context(request, command))


def _page(content: str | bytes, media_type: str) -> Response:
    return Response(
        content, headers={"Content-Security-Policy": _PAGE_POLICY}, media_type=media_type
    )


def _take(query: bytes, name: bytes) -> tuple[str, bytes]:
    """Take one plain parameter out of a query."""
    parts = query.split(b"&")
    taken = [part.removeprefix(name) for part in parts if part.startswith(name)]
    if len(taken) > 1:
        raise InvalidQueryError("format is there twice")
    rest = b"&".join(part for part in parts if not part.startswith(name))
    return (taken[0].decode("latin-1") if taken else ""), rest


def _accepted(header: str) -> str:
    names = {known.media_type: name for name, known in FORMATS.items()}
    wanted = (part.partition(";")[0].strip().lower() for part in header.split(","))
    return next((names[media_type] for media_type in wanted if media_type in names), "json")
