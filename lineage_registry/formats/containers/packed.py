"""Single files that were compressed: unpacked piece by piece, up to a limit."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.containers.limits import Budget, check_ratio
from lineage_registry.formats.containers.lz4_frames import lz4_pieces
from lineage_registry.formats.sniffing.kinds import FileKind

_PIECE = 64 * 1024
_MEMORY = 128 * 1024 * 1024
_OLD_JOBLIB = 20
"""Bytes before the zlib stream in what joblib wrote before 0.9.3."""

Machine = Callable[[], Any]

_MACHINES: dict[FileKind, Machine] = {
    FileKind.ZLIB: zlib.decompressobj,
    FileKind.JOBLIB_ZF: zlib.decompressobj,
    FileKind.GZIP: lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    FileKind.BZ2: bz2.BZ2Decompressor,
    FileKind.XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY),
    FileKind.LZMA: lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY),
}
_MANY_IN_A_ROW = frozenset({FileKind.GZIP, FileKind.BZ2, FileKind.XZ})
UNPACKED = frozenset({*_MACHINES, FileKind.LZ4})
"""Kinds of compression that are looked through."""


def unpacked_pieces(stream: BinaryIO, kind: FileKind, budget: Budget) -> Iterator[bytes]:
    """Yield what a compressed file holds.

    Raises:
        UnsafeArtifactError: Too much comes out, or something follows.
        UnreadableArtifactError: It is cut off or broken.
    """
    taken = 0
    source = _Counted(stream)
    if kind is FileKind.JOBLIB_ZF:
        skip = source.read(_OLD_JOBLIB + 1)
        source.push(skip[_OLD_JOBLIB:].lstrip(b" "))
    pieces = lz4_pieces(source.read) if kind is FileKind.LZ4 else _through(source, kind)
    try:
        for piece in pieces:
            taken += len(piece)
            budget.take_bytes(len(piece))
            check_ratio(source.count, taken)
            yield piece
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError) as error:
        raise UnreadableArtifactError("the compressed bytes are broken or cut off") from error


class _Counted:
    """A stream that counts what was read, and takes bytes back."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream = stream
        self._back = b""

    def read(self, count: int) -> bytes:
        if self._back:
            data, self._back = self._back[:count], self._back[count:]
            return data
        data = self._stream.read(count)
        self.count += len(data)
        return data

    def push(self, data: bytes) -> None:
        self._back = data + self._back


def _through(source: _Counted, kind: FileKind) -> Iterator[bytes]:
    # zlib hands back what it did not take yet; the others keep it inside.
    keeps = kind in {FileKind.BZ2, FileKind.XZ, FileKind.LZMA}
    again = True
    while again:
        machine = _MACHINES[kind]()
        waiting = b""
        while not machine.eof:
            hungry = machine.needs_input if keeps else not waiting
            data = waiting or (source.read(_PIECE) if hungry else b"")
            if hungry and not data:
                raise EOFError("cut off")
            piece = machine.decompress(data, _PIECE)
            waiting = b"" if keeps else machine.unconsumed_tail
            if piece:
                yield piece
        rest = machine.unused_data
        source.push(rest)
        rest = source.read(1)
        source.push(rest)
        again = bool(rest) and kind in _MANY_IN_A_ROW
        if rest and not again:
            raise UnsafeArtifactError("something follows the compressed bytes")
