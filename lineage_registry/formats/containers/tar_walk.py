"""The members of a tar file, found by walking over its headers; nothing is extracted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.containers.limits import MAX_MEMBERS
from lineage_registry.formats.reading import read_at, shown

_BLOCK = 512
_MAX_EXTENDED = 256 * 1024
_FILES = b"0\0"
_FOLDER = b"5"
_LONG_NAME, _PAX, _PAX_FOR_ALL = b"L", b"x", b"g"
_KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    b"7": "an odd file",
    b"S": "a sparse file",
    b"K": "a link with a long name",
}
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ([^=]+)=")


@dataclass(frozen=True, slots=True)
class TarMember:
    """One file or folder of the tar."""

    name: str
    start: int
    size: int
    is_folder: bool


def walk_tar(stream: BinaryIO, size: int) -> Iterator[TarMember]:
    """Yield the members in order.

    Raises:
        UnsafeArtifactError: There is a link, a device, or something after the end.
        UnreadableArtifactError: It is cut off or broken.
    """
    at, count = 0, 0
    extended: dict[str, str] = {}
    while True:
        header = read_at(stream, at, _BLOCK, "a tar header")
        if not any(header):
            _check_end(stream, at)
            return
        count += 1
        if count > MAX_MEMBERS:
            raise UnsafeArtifactError(f"the archive has more than {MAX_MEMBERS} members")
        kind, length = _checked(header)
        start = at + _BLOCK
        at = start + -(-length // _BLOCK) * _BLOCK
        if start + length > size:
            raise UnreadableArtifactError("a member reaches beyond the end of the tar")
        if kind in {_LONG_NAME, _PAX, _PAX_FOR_ALL}:
            extended |= _extended(stream, kind, start, length)
            continue
        if extended.get("size", str(length)) != str(length):
            raise UnsafeArtifactError("a tar member lies about its size")
        name = extended.pop("path", None) or _name(header)
        extended.clear()
        if kind not in _FILES and kind != _FOLDER:
            what = _KINDS.get(kind, "of an unknown kind")
            raise UnsafeArtifactError(f"the tar member {shown(name)} is {what}")
        yield TarMember(name, start, length, kind == _FOLDER or name.endswith("/"))


def _checked(header: bytes) -> tuple[bytes, int]:
    told = _number(header[148:156])
    if told != sum(header[:148]) + 8 * 32 + sum(header[156:]):
        raise UnreadableArtifactError("a tar header does not fit its checksum")
    return header[156:157], _number(header[124:136])


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    text = field.strip(b"\0 ")
    if not re.fullmatch(rb"[0-7]*", text):
        raise UnreadableArtifactError("a tar header has a number that is none")
    return int(text or b"0", 8)


def _name(header: bytes) -> str:
    name = _text(header[:100])
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _extended(stream: BinaryIO, kind: bytes, start: int, length: int) -> dict[str, str]:
    if length > _MAX_EXTENDED:
        raise UnsafeArtifactError("the tar has an extended header beyond all measure")
    data = read_at(stream, start, length, "an extended tar header")
    if kind == _LONG_NAME:
        return {"path": _text(data)}
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        match = _PAX_RECORD.match(data, at)
        if match is None or not match.end() <= (end := at + int(match[1])) <= len(data):
            raise UnreadableArtifactError("the tar has a broken extended header")
        key = match[2].decode("utf-8", "backslashreplace")
        if key.startswith("GNU.sparse"):
            raise UnsafeArtifactError("the tar has a sparse file")
        if key in {"path", "size", "linkpath"}:
            if kind == _PAX_FOR_ALL:
                raise UnsafeArtifactError("the tar gives one name to all its members")
            found[key] = data[match.end() : end].rstrip(b"\n").decode("utf-8", "backslashreplace")
        at = end
    return found


def _check_end(stream: BinaryIO, at: int) -> None:
    """Nothing may follow but zeros: another reader goes on after the first empty block."""
    stream.seek(at)
    while data := stream.read(64 * 1024):
        if any(data):
            raise UnsafeArtifactError("something follows the end of the tar")
