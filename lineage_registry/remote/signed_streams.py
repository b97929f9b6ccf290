"""Blobs read from S3 by signed URLs.

By the standard library: what comes goes from the socket into the caller's buffer. The client for
the API takes every packet through several layers, which costs a quarter of a fast network.
"""

import functools
import http.client
import io
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from lineage_registry.errors import BackendError, BackendUnavailableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PATIENCE: Final = 60.0
_RESUMES: Final = 5
_BROKEN = (OSError, http.client.HTTPException)


class SignedStream(io.RawIOBase):
    """A blob from start to end; a download that breaks off goes on where it stopped.

    Args:
        url: Where it is.
        locate: Returns another URL for it; a signed one expires.
    """

    def __init__(self, url: str, locate: Callable[[], str]) -> None:
        self._url = url
        self._locate = locate
        self._position = 0
        self._size = 0
        self._resumes = 0
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None

    def connect(self) -> int:
        """Send the request; return the size of the blob.

        Raises:
            BackendUnavailableError: Nobody answers there.
            BackendError: The request is refused.
        """
        try:
            self._open()
        except _BROKEN as error:
            raise BackendUnavailableError(f"cannot reach the S3 server: {error}") from error
        return self._size

    def readable(self) -> bool:
        """Answer yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as the connection gives bytes."""
        while self._position < self._size:
            try:
                if self._response is None:
                    self._open()
                count = self._response.readinto(buffer) if self._response else 0
                if not count:
                    raise http.client.IncompleteRead(b"", self._size - self._position)
            except _BROKEN as error:
                self._close()
                self._resumes += 1
                if self._resumes > _RESUMES:
                    raise BackendUnavailableError(f"S3 broke off: {error}") from error
                self._url = self._locate()
            else:
                self._position += count
                return count
        return 0

    def close(self) -> None:
        """Cut the connection."""
        self._close()
        super().close()

    def _open(self) -> None:
        parts = urlsplit(self._url)
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                parts.netloc, timeout=_PATIENCE, context=_certificates()
            )
        else:
            self._connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
        headers = {"Accept-Encoding": "identity"}
        if self._position:
            headers["Range"] = f"bytes={self._position}-"
        self._connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        self._response = self._connection.getresponse()
        wanted = HTTPStatus.PARTIAL_CONTENT if self._position else HTTPStatus.OK
        if self._response.status != wanted:
            status = self._response.status
            self._close()
            kind = (
                BackendUnavailableError
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR
                else BackendError
            )
            raise kind(f"the S3 server answered {status}")
        if not self._position:
            self._size = int(self._response.headers["Content-Length"])

    def _close(self) -> None:
        for opened in (self._response, self._connection):
            if opened is not None:
                opened.close()
        self._response = self._connection = None


@functools.cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()
