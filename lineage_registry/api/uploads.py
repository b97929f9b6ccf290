"""Large uploads over HTTP: part by part, on from where they stopped, or past the server into S3."""

import asyncio
import base64
import binascii
import functools
import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from lineage_registry.api.blobs import read_json
from lineage_registry.api.bodies import declared_size, read_slow_body
from lineage_registry.api.commands import add_route
from lineage_registry.api.fields import read_query
from lineage_registry.api.operations import PREFIX
from lineage_registry.api.responses import problem_response
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    DigestMismatchError,
    InputTooLargeError,
    InvalidInputError,
    UnsupportedCapabilityError,
)
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.staging import SIGNED_FOR, Staging
from lineage_registry.ports.uploads import MOST_PARTS, Fingerprint, part_size_of

T = TypeVar("T")
_AT_ONCE: Final = 6
_COMING: Final = 32
_ID: Final = re.compile(r"[!-~]{1,1024}")
_CONTENT_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class Uploads:
    """The routes of uploads in parts.

    An upload belongs to who begins it: its name is made of the actor, the digest and the size, so
    that the same actor goes on with it, and nobody else can touch it.
    """

    def __init__(self, artifacts: ArtifactStore, max_upload_bytes: int) -> None:
        self._artifacts = artifacts
        self._max = max_upload_bytes
        # A part comes slowly perhaps, and is held in memory until it is stored; finishing reads the
        # whole.
        self._coming = anyio.CapacityLimiter(_COMING)
        self._threads = anyio.CapacityLimiter(_AT_ONCE)
        self._finishing = anyio.CapacityLimiter(_AT_ONCE)
        self._finishes: dict[tuple[str, str], asyncio.Future[None]] = {}

    def add_routes(self, app: FastAPI) -> None:
        """Add the routes."""
        for method, path, endpoint, name in (
            ("POST", "", self.begin, "begin_upload"),
            ("DELETE", "", self.give_up, "give_up_upload"),
            ("PUT", "/parts/{number}", self.put_part, "put_part"),
            ("POST", "/parts/{number}/signed", self.sign_part, "sign_part"),
            ("POST", "/finish", self.finish, "finish_upload"),
        ):
            add_route(app, method, f"{PREFIX}/blobs/{{digest}}/upload{path}", endpoint, name)

    async def begin(self, request: Request) -> Response:
        """Begin an upload, or go on with it: tell which parts are missing."""
        known = self._known(request, await read_json(request))
        stored = await self._do(self._artifacts.sizes, [known.digest])
        if stored.get(known.digest) == known.size:
            return JSONResponse({"existed": True})
        staging, name = self._staging(), _name(request, known.size)
        staged = await self._do(staging.begin, name)
        missing = [
            number
            for number, digest in enumerate(known.parts, 1)
            if staged.parts.get(number) != digest
        ]
        return JSONResponse({"existed": False, "upload": staged.id, "missing": missing})

    async def put_part(self, request: Request) -> Response:
        """Store the body as a part of an upload."""
        number, query = _number(request), read_query(request.scope["query_string"])
        size = self._size(query)
        length = _length(number, size)
        if (declared_size(request) or 0) > length:
            raise InputTooLargeError(f"part {number} has {length} bytes, not more", limit=length)
        id_, digest = _id(query), _content_digest(request)
        staging = self._staging()
        async with self._coming:
            data = await read_slow_body(request, length)
            if len(data) < length:
                raise InvalidInputError(f"part {number} has {length} bytes, not {len(data)}")
            store = functools.partial(staging.put_part, _name(request, size), id_, number, data)
            try:
                await anyio.to_thread.run_sync(store, digest, limiter=self._threads)
            except DigestMismatchError as error:  # here it is the caller who has the wrong bytes
                return problem_response(error, HTTPStatus.UNPROCESSABLE_ENTITY)
        return Response(None, HTTPStatus.NO_CONTENT)

    async def sign_part(self, request: Request) -> Response:
        """Return a request that the client may send to S3 itself, for one part; null if none."""
        number, document = _number(request), _object(await read_json(request))
        size = self._size(document)
        digest = Digest.parse(str(document.get("part")))
        length = _length(number, size)
        name, id_ = _name(request, size), _id(document)
        signed = await self._do(self._staging().sign_part, name, id_, number, length, digest)
        if signed is None:
            return JSONResponse({"url": None})
        headers = {"Cache-Control": "no-store"}
        answer = {**signed._asdict(), "expires_in": int(SIGNED_FOR.total_seconds())}
        return JSONResponse(answer, headers=headers)

    async def finish(self, request: Request) -> Response:
        """Check what came as a whole, and make it a blob."""
        document = await read_json(request)
        known, id_ = self._known(request, document), _id(_object(document))
        name, staging = _name(request, known.size), self._staging()
        try:
            await self._finish_once(
                (name, id_), functools.partial(staging.finish, name, id_, known)
            )
        except DigestMismatchError as error:
            return problem_response(error, HTTPStatus.UNPROCESSABLE_ENTITY)
        return JSONResponse(
            {"digest": str(known.digest), "size": known.size, "existed": False}, HTTPStatus.CREATED
        )

    async def _finish_once(self, upload: tuple[str, str], finish: Callable[[], None]) -> None:
        """Finish an upload, or wait for who does: it takes long, and clients lose patience."""
        running = self._finishes.get(upload)
        if running is None:
            running = asyncio.ensure_future(
                anyio.to_thread.run_sync(finish, limiter=self._finishing)
            )
            self._finishes[upload] = running
            running.add_done_callback(lambda done: self._finished(upload, done))
        await asyncio.shield(running)

    def _finished(self, upload: tuple[str, str], done: asyncio.Future[None]) -> None:
        del self._finishes[upload]
        if not done.cancelled():
            done.exception()  # maybe nobody waits any more

    async def give_up(self, request: Request) -> Response:
        """Forget an upload and its parts."""
        query = read_query(request.scope["query_string"])
        name, id_ = _name(request, self._size(query)), _id(query)
        await self._do(self._staging().give_up, name, id_)
        return Response(None, HTTPStatus.NO_CONTENT)

    async def _do(self, work: Callable[..., T], *arguments: Any) -> T:
        return await anyio.to_thread.run_sync(functools.partial(work, *arguments))

    def _staging(self) -> Staging:
        staging = self._artifacts.staging
        if staging is None:
            raise UnsupportedCapabilityError("the artifact store takes no uploads in parts")
        return staging

    def _known(self, request: Request, document: Any) -> Fingerprint:
        said = _object(document)
        digest, size, parts = Digest.parse(request.path_params["digest"]), self._size(said), []
        listed = said.get("parts")
        if not isinstance(listed, list) or len(listed) > MOST_PARTS:
            raise InvalidInputError("parts is not a list of digests")
        parts = [Digest.parse(str(item)) for item in listed]
        if len(parts) != max(1, -(-size // part_size_of(size))):
            raise InvalidInputError(
                f"{size} bytes are not {len(parts)} parts of {part_size_of(size)} bytes"
            )
        return Fingerprint(digest, size, tuple(parts))

    def _size(self, said: Any) -> int:
        size = said.get("size")
        if isinstance(size, str) and re.fullmatch("[0-9]{1,18}", size):
            size = int(size)
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InvalidInputError("size is not a number of bytes")
        if size > self._max:
            raise InputTooLargeError(f"an upload has at most {self._max} bytes", limit=self._max)
        return size


def _name(request: Request, size: int) -> str:
    digest = Digest.parse(request.path_params["digest"])
    said = f"{request.state.actor}\n{digest}\n{size}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidInputError("the body is not a JSON object")
    return document


def _number(request: Request) -> int:
    text = request.path_params["number"]
    if not re.fullmatch("[1-9][0-9]{0,4}", text) or int(text) > MOST_PARTS:
        raise InvalidInputError(f"parts are counted from 1 to {MOST_PARTS}")
    return int(text)


def _length(number: int, size: int) -> int:
    """Return how many bytes a part of an upload has; the only part of an empty one has none."""
    before = (number - 1) * part_size_of(size)
    if number > 1 and before >= size:
        raise InvalidInputError(f"an upload of {size} bytes has no part {number}")
    return min(part_size_of(size), size - before)


def _id(said: Any) -> str:
    id_ = said.get("upload")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        raise InvalidInputError("upload is not the id of an upload", hint="begin one first")
    return id_


def _content_digest(request: Request) -> Digest:
    match = _CONTENT_DIGEST.fullmatch(request.headers.get("content-digest", ""))
    try:
        return Digest(base64.b64decode(match[1], validate=True).hex()) if match else _refuse()
    except binascii.Error:
        return _refuse()


def _refuse() -> Digest:
    raise InvalidInputError(
        "Content-Digest is missing or no SHA-256", hint="send Content-Digest: sha-256=:BASE64:"
    )
