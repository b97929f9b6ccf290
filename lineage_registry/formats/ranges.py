"""Small pieces out of large files: few reads, and little more read than is looked at."""

from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError

_FIRST, _MOST = 512, 256 * 1024


class Ranges:
    """The bytes of a file by place, fetched in windows.

    A window begins small after a jump and doubles as long as the reading goes straight on, so that
    walking over what is wanted is a few reads and jumping over what is not wanted reads none of it.

    Attributes:
        size: Of the whole file, in bytes.
        fetched: How many bytes were read up to now.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self.fetched = 0
        self._stream = stream
        self._start = 0
        self._window = b""
        self._step = _FIRST

    def at(self, start: int, count: int) -> bytes:
        """Return exactly so many bytes from a place.

        Raises:
            UnreadableArtifactError: The file ends before.
        """
        data, begins = self.window(start, count)
        begin = start - begins
        if begin + count > len(data):
            raise UnreadableArtifactError("the file is cut off, or says that it is longer")
        return data[begin : begin + count]

    def window(self, start: int, count: int) -> tuple[bytes, int]:
        """Return bytes that hold those from a place, as far as the file goes; and where they begin.

        Args:
            start: From where.
            count: How many are needed at least.
        """
        end = self._start + len(self._window)
        if not (self._start <= start and start + count <= end) and start < self.size:
            goes_on = self._start <= start <= end + _FIRST and end > 0
            self._step = min(self._step * 2, _MOST) if goes_on else _FIRST
            self._fill(start, min(max(count, self._step), self.size - start))
        return self._window, self._start

    def _fill(self, start: int, count: int) -> None:
        self._stream.seek(start)
        self._window = self._stream.read(count)
        self._start = start
        self.fetched += len(self._window)
