"""Objects of a bucket as files: one that streams, one that jumps."""

import io
from typing import TYPE_CHECKING

import urllib3
from minio import Minio

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_RESUMES = 5


class ObjectStream(io.RawIOBase):
    """An object from start to end, in one request while the connection lasts.

    A download that breaks off goes on where it stopped: objects never change, and whoever reads
    checks the digest.
    """

    def __init__(self, client: Minio, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._position = 0
        self._size = 0
        self._resumes = 0
        self._response: urllib3.BaseHTTPResponse | None = None

    def connect(self) -> int:
        """Send the request; return the size of the object."""
        response = self._client.get_object(self._bucket, self._key, offset=self._position)
        self._response = response
        self._size = self._position + int(response.headers["Content-Length"])
        return self._size

    def readable(self) -> bool:
        """Answer yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as the connection gives bytes."""
        view = memoryview(buffer)
        data = self._next(len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Give back the connection, or cut it if there is more to come."""
        self._disconnect()
        super().close()

    def _next(self, size: int) -> bytes:
        if self._position >= self._size:
            return b""
        while True:
            try:
                if self._response is None:
                    self.connect()
                return self._read(size)
            except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError):
                self._disconnect()
                self._resumes += 1
                if self._resumes > _RESUMES:
                    raise

    def _read(self, size: int) -> bytes:
        data = self._response.read(size) if self._response else b""
        if not data:
            raise urllib3.exceptions.IncompleteRead(self._position, self._size - self._position)
        return data

    def _disconnect(self) -> None:
        if self._response is not None:
            finished = self._position >= self._size
            if not finished:
                self._response.close()
            self._response.release_conn()
            self._response = None


def whole(client: Minio, bucket: str, key: str, offset: int = 0, length: int = 0) -> bytes:
    """Return a small object, or a range of one, at once."""
    response = client.get_object(bucket, key, offset=offset, length=length)
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()
