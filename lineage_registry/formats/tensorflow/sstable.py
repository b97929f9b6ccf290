"""Tables of sorted keys and values, as LevelDB writes them and TensorFlow after it.

<https://github.com/google/leveldb/blob/main/doc/table_format.md>
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.protobuf import varint
from lineage_registry.formats.reading import read_at
from lineage_registry.formats.tensorflow.crc32c import crc32c, masked

MAX_TABLE = 16 * 1024 * 1024
"""A hundred thousand tensors take about so many bytes; the checksum of them takes a second."""
MAX_KEY = 4096
_MAX_KEYS = 4 * MAX_TABLE
"""Of all keys together: each says only how it differs from the one before."""
_MAGIC = 0xDB4775248B80FB57
_FOOTER, _TRAILER, _HANDLES = 48, 5, 40
_PLAIN, _SNAPPY = 0, 1
_PACKERS = {_SNAPPY: "snappy", 2: "zstd"}


class PackedTableError(UnreadableArtifactError):
    """Blocks of a table are compressed, which TensorFlow reads and has never written."""


class _Block(NamedTuple):
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size + _TRAILER


def read_table(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Give the keys of a table with their values, in the order of the keys.

    Raises:
        PackedTableError: A block is compressed.
        UnreadableArtifactError: The table is cut off or broken.
        UnsafeArtifactError: It is beyond a limit, or blocks share bytes.
    """
    if size > MAX_TABLE:
        raise UnsafeArtifactError(f"a table is larger than {MAX_TABLE} bytes")
    index = _index(stream, size)
    reached, before, keys = 0, None, 0
    for _, handle in _rows(_content(stream, index)):
        block, _ = _block(handle, 0)
        if block.start < reached or block.end > index.start:
            raise UnsafeArtifactError("blocks of a table share bytes, or lie outside of it")
        reached = block.end
        for key, value in _rows(_content(stream, block)):
            if before is not None and key <= before:
                raise UnreadableArtifactError("the keys of a table are not sorted")
            before = key
            keys += len(key)
            if keys > _MAX_KEYS:
                raise UnsafeArtifactError(f"the keys of a table take over {_MAX_KEYS} bytes")
            yield key, value


def _index(stream: BinaryIO, size: int) -> _Block:
    if size < _FOOTER:
        raise UnreadableArtifactError("a table is cut off")
    footer = read_at(stream, size - _FOOTER, _FOOTER, "the end of a table")
    if int.from_bytes(footer[_HANDLES:], "little") != _MAGIC:
        raise UnreadableArtifactError("a table is cut off, or is none")
    _, at = _block(footer, 0)
    index, _ = _block(footer, at)
    if index.end > size - _FOOTER:
        raise UnreadableArtifactError("the index of a table lies outside of it")
    return index


def _block(data: bytes, at: int) -> tuple[_Block, int]:
    start, at = _number(data, at)
    size, at = _number(data, at)
    return _Block(start, size), at


def _content(stream: BinaryIO, block: _Block) -> bytes:
    data = read_at(stream, block.start, block.size + _TRAILER, "a block of a table")
    told = int.from_bytes(data[-4:], "little")
    if masked(crc32c(data[:-4])) != told:
        raise UnreadableArtifactError("a block of a table does not fit its checksum")
    packer = data[block.size]
    if packer != _PLAIN:
        raise PackedTableError(f"it is compressed with {_PACKERS.get(packer, 'something unknown')}")
    return data[: block.size]


def _rows(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    # At the end are the places of keys that are written whole, for who searches; then their number.
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    if end < 0:
        raise UnreadableArtifactError("a block of a table is cut off")
    at, key = 0, b""
    while at < end:
        shared, at = _number(block, at)
        own, at = _number(block, at)
        length, at = _number(block, at)
        if shared > len(key) or at + own + length > end:
            raise UnreadableArtifactError("a row of a table reaches beyond its block")
        if shared + own > MAX_KEY:
            raise UnsafeArtifactError(f"a key of a table is longer than {MAX_KEY} bytes")
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + length]
        at += length


def _number(data: bytes, at: int) -> tuple[int, int]:
    try:
        return varint(data, at)
    except IndexError:
        raise UnreadableArtifactError("a table is cut off") from None
