"""Universal Binary JSON, read for its outline: <https://ubjson.org>, as XGBoost writes it."""

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.ranges import Ranges

_MAX_VALUES = 2_000_000
_MAX_DEPTH = 32
_MAX_TEXT = 4 * 1024 * 1024
_KEPT = 1_000
_SIZES = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q"}
_NUMBERS = {**_SIZES, "d": ">f", "D": ">d"}
_CONSTANTS = {"Z": None, "N": None, "T": True, "F": False}


@dataclass(frozen=True, slots=True)
class Row:
    """A list: its first values, and how many there are. Numbers of one type are counted only."""

    first: list[Any]
    count: int


def read_outline(stream: BinaryIO, size: int) -> Any:
    """Return what a file holds, lists cut to their first values.

    Raises:
        UnreadableArtifactError: It is cut off, or no UBJSON.
        UnsafeArtifactError: It is beyond a limit.
    """
    reader = _Reader(Ranges(stream, size))
    found = reader.value(reader.marker(), 0)
    if reader.at != size:
        raise UnreadableArtifactError("something follows the end of the model")
    return found


class _Reader:
    def __init__(self, ranges: Ranges) -> None:
        self.at = 0
        self._ranges = ranges
        self._left = _MAX_VALUES

    def marker(self) -> str:
        return self._bytes(1).decode("latin-1")

    def value(self, marker: str, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise UnsafeArtifactError("there are more values, or deeper ones, than in any model")
        if marker in _NUMBERS:
            return self._number(_NUMBERS[marker])
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == "S":
            return self._text()
        if marker == "C":
            return self._bytes(1).decode("latin-1")
        if marker == "[":
            return self._list(depth)
        if marker == "{":
            return self._object(depth)
        raise UnreadableArtifactError(f"there is no value marked {marker!a}")

    def _list(self, depth: int) -> Row:
        kind, count, marker = self._header()
        if kind in _NUMBERS and count is not None:
            self._pass(count * struct.calcsize(_NUMBERS[kind]))
            return Row([], count)
        first: list[Any] = []
        seen = 0
        while seen != count and not (count is None and marker == "]"):
            value = self.value(kind or marker, depth + 1)
            seen += 1
            if len(first) < _KEPT:
                first.append(value)
            marker = "" if kind or seen == count else self.marker()
        return Row(first, seen)

    def _object(self, depth: int) -> dict[str, Any]:
        kind, count, marker = self._header()
        found: dict[str, Any] = {}
        seen = 0
        while seen != count and not (count is None and marker == "}"):
            key = self._text(marker)
            if key in found:
                raise UnsafeArtifactError("the model says something twice")
            found[key] = self.value(kind or self.marker(), depth + 1)
            seen += 1
            marker = "" if seen == count else self.marker()
        return found

    def _header(self) -> tuple[str, int | None, str]:
        """Return type and count, if they are announced, and the marker that follows."""
        kind, count, marker = "", None, self.marker()
        if marker == "$":
            kind, marker = self.marker(), self.marker()
            if marker != "#":
                raise UnreadableArtifactError("a list has a type and no length")
        if marker == "#":
            count = self._size(self.marker())
            marker = self.marker() if count and not kind else ""
        return kind, count, marker

    def _text(self, marker: str = "") -> str:
        length = self._size(marker or self.marker())
        if length > _MAX_TEXT:
            raise UnsafeArtifactError(f"a text is longer than {_MAX_TEXT} bytes")
        return self._bytes(length).decode("utf-8", "backslashreplace")

    def _size(self, marker: str) -> int:
        if marker not in _SIZES:
            raise UnreadableArtifactError(f"there is no length marked {marker!a}")
        size = self._number(_SIZES[marker])
        if not isinstance(size, int) or size < 0:
            raise UnreadableArtifactError("a length is below zero")
        return size

    def _number(self, form: str) -> int | float:
        number: int | float = struct.unpack(form, self._bytes(struct.calcsize(form)))[0]
        return number

    def _bytes(self, count: int) -> bytes:
        data = self._ranges.at(self.at, count)
        self.at += count
        return data

    def _pass(self, count: int) -> None:
        self.at += count
        if self.at > self._ranges.size:
            raise UnreadableArtifactError("a list is longer than the file")
