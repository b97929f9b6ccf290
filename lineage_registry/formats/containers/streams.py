"""Parts of files, and what they unpack to, as streams that can be read from any place."""

import io
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from lineage_registry.errors import UnreadableArtifactError

_IN_MEMORY = 1024 * 1024


class _Positioned(io.RawIOBase):
    """A stream that knows its length and reads from a position of its own."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = max(0, min(len(buffer), self._size - self._at))
        data = self._take(self._at, count) if count else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _take(self, at: int, count: int) -> bytes:
        raise NotImplementedError


class _Slice(_Positioned):
    """A part of another stream, which this one does not close."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        super().__init__(size)
        self._stream = stream
        self._start = start

    def _take(self, at: int, count: int) -> bytes:
        self._stream.seek(self._start + at)
        return self._stream.read(count)


class _Unpacking(_Positioned):
    """Bytes that come one after the other, kept so that they can be read again.

    As much is unpacked as was asked for; beyond a mebibyte they lie on disk, without a name.
    """

    def __init__(self, pieces: Iterator[bytes], size: int) -> None:
        super().__init__(size)
        self._pieces = pieces
        self._kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed below
        self._there = 0

    def close(self) -> None:
        self._kept.close()
        super().close()

    def _take(self, at: int, count: int) -> bytes:
        while self._there < at + count:
            piece = next(self._pieces, b"")
            if not piece:
                raise UnreadableArtifactError("the packed bytes are fewer than they should be")
            self._kept.seek(self._there)
            self._kept.write(piece)
            self._there += len(piece)
        self._kept.seek(at)
        return self._kept.read(count)


def part(stream: BinaryIO, start: int, size: int) -> BinaryIO:
    """Return a part of a stream as a stream; closing it leaves the whole open."""
    return _buffered(_Slice(stream, start, size))


def unpacking(pieces: Iterator[bytes], size: int) -> BinaryIO:
    """Return pieces that are made as they are needed as a stream of `size` bytes."""
    return _buffered(_Unpacking(pieces, size))


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(raw, 16 * 1024))
