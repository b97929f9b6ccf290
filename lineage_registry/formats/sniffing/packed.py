"""Which kind of file lies inside of a compressed one."""

from typing import BinaryIO

from lineage_registry.errors import FormatError
from lineage_registry.formats.containers.limits import Budget
from lineage_registry.formats.containers.packed import UNPACKED, unpacked_pieces
from lineage_registry.formats.sniffing.files import kind_of, kind_of_bytes
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.filesets import FileSet, remembering

COMPRESSED = UNPACKED
_HEAD = 4096


def kind_inside(files: FileSet, path: str) -> FileKind | None:
    """Return the kind of what a compressed file holds, from its beginning; None if it is none."""
    seen = remembering(files)
    kind = kind_of(seen, path)
    if kind not in COMPRESSED:
        return None

    def look() -> FileKind:
        with seen.open(path) as stream:
            return kind_of_bytes(_first_bytes(stream, kind))

    return seen.once(("kind inside", path), look)


def _first_bytes(stream: BinaryIO, kind: FileKind) -> bytes:
    data = b""
    try:
        for piece in unpacked_pieces(stream, kind, Budget()):
            data += piece
            if len(data) >= _HEAD:
                break
    except FormatError:
        pass
    return data[:_HEAD]
