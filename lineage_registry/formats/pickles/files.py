"""Files of pickles, plain or compressed."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from lineage_registry.formats.containers.limits import Budget
from lineage_registry.formats.containers.packed import UNPACKED, unpacked_pieces
from lineage_registry.formats.pickles.objects import Pickled, asked_by_others, read_objects
from lineage_registry.formats.sniffing.files import kind_of
from lineage_registry.ports.filesets import FileSet


class _Forward(io.RawIOBase):
    """Pieces as a stream that is read once, from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._pieces, b"")
        data = self._rest[: len(buffer)]
        self._rest = self._rest[len(data) :]
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(files: FileSet, path: str, budget: Budget) -> Iterator[BinaryIO]:
    """Open a file for the block, unpacked if it is compressed; it may not be seekable then."""
    kind = kind_of(files, path)
    with files.open(path) as stream:
        if kind not in UNPACKED:
            yield stream
            return
        pieces = _Forward(unpacked_pieces(stream, kind, budget))
        yield cast("BinaryIO", io.BufferedReader(pieces, 64 * 1024))


def read_pickled(files: FileSet, path: str, budget: Budget) -> Pickled:
    """Return what a file of a pickle holds, whichever way it is compressed.

    Raises:
        UnsafeArtifactError: It breaks a rule.
        UnreadableArtifactError: It is broken.
    """
    with opened(files, path, budget) as stream:
        found = read_objects(stream)
    if not found.wrapped:
        return found
    with opened(files, path, budget) as stream:
        asked = found.asked | asked_by_others(stream)
    return Pickled(found.census, asked, found.wrapped, found.root, found.producer)
