"""Artifacts in a folder, on a disk of this machine or a shared one."""

import io
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, ClassVar

from lineage_registry.artifacts.local_staging import LocalStaging
from lineage_registry.domain.digests import Digest
from lineage_registry.ports.artifacts import (
    ArtifactStore,
    Blob,
    Capability,
    Leftover,
    Progress,
    Progresses,
    Source,
    checked_source,
    missing,
)
from lineage_registry.ports.byte_streams import CheckedSource
from lineage_registry.ports.uploads import PART_SIZE, Fingerprint

try:
    import fcntl
except ImportError:  # Windows: a copy that was interrupted begins again
    fcntl = None  # type: ignore[assignment]

_HEX = re.compile(r"[0-9a-f]{64}")
# Nobody writes to a blob, least of all by accident through a memory map; the umask takes its part.
_BLOB_MODE = 0o444
_NOTE_MODE = 0o666
# Linux keeps a file in memory in pages as large as the writes that made it, and maps large ones
# faster: touching a gibibyte takes a fifth less than after writes of 128 KiB. Pages of 2 MiB would
# be faster still, but to find room for one the kernel may have to move what is in memory.
_BLOCK = 1024 * 1024
# A disk makes many files durable together in hardly more time than one.
_WRITERS = 16
_AT_ONCE = 1_000
_FEW = 4


class LocalArtifactStore(ArtifactStore):
    """Artifacts in the folder `root`, which many processes may use at once.

    ```text
    blobs/sha256/ab/ab12...   one file for each blob, named by its digest (`sha256sum` agrees)
    tmp/                      uploads under way
    staging/                  parts that clients of a server have sent
    pins/                     what uploads keep from clean-up
    ```

    Example:
        >>> import io, tempfile
        >>> store = LocalArtifactStore(Path(tempfile.mkdtemp()))
        >>> stored = store.put(io.BytesIO(b"weights"))
        >>> store.open(stored.digest).read()
        b'weights'
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.LOCAL_PATHS, Capability.COLLECTION}
    )

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._blobs = self.root / "blobs" / "sha256"
        self._tmp = self.root / "tmp"
        self._pins = self.root / "pins"
        self._staging = self.root / "staging"
        self._durable: set[Path] = set()

    def _put(self, source: CheckedSource) -> bool:
        with self._unfinished(_BLOB_MODE) as (descriptor, written):
            while chunk := source.read(_BLOCK):
                _write_all(descriptor, chunk)
            path = self._path(source.digest)
            # Of a name that was known before it has been asked already.
            existed = source.expected is None and self._size(source.digest) == source.size
            if not existed:
                os.fsync(descriptor)
                path.parent.mkdir(parents=True, exist_ok=True)
                written.replace(path)
        self._settle(source.digest)
        return existed

    def _put_many(self, sources: Sequence[Source], progress: Progresses) -> None:
        self._tmp.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(sources), _AT_ONCE):
            some = sources[start : start + _AT_ONCE]
            partials = [self._tmp / uuid.uuid4().hex for _ in some]
            try:
                with ThreadPoolExecutor(_WRITERS, "put") as pool:
                    for _ in pool.map(partial(_write, progress), partials, some):
                        pass
                for written, source in zip(partials, some, strict=True):
                    path = self._path(source.digest)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    written.replace(path)
            finally:
                for unfinished in partials:
                    unfinished.unlink(missing_ok=True)
        self._settle_many(source.digest for source in sources)

    def _upload(self, path: Path, known: Fingerprint, progress: Progress | None) -> bool:
        """Write only what an interrupted copy of the same file has not written."""
        begun = self._tmp / f"{known.digest.hex}.partial"
        if known.size < PART_SIZE:
            return super()._upload(path, known, progress)
        self._tmp.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file, _claimed(begun) as descriptor:
            if descriptor is None:
                return super()._upload(path, known, progress)
            source = CheckedSource(file, expected=known.digest, size=known.size, progress=progress)
            try:
                _write_rest(descriptor, source)
            except Exception:
                begun.unlink(missing_ok=True)
                raise
            os.fsync(descriptor)
            self._path(known.digest).parent.mkdir(parents=True, exist_ok=True)
            begun.replace(self._path(known.digest))
            os.fchmod(descriptor, os.fstat(descriptor).st_mode & _BLOB_MODE)
        self._settle(known.digest)
        return False

    @property
    def staging(self) -> LocalStaging:
        """Where a server puts the parts that clients send: `staging/`."""

        def put(source: BinaryIO, digest: Digest, size: int) -> None:
            self._put(CheckedSource(source, expected=digest, size=size))

        return LocalStaging(self._translating, self._staging, put)

    def _settle(self, digest: Digest) -> None:
        self._settle_many([digest])

    def _settle_many(self, digests: Iterable[Digest]) -> None:
        # The folders are synced also when the blob was there already: whoever renamed it a moment
        # ago may not have come so far, and we are about to say that it is stored.
        folders = {self._path(digest).parent for digest in digests}
        _sync_folders(folders)
        # That a folder itself is there has to be made durable once; nobody takes it away.
        if folders - self._durable:
            _sync_folders({self._blobs, self._blobs.parent, self.root})
            self._durable |= folders

    def _open(self, digest: Digest) -> tuple[io.RawIOBase, int]:
        file = self._open_at(digest, None)
        return file, os.fstat(file.fileno()).st_size

    def _open_at(self, digest: Digest, size: int | None) -> io.RawIOBase:
        del size
        try:
            return self._path(digest).open("rb", buffering=0)
        except FileNotFoundError:
            raise missing(digest) from None

    def _size(self, digest: Digest) -> int | None:
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def _iter_digests(self) -> Iterator[Digest]:
        for folder in _sorted_names(self._blobs):
            for name in _sorted_names(self._blobs / folder):
                if _HEX.fullmatch(name) and name.startswith(folder):
                    yield Digest(name)

    def _local_path(self, digest: Digest) -> Path:
        return self._path(digest)

    def _write_note(self, name: str, data: bytes) -> None:
        with self._unfinished(_NOTE_MODE) as (descriptor, written):
            _write_all(descriptor, data)
            os.fsync(descriptor)
            self._pins.mkdir(parents=True, exist_ok=True)
            written.replace(self._pins / name)
        _sync_folder(self._pins)

    def _note_names(self, prefix: str) -> Iterator[str]:
        return (name for name in _sorted_names(self._pins) if name.startswith(prefix))

    def _read_note(self, name: str) -> bytes | None:
        try:
            return (self._pins / name).read_bytes()
        except FileNotFoundError:
            return None

    def _remove_note(self, name: str) -> None:
        (self._pins / name).unlink(missing_ok=True)

    def _iter_blobs(self) -> Iterator[Blob]:
        for digest in self._iter_digests():
            with suppress(FileNotFoundError):  # removed meanwhile
                found = self._path(digest).stat()
                yield Blob(digest, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def _remove(self, digests: frozenset[Digest]) -> None:
        for digest in digests:
            self._path(digest).unlink(missing_ok=True)

    def _unfinished_uploads(self, before: datetime) -> Iterator[Leftover]:
        for name in _sorted_names(self._tmp):
            path = self._tmp / name
            with suppress(FileNotFoundError):  # finished, or swept by somebody else, meanwhile
                found = path.stat()
                if found.st_mtime < before.timestamp():
                    yield Leftover(found.st_size, partial(path.unlink, missing_ok=True))
        for name in _sorted_names(self._staging):
            with suppress(FileNotFoundError):
                found, size = (self._staging / name).stat(), 0
                for part in _sorted_names(self._staging / name):
                    size += (self._staging / name / part).stat().st_size
                if found.st_mtime < before.timestamp():
                    remove = partial(shutil.rmtree, self._staging / name, ignore_errors=True)
                    yield Leftover(size, remove)

    def _check(self) -> None:
        with self._unfinished(_NOTE_MODE) as (descriptor, _):
            _write_all(descriptor, b"ready")

    def _path(self, digest: Digest) -> Path:
        return self._blobs / digest.hex[:2] / digest.hex

    @contextmanager
    def _unfinished(self, mode: int) -> Iterator[tuple[int, Path]]:
        """Give a new file on the same file system as the blobs; removed if it was not renamed."""
        self._tmp.mkdir(parents=True, exist_ok=True)
        path = self._tmp / uuid.uuid4().hex
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            yield descriptor, path
        finally:
            try:
                os.close(descriptor)
            finally:
                path.unlink(missing_ok=True)


def _write(progress: Progresses, path: Path, source: Source) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _BLOB_MODE)
    try:
        with checked_source(source, progress) as checked:
            while chunk := checked.read(_BLOCK):
                _write_all(descriptor, chunk)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folders(folders: set[Path]) -> None:
    if len(folders) <= _FEW:
        for folder in folders:
            _sync_folder(folder)
        return
    with ThreadPoolExecutor(_WRITERS, "sync") as pool:
        for _ in pool.map(_sync_folder, folders):
            pass


def _write_rest(descriptor: int, source: CheckedSource) -> None:
    """Make a file what `source` gives, without writing what is right already."""
    while chunk := source.read(_BLOCK):
        there = os.read(descriptor, len(chunk))
        if there != chunk:
            os.ftruncate(descriptor, os.lseek(descriptor, -len(there), os.SEEK_CUR))
            _write_all(descriptor, chunk)
    os.ftruncate(descriptor, source.size)


@contextmanager
def _claimed(path: Path) -> Iterator[int | None]:
    """Open a file for reading and writing, alone; None if somebody else has it."""
    if fcntl is None:
        yield None
        return
    descriptor, alone = os.open(path, os.O_RDWR | os.O_CREAT, _NOTE_MODE), False
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = os.fstat(descriptor).st_nlink > 0  # else finished while we opened it
        if alone:
            os.utime(descriptor)  # nobody may take it for abandoned
        yield descriptor if alone else None
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders; its file system orders renames by itself
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sorted_names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names only, a third of the time of iterdir
    except (FileNotFoundError, NotADirectoryError):
        return []
