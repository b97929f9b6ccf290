"""What several modules of the corpus make files with."""

import io
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from tests.corpus.cases import CANARY, COMMAND


def text(value: bytes) -> bytes:
    """A text as an instruction of a pickle."""
    return b"X" + struct.pack("<I", len(value)) + value


def zip_of(members: Iterable[tuple[str, bytes]], **options: int) -> bytes:
    """A zip; a name may occur twice."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", **options) as file:  # type: ignore[arg-type]
        warnings.simplefilter("ignore")
        for name, data in members:
            file.writestr(name, data)
    return stream.getvalue()


def tar_of(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar of files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as file:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def lz4_of(data: bytes) -> bytes:
    """An LZ4 frame whose blocks are stored, which is what writers do with what does not shrink."""
    head = b"\x04\x22\x4d\x18" + bytes([0b01000000, 0x40])
    blocks = b""
    for at in range(0, len(data), 65536):
        block = data[at : at + 65536]
        blocks += struct.pack("<I", len(block) | 0x80000000) + block
    return head + b"\x00" + blocks + bytes(4)


def zip_entry(name: bytes, data: bytes, packed: bytes | None = None, **lies: int) -> bytes:
    """A local header with what follows it."""
    body = data if packed is None else packed
    crc = lies.get("crc", zlib.crc32(data))
    size = lies.get("size", len(data))
    method = 0 if packed is None else 8
    sizes = (crc, len(body), size, len(name), 0)
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, method, 0, 0, *sizes) + name + body


CALL = text(COMMAND.encode()) + b"\x85R."
OPEN = text(f"open({CANARY!r}, 'w')".encode()) + b"tR."
