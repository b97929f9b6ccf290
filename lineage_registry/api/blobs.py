"""Bytes over HTTP: streamed both ways, checked on the way in and on the way out."""

import base64
import functools
import io
import re
from collections.abc import AsyncIterator, Generator
from http import HTTPStatus
from typing import Any, BinaryIO, NamedTuple, cast

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from lineage_registry.api.bodies import BodyFile, declared_size, read_body
from lineage_registry.api.commands import add_route, check_content_type
from lineage_registry.api.fields import read_query
from lineage_registry.api.json_text import parse_json
from lineage_registry.api.operations import BIG_BODY, PREFIX, SMALL_BODY
from lineage_registry.api.responses import matches, problem_response
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import DigestMismatchError, InputTooLargeError, InvalidInputError
from lineage_registry.ports.artifacts import ArtifactStore, Source, Stored
from lineage_registry.ports.blob_frames import read_frames
from lineage_registry.ports.byte_streams import CHUNK

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_TRANSFERS = 24
_LINES = 1_000
_MANY = 100_000
_WORTH_IT = 1024 * 1024


Parts = Generator[bytes, None, None]


class Span(NamedTuple):
    """Bytes from `start` up to but not including `end`."""

    start: int
    end: int


class Blobs:
    """The routes of the artifact store's bytes."""

    def __init__(self, artifacts: ArtifactStore, max_upload_bytes: int) -> None:
        self._artifacts = artifacts
        self._max = max_upload_bytes
        # Slow transfers wait for each other; they never keep commands from a thread.
        self._threads = anyio.CapacityLimiter(_TRANSFERS)

    def add_routes(self, app: FastAPI) -> None:
        """Add the routes."""
        for method, path, endpoint, name in (
            ("GET", "", self.list, "list_blobs"),
            ("POST", "", self.put_many, "put_blobs"),
            ("POST", "/missing", self.missing, "find_missing_blobs"),
            ("PUT", "/{digest}", self.put, "put_blob"),
            ("HEAD", "/{digest}", self.head, "head_blob"),
            ("GET", "/{digest}", self.get, "get_blob"),
            ("GET", "/{digest}/check", self.check, "check_blob"),
        ):
            add_route(app, method, f"{PREFIX}/blobs{path}", endpoint, name)

    async def list(self, _: Request) -> Response:
        """Stream the digests of all blobs, sorted, one on each line."""
        lines = self._lines()
        return StreamingResponse(
            self._in_threads(lines, await self._first(lines)), media_type="text/plain"
        )

    async def missing(self, request: Request) -> Response:
        """Tell which of the digests in the body are not stored, and the sizes of the others."""
        digests = read_digests(await read_json(request))
        found = await run_in_threadpool(self._artifacts.sizes, digests)
        return JSONResponse(
            {
                "missing": [str(item) for item in digests if item not in found],
                "sizes": {str(item): size for item, size in found.items()},
            }
        )

    async def put(self, request: Request) -> Response:
        """Store the body under the digest of its bytes.

        With `replace=true` also where something is stored already, which so becomes right.
        """
        digest = _digest(request)
        size = self._announced(request)
        replace = _flag(request, "replace")
        body = cast("BinaryIO", io.BufferedReader(BodyFile(request, self._max), CHUNK))
        work = functools.partial(self._store, body, digest, size, replace=replace)
        try:
            stored = await anyio.to_thread.run_sync(work, limiter=self._threads)
        except DigestMismatchError as error:  # here it is the caller who has the wrong bytes
            return problem_response(error, HTTPStatus.UNPROCESSABLE_ENTITY)
        return JSONResponse(
            {"digest": str(stored.digest), "size": stored.size, "existed": stored.existed},
            HTTPStatus.OK if stored.existed else HTTPStatus.CREATED,
        )

    async def put_many(self, request: Request) -> Response:
        """Store many small blobs: for each a line with digest and size, then its bytes."""
        blobs = read_frames(await read_body(request, min(BIG_BODY, self._max)))
        sources = [
            Source(name, len(data), functools.partial(io.BytesIO, data)) for name, data in blobs
        ]
        work = functools.partial(self._artifacts.put_many, sources)
        try:
            await anyio.to_thread.run_sync(work, limiter=self._threads)
        except DigestMismatchError as error:  # here it is the caller who has the wrong bytes
            return problem_response(error, HTTPStatus.UNPROCESSABLE_ENTITY)
        return JSONResponse({"stored": len(blobs)})

    async def get(self, request: Request) -> Response:
        """Stream a blob, or a range of it. Only the whole is verified: it breaks off if wrong.

        With `direct=true` a large one is where the answer leads to, if clients can reach S3.
        """
        digest = _digest(request)
        if matches(request.headers.get("if-none-match"), f'"{digest}"'):
            return Response(None, HTTPStatus.NOT_MODIFIED, _headers(digest))
        size = await run_in_threadpool(self._artifacts.size, digest)
        if size >= _WORTH_IT and read_query(request.scope["query_string"]).get("direct") == "true":
            url = await run_in_threadpool(self._artifacts.signed_url, digest)
            if url is not None:
                headers = {"Location": url, "Cache-Control": "no-store"}
                return Response(None, HTTPStatus.TEMPORARY_REDIRECT, headers)
        span = _span(request, digest, size)
        if span is not None and span.start >= span.end:
            return _unsatisfiable(size)
        parts = self._whole(digest) if span is None else self._part(digest, span)
        first = await self._first(parts)
        headers = _headers(digest) | {"Content-Length": str(size)}
        status = HTTPStatus.OK
        if span is not None:
            status = HTTPStatus.PARTIAL_CONTENT
            headers["Content-Length"] = str(span.end - span.start)
            headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
        return StreamingResponse(self._in_threads(parts, first), status, headers)

    async def head(self, request: Request) -> Response:
        """Tell the size of a blob."""
        digest = _digest(request)
        size = await run_in_threadpool(self._artifacts.size, digest)
        return Response(None, headers=_headers(digest) | {"Content-Length": str(size)})

    async def check(self, request: Request) -> Response:
        """Read a blob where it lies, and tell whether it is right."""
        digest = _digest(request)
        await anyio.to_thread.run_sync(self._artifacts.verify, digest, limiter=self._threads)
        return JSONResponse({"digest": str(digest), "verified": True})

    def _store(self, body: BinaryIO, digest: Digest, size: int | None, *, replace: bool) -> Stored:
        if not replace:
            return self._artifacts.put(body, expected=digest, size=size)
        self._artifacts.replace(body, digest, size=size)
        return Stored(digest, self._artifacts.size(digest), existed=False)

    def _announced(self, request: Request) -> int | None:
        size = declared_size(request)
        asked = read_query(request.scope["query_string"]).get("size")
        if asked is not None:
            if not re.fullmatch("[0-9]{1,18}", asked):
                raise InvalidInputError("size is not a number of bytes")
            size = int(asked)
        if size is not None and size > self._max:
            raise InputTooLargeError(f"an upload has at most {self._max} bytes", limit=self._max)
        return size

    def _whole(self, digest: Digest) -> Parts:
        with self._artifacts.open(digest) as stream:
            while data := stream.read(CHUNK):
                yield data

    def _part(self, digest: Digest, span: Span) -> Parts:
        with self._artifacts.open_at(digest) as stream:
            stream.seek(span.start)
            left = span.end - span.start
            while left and (data := stream.read(min(CHUNK, left))):
                left -= len(data)
                yield data

    def _lines(self) -> Parts:
        lines: list[str] = []
        for digest in self._artifacts.iter_digests():
            lines.append(f"{digest}\n")
            if len(lines) == _LINES:
                yield "".join(lines).encode()
                lines = []
        yield "".join(lines).encode()

    async def _first(self, parts: Parts) -> bytes:
        """Read ahead, so that what fails at once is a problem and not half a response."""
        return await anyio.to_thread.run_sync(next, parts, b"", limiter=self._threads)

    async def _in_threads(self, parts: Parts, first: bytes) -> AsyncIterator[bytes]:
        data = first
        try:
            while data:
                yield data
                data = await anyio.to_thread.run_sync(next, parts, b"", limiter=self._threads)
        finally:  # also when nobody reads any more
            parts.close()


async def read_json(request: Request) -> Any:
    """Return what the JSON body of a request holds.

    Raises:
        InvalidInputError: It is not JSON.
        InputTooLargeError: It is too large.
        InputIncompleteError: It stopped.
    """
    body = await read_body(request, SMALL_BODY * 8)
    check_content_type(request, body)
    return await run_in_threadpool(parse_json, body)


def read_digests(document: Any) -> list[Digest]:
    """Return the digests under `digests` of a JSON document.

    Raises:
        InvalidInputError: There are none, too many, or some that are no digests.
    """
    digests = document.get("digests") if isinstance(document, dict) else None
    if not isinstance(digests, list) or not all(isinstance(item, str) for item in digests):
        raise InvalidInputError('the body is not {"digests": [...]}')
    if len(digests) > _MANY:
        raise InvalidInputError(f"more than {_MANY} digests", hint="ask in several requests")
    return [Digest.parse(item) for item in digests]


def _digest(request: Request) -> Digest:
    return Digest.parse(request.path_params["digest"])


def _flag(request: Request, name: str) -> bool:
    said = read_query(request.scope["query_string"]).get(name, "false")
    if said not in {"true", "false"}:
        raise InvalidInputError(f"{name} is neither true nor false")
    return bool(said == "true")


def _headers(digest: Digest) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment",
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}"',
        "Repr-Digest": f"sha-256=:{_base64(digest)}:",
    }


def _base64(digest: Digest) -> str:
    return base64.b64encode(bytes.fromhex(digest.hex)).decode()


def _span(request: Request, digest: Digest, size: int) -> Span | None:
    """Return the range that is asked for; several, or a strange one, are the whole (RFC 9110)."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.headers.get("if-range", f'"{digest}"') != f'"{digest}"':
        return None
    first, last = match.groups()
    if first:
        return Span(int(first), min(int(last) + 1, size) if last else size)
    return Span(max(size - int(last), 0), size) if last else None


def _unsatisfiable(size: int) -> Response:
    error = InvalidInputError(f"the range is outside of {size} bytes")
    response = problem_response(error, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    response.headers["Content-Range"] = f"bytes */{size}"
    return response
