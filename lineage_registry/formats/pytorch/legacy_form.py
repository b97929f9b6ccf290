"""Checkpoints of torch before 1.6: five pickles in a row, then the bytes of each storage."""

import struct
from collections.abc import Callable
from typing import Any, BinaryIO, Never

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.pickles.gate import MAX_PICKLE, BoundedReader, Pairs, read_pickle
from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.tensors import Storages, call, take_census
from lineage_registry.formats.reading import read_exactly, shown

MAGIC = bytes.fromhex("80028a0a6cfc9c46f920")
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_COUNT = struct.Struct("<q")


def read_legacy(stream: BinaryIO, size: int) -> Checkpoint:
    """Return what a checkpoint of the old form holds.

    Raises:
        UnreadableArtifactError: It is cut off or broken.
        UnsafeArtifactError: One of its pickles breaks a rule.
    """
    reader = BoundedReader(stream, MAX_PICKLE)
    asked: set[tuple[str, str]] = set()

    def pickled(persistent: Callable[[Any], Any] = _no_reference) -> Any:
        picture, named = read_pickle(reader, call=call, persistent=persistent)
        asked.update(named)
        return picture

    if pickled() != _MAGIC_NUMBER:
        raise UnreadableArtifactError("it is no checkpoint of torch")
    if pickled() != _PROTOCOL:
        raise UnreadableArtifactError("the checkpoint is of an unknown protocol")
    _check_system(pickled())
    storages = Storages()
    picture = pickled(storages.refer)
    starts = _check_storages(stream, size, pickled(), storages)
    notes = {"protocol": str(_PROTOCOL)}
    census = take_census(picture)
    return Checkpoint(census, frozenset(asked), notes, picture=picture, starts=starts)


def _no_reference(_pid: Any) -> Never:
    raise UnsafeArtifactError("the pickle refers to a storage where none can be")


def _check_system(system: Any) -> None:
    told = [value for key, value in system if key == "little_endian"] if _are_pairs(system) else []
    if told != [True]:
        raise UnsafeArtifactError("the checkpoint is not little-endian")


def _are_pairs(item: Any) -> bool:
    return isinstance(item, Pairs)


def _check_storages(stream: BinaryIO, size: int, keys: Any, storages: Storages) -> dict[str, int]:
    """Return where the bytes of each storage begin."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise UnreadableArtifactError("the list of storages is not a list of keys")
    if sorted(keys) != sorted(storages.by_key):
        raise UnsafeArtifactError("the list of storages is not what the tensors refer to")
    at = stream.tell()
    starts = {}
    for key in keys:
        storage = storages.by_key[key]
        (count,) = _COUNT.unpack(read_exactly(stream, _COUNT.size, f"storage {shown(key)}"))
        if count != storage.size:
            raise UnsafeArtifactError(f"storage {shown(key)} contradicts itself about its size")
        starts[key] = at + _COUNT.size
        at = starts[key] + storage.bytes
        stream.seek(at)
    if at != size:
        raise UnreadableArtifactError(f"the storages end at byte {at}, the file at {size}")
    return starts
