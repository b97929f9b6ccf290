"""A file read in pages, so that hopping about in it costs few reads."""

from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError

_PAGE = 32 * 1024
_KEPT = 128


class Pages:
    """The bytes of a file by place.

    Attributes:
        size: Of the file.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream
        self._pages: dict[int, bytes] = {}

    def at(self, start: int, count: int) -> bytes:
        """Return exactly so many bytes from a place.

        Raises:
            UnreadableArtifactError: They reach beyond the end of the file.
        """
        if start < 0 or count < 0 or start + count > self.size:
            raise UnreadableArtifactError("the file is cut off, or points outside of itself")
        first, last = start // _PAGE, (start + max(count, 1) - 1) // _PAGE
        data = b"".join(self._page(number) for number in range(first, last + 1))
        begin = start - first * _PAGE
        return data[begin : begin + count]

    def _page(self, number: int) -> bytes:
        if number not in self._pages:
            if len(self._pages) >= _KEPT:
                self._pages.pop(next(iter(self._pages)))
            self._stream.seek(number * _PAGE)
            self._pages[number] = self._stream.read(_PAGE)
        return self._pages[number]
