"""The header of a GGUF file: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>."""

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import MAX_TENSORS, elements
from lineage_registry.formats.gguf.types import BLOCK_TYPES, BlockType
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.reading import shown

_MAGIC = b"GGUF"
_MAX_KEYS = 100_000
_MAX_VALUES = 4_000_000
_MAX_TEXT = 4 * 1024 * 1024
_MAX_TEXTS = 32 * 1024 * 1024
_MAX_NAME = 64 * 1024
_MAX_DIMENSIONS = 8
_MAX_ELEMENTS = 1 << 62
_MAX_NESTING = 4
_KEPT = 64
_ALIGNMENT = 32
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_TEXT, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Many:
    """A list in the metadata: its first values, and how many there are."""

    first: list[Any]
    count: int


class Entry(NamedTuple):
    """One tensor."""

    name: str
    type: BlockType
    shape: tuple[int, ...]
    elements: int


@dataclass(frozen=True, slots=True)
class Header:
    """Everything before the weights."""

    version: int
    values: dict[str, Any]
    entries: list[Entry]


def read_header(stream: BinaryIO, size: int) -> Header:
    """Return the header of a file of this size.

    Raises:
        UnreadableArtifactError: The file is cut off, or contradicts itself.
        UnsafeArtifactError: The header is beyond a limit, or says a thing twice.
    """
    return _Reader(Ranges(stream, size)).header()


class _Reader:
    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._at = 0
        self._order = "<"
        self._wide = "Q"
        self._left = _MAX_VALUES
        self._room = _MAX_TEXTS

    def header(self) -> Header:
        if self._bytes(4) != _MAGIC:
            raise UnreadableArtifactError("the file does not begin as GGUF does")
        version = self._version()
        self._wide = "Q" if version > 1 else "I"
        tensors, keys = self._one(self._wide), self._one(self._wide)
        if tensors > MAX_TENSORS or keys > _MAX_KEYS:
            raise UnsafeArtifactError(f"there are more than {MAX_TENSORS} tensors or values")
        values = self._values(keys)
        places = [self._entry() for _ in range(tensors)]
        self._check(places, values)
        return Header(version, values, [entry for entry, _ in places])

    def _version(self) -> int:
        raw = self._bytes(4)
        little, big = int.from_bytes(raw, "little"), int.from_bytes(raw, "big")
        if little & 0xFFFF == 0 and big in range(1, 16):
            self._order = ">"
            return big
        if little not in range(1, 16):
            raise UnreadableArtifactError(f"there is no GGUF of version {little}")
        return little

    def _values(self, count: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for _ in range(count):
            key = self._text(_MAX_NAME)
            if key in values:
                raise UnsafeArtifactError(f"the header says {shown(key)} twice")
            values[key] = self._value(self._one("I"), 0)
        return values

    def _value(self, kind: int, depth: int) -> Any:
        if kind == _TEXT:
            return self._text(_MAX_TEXT)
        if kind == _ARRAY:
            return self._array(depth)
        if kind not in _SCALARS:
            raise UnreadableArtifactError(f"there is no value of type {kind}")
        return self._one(_SCALARS[kind])

    def _array(self, depth: int) -> Many:
        kind, count = self._one("I"), self._one(self._wide)
        if depth > _MAX_NESTING:
            raise UnsafeArtifactError(f"lists nest deeper than {_MAX_NESTING}")
        if kind in _SCALARS:
            return self._numbers(_SCALARS[kind], count)
        self._left -= count
        if self._left < 0:
            raise UnsafeArtifactError(f"the header has more than {_MAX_VALUES} values")
        first = []
        for number in range(count):
            if number >= _KEPT and kind == _TEXT:
                self._skip_text()
                continue
            value = self._value(kind, depth + 1)
            if number < _KEPT:
                first.append(value)
        return Many(first, count)

    def _numbers(self, code: str, count: int) -> Many:
        each = struct.calcsize(f"{self._order}{code}")
        if count * each > self._ranges.size:
            raise UnreadableArtifactError("a list is longer than the file")
        kept = min(count, _KEPT)
        raw = self._ranges.at(self._at, kept * each)
        self._at += count * each
        return Many(list(struct.unpack(f"{self._order}{kept}{code}", raw)), count)

    def _entry(self) -> tuple[Entry, int]:
        name = self._text(_MAX_NAME)
        dimensions = self._one("I")
        if dimensions > _MAX_DIMENSIONS:
            raise UnsafeArtifactError(
                f"tensor {shown(name)} has more than {_MAX_DIMENSIONS} dimensions"
            )
        # The fastest dimension comes first here, and last everywhere else.
        shape = tuple(reversed([self._one(self._wide) for _ in range(dimensions)]))
        number, offset = self._one("I"), self._one("Q")
        kind = BLOCK_TYPES.get(number)
        if kind is None:
            raise UnreadableArtifactError(f"tensor {shown(name)} has the unknown type {number}")
        count = elements(shape)
        if count > _MAX_ELEMENTS or count % kind.elements:
            raise UnreadableArtifactError(f"tensor {shown(name)}: its shape does not fit its type")
        return Entry(name, kind, shape, count), offset

    def _check(self, places: list[tuple[Entry, int]], values: dict[str, Any]) -> None:
        alignment = values.get("general.alignment", _ALIGNMENT)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise UnreadableArtifactError("the alignment is no size")
        if len({entry.name for entry, _ in places}) != len(places):
            raise UnsafeArtifactError("two tensors have one name")
        start = -(-self._at // alignment) * alignment
        reached = 0
        for entry, offset in sorted(places, key=lambda place: place[1]):
            if offset < reached or offset % alignment:
                raise UnreadableArtifactError(f"tensor {shown(entry.name)} overlaps another")
            reached = offset + entry.elements // entry.type.elements * entry.type.bytes
        if places and start + reached > self._ranges.size:
            raise UnreadableArtifactError(
                f"the tensors end at {start + reached} bytes, the file has {self._ranges.size}"
            )

    def _bytes(self, count: int) -> bytes:
        data = self._ranges.at(self._at, count)
        self._at += count
        return data

    def _one(self, code: str) -> Any:
        form = f"{self._order}{code}"
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _text(self, limit: int) -> str:
        length = self._one(self._wide)
        if length > limit:
            raise UnsafeArtifactError(f"a text of the header is longer than {limit} bytes")
        self._room -= length
        if self._room < 0:
            raise UnsafeArtifactError(f"the header has more than {_MAX_TEXTS} bytes of text")
        # To spell what is no text out takes time and room: only in what may be a name.
        odd = "backslashreplace" if length <= _MAX_NAME else "replace"
        return self._bytes(length).decode("utf-8", odd)

    def _skip_text(self) -> None:
        length = self._one(self._wide)
        self._at += length
        if self._at > self._ranges.size:
            raise UnreadableArtifactError("the file is cut off inside a list of texts")
