"""Checkpoints of `torch.save`: a zip that holds one pickle and the bytes of each storage."""

import io
import re
from dataclasses import replace
from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.containers.stored_zip import (
    Member,
    check_layout,
    read_member,
    read_members,
)
from lineage_registry.formats.pickles.gate import MAX_PICKLE, BoundedReader, read_pickle
from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.tensors import Storage, Storages, call, take_census
from lineage_registry.formats.reading import shown

_PARTS = re.compile(
    r"([^/]+)/(data\.pkl|data/[0-9]+|version|byteorder|\.format_version|\.storage_alignment"
    r"|\.data/serialization_id)"
)
_NEEDED = ("data.pkl", "version")
_MAX_NOTE = 1024


def read_zip(stream: BinaryIO, size: int) -> Checkpoint:
    """Return what a checkpoint holds.

    Raises:
        UnreadableArtifactError: It is cut off or broken.
        UnsafeArtifactError: It breaks a rule of its container, or its pickle a rule of pickles.
    """
    members = {member.name: member for member in read_members(stream, size)}
    root = _root(members)
    starts = check_layout(stream, list(members.values()), size)

    def content(part: str, limit: int) -> bytes:
        name = f"{root}/{part}"
        return read_member(stream, members[name], starts[name], limit)

    notes = {
        part.lstrip("."): content(part, _MAX_NOTE).decode("ascii", "backslashreplace").strip()
        for part in (".format_version", "byteorder", "version")
        if f"{root}/{part}" in members
    }
    found = _opened(content("data.pkl", MAX_PICKLE), members, root, notes)
    data = f"{root}/data/"
    return replace(
        found,
        starts={
            name.removeprefix(data): at for name, at in starts.items() if name.startswith(data)
        },
    )


def _root(members: dict[str, Member]) -> str:
    roots = set()
    for name in members:
        found = _PARTS.fullmatch(name)
        if not found:
            raise UnsafeArtifactError(f"zip member {shown(name)} does not belong in a checkpoint")
        roots.add(found[1])
    if len(roots) != 1:
        raise UnsafeArtifactError("the zip members do not lie in one folder")
    (root,) = roots
    for part in _NEEDED:
        if f"{root}/{part}" not in members:
            raise UnreadableArtifactError(f"the zip has no {part}")
    return str(root)


def _opened(
    data: bytes, members: dict[str, Member], root: str, notes: dict[str, str]
) -> Checkpoint:
    stream = io.BytesIO(data)
    storages = Storages()
    picture, asked = read_pickle(
        BoundedReader(stream, MAX_PICKLE), call=call, persistent=storages.refer
    )
    if stream.tell() != len(data):
        raise UnsafeArtifactError("something follows the pickle in data.pkl")
    for storage in storages.by_key.values():
        _check_storage(storage, members.get(f"{root}/data/{storage.key}"))
    return Checkpoint(take_census(picture), asked, notes, picture=picture)


def _check_storage(storage: Storage, member: Member | None) -> None:
    if member is None:
        raise UnreadableArtifactError(f"the bytes of storage {shown(storage.key)} are missing")
    if member.size != storage.bytes:
        raise UnsafeArtifactError(
            f"storage {shown(storage.key)} says {storage.bytes} bytes and has {member.size}"
        )
