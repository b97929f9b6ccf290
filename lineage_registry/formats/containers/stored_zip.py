"""The central directory of a zip file, read so strictly that no two readers can disagree on it.

Members lie one after the other, with nothing before, between (but padding) or after them, under
names of their own, and both headers of each say the same. Those of a checkpoint are stored, not
compressed; other formats may compress theirs. Everything else that zip allows is refused.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.reading import read_at, shown

MAX_MEMBERS = 100_000
MAX_DIRECTORY = 16 * 1024 * 1024
LOCAL_MAGIC = b"PK\x03\x04"
STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<4sLLL")
_DESCRIPTOR_64 = struct.Struct("<4sLQQ")
_EXTRA = struct.Struct("<2H")
_FULL = 0xFFFFFFFF
_HAS_DESCRIPTOR, _IS_UTF8 = 0x8, 0x800
_LEVELS = 0x6
"""How hard the writer tried to compress; a reader does not care."""
_ZIP_64_EXTRA = 1


@dataclass(frozen=True, slots=True)
class Member:
    """One stored file of the zip."""

    name: str
    raw_name: bytes
    flags: int
    crc: int
    size: int
    offset: int
    """Where its local header begins."""
    packed: int = -1
    """Its bytes in the file, as many as `size` where they are stored."""
    method: int = STORED
    mode: int = 0
    """Type and permissions that it had on a Unix disk; 0 if the zip does not say."""

    @property
    def length(self) -> int:
        """How many bytes of the file it takes."""
        return self.size if self.packed < 0 else self.packed

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the central directory lies, and how many members it says it has."""

    start: int
    size: int
    members: int


def read_members(stream: BinaryIO, size: int, *, packed: bool = False) -> list[Member]:
    """Return the members in the order of the directory.

    Args:
        stream: The zip.
        size: Of the zip in bytes.
        packed: Whether members may be compressed.

    Raises:
        UnreadableArtifactError: The zip is cut off or broken.
        UnsafeArtifactError: The zip uses what a checkpoint has no need of, or breaks a limit.
    """
    place = directory_place(stream, size)
    data = read_at(stream, place.start, place.size, "the zip directory")
    members = list(_entries(data, place.members, packed=packed))
    if len({member.name for member in members}) != len(members):
        raise UnsafeArtifactError("the zip has two members of one name")
    return members


def data_offset(stream: BinaryIO, member: Member) -> int:
    """Return where the member's bytes begin, having compared its local header to the directory.

    Raises:
        UnreadableArtifactError: The zip is cut off or broken.
        UnsafeArtifactError: The two contradict each other.
    """
    raw = read_at(
        stream, member.offset, _LOCAL.size + len(member.raw_name), "a zip member's header"
    )
    magic, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(
        raw
    )
    if magic != LOCAL_MAGIC:
        raise UnreadableArtifactError(f"zip member {shown(member.name)} is not where it should be")
    same_name = raw[_LOCAL.size :] == member.raw_name and name_size == len(member.raw_name)
    if not same_name or flags != member.flags or method != member.method:
        raise UnsafeArtifactError(f"zip member {shown(member.name)} has two contradicting headers")
    start: int = member.offset + _LOCAL.size + name_size + extra_size
    told = (crc, packed, size)
    if flags & _HAS_DESCRIPTOR:
        wide = max(member.size, member.length) >= _FULL
        told = _descriptor(stream, start + member.length, wide=wide)
    known = {(member.crc, member.length, member.size), (member.crc, _FULL, _FULL)}
    if told not in known:
        raise UnsafeArtifactError(
            f"zip member {shown(member.name)} lies about its size or checksum"
        )
    return start


def check_layout(stream: BinaryIO, members: list[Member], size: int) -> dict[str, int]:
    """Return where the bytes of each member begin; no two members share any.

    Raises:
        UnreadableArtifactError: The zip is cut off or broken.
        UnsafeArtifactError: Members overlap, or contradict their headers.
    """
    reached = 0
    starts: dict[str, int] = {}
    for member in sorted(members, key=lambda member: member.offset):
        if member.offset < reached or (not starts and member.offset):
            raise UnsafeArtifactError(f"zip member {shown(member.name)} overlaps what precedes it")
        starts[member.name] = data_offset(stream, member)
        reached = starts[member.name] + member.length
    if reached > size:
        raise UnreadableArtifactError("the zip members reach beyond the end of the file")
    return starts


def read_member(stream: BinaryIO, member: Member, start: int, limit: int) -> bytes:
    """Return the bytes of a member, unpacked and checked against its checksum.

    Raises:
        UnreadableArtifactError: The bytes are not the ones that were written.
        UnsafeArtifactError: There are more than the limit, or of the size that it says.
    """
    if member.size > limit or member.length > limit:
        raise UnsafeArtifactError(f"zip member {shown(member.name)} is larger than {limit} bytes")
    data = read_at(stream, start, member.length, f"zip member {shown(member.name)}")
    if member.method != STORED:
        data = _inflated(data, member)
    if zlib.crc32(data) != member.crc:
        raise UnreadableArtifactError(f"zip member {shown(member.name)} does not fit its checksum")
    return data


def _inflated(data: bytes, member: Member) -> bytes:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = machine.decompress(data, member.size + 1)
    except zlib.error as error:
        raise UnreadableArtifactError(
            f"zip member {shown(member.name)} cannot be unpacked"
        ) from error
    if len(inflated) != member.size or not machine.eof or machine.unused_data:
        raise UnsafeArtifactError(f"zip member {shown(member.name)} lies about its size")
    return inflated


def directory_place(stream: BinaryIO, size: int) -> Place:
    """Return where the central directory is, from the one end that the zip has.

    Raises:
        UnreadableArtifactError: The zip is cut off, or something follows it.
        UnsafeArtifactError: It has two ends that contradict each other, or breaks a limit.
    """
    end_at = size - _END.size
    if end_at < 0:
        raise UnreadableArtifactError("the zip is cut off")
    end = _END.unpack(read_at(stream, end_at, _END.size, "the end of the zip"))
    magic, disk, first_disk, here, members, length, start, comment = end
    if magic != b"PK\x05\x06" or comment:
        raise UnreadableArtifactError("the zip is cut off, or something follows it")
    if disk or first_disk or here != members:
        raise UnsafeArtifactError("the zip is spread over several files")
    place = Place(start, length, members)
    reached = place.start + place.size
    if wide := _wide_place(stream, end_at):
        place, reached = wide
        _check_agreement(end, place)
    expected = end_at - (_LOCATOR.size + _END_64.size if wide else 0)
    if reached != expected:
        raise UnsafeArtifactError("the zip directory is not where it should be")
    if place.members > MAX_MEMBERS or place.size > MAX_DIRECTORY:
        raise UnsafeArtifactError(f"the zip has more than {MAX_MEMBERS} members")
    return place


def _wide_place(stream: BinaryIO, end_at: int) -> tuple[Place, int] | None:
    at = end_at - _LOCATOR.size
    if at < _END_64.size:
        return None
    magic, disk, wide_at, disks = _LOCATOR.unpack(
        read_at(stream, at, _LOCATOR.size, "the zip's end")
    )
    if magic != b"PK\x06\x07":
        return None
    if disk or disks != 1 or wide_at != at - _END_64.size:
        raise UnsafeArtifactError("the zip has two ends that contradict each other")
    raw = read_at(stream, wide_at, _END_64.size, "the zip's end")
    magic, record, _, _, disk, first_disk, here, members, length, start = _END_64.unpack(raw)
    if magic != b"PK\x06\x06" or record != _END_64.size - 12 or disk or first_disk:
        raise UnsafeArtifactError("the zip has two ends that contradict each other")
    if here != members:
        raise UnsafeArtifactError("the zip is spread over several files")
    return Place(start, length, members), start + length


def _check_agreement(end: tuple[int, ...], wide: Place) -> None:
    members, length, start = end[4], end[5], end[6]
    pairs = (
        (members, wide.members, 0xFFFF),
        (length, wide.size, _FULL),
        (start, wide.start, _FULL),
    )
    if any(narrow not in {full, most} for narrow, full, most in pairs):
        raise UnsafeArtifactError("the zip has two ends that contradict each other")


def _entries(data: bytes, count: int, *, packed: bool) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        if at + CENTRAL.size > len(data):
            raise UnreadableArtifactError("the zip directory is cut off")
        fields = CENTRAL.unpack_from(data, at)
        name_size, extra_size, comment_size = fields[10:13]
        name_at = at + CENTRAL.size
        extra_at = name_at + name_size
        at = extra_at + extra_size + comment_size
        if at > len(data):
            raise UnreadableArtifactError("the zip directory is cut off")
        extra = data[extra_at : extra_at + extra_size]
        yield _member(fields, data[name_at:extra_at], extra, may_pack=packed)
    if at != len(data):
        raise UnsafeArtifactError("the zip directory holds more than it counts")


def _member(fields: tuple[Any, ...], raw_name: bytes, extra: bytes, *, may_pack: bool) -> Member:
    flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
    name = raw_name.decode("utf-8", "backslashreplace")
    if fields[0] != b"PK\x01\x02":
        raise UnreadableArtifactError("the zip directory is broken")
    if flags & ~(_HAS_DESCRIPTOR | _IS_UTF8 | (_LEVELS if may_pack else 0)):
        raise UnsafeArtifactError(f"zip member {shown(name)} is encrypted or uses an odd feature")
    size, packed, offset = _widened(size, packed, fields[16], extra)
    if method != STORED and not (may_pack and method == DEFLATED):
        raise UnsafeArtifactError(
            f"zip member {shown(name)} is compressed{' in an odd way' if may_pack else ''}"
        )
    if method == STORED and packed != size:
        raise UnsafeArtifactError(f"zip member {shown(name)} lies about its size")
    return Member(name, raw_name, flags, crc, size, offset, packed, method, fields[15] >> 16)


def _widened(size: int, packed: int, offset: int, extra: bytes) -> tuple[int, int, int]:
    """Return sizes and offset, from the 64-bit extra field where they do not fit 32 bits."""
    wanted = [value == _FULL for value in (size, packed, offset)]
    if not any(wanted):
        return size, packed, offset
    field = _extra_64(extra)
    if len(field) < 8 * sum(wanted):
        raise UnreadableArtifactError("a zip member lacks its 64-bit size")
    wide = iter(struct.unpack_from(f"<{sum(wanted)}Q", field))
    size, packed, offset = (
        next(wide) if is_wide else value
        for is_wide, value in zip(wanted, (size, packed, offset), strict=True)
    )
    return size, packed, offset


def _extra_64(extra: bytes) -> bytes:
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        if kind == _ZIP_64_EXTRA:
            return extra[at + _EXTRA.size : at + _EXTRA.size + length]
        at += _EXTRA.size + length
    return b""


def _descriptor(stream: BinaryIO, at: int, *, wide: bool) -> tuple[int, int, int]:
    form = _DESCRIPTOR_64 if wide else _DESCRIPTOR
    magic, crc, packed, size = form.unpack(read_at(stream, at, form.size, "a zip descriptor"))
    if magic != b"PK\x07\x08":
        raise UnreadableArtifactError("a zip member is not followed by its descriptor")
    return crc, packed, size
