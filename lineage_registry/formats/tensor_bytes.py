"""The bytes of a tensor, read from its file in the order of its elements."""

from collections.abc import Iterator
from typing import NamedTuple

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.census import elements
from lineage_registry.ports.filesets import FileSet

_PIECE = 8 * 1024 * 1024
MAX_GATHERED = 1024 * 1024 * 1024
"""Bytes of a storage that are held while a view of it is put in order."""


def span(files: FileSet, path: str, begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a file from `begin` to `end`, in pieces.

    Raises:
        UnreadableArtifactError: The file ends before.
    """
    if begin == end:
        return
    with files.open(path) as stream:
        stream.seek(begin)
        left = end - begin
        while left:
            piece = stream.read(min(left, _PIECE))
            if not piece:
                raise UnreadableArtifactError("the file ends inside a tensor")
            left -= len(piece)
            yield piece


class View(NamedTuple):
    """Where the elements of a tensor lie.

    Attributes:
        begin: Byte of the first one.
        stride: From one to the next along each dimension, counted in elements.
        width: Bytes of an element.
    """

    begin: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    width: int

    @property
    def row_by_row(self) -> bool:
        """Whether they lie one after the other; a dimension of one may stride as it will."""
        expected = 1
        for size, step in zip(reversed(self.shape), reversed(self.stride), strict=True):
            if size not in {1, 0} and step != expected:
                return False
            expected *= size
        return True

    @property
    def reach(self) -> int:
        """Bytes from the first element to the last, both included."""
        if not elements(self.shape):
            return 0
        steps = sum((size - 1) * step for size, step in zip(self.shape, self.stride, strict=True))
        return (1 + steps) * self.width

    @property
    def size(self) -> int:
        """Bytes of all elements."""
        return elements(self.shape) * self.width


def gathered(files: FileSet, path: str, view: View) -> Iterator[bytes]:
    """Yield the elements of a view in order; if they lie out of order, what it reaches is held.

    Raises:
        UnreadableArtifactError: The file ends before.
    """
    if view.row_by_row or not view.size:
        yield from span(files, path, view.begin, view.begin + view.size)
        return
    data = b"".join(span(files, path, view.begin, view.begin + view.reach))
    for start in _starts(view.shape[:-1], view.stride[:-1]):
        yield _row(data, start * view.width, view)


def _starts(shape: tuple[int, ...], stride: tuple[int, ...]) -> Iterator[int]:
    """Yield where each row of the last dimension begins, counted in elements."""
    at = [0] * len(shape)
    for _ in range(elements(shape)):
        yield sum(index * step for index, step in zip(at, stride, strict=True))
        for axis in reversed(range(len(shape))):
            at[axis] += 1
            if at[axis] < shape[axis]:
                break
            at[axis] = 0


def _row(data: bytes, start: int, view: View) -> bytes:
    count, step, width = view.shape[-1], view.stride[-1], view.width
    if step == 0:
        return data[start : start + width] * count
    if step == 1:
        return data[start : start + count * width]
    row = bytearray(count * width)
    for byte in range(start, start + width):
        row[byte - start :: width] = data[
            byte : byte + (count - 1) * step * width + 1 : step * width
        ]
    return bytes(row)
