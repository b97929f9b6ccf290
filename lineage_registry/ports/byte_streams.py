"""Streams that keep a promise about the bytes that pass through them."""

import hashlib
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import BackendUnavailableError, DigestMismatchError, InvalidInputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What is received, hashed and written in turn stays in the processor's cache; larger blocks are
# also mapped anew for each read. A gibibyte from S3 takes a quarter less than by mebibytes.
CHUNK = 128 * 1024
READ_AHEAD = 64 * 1024

Guard = Callable[[], AbstractContextManager[None]]
"""Makes a context in which foreign errors become errors of the package."""


class SourceFailedError(Exception):
    """Carries the caller's own exception through a store that would misread it as its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class CheckedSource:
    """Bytes on their way into a store, hashed and counted as they are read.

    The end of the stream is reported only when the digest and the size are the promised ones, so a
    store that waits for the end before it shows a blob can never show a wrong one.

    Attributes:
        expected: The digest promised by the caller or learned by `learn`.
        size: Bytes read up to now.
    """

    def __init__(
        self,
        source: BinaryIO,
        *,
        expected: Digest | None = None,
        size: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.expected = expected
        self.size = 0
        self._source = source
        self._promised_size = size
        self._progress = progress
        self._hash = hashlib.sha256()

    @property
    def promised_size(self) -> int | None:
        """Number of bytes that will come, if somebody knows."""
        return self._promised_size

    @property
    def digest(self) -> Digest:
        """Address of the bytes read up to now; of the whole once the end was reported."""
        return Digest(self._hash.hexdigest())

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, at most `size`; none only at an end that keeps the promise.

        Raises:
            DigestMismatchError: The digest or the size is not the promised one.
            InvalidInputError: The source does not give bytes.
            SourceFailedError: The source or the progress callback raised.
        """
        data = self._pull(size)
        self._hash.update(data)
        self.size += len(data)
        if not data or self._is_too_long():
            self._check()
        return data

    def read_part(self, size: int) -> bytes:
        """Return exactly `size` bytes, fewer only before the end. Raises as `read` does."""
        first = self.read(size)
        if len(first) in {0, size}:
            return first
        pieces, missing = [first], size - len(first)
        while missing and (piece := self.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def learn(self) -> Digest | None:
        """Read a source that can be rewound once, to know its digest and size before it is sent.

        Returns:
            The promised or learned digest; None if the source can be read only once.
        """
        if self.expected is None:
            try:
                self._look_ahead()
            except Exception as error:
                raise SourceFailedError(error) from error
        return self.expected

    def _look_ahead(self) -> None:
        if not self._source.seekable():
            return
        start = self._source.tell()
        ahead = CheckedSource(self._source, size=self._promised_size)
        while ahead.read():
            pass
        self._source.seek(start)
        self.expected, self._promised_size = ahead.digest, ahead.size

    def _pull(self, size: int) -> bytes:
        try:
            data = self._source.read(size)
            if data and self._progress is not None:
                self._progress(len(data))
        except Exception as error:
            raise SourceFailedError(error) from error
        if not isinstance(data, bytes):
            raise InvalidInputError(
                f"the source gives {type(data).__name__}, not bytes",
                hint="open the file in binary mode",
            )
        return data

    def _is_too_long(self) -> bool:
        return self._promised_size is not None and self.size > self._promised_size

    def _check(self) -> None:
        if self._promised_size is not None and self.size != self._promised_size:
            found = "more" if self._is_too_long() else f"only {self.size}"
            raise DigestMismatchError(
                f"{self._promised_size} bytes were announced, {found} came",
                size=self._promised_size,
            )
        if self.expected is not None and self.digest != self.expected:
            raise DigestMismatchError(
                f"the bytes have the digest {self.digest}, not {self.expected}",
                expected=str(self.expected),
                found=str(self.digest),
            )


class GuardedReader(io.RawIOBase):
    """A stored blob as a file, whose foreign errors become errors of the package."""

    def __init__(self, raw: io.RawIOBase, guard: Guard) -> None:
        self._raw = raw
        self._guard = guard

    def readable(self) -> bool:
        """Answer yes."""
        return True

    def seekable(self) -> bool:
        """Tell whether `seek` works."""
        return self._raw.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to another position."""
        with self._guard():
            return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._raw.tell()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as one read goes."""
        with self._guard():
            return self._raw.readinto(buffer) or 0

    def close(self) -> None:
        """Give back what the store holds open."""
        if not self.closed:
            self._raw.close()
            super().close()


class VerifyingReader(GuardedReader):
    """A stored blob from its first byte to its last, checked on the way.

    The read that would give the last bytes raises instead if the whole is not what it should be, so
    nobody who reads to the end, or as many bytes as there are, holds a wrong blob unknowingly.
    """

    def __init__(self, raw: io.RawIOBase, digest: Digest, size: int, guard: Guard) -> None:
        super().__init__(raw, guard)
        self._digest = digest
        self._missing = size
        self._hash = hashlib.sha256()

    def seekable(self) -> bool:
        """Answer no."""
        return False

    def seek(self, _offset: int, _whence: int = io.SEEK_SET, /) -> int:
        """Refuse: there is only onwards."""
        raise io.UnsupportedOperation("a verified stream is read from start to end")

    def tell(self) -> int:
        """Refuse: there is only onwards."""
        raise io.UnsupportedOperation("a verified stream is read from start to end")

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as one read goes; the last one is the check."""
        view = memoryview(buffer)
        count = super().readinto(view)
        self._hash.update(view[:count])
        self._missing -= count
        if not count and view and self._missing > 0:
            raise BackendUnavailableError(f"{self._digest} stopped {self._missing} bytes early")
        if self._missing <= 0 and self._hash.hexdigest() != self._digest.hex:
            raise DigestMismatchError(
                f"the bytes stored as {self._digest} are not the ones that were put there",
                hint="damaged in the store: verify(repair=PATH) puts the right file back",
                digest=str(self._digest),
            )
        return count


class RangeFile(io.RawIOBase):
    """Stored bytes as a seekable file; each read fetches just that range.

    Args:
        size: How many bytes there are.
        fetch: Returns the bytes from an offset on, so many.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes | memoryview]) -> None:
        self._size = size
        self._fetch = fetch
        self._position = 0

    def readable(self) -> bool:
        """Answer yes."""
        return True

    def seekable(self) -> bool:
        """Answer yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to another position; nothing is fetched yet."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"negative position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fetch the next bytes."""
        view = memoryview(buffer)
        length = min(len(view), self._size - self._position)
        if length <= 0:
            return 0
        data = self._fetch(self._position, length)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


class HeadedFile(RangeFile):
    """A stored file whose first bytes are known; it is opened when others are asked for.

    Args:
        head: The first bytes.
        size: How many bytes there are.
        whole: Opens the file.
    """

    def __init__(self, head: bytes, size: int, whole: Callable[[], BinaryIO]) -> None:
        super().__init__(size, self._piece)
        self._head = head
        self._whole = whole
        self._opened: BinaryIO | None = None

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._opened is not None:
            self._opened.close()
        super().close()

    def _piece(self, offset: int, length: int) -> bytes | memoryview:
        if offset < len(self._head):
            return self._head[offset : offset + length]
        if self._opened is None:
            self._opened = self._whole()
        self._opened.seek(offset)
        data = memoryview(bytearray(length))
        return data[: self._opened.readinto(data)]  # type: ignore[attr-defined]
