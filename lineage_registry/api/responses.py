"""Answers and problems as HTTP responses."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.streams import Streamed
from lineage_registry.errors import InputIncompleteError, InputTooLargeError, RegistryError
from lineage_registry.exports import answer_chunks
from lineage_registry.ports.commands import Deployment, Family, Run, Version
from lineage_registry.problems import problem

PROBLEM_TYPE = "application/problem+json"
_WITH_ETAG = (Family, Version, Run, Deployment)
_RETRY_AFTER = "1"


def problem_response(error: RegistryError, status: int | None = None) -> Response:
    """Return the problem document of an error as a response."""
    document = problem(error, status)
    code = int(document["status"])
    headers: dict[str, str] = {}
    if code == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = _RETRY_AFTER
    if code == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, InputTooLargeError | InputIncompleteError):
        headers["Connection"] = "close"  # the rest of the body is not waited for
    return Response(json.dumps(document, default=str), code, headers, PROBLEM_TYPE)


def answer_response(answer: Any, request: Request, status: int) -> Response:
    """Return an answer as JSON, with its ETag and the link to the next page, if it has them."""
    headers: dict[str, str] = {}
    if isinstance(answer, _WITH_ETAG):
        headers["ETag"] = tag = f'"{answer.revision}"'
        if request.method in {"GET", "HEAD"} and matches(request.headers.get("if-none-match"), tag):
            return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    elif (cursor := getattr(answer, "next_cursor", None)) is not None:
        headers["Link"] = f'<{_next_page(request, cursor)}>; rel="next"'
    if isinstance(answer, Lineage) and isinstance(answer.nodes, Streamed):
        chunks = map(str.encode, answer_chunks(answer))
        return StreamingResponse(chunks, status, headers, "application/json")
    return Response(_json(answer), status, headers, "application/json")


def matches(header: str | None, tag: str) -> bool:
    """Tell whether an If-None-Match names this entity tag."""
    if header is None:
        return False
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return tag in named or "*" in named


def _json(answer: Any) -> str | bytes:
    if isinstance(answer, BaseModel):
        return answer.model_dump_json()
    return TypeAdapter(type(answer)).dump_json(answer)


def _next_page(request: Request, cursor: str) -> str:
    asked = [item for item in request.query_params.multi_items() if item[0] != "cursor"]
    return f"{request.url.path}?{urlencode([*asked, ('cursor', cursor)])}"
