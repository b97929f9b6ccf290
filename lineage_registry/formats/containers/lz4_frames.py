"""LZ4 frames, unpacked without a library: the frame format 1.6.x and its blocks."""

import struct
from collections.abc import Callable, Iterator

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError

MAX_LZ4 = 64 * 1024 * 1024
"""Python does this slowly; larger ones are refused rather than waited for."""
_MAGIC = 0x184D2204
_WINDOW = 64 * 1024
_BLOCK_SIZES = {4: 64 * 1024, 5: 256 * 1024, 6: 1024 * 1024, 7: 4 * 1024 * 1024}
_LENGTH = struct.Struct("<I")
_STORED = 0x80000000


def lz4_pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield what the blocks of one frame hold; checksums are not looked at.

    Raises:
        UnsafeArtifactError: It uses a dictionary, is very large, or something follows it.
        UnreadableArtifactError: It is cut off or broken.
    """
    flags, most = _header(read)
    history = bytearray()
    total = 0
    while length := _LENGTH.unpack(_exactly(read, 4))[0]:
        data = _exactly(read, _checked(length & ~_STORED, most))
        before = len(history)
        if length & _STORED:
            history += data
        else:
            _unpack(data, history, most)
        if flags & 0x10:
            _exactly(read, 4)
        total += len(history) - before
        if total > MAX_LZ4:
            raise UnsafeArtifactError(f"the LZ4 frame unpacks to more than {MAX_LZ4} bytes")
        yield bytes(history[before:])
        del history[: max(0, len(history) - _WINDOW)]
        if flags & 0x20:
            history.clear()
    if flags & 0x04:
        _exactly(read, 4)
    if read(1):
        raise UnsafeArtifactError("something follows the compressed bytes")


def _header(read: Callable[[int], bytes]) -> tuple[int, int]:
    magic, flags, sizes = struct.unpack("<IBB", _exactly(read, 6))
    if magic != _MAGIC or flags >> 6 != 1 or flags & 0x02:
        raise UnreadableArtifactError("the LZ4 frame is of an unknown form")
    if flags & 0x01:
        raise UnsafeArtifactError("the LZ4 frame needs a dictionary")
    most = _BLOCK_SIZES.get(sizes >> 4)
    if most is None:
        raise UnreadableArtifactError("the LZ4 frame has blocks of an unknown size")
    _exactly(read, (8 if flags & 0x08 else 0) + 1)
    return flags, most


def _checked(length: int, most: int) -> int:
    if length > most:
        raise UnreadableArtifactError("an LZ4 block is larger than the frame allows")
    return length


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = read(count - len(data))
        if not piece:
            raise UnreadableArtifactError("the LZ4 frame is cut off")
        data += piece
    return data


def _unpack(block: bytes, out: bytearray, most: int) -> None:
    at, limit = 0, len(out) + most
    while True:
        if at >= len(block):
            raise UnreadableArtifactError("an LZ4 block is cut off")
        token = block[at]
        literals, at = _extended(block, at + 1, token >> 4)
        if at + literals > len(block) or len(out) + literals > limit:
            raise UnreadableArtifactError("an LZ4 block is broken")
        out += block[at : at + literals]
        at += literals
        if at == len(block):
            return
        offset = int.from_bytes(block[at : at + 2], "little")
        length, at = _extended(block, at + 2, token & 15)
        length += 4
        if not 0 < offset <= len(out) or len(out) + length > limit:
            raise UnreadableArtifactError("an LZ4 block refers to nothing")
        _repeat(out, offset, length)


def _extended(block: bytes, at: int, length: int) -> tuple[int, int]:
    if length < 15:
        return length, at
    while at < len(block):
        length += block[at]
        at += 1
        if block[at - 1] != 255:
            return length, at
    raise UnreadableArtifactError("an LZ4 block is cut off")


def _repeat(out: bytearray, offset: int, length: int) -> None:
    unit = bytes(out[len(out) - offset :])
    times = -(-length // offset)
    out += (unit * times)[:length]
