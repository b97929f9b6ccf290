"""Answers and problems as HTTP responses."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

import lineage_registry
from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.streams import Streamed
from lineage_registry.errors import InputIncompleteError, InputTooLargeError, RegistryError
from lineage_registry.exports import answer_chunks
from lineage_registry.ports.commands import (
    Deployment,
    Family,
    GraphAnswer,
    Run,
    Version,
)
from lineage_registry.problems import problem

PROBLEM_TYPE = "application/problem+json"
_WITH_ETAG = (Family, Version, Run, Deployment)
_GRAPHS = (GraphAnswer, Lineage)
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
    read = request.method in {"GET", "HEAD"}
    tag = f'"{answer.revision}"' if isinstance(answer, _WITH_ETAG) else None
    if tag is None and read:
        tag = tag_of(answer)
    if tag is not None:
        headers["ETag"] = tag
        if read and matches(request.headers.get("if-none-match"), tag):
            return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    if (cursor := getattr(answer, "next_cursor", None)) is not None:
        headers["Link"] = f'<{_next_page(request, cursor)}>; rel="next"'
    if isinstance(answer, Lineage) and isinstance(answer.nodes, Streamed):
        chunks = map(str.encode, answer_chunks(answer))
        return StreamingResponse(chunks, status, headers, "application/json")
    return Response(_json(answer), status, headers, "application/json")


def tag_of(answer: Any, form: str = "json") -> str | None:
    """Return the ETag of an answer that holds a graph, a function of question and revision.

    None for the rest: other answers may say what is stored now. The time of the commit tells
    registries apart. It is weak, and so no condition of a write: whoever changes a thing says which
    revision of the thing they have read.
    """
    if not isinstance(answer, _GRAPHS):
        return None
    when = "" if answer.as_of is None else answer.as_of.isoformat()
    return f'W/"{answer.revision}-{when}-{form}-{lineage_registry.__version__}"'


def has_tag(kind: Any, *, exported: bool = False) -> bool:
    """Tell whether answers of a type have an ETag, as JSON or as what they are exported to."""
    tagged = _GRAPHS if exported else (*_WITH_ETAG, *_GRAPHS)
    return isinstance(kind, type) and issubclass(kind, tagged)


def matches(header: str | None, tag: str) -> bool:
    """Tell whether an If-None-Match names this entity tag."""
    if header is None:
        return False
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return tag.removeprefix("W/") in named or "*" in named


def _json(answer: Any) -> str | bytes:
    if isinstance(answer, BaseModel):
        return answer.model_dump_json()
    return TypeAdapter(type(answer)).dump_json(answer)


def _next_page(request: Request, cursor: str) -> str:
    asked = [item for item in request.query_params.multi_items() if item[0] != "cursor"]
    return f"{request.url.path}?{urlencode([*asked, ('cursor', cursor)])}"
