"""Walking over protobuf messages in a file: <https://protobuf.dev/programming-guides/encoding/>.

Nothing is decoded but what is asked for, and whatever is long is jumped over by its length, so that
gigabytes of weights in a message are never read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.ranges import Ranges

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
_MAX_TEXT = 64 * 1024
_NEEDED = 20
"""A tag and a number take no more bytes than these."""
_FIXED = {FIXED_64: 8, FIXED_32: 4}


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        number: Which field it is.
        wire: How it is written.
        value: The number, or where its bytes begin.
        length: How many bytes it has; 0 for a number.
    """

    number: int
    wire: int
    value: int
    length: int

    @property
    def end(self) -> int:
        """Where its bytes end."""
        return self.value + self.length


@dataclass(slots=True)
class Budget:
    """How many more fields may be looked at in a file."""

    fields: int

    def spend(self) -> None:
        """Count one field.

        Raises:
            UnsafeArtifactError: There are too many.
        """
        self.fields -= 1
        if self.fields < 0:
            raise UnsafeArtifactError("the file has more fields than any honest one")


class Protobuf:
    """A protobuf message in a file, and the messages in it."""

    def __init__(self, ranges: Ranges, budget: Budget) -> None:
        self._ranges = ranges
        self._budget = budget

    def whole(self) -> Iterator[Field]:
        """Walk over the fields of the file's own message."""
        return self._fields(0, self._ranges.size)

    def inside(self, field: Field, jump: re.Pattern[bytes] | None = None) -> Iterator[Field]:
        """Walk over the fields of a message that is a field.

        Args:
            field: The message.
            jump: What matches rows of fields that nobody wants; they are passed over at once.

        Raises:
            UnreadableArtifactError: It is a number, or is no message.
            UnsafeArtifactError: There are too many fields in the file.
        """
        if field.wire != BYTES:
            raise UnreadableArtifactError(f"field {field.number} is no message")
        return self._fields(field.value, field.end, jump)

    def _fields(self, at: int, end: int, jump: re.Pattern[bytes] | None = None) -> Iterator[Field]:
        window, start = b"", 0
        while True:
            if jump is not None:
                at = self._after_run(jump, at, end)
            if at >= end:
                return
            self._budget.spend()
            if at + _NEEDED > start + len(window) or at < start:
                window, start = self._ranges.window(at, min(_NEEDED, end - at))
            try:
                field, at = _field(window, start, at)
            except IndexError:
                raise UnreadableArtifactError("the file is cut off inside a field") from None
            if at > end:
                raise UnreadableArtifactError("a field is longer than what it is in")
            yield field

    def text(self, field: Field) -> str:
        """Return a field as text, cut where no honest text goes on.

        Raises:
            UnreadableArtifactError: It is a number, or the file is cut off.
        """
        return self.raw(field)[:_MAX_TEXT].decode("utf-8", "backslashreplace")

    def raw(self, field: Field) -> bytes:
        """Return the first bytes of a field.

        Raises:
            UnreadableArtifactError: It is a number, or the file is cut off.
        """
        if field.wire != BYTES:
            raise UnreadableArtifactError(f"field {field.number} is a number, not text")
        return self._ranges.at(field.value, min(field.length, _MAX_TEXT))

    def pair(self, field: Field) -> tuple[str, str]:
        """Return an entry of a map from text to text.

        Raises:
            UnreadableArtifactError: There is no message.
        """
        texts = {each.number: self.text(each) for each in self.inside(field) if each.wire == BYTES}
        return texts.get(1, ""), texts.get(2, "")

    def numbers(self, field: Field, most: int) -> list[int]:
        """Return the numbers of a repeated field, be it packed or one of them.

        Raises:
            UnreadableArtifactError: The file is cut off, or they are no numbers.
            UnsafeArtifactError: There are more than so many.
        """
        if field.wire == VARINT:
            return [signed(field.value)]
        if field.wire != BYTES:
            raise UnreadableArtifactError(f"field {field.number} is no whole number")
        if field.length > most * 10:
            raise UnsafeArtifactError(f"field {field.number} has more than {most} numbers")
        data = self._ranges.at(field.value, field.length)
        found, at = [], 0
        try:
            while at < len(data):
                number, at = varint(data, at)
                found.append(signed(number))
        except IndexError:
            raise UnreadableArtifactError(f"field {field.number} is cut off") from None
        return found

    def _after_run(self, pattern: re.Pattern[bytes], at: int, end: int) -> int:
        while at < end:
            window, start = self._ranges.window(at, min(_NEEDED, end - at))
            match = pattern.match(window, at - start, min(len(window), end - start))
            if match is None or start + match.end() == at:
                break
            at = start + match.end()
        return at


def signed(number: int) -> int:
    """Return a number of 64 bits as the signed one that it stands for."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _field(window: bytes, start: int, at: int) -> tuple[Field, int]:
    tag, place = varint(window, at - start)
    number, wire = tag >> 3, tag & 7
    if number == 0 or number > 0x1FFFFFFF:
        raise UnreadableArtifactError("a field has no number")
    if wire == VARINT:
        value, place = varint(window, place)
        return Field(number, wire, value, 0), start + place
    if wire == BYTES:
        length, place = varint(window, place)
        return Field(number, wire, start + place, length), start + place + length
    if wire not in _FIXED:
        raise UnreadableArtifactError(f"field {number} is written in a way that is long gone")
    return Field(number, wire, start + place, _FIXED[wire]), start + place + _FIXED[wire]


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it.

    Raises:
        IndexError: The bytes end before it does.
        UnreadableArtifactError: It is longer than any number of 64 bits.
    """
    byte = data[at]
    at += 1
    if byte < 0x80:
        return byte, at
    value, shift = byte & 0x7F, 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise UnreadableArtifactError("a number is longer than any")
