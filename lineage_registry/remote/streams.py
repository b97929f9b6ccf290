"""Blobs of a server as files: one that streams, one that jumps, one that only fails."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2

from lineage_registry.errors import BackendUnavailableError, RegistryError
from lineage_registry.remote.transport import Transport, checked, translated

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class BlobStream(io.RawIOBase):
    """A blob from start to end, in one request.

    A server that finds the bytes damaged breaks off; asked why, it says so.
    """

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path
        self._response: httpx2.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._left = memoryview(b"")

    def connect(self, *, direct: bool = False) -> int | str:
        """Send the request; return the size of the blob, or the URL to which the server leads.

        Args:
            direct: Whether the server may lead to where the bytes are.
        """
        query = "direct=true" if direct else ""
        request = self._transport.build("GET", self._path, query=query)
        response = self._transport.send(request, stream=True)
        try:
            if direct and response.has_redirect_location:
                url = str(response.headers["Location"])
                response.close()
                return url
            size = int(checked(response).headers["Content-Length"])
        except BaseException:
            response.close()
            raise
        self._response, self._pieces = response, response.iter_raw()
        return size

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
        try:
            with translated():
                return next(self._pieces, b"")
        except BackendUnavailableError:
            self._transport.request("GET", f"{self._path}/check")  # raises if the bytes are why
            raise


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
