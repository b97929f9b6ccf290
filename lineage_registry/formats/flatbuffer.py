"""Tables of FlatBuffers, read one value at a time: <https://flatbuffers.dev/internals/>."""

import struct
from typing import Any, BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.ranges import Ranges

_MAX_TEXT = 64 * 1024
_MAX_READS = 1_000_000


class Buffer:
    """The bytes of a FlatBuffer, which may begin inside of a file."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._ranges = Ranges(stream, start + size)
        self._start = start
        self._size = size
        self._left = _MAX_READS

    def root(self) -> "Table":
        """Return the table that all others hang from."""
        return Table(self, self.number("<I", 0))

    def number(self, form: str, at: int) -> Any:
        """Return the number at a place.

        Raises:
            UnreadableArtifactError: There is no such place.
        """
        return struct.unpack(form, self.bytes(at, struct.calcsize(form)))[0]

    def bytes(self, at: int, count: int) -> bytes:
        """Return bytes from a place.

        Raises:
            UnreadableArtifactError: There is no such place.
            UnsafeArtifactError: More is asked for than any honest file has.
        """
        self._left -= 1
        if self._left < 0:
            raise UnsafeArtifactError("the file has more values than any honest one")
        if at < 0 or at + count > self._size:
            raise UnreadableArtifactError("the file points to a place that it does not have")
        return self._ranges.at(self._start + at, count)


class Table:
    """One table; its fields go by their number in the schema."""

    def __init__(self, buffer: Buffer, at: int) -> None:
        self._buffer = buffer
        self._at = at
        self._fields = at - buffer.number("<i", at)
        self._length = buffer.number("<H", self._fields)

    def scalar(self, field: int, form: str, default: Any) -> Any:
        """Return a number, the default if it is left out."""
        place = self._place(field)
        return default if place is None else self._buffer.number(form, place)

    def text(self, field: int) -> str | None:
        """Return a text cut to what can be shown, None if it is left out."""
        found = self._vector(field, 1)
        if found is None:
            return None
        start, count = found
        return self._buffer.bytes(start, min(count, _MAX_TEXT)).decode("utf-8", "backslashreplace")

    def table(self, field: int) -> "Table | None":
        """Return a table, None if it is left out."""
        place = self._place(field)
        return None if place is None else Table(self._buffer, self._target(place))

    def tables(self, field: int, most: int) -> list["Table"]:
        """Return the first tables of a list."""
        start, count = self._vector(field, 4) or (0, 0)
        places = [start + 4 * number for number in range(min(count, most))]
        return [Table(self._buffer, self._target(place)) for place in places]

    def numbers(self, field: int, form: str, most: int) -> list[Any]:
        """Return the first numbers of a list."""
        size = struct.calcsize(f"<{form}")
        start, count = self._vector(field, size) or (0, 0)
        kept = min(count, most)
        return list(struct.unpack(f"<{kept}{form}", self._buffer.bytes(start, kept * size)))

    def count(self, field: int, size: int) -> int:
        """Return how many things a list has, each of so many bytes."""
        found = self._vector(field, size)
        return 0 if found is None else found[1]

    def _place(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._length:
            return None
        offset = self._buffer.number("<H", self._fields + entry)
        return self._at + offset if offset else None

    def _target(self, place: int) -> int:
        return place + int(self._buffer.number("<I", place))

    def _vector(self, field: int, size: int) -> tuple[int, int] | None:
        place = self._place(field)
        if place is None:
            return None
        start = self._target(place)
        count = self._buffer.number("<I", start)
        if count * size:
            # The last one must be there, or a count is a lie that costs memory.
            self._buffer.bytes(start + 4 + count * size - 1, 1)
        return start + 4, count
