"""Which blobs of this machine were verified before and are still the files that they were then."""

import hashlib
import json
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from lineage_registry.domain.digests import Digest
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.registry.known_digests import cache_folder

WORTH_NOTING: Final = 16 * 1024 * 1024
"""Bytes from which on a verification is remembered; less is hashed faster than it is looked up."""
_SETTLED: Final = 2.0
_LASTS: Final = 7 * 24 * 3600.0
_SECOND: Final = 1_000_000_000


class _State(NamedTuple):
    """What changes when a file does; nobody can set the time of its last change of state."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


_RECORD: Final = TypeAdapter(tuple[_State, float])


def verify_once(artifacts: ArtifactStore, digest: Digest, place: Path) -> None:
    """Return only if the blob in this file is right: it was verified, and is the same file still.

    It is read and hashed unless it was, in the last week and by this user, and has the device,
    inode, size and times that it had before and after that. A file that had just been changed
    when it was hashed is hashed again, since it might have changed once more in the same moment.
    The records lie in the user's cache folder, not beside the blobs: who can change the store
    cannot write them.

    Raises:
        ArtifactNotFoundError: Nothing is stored under this digest.
        DigestMismatchError: Not the bytes that were put.
        BackendError: The store failed.
    """
    before = _state(place)
    if before is None or before.size < WORTH_NOTING:
        artifacts.verify(digest)
        return
    record = _record_of(place)
    if _is_known(record, before):
        return
    began = time.time()
    artifacts.verify(digest)
    settled = before.changed / _SECOND + _SETTLED < began and before.changed % _SECOND
    if settled and _state(place) == before:
        _write(record, before, began)


def _is_known(record: Path, state: _State) -> bool:
    try:
        known, when = _RECORD.validate_json(record.read_bytes())
    except (OSError, ValidationError):
        return False
    return known == state and 0 <= time.time() - when < _LASTS


def _write(record: Path, state: _State, when: float) -> None:
    partial = record.with_name(f"{record.name}.{uuid.uuid4().hex[:12]}")
    with suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.write_text(json.dumps([state, when]))
        partial.replace(record)


def _record_of(place: Path) -> Path:
    name = hashlib.sha256(os.fsencode(place.resolve())).hexdigest()
    return cache_folder() / "verified" / name[:2] / f"{name}.json"


def _state(place: Path) -> _State | None:
    try:
        found = place.stat()
    except OSError:
        return None
    return _State(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
