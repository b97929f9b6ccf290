"""Blobs of a server as files: one that streams, one that jumps, one that only fails."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2

from lineage_registry.errors import BackendUnavailableError, RegistryError
from lineage_registry.remote.transport import Transport, checked, translated

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


_RESUMES = 5


class BlobStream(io.RawIOBase):
    """A blob from start to end, in one request.

    A server that finds the bytes damaged breaks off; asked why, it says so. It may lead to S3: a
    download from there goes on where it broke off, and falls back on the server if nobody answers.
    """

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path
        self._response: httpx2.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._left = memoryview(b"")
        self._position = 0
        self._elsewhere = False
        self._resumes = 0

    def connect(self) -> int:
        """Send the request; return the size of the blob."""
        response = self._ask("direct=true")
        if response.has_redirect_location:
            response.close()
            try:
                response = self._transport.open_elsewhere(response.headers["Location"])
                self._elsewhere = True
            except BackendUnavailableError:  # the address may be none for us
                response = self._ask("")
        try:
            size = int(checked(response).headers["Content-Length"])
        except BaseException:
            response.close()
            raise
        self._response, self._pieces = response, response.iter_raw()
        return size

    def _ask(self, query: str) -> httpx2.Response:
        request = self._transport.build("GET", self._path, query=query)
        return self._transport.send(request, stream=True)

    def readable(self) -> bool:
        """Answer yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as one packet goes."""
        if not self._left:
            self._left = memoryview(self._next())
        view = memoryview(buffer)
        count = min(len(view), len(self._left))
        view[:count], self._left = self._left[:count], self._left[count:]
        return count

    def close(self) -> None:
        """Give back the connection, or cut it if there is more to come."""
        if self._response is not None:
            self._response.close()
            self._response = None
        super().close()

    def _next(self) -> bytes:
        while True:
            try:
                with translated():
                    piece = next(self._pieces, b"")
            except BackendUnavailableError:
                self._resumes += 1
                if not self._elsewhere:
                    self._transport.request("GET", f"{self._path}/check")  # says if bytes are why
                if not self._elsewhere or self._resumes > _RESUMES:
                    raise
                self._go_on()
            else:
                self._position += len(piece)
                return piece

    def _go_on(self) -> None:
        if self._response is not None:
            self._response.close()
        led = self._ask("direct=true")
        led.close()
        url = led.headers.get("Location", "")
        self._response = self._transport.open_elsewhere(url, self._position)
        self._pieces = self._response.iter_raw()


class BrokenBlob(io.RawIOBase):
    """A blob of which it is known before reading that it cannot be read."""

    def __init__(self, error: RegistryError) -> None:
        self._error = error

    def readable(self) -> bool:
        """Answer yes: the reading tells what is wrong."""
        return True

    def readinto(self, _buffer: "WriteableBuffer", /) -> int:
        """Raise the error."""
        raise self._error
