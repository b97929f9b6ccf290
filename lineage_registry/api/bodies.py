"""Request bodies: as they come, never more than is allowed, never waited for without end."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio.from_thread
from starlette.requests import Request

from lineage_registry.errors import InputIncompleteError, InputTooLargeError, InvalidInputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PATIENCE: Final = 60.0
"""Seconds that a whole JSON body, or the next piece of an upload, may take."""
_PIECE: Final = 512 * 1024


def declared_size(request: Request) -> int | None:
    """Return what the request says of the size of its body.

    Raises:
        InvalidInputError: It says nonsense.
    """
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInputError("Content-Length is not a number")
    return int(text)


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        InputTooLargeError: It has, or says it has, more than `limit` bytes.
        InputIncompleteError: It stopped, or took too long.
    """
    _check_size(declared_size(request) or 0, limit)
    pieces: list[bytes] = []
    size = 0
    async with _patience():
        async for piece in _pieces(request):
            size += len(piece)
            _check_size(size, limit)
            pieces.append(piece)
    return b"".join(pieces)


async def read_slow_body(request: Request, limit: int) -> bytes:
    """Return the whole body, however long it takes, if only each piece comes in time.

    Raises:
        InputTooLargeError: It has more than `limit` bytes.
        InputIncompleteError: It stopped, or a piece took too long.
    """
    body = BodyFile(request, limit)
    pieces: list[bytes] = []
    while piece := await body.gather():
        pieces.append(piece)
    return b"".join(pieces)


class BodyFile(io.RawIOBase):
    """A body as a file, for a thread to read while the event loop receives.

    No more than a piece is held at a time. A piece that does not come in time ends the upload,
    so that nobody can hold a thread by sending a byte a minute.
    """

    def __init__(self, request: Request, limit: int) -> None:
        self._source = _pieces(request)
        self._limit = limit
        self._left = memoryview(b"")
        self._size = 0

    def readable(self) -> bool:
        """Answer yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer from what has come.

        Raises:
            InputTooLargeError: More bytes came than are allowed.
            InputIncompleteError: The body stopped, or is too slow.
        """
        if not self._left:
            self._left = memoryview(anyio.from_thread.run(self.gather))
        view = memoryview(buffer)
        count = min(len(view), len(self._left))
        view[:count], self._left = self._left[:count], self._left[count:]
        return count

    async def gather(self) -> bytes:
        """Collect the next pieces: one hop between threads for many packets.

        Raises:
            InputTooLargeError: More bytes came than are allowed.
            InputIncompleteError: The body stopped, or is too slow.
        """
        gathered = bytearray()
        async with _patience():
            async for piece in self._source:
                gathered += piece
                if len(gathered) >= _PIECE:
                    break
        self._size += len(gathered)
        _check_size(self._size, self._limit)
        return bytes(gathered)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise InputIncompleteError("the connection was closed before the body had come")
        if piece := message.get("body", b""):
            yield piece
        more = message.get("more_body", False)


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        raise InputIncompleteError(
            f"the body did not come within {PATIENCE:.0f} seconds", hint="send it again"
        ) from None


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise InputTooLargeError(f"the body has more than {limit} bytes", limit=limit)
