"""What the digests of local files were, so that what did not change is not read again."""

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

_SETTLED: Final = 0.05
_SECOND: Final = 1_000_000_000


class _State(NamedTuple):
    """What changes when a file does."""

    size: int
    modified: int
    changed: int
    inode: int


_RECORD: Final = TypeAdapter(dict[str, tuple[_State, str]])


class KnownDigests:
    """The digests that the files of one folder had when they were last read.

    They are kept in the user's cache folder, and looked at only where a file has still the size,
    the times and the inode that it had. A record that cannot be read or written costs time and
    nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        name = hashlib.sha256(os.fsencode(self._folder)).hexdigest()
        self._known: dict[str, tuple[_State, str]] = {}
        self._file: Path | None = None
        with suppress(OSError, ValidationError, RuntimeError):  # the last: a user without a home
            self._file = cache_folder() / "digests" / f"{name}.json"
            self._known = _RECORD.validate_json(self._file.read_bytes())

    def digest(self, path: str, *, again: bool = False) -> Digest:
        """Return the digest of a file of the folder, read if it is not known, or `again`.

        Raises:
            OSError: It cannot be read.
        """
        place = self._folder / path
        state, known = _state(place), self._known.get(path)
        if known is not None and known[0] == state and not again:
            return Digest(known[1])
        with place.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self._known[path] = (state, digest)
        return Digest(digest)

    def learn(self, path: str, digest: Digest) -> None:
        """Remember the digest of a file that was just written."""
        with suppress(OSError):
            self._known[path] = (_state(self._folder / path), digest.hex)

    def save(self) -> None:
        """Write down what is known.

        A file that changed just now may change again without its times telling: such a moment is
        waited for, and times in whole seconds are not trusted at all.
        """
        if self._file is None:
            return
        trusted = {path: one for path, one in self._known.items() if one[0].modified % _SECOND}
        youngest = max((state.changed for state, _ in trusted.values()), default=0)
        time.sleep(min(max(youngest / _SECOND + _SETTLED - time.time(), 0), _SETTLED))
        said = {path: one for path, one in trusted.items() if _still(self._folder / path, one[0])}
        partial = self._file.with_name(f"{self._file.name}.{uuid.uuid4().hex[:12]}")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial.write_text(json.dumps(said))
            partial.replace(self._file)


def cache_folder() -> Path:
    """Return where this user's caches of the registry are."""
    configured = os.environ.get("XDG_CACHE_HOME")
    return (Path(configured) if configured else Path.home() / ".cache") / "lineage-registry"


def _state(place: Path) -> _State:
    status = place.stat()
    return _State(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _still(place: Path, state: _State) -> bool:
    try:
        return _state(place) == state
    except OSError:
        return False
