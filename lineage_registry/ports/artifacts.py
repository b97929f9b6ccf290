"""What a store of artifacts must offer: bytes under the name of their digest, checked both ways."""

import errno
import io
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple, Self, final

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    ArtifactNotFoundError,
    BackendError,
    BackendUnavailableError,
    RegistryError,
    StorageFullError,
)
from lineage_registry.ports.byte_streams import (
    CHUNK,
    CheckedSource,
    GuardedReader,
    SourceFailedError,
    VerifyingReader,
)
from lineage_registry.ports.pins import PinNote, new_pin_id, note_name, notes_prefix

PIN_LIFETIME = timedelta(days=2)
"""How long a pin keeps its blobs when nobody removes it; longer than any upload takes."""

_READ_AHEAD = 64 * 1024
_TRANSFERS = 8
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Progress = Callable[[int], None]
"""Called with the number of bytes that were just moved."""


class Capability(StrEnum):
    """What some artifact stores can do and others cannot."""

    LOCAL_PATHS = "local-paths"
    """Blobs are plain files of this machine that may be memory-mapped."""


class Stored(NamedTuple):
    """Where some bytes are now: their address, their size, and whether they had been there."""

    digest: Digest
    size: int
    existed: bool


class Source(NamedTuple):
    """Bytes that the caller has hashed, to be stored among many.

    Attributes:
        open: Gives them as a stream from their start.
    """

    digest: Digest
    size: int
    open: Callable[[], BinaryIO]


Progresses = Callable[[Source, int], None]
"""Called with a source and the number of its bytes that were just moved, one call at a time."""


class Pin(NamedTuple):
    """A pin that is being held; see `ArtifactStore.pinned`."""

    id: str
    add: Callable[[Iterable[Digest]], None]


class ArtifactStore(ABC):
    """Blobs named by their SHA-256, written once and never changed.

    The public methods are final: they keep the promises and call the underscored ones, which do the
    work. Errors of a file system or a client library never come out; errors of the caller's own
    source or progress callback come out as they are. One store may be used by many threads.

    Attributes:
        capabilities: What this store can do beyond what every store can.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    # Whether it pays to read a seekable source twice, so that its name is known before it is sent.
    _names_first: ClassVar[bool] = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @final
    def put(
        self,
        source: BinaryIO,
        *,
        expected: Digest | None = None,
        size: int | None = None,
        progress: Progress | None = None,
    ) -> Stored:
        """Store what `source` gives from here to its end, and tell its digest.

        The bytes stream through and are hashed on the way; nothing can be seen in the store until
        all are there, durable and right. The same bytes are stored once. A blob whose stored size
        is wrong is replaced.

        A blob that is already there under `expected`, with the announced size if there is one, is
        taken as stored and the source is left unread. This is safe because every read checks the
        digest; it proves nothing about the source, so only what the caller has hashed itself may
        be announced as `expected`.

        A source that is seekable may be read twice. Pin what must outlive a clean-up (`pinned`).

        Args:
            source: Bytes, from the current position on; not closed.
            expected: The digest that the bytes must have.
            size: The number of bytes that must come.
            progress: Told the number of bytes of each step.

        Raises:
            DigestMismatchError: The bytes are not the announced ones; nothing was stored.
            InvalidInputError: The source gives text.
            StorageFullError: There is no room; nothing was stored.
            BackendError: The store failed; nothing was stored, or all was.
        """
        checked = CheckedSource(source, expected=expected, size=size, progress=progress)
        try:
            with self._translating("store an artifact"):
                stored = self._found(checked)
                if stored is None:
                    existed = self._put(checked)
                    return Stored(checked.digest, checked.size, existed)
        except SourceFailedError as failure:
            raise failure.error from failure.error.__cause__
        if progress is not None:
            progress(stored.size)
        return stored

    @final
    def put_many(self, sources: Iterable[Source], *, progress: Progresses | None = None) -> None:
        """Store many blobs, each as `put` does; all are durable when this returns.

        Transfers run side by side and are made durable together, which for small files is many
        times faster than one `put` after the other. If one fails the others are there or not.

        Raises:
            DigestMismatchError: The bytes of a source are not the announced ones.
            StorageFullError: There is no room.
            BackendError: The store failed.
        """
        told = _one_at_a_time(progress)
        given = list(sources)
        wanted = {source.digest: source for source in given}
        try:
            with self._translating("store artifacts"):
                there = self._sizes(frozenset(wanted))
                new = [each for each in wanted.values() if there.get(each.digest) != each.size]
                self._settle_many(wanted.keys() - {each.digest for each in new})
                self._put_many(new, told)
            sent = set(map(id, new))
            for source in given:
                if id(source) not in sent:
                    told(source, source.size)
        except SourceFailedError as failure:
            raise failure.error from failure.error.__cause__

    @final
    def open(self, digest: Digest) -> BinaryIO:
        """Return the bytes of `digest` as a stream, checked as they are read.

        The read that reaches the last byte raises if the bytes are damaged, cut off or too many.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest.
            DigestMismatchError: Not the bytes that were put (while reading).
            BackendError: The store failed (also while reading).
        """
        with self._translating("open an artifact"):
            raw, size = self._open(digest)
        reader = VerifyingReader(raw, digest, size, lambda: self._translating("read an artifact"))
        return io.BufferedReader(reader, CHUNK)

    @final
    def open_at(self, digest: Digest) -> BinaryIO:
        """Return the bytes of `digest` as a seekable file; only what is read is fetched.

        Nothing is verified: meant for a look into a header, to be distrusted like any input.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest.
            BackendError: The store failed (also while reading).
        """
        with self._translating("open an artifact"):
            raw = self._open_at(digest)
        reader = GuardedReader(raw, lambda: self._translating("read an artifact"))
        return io.BufferedReader(reader, _READ_AHEAD)

    @final
    def size(self, digest: Digest) -> int:
        """Return the number of stored bytes.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest.
            BackendError: The store failed.
        """
        with self._translating("look up an artifact"):
            found = self._size(digest)
        if found is None:
            raise missing(digest)
        return found

    @final
    def contains(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of `digests` under which something is stored.

        Raises:
            BackendError: The store failed.
        """
        return frozenset(self.sizes(digests))

    @final
    def sizes(self, digests: Iterable[Digest]) -> dict[Digest, int]:
        """Return the number of stored bytes of those of `digests` that are stored.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("look up artifacts"):
            return self._sizes(frozenset(digests))

    @final
    def iter_digests(self) -> Iterator[Digest]:
        """Walk over all stored blobs in the order of their digests.

        Blobs that come while the walk goes on may be seen or not.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("list artifacts"):
            yield from self._iter_digests()

    @final
    def verify(self, digest: Digest) -> None:
        """Read the whole blob; return only if it is there and right.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest.
            DigestMismatchError: Not the bytes that were put.
            BackendError: The store failed.
        """
        with self.open(digest) as stream:
            while stream.read(CHUNK):
                pass

    @final
    def fetch(self, digest: Digest, target: Path, *, progress: Progress | None = None) -> None:
        """Copy the blob to the file `target`, which is replaced only by all the right bytes.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest.
            DigestMismatchError: Not the bytes that were put; `target` is as it was.
            StorageFullError: There is no room for `target`.
            BackendError: The store failed, or `target` cannot be written.
        """
        partial = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex[:12]}.partial")
        try:
            with self.open(digest) as stream, self._writing(partial) as file:
                while chunk := stream.read(CHUNK):
                    with self._translating(f"write {target}"):
                        file.write(chunk)
                    if progress is not None:
                        progress(len(chunk))
            with self._translating(f"write {target}"):
                partial.replace(target)
        finally:
            with self._translating(f"remove {partial}"):
                partial.unlink(missing_ok=True)

    @final
    def local_path(self, digest: Digest) -> Path | None:
        """Return where the bytes lie as a file of this machine; None if they do not.

        The file is not verified and must not be changed; it may be memory-mapped.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest.
            BackendError: The store failed.
        """
        if Capability.LOCAL_PATHS not in self.capabilities:
            return None
        self.size(digest)
        return self._local_path(digest)

    @final
    def pin(self, digests: Iterable[Digest] = (), *, ttl: timedelta = PIN_LIFETIME) -> str:
        """Keep blobs safe from clean-up, also ones still to come; return the id of the pin.

        Raises:
            BackendError: The store failed.
        """
        pin_id = new_pin_id()
        self.add_to_pin(pin_id, digests, ttl=ttl)
        return pin_id

    @final
    def add_to_pin(
        self, pin_id: str, digests: Iterable[Digest], *, ttl: timedelta = PIN_LIFETIME
    ) -> None:
        """Let the pin keep more blobs, for `ttl` from now; what it kept before is not prolonged.

        Raises:
            InvalidInputError: This is not the id of a pin.
            BackendError: The store failed.
        """
        name, note = note_name(pin_id), PinNote(datetime.now(UTC) + ttl, frozenset(digests))
        if note.digests:
            with self._translating("pin artifacts"):
                self._write_note(name, note.encode())

    @final
    def unpin(self, pin_id: str) -> None:
        """Give up the pin; nothing happens if it is gone.

        Raises:
            InvalidInputError: This is not the id of a pin.
            BackendError: The store failed.
        """
        prefix = notes_prefix(pin_id)
        with self._translating("unpin artifacts"):
            for name in list(self._note_names(prefix)):
                self._remove_note(name)

    @final
    @contextmanager
    def pinned(
        self, digests: Iterable[Digest] = (), *, ttl: timedelta = PIN_LIFETIME
    ) -> Iterator[Pin]:
        """Keep blobs safe from clean-up while inside: from before the upload until the commit.

        Raises:
            BackendError: The store failed.
        """
        pin_id = self.pin(digests, ttl=ttl)
        try:
            yield Pin(pin_id, lambda more: self.add_to_pin(pin_id, more, ttl=ttl))
        finally:
            self.unpin(pin_id)

    @final
    def pinned_digests(self) -> frozenset[Digest]:
        """Return what is kept by any pin that has not expired.

        Raises:
            IntegrityError: A pin cannot be read, so that what it keeps is unknown.
            BackendError: The store failed.
        """
        now = datetime.now(UTC)
        with self._translating("read the pins"):
            notes = [note for _, note in self._notes() if note.expires_at > now]
        return frozenset().union(*(note.digests for note in notes))

    @final
    def sweep(self, *, older_than: timedelta = PIN_LIFETIME) -> int:
        """Remove what crashed uploads left behind and pins that have expired; return how many.

        Blobs are never removed here.

        Args:
            older_than: Leave alone what was touched since; longer than any upload rests.

        Raises:
            BackendError: The store failed.
        """
        now = datetime.now(UTC)
        with self._translating("clean up"):
            expired = [name for name, note in self._notes() if note.expires_at <= now]
            for name in expired:
                self._remove_note(name)
            return len(expired) + self._sweep(now - older_than)

    @final
    def check(self) -> None:
        """Return if the store can be used now.

        Raises:
            BackendUnavailableError: It cannot be reached.
            BackendError: It is reached and refuses.
        """
        with self._translating("reach the artifact store"):
            self._check()

    @final
    def close(self) -> None:
        """Give back connections; the store may not be used afterwards."""
        with self._translating("close the artifact store"):
            self._close()

    @abstractmethod
    def _put(self, source: CheckedSource) -> bool:
        """Read `source` to its end, then make the blob visible at once; tell if it was there.

        `source.read` raises at the end of wrong bytes: nothing may be visible before. A blob that
        is there with another size is replaced.
        """

    @abstractmethod
    def _open(self, digest: Digest) -> tuple[io.RawIOBase, int]:
        """Open for reading from start to end, and tell the stored size; raise `missing(digest)`."""

    @abstractmethod
    def _open_at(self, digest: Digest) -> io.RawIOBase:
        """Open for random access; raise `missing(digest)`."""

    @abstractmethod
    def _size(self, digest: Digest) -> int | None:
        """Return the stored size, None if there is no such blob."""

    def _sizes(self, digests: frozenset[Digest]) -> dict[Digest, int]:
        sizes = ((digest, self._size(digest)) for digest in digests)
        return {digest: size for digest, size in sizes if size is not None}

    def _put_many(self, sources: Sequence[Source], progress: Progresses) -> None:
        """Do what `_put` does with each source; no two have one digest, and none is there."""

        def put(source: Source) -> None:
            with checked_source(source, progress) as checked:
                self._put(checked)

        with ThreadPoolExecutor(_TRANSFERS, "put") as pool:
            for _ in pool.map(put, sources):
                pass

    @abstractmethod
    def _iter_digests(self) -> Iterator[Digest]:
        """Walk over all stored blobs, sorted."""

    def _settle(self, digest: Digest) -> None:  # noqa: B027 - servers have nothing to do
        """Make a blob durable that another writer may just have made visible."""

    def _settle_many(self, digests: Iterable[Digest]) -> None:
        for digest in digests:
            self._settle(digest)

    def _local_path(self, digest: Digest) -> Path:
        raise NotImplementedError(digest)

    @abstractmethod
    def _write_note(self, name: str, data: bytes) -> None:
        """Store a note of a pin under a new name, all of it or nothing."""

    @abstractmethod
    def _note_names(self, prefix: str) -> Iterator[str]:
        """Walk over the names of the notes that begin with `prefix`."""

    @abstractmethod
    def _read_note(self, name: str) -> bytes | None:
        """Return a note, None if it is gone."""

    @abstractmethod
    def _remove_note(self, name: str) -> None:
        """Remove a note; it may be gone."""

    @abstractmethod
    def _sweep(self, before: datetime) -> int:
        """Remove unfinished uploads last touched before then; return how many."""

    @abstractmethod
    def _check(self) -> None:
        """Raise if the store cannot be used."""

    def _close(self) -> None:  # noqa: B027 - folders have nothing to do
        """Give back what is held."""

    def _explain(self, error: Exception, action: str) -> RegistryError:
        """Turn a foreign error into one of the package; extended by stores that know more."""
        text = f"cannot {action}: {error}"
        if not isinstance(error, OSError):
            return BackendError(text)
        if error.errno in _FULL:
            return StorageFullError(text, hint="make room, then try again; nothing was changed")
        if isinstance(error, ConnectionError | TimeoutError):
            return BackendUnavailableError(text)
        if isinstance(error, PermissionError):
            return BackendError(text, hint="check the permissions of the user that runs this")
        return BackendError(text)

    def _found(self, source: CheckedSource) -> Stored | None:
        digest = source.learn() if self._names_first else source.expected
        found = None if digest is None else self._size(digest)
        if digest is None or found is None or source.promised_size not in {None, found}:
            return None
        self._settle(digest)
        return Stored(digest, found, existed=True)

    def _notes(self) -> Iterator[tuple[str, PinNote]]:
        for name in list(self._note_names("")):
            data = self._read_note(name)
            if data is not None:
                yield name, PinNote.decode(data)

    @contextmanager
    def _writing(self, path: Path) -> Iterator[BinaryIO]:
        with self._translating(f"write {path}"):
            file = path.open("xb")
        try:
            yield file
        finally:
            with self._translating(f"write {path}"):
                file.close()

    @contextmanager
    def _translating(self, action: str) -> Iterator[None]:
        try:
            yield
        except (RegistryError, SourceFailedError):
            raise
        except Exception as error:
            raise self._explain(error, action) from error


@contextmanager
def checked_source(source: Source, progress: Progresses) -> Iterator[CheckedSource]:
    """Open one of many sources for the block, checked as it is read.

    Raises:
        SourceFailedError: It cannot be opened.
    """
    try:
        stream = source.open()
    except Exception as error:
        raise SourceFailedError(error) from error
    with stream:
        yield CheckedSource(
            stream,
            expected=source.digest,
            size=source.size,
            progress=lambda step: progress(source, step),
        )


def _one_at_a_time(progress: Progresses | None) -> Progresses:
    lock = threading.Lock()

    def told(source: Source, step: int) -> None:
        if progress is not None:
            with lock:
                progress(source, step)

    return told


def missing(digest: Digest) -> ArtifactNotFoundError:
    """Make the error that says that nothing is stored under `digest`."""
    return ArtifactNotFoundError(
        f"nothing is stored under {digest}",
        hint="it was never uploaded here, or was removed behind the registry's back",
        digest=str(digest),
    )
