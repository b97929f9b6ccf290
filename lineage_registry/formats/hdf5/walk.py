"""Walking over the groups of an HDF5 file: datasets with type and shape, attributes of the root.

Old groups (symbol tables in a B-tree) and new compact ones are read; groups so large that their
links lie in a heap are not, and are said to be left out. Nothing that the file stores elsewhere is
followed. After the HDF5 file format specification, version 3.0.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import MAX_TENSORS
from lineage_registry.formats.hdf5.values import (
    Attribute,
    dtype_of,
    is_text,
    is_variable_text,
    read_attribute,
    shape_of,
)
from lineage_registry.formats.pages import Pages

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NOWHERE = 0xFFFFFFFFFFFFFFFF
_DATASPACE, _LINK_INFO, _DATATYPE, _LINK, _EXTERNAL = 0x01, 0x02, 0x03, 0x06, 0x07
_ATTRIBUTE, _CONTINUED, _SYMBOLS, _ATTRIBUTE_INFO = 0x0C, 0x10, 0x11, 0x15
_HARD, _OUTSIDE = 0, 64
_MAX_MESSAGES = 2_000_000
_MAX_BLOCK = 16 * 1024 * 1024
_MAX_TEXT = 64 * 1024 * 1024
_MAX_NAME = 4096


@dataclass(frozen=True, slots=True)
class Dataset:
    """One array of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass
class Contents:
    """What was found.

    Attributes:
        texts: Attributes of the root group that are one text.
        left_out: Groups whose members could not be listed.
    """

    datasets: list[Dataset] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read_hdf5(stream: BinaryIO, size: int) -> Contents:
    """Return the datasets of a file and the texts of its root group.

    Raises:
        UnreadableArtifactError: It is broken, or of a version that is not known.
        UnsafeArtifactError: It refers to other files, or breaks a limit.
    """
    try:
        return _Walk(Pages(stream, size)).contents()
    except (struct.error, IndexError) as error:
        raise UnreadableArtifactError("the HDF5 file is cut off or broken") from error


class _Walk:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._messages = 0
        self._nodes: set[int] = set()
        self._found = Contents()

    def contents(self) -> Contents:
        waiting = [("", self._root())]
        entered: set[int] = set()
        while waiting:
            name, address = waiting.pop()
            if address in entered:
                continue
            entered.add(address)
            if len(entered) > MAX_TENSORS:
                raise UnsafeArtifactError(f"there are more than {MAX_TENSORS} objects")
            children = list(self._object(name, address))
            waiting.extend(
                (f"{name}/{child}" if name else child, at) for child, at in reversed(children)
            )
        return self._found

    def _root(self) -> int:
        head = self._pages.at(0, min(96, self._pages.size))
        if not head.startswith(SIGNATURE):
            raise UnreadableArtifactError("it is no HDF5 file")
        version = head[8]
        widths = {0: head[13:15], 1: head[13:15], 2: head[9:11], 3: head[9:11]}.get(version)
        if widths != b"\x08\x08":
            raise UnreadableArtifactError("the HDF5 file is of a form that is not known")
        if version >= 2:
            base, extension, end, root = struct.unpack_from("<4Q", head, 12)
            del extension
        else:
            start = 24 if version == 0 else 28
            base, _, end, _ = struct.unpack_from("<4Q", head, start)
            (root,) = struct.unpack_from("<Q", head, start + 40)
        if base != 0 or end > self._pages.size:
            raise UnreadableArtifactError("the HDF5 file is cut off, or begins elsewhere")
        return int(root)

    def _object(self, name: str, address: int) -> Iterator[tuple[str, int]]:
        """Take note of an object; yield what it links to."""
        told: dict[int, bytes] = {}
        for kind, message in self._messages_at(address):
            if kind == _EXTERNAL:
                raise UnsafeArtifactError("the HDF5 file keeps numbers in other files")
            if kind == _SYMBOLS:
                tree, heap = struct.unpack_from("<2Q", message)
                yield from self._symbols(tree, self._heap(heap))
            elif kind == _LINK:
                yield from self._link(message)
            elif kind == _LINK_INFO:
                self._note_dense(name or "/", message, 8)
            elif not name:
                self._note_attributes(kind, message)
            told[kind] = message
        if _DATATYPE in told and _DATASPACE in told:
            shape = shape_of(told[_DATASPACE], 8)
            self._found.datasets.append(Dataset(name, dtype_of(told[_DATATYPE]), shape))

    def _note_attributes(self, kind: int, message: bytes) -> None:
        if kind == _ATTRIBUTE:
            self._note_text(read_attribute(message))
        elif kind == _ATTRIBUTE_INFO:
            self._note_dense("attributes", message, 2)

    def _messages_at(self, address: int) -> Iterator[tuple[int, bytes]]:
        head = self._pages.at(address, min(32, self._pages.size - address))
        if head.startswith(b"OHDR"):
            yield from self._new_messages(address, head)
            return
        if head[0] != 1:
            raise UnreadableArtifactError("an object of the HDF5 file is of an unknown version")
        (length,) = struct.unpack_from("<I", head, 8)
        blocks = [(address + 16, length)]
        while blocks:
            at, length = blocks.pop(0)
            data = self._block(at, length)
            place = 0
            while place + 8 <= len(data):
                kind, size, _ = struct.unpack_from("<HHB", data, place)
                message = data[place + 8 : place + 8 + size]
                place += 8 + size
                yield from self._message(kind, message, blocks)

    def _new_messages(self, address: int, head: bytes) -> Iterator[tuple[int, bytes]]:
        flags = head[5]
        at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        length = int.from_bytes(head[at : at + width], "little")
        blocks = [(address + at + width, length)]
        extra = 2 if flags & 4 else 0
        first = True
        while blocks:
            begin, length = blocks.pop(0)
            data = self._block(begin, length)
            if not first:
                if not data.startswith(b"OCHK"):
                    raise UnreadableArtifactError("an object of the HDF5 file is broken")
                data = data[4:-4]
            first = False
            place = 0
            while place + 4 + extra <= len(data):
                kind, size = struct.unpack_from("<BH", data, place)
                message = data[place + 4 + extra : place + 4 + extra + size]
                place += 4 + extra + size
                yield from self._message(kind, message, blocks)

    def _message(
        self, kind: int, message: bytes, blocks: list[tuple[int, int]]
    ) -> Iterator[tuple[int, bytes]]:
        self._messages += 1
        if self._messages > _MAX_MESSAGES:
            raise UnsafeArtifactError("the HDF5 file has too many messages")
        if kind == _CONTINUED:
            at, length = struct.unpack_from("<2Q", message)
            blocks.append((at, length))
            return
        yield kind, message

    def _block(self, at: int, length: int) -> bytes:
        if length > _MAX_BLOCK:
            raise UnsafeArtifactError("an object of the HDF5 file is beyond all measure")
        return self._pages.at(at, length)

    def _heap(self, address: int) -> bytes:
        head = self._pages.at(address, 32)
        if not head.startswith(b"HEAP"):
            raise UnreadableArtifactError("the HDF5 file has a broken heap")
        size, _, place = struct.unpack_from("<3Q", head, 8)
        return self._block(place, size)

    def _symbols(self, address: int, heap: bytes) -> Iterator[tuple[str, int]]:
        waiting = [address]
        while waiting:
            at = waiting.pop()
            if at in self._nodes:
                raise UnsafeArtifactError("a group of the HDF5 file holds itself")
            self._nodes.add(at)
            head = self._pages.at(at, 8)
            (count,) = struct.unpack_from("<H", head, 6)
            if head.startswith(b"TREE") and head[4] == 0:
                data = self._pages.at(at + 24, 8 + count * 16)
                children = [struct.unpack_from("<Q", data, 8 + n * 16)[0] for n in range(count)]
                waiting.extend(reversed(children))
            elif head.startswith(b"SNOD"):
                data = self._pages.at(at + 8, count * 40)
                for number in range(count):
                    name_at, target, cached = struct.unpack_from("<QQI", data, number * 40)
                    name = heap[name_at : name_at + _MAX_NAME].partition(b"\0")[0]
                    if cached != 2:  # a soft link names a place in this file
                        yield name.decode("utf-8", "backslashreplace"), target
            else:
                raise UnreadableArtifactError("the HDF5 file has a broken group")

    def _link(self, message: bytes) -> Iterator[tuple[str, int]]:
        flags = message[1]
        at = 2
        kind = _HARD
        if flags & 8:
            kind, at = message[at], at + 1
        at += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        length = int.from_bytes(message[at : at + width], "little")
        at += width
        name = message[at : at + length].decode("utf-8", "backslashreplace")
        if kind == _OUTSIDE:
            raise UnsafeArtifactError("the HDF5 file links to other files")
        if kind == _HARD:
            yield name, struct.unpack_from("<Q", message, at + length)[0]

    def _note_dense(self, name: str, message: bytes, width: int) -> None:
        at = 2 + (width if message[1] & 1 else 0)
        if struct.unpack_from("<Q", message, at)[0] != _NOWHERE:
            self._found.left_out.append(name)

    def _note_text(self, attribute: Attribute) -> None:
        if shape_of(attribute.dataspace, 8):
            return
        if is_text(attribute.datatype):
            data = attribute.data.rstrip(b"\0")
        elif is_variable_text(attribute.datatype):
            length, address, index = struct.unpack_from("<IQI", attribute.data)
            data = self._from_heap(address, index)[:length]
        else:
            return
        self._found.texts[attribute.name] = data.decode("utf-8", "replace")

    def _from_heap(self, address: int, index: int) -> bytes:
        head = self._pages.at(address, 16)
        (length,) = struct.unpack_from("<Q", head, 8)
        if not head.startswith(b"GCOL") or length > _MAX_TEXT:
            raise UnreadableArtifactError("the HDF5 file has a broken heap of texts")
        at, end = address + 16, address + length
        while at + 16 <= end:
            number, _, _, size = struct.unpack("<HHIQ", self._pages.at(at, 16))
            if number == index:
                return self._pages.at(at + 16, min(size, _MAX_TEXT))
            if number == 0:
                break
            at += 16 + -(-size // 8) * 8
        raise UnreadableArtifactError("the HDF5 file has a text that is nowhere")
