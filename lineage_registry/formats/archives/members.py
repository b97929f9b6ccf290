"""The members of an archive as a set of files to look into, without extracting any."""

import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, cast

from lineage_registry.errors import (
    ArtifactNotFoundError,
    UnreadableArtifactError,
    UnsafeArtifactError,
)
from lineage_registry.formats.containers.limits import MAX_NESTING, Budget, budget_for, check_ratio
from lineage_registry.formats.containers.names import checked_names
from lineage_registry.formats.containers.packed import unpacked_pieces
from lineage_registry.formats.containers.stored_zip import (
    STORED,
    Member,
    check_layout,
    read_members,
)
from lineage_registry.formats.containers.streams import part, unpacking
from lineage_registry.formats.containers.tar_walk import walk_tar
from lineage_registry.formats.reading import shown
from lineage_registry.formats.sniffing.files import kind_of
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.sniffing.packed import COMPRESSED
from lineage_registry.ports.filesets import FileSet

_PIECE = 64 * 1024
_IN_MEMORY = 8 * 1024 * 1024
_FILE_TYPES = frozenset({0, stat.S_IFREG, stat.S_IFDIR})


class _Place(NamedTuple):
    size: int
    open: Callable[[], BinaryIO]


class Members:
    """The files in an archive; names and sizes are checked already.

    Attributes:
        depth: How many archives they lie in.
        budget: How much more may be unpacked.
    """

    def __init__(self, places: dict[str, _Place], depth: int, budget: Budget) -> None:
        self._places = dict(sorted(places.items()))
        self.depth = depth
        self.budget = budget

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        return list(self._places)

    def size(self, path: str) -> int:
        """Return the size of one file in bytes.

        Raises:
            ArtifactNotFoundError: There is no such file in the archive.
        """
        return self._place(path).size

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable; only as much is unpacked as is read.

        Raises:
            ArtifactNotFoundError: There is no such file in the archive.
        """
        return self._place(path).open()

    def _place(self, path: str) -> _Place:
        if path not in self._places:
            raise ArtifactNotFoundError(f"the archive has no file {path!r}", path=path)
        return self._places[path]


@contextmanager
def opened(files: FileSet, path: str) -> Iterator[Members]:
    """Give the members of an archive for the block.

    Raises:
        UnsafeArtifactError: It breaks a rule of archives, or a limit.
        UnreadableArtifactError: It is cut off or broken.
    """
    outer = within(files)
    depth = 1 if outer is None else outer.depth + 1
    budget = budget_for(files) if outer is None else outer.budget
    if depth > MAX_NESTING:
        raise UnsafeArtifactError(f"archives lie in archives, more than {MAX_NESTING} deep")
    kind = kind_of(files, path)
    with files.open(path) as stream:
        if kind in COMPRESSED:
            with _unpacked(stream, kind, budget) as (whole, size):
                yield Members(_of_tar(whole, size, budget), depth, budget)
        elif kind is FileKind.TAR:
            yield Members(_of_tar(stream, files.size(path), budget), depth, budget)
        else:
            yield Members(_of_zip(stream, files.size(path), budget), depth, budget)


def within(files: FileSet) -> Members | None:
    """Return the archive that a set of files is a part of; None if it is of none."""
    at: object = files
    while not isinstance(at, Members) and hasattr(at, "files"):
        at = at.files
    return at if isinstance(at, Members) else None


@contextmanager
def _unpacked(stream: BinaryIO, kind: FileKind, budget: Budget) -> Iterator[tuple[BinaryIO, int]]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as whole:
        for piece in unpacked_pieces(stream, kind, budget):
            whole.write(piece)
        yield cast("BinaryIO", whole), whole.tell()


def _of_tar(stream: BinaryIO, size: int, budget: Budget) -> dict[str, _Place]:
    members = [one for one in walk_tar(stream, size) if not one.is_folder]
    budget.take_members(len(members))
    names = checked_names([one.name for one in members])

    def place(start: int, length: int) -> _Place:
        return _Place(length, lambda: part(stream, start, length))

    by_name = {one.name: one for one in members}
    return {plain: place(by_name[name].start, by_name[name].size) for plain, name in names.items()}


def _of_zip(stream: BinaryIO, size: int, budget: Budget) -> dict[str, _Place]:
    listed = read_members(stream, size, packed=True)
    budget.take_members(len(listed))
    starts = check_layout(stream, listed, size)
    members = {one.name: one for one in listed if not one.is_folder}
    for member in listed:
        if stat.S_IFMT(member.mode) not in _FILE_TYPES:
            raise UnsafeArtifactError(f"the zip member {shown(member.name)} is a link or a device")
        check_ratio(member.length, member.size)
    names = checked_names(members)

    def place(member: Member) -> _Place:
        start = starts[member.name]
        if member.method == STORED:
            return _Place(member.size, lambda: part(stream, start, member.size))
        return _Place(
            member.size,
            lambda: unpacking(_inflated(stream, start, member, budget), member.size),
        )

    return {plain: place(members[name]) for plain, name in names.items()}


def _inflated(stream: BinaryIO, start: int, member: Member, budget: Budget) -> Iterator[bytes]:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    packed = part(stream, start, member.length)
    crc, taken, waiting = 0, 0, b""
    try:
        while not machine.eof:
            data = waiting or packed.read(_PIECE)
            if not data:
                break
            piece = machine.decompress(data, _PIECE)
            waiting = machine.unconsumed_tail
            budget.take_bytes(len(piece))
            taken += len(piece)
            crc = zlib.crc32(piece, crc)
            if taken > member.size:
                raise UnsafeArtifactError(f"zip member {shown(member.name)} lies about its size")
            if taken == member.size and crc != member.crc:
                raise UnreadableArtifactError(
                    f"zip member {shown(member.name)} does not fit its checksum"
                )
            yield piece
    except zlib.error as error:
        raise UnreadableArtifactError(
            f"zip member {shown(member.name)} cannot be unpacked"
        ) from error
