"""What a store of artifacts must offer: bytes under the name of their digest, checked both ways."""

import contextlib
import errno
import functools
import io
import threading
import uuid
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    READ_AHEAD,
    CheckedSource,
    GuardedReader,
    SourceFailedError,
    VerifyingReader,
)
from lineage_registry.ports.pinning import PIN_LIFETIME, Pinning
from lineage_registry.ports.staging import Staging
from lineage_registry.ports.uploads import Fingerprint

_TRANSFERS = 8
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Progress = Callable[[int], None]
"""Called with the number of bytes that were just moved."""


class Capability(StrEnum):
    """What some artifact stores can do and others cannot."""

    LOCAL_PATHS = "local-paths"
    """Blobs are plain files of this machine that may be memory-mapped."""

    COLLECTION = "collection"
    """Blobs can be listed with their times and removed; behind a server only the server can."""


class Stored(NamedTuple):
    """Where some bytes are now: their address, their size, and whether they had been there."""

    digest: Digest
    size: int
    existed: bool


class LargeFile(NamedTuple):
    """A file that is sent in parts."""

    path: Path
    known: Fingerprint


class Source(NamedTuple):
    """Bytes that the caller has hashed, to be stored among many.

    Attributes:
        open: Gives them as a stream from their start.
        large: Where they are as a file, if they are to be sent in parts.
    """

    digest: Digest
    size: int
    open: Callable[[], BinaryIO]
    large: LargeFile | None = None


Progresses = Callable[[Source, int], None]
"""Called with a source and the number of its bytes that were just moved, one call at a time."""


class Blob(NamedTuple):
    """A stored blob: its address, its size, and when it was stored."""

    digest: Digest
    size: int
    stored_at: datetime


class Leftover(NamedTuple):
    """Something that an upload left behind: its size, and how to remove it."""

    size: int
    remove: Callable[[], None]


class ArtifactStore(Pinning):
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
    def replace(
        self,
        source: BinaryIO,
        digest: Digest,
        *,
        size: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Store what `source` gives also where something is stored under its digest already.

        So a damaged blob becomes right: `put` takes what has the right size for stored. Whoever
        reads meanwhile has the old bytes or the new ones, and is told of damage as always.

        Args:
            source: Bytes, from the current position on; not closed.
            digest: The digest that the bytes must have.
            size: The number of bytes that must come.
            progress: Told the number of bytes of each step.

        Raises:
            DigestMismatchError: The bytes are not the announced ones; nothing was changed.
            StorageFullError: There is no room; nothing was changed.
            BackendError: The store failed; nothing was changed, or all was.
        """
        checked = CheckedSource(source, expected=digest, size=size, progress=progress)
        try:
            with self._translating("replace an artifact"):
                self._replace(checked)
        except SourceFailedError as failure:
            raise failure.error from failure.error.__cause__

    @final
    def put_many(self, sources: Iterable[Source], *, progress: Progresses | None = None) -> None:
        """Store many blobs, each as `put` does; all are durable when this returns.

        Transfers run side by side and are made durable together, which for small files is many
        times faster than one `put` after the other. If one fails the others are there or not.
        Large files go on where an earlier call stopped; see `upload`.

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
                self._put_many([each for each in new if each.large is None], told)
                for each in new:
                    if each.large is not None:
                        self._upload(*each.large, functools.partial(told, each))
            sent = set(map(id, new))
            for source in given:
                if id(source) not in sent:
                    told(source, source.size)
        except SourceFailedError as failure:
            raise failure.error from failure.error.__cause__

    @final
    def upload(self, path: Path, known: Fingerprint, *, progress: Progress | None = None) -> Stored:
        """Store a file of which is known what it is; see `fingerprint`.

        Goes on where an earlier call stopped, even of another process or after a crash: parts
        that are there are not sent again. Otherwise the promises of `put` hold.

        Args:
            path: The file; nobody may change it meanwhile.
            known: What it is.
            progress: Told the number of bytes of each step, parts that were there included.

        Raises:
            DigestMismatchError: The file is not what it was; nothing was stored.
            StorageFullError: There is no room; nothing was stored.
            BackendError: The store failed; call again to go on.
        """
        try:
            with self._translating("store an artifact"):
                existed = self._size(known.digest) == known.size
                if not existed:
                    return Stored(known.digest, known.size, self._upload(path, known, progress))
                self._settle(known.digest)
        except SourceFailedError as failure:
            raise failure.error from failure.error.__cause__
        if progress is not None:
            progress(known.size)
        return Stored(known.digest, known.size, existed)

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
    def open_at(self, digest: Digest, size: int | None = None) -> BinaryIO:
        """Return the bytes of `digest` as a seekable file; only what is read is fetched.

        Nothing is verified: meant for a look into a header, to be distrusted like any input.

        Args:
            digest: What to open.
            size: Its size, if it is known: a store far away is then asked one question less.

        Raises:
            ArtifactNotFoundError: Nothing is stored under this digest; told at the first reading
                perhaps, if the size is given.
            BackendError: The store failed (also while reading).
        """
        with self._translating("open an artifact"):
            raw = self._open_at(digest, size)
        reader = GuardedReader(raw, lambda: self._translating("read an artifact"))
        return io.BufferedReader(reader, READ_AHEAD)

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
    def heads(self, digests: Iterable[Digest], count: int) -> dict[Digest, bytes]:
        """Return the first bytes of those of `digests` that are stored, fewer of shorter ones.

        Nothing is verified: as with `open_at`. A store far away is asked for many at a time.

        Args:
            digests: What to look into.
            count: How many bytes of each, one at least.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("look into artifacts"):
            return self._heads(frozenset(digests), count)

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
    def iter_blobs(self) -> Iterator[Blob]:
        """Walk over all stored blobs in the order of their digests, with sizes and times.

        Raises:
            UnsupportedCapabilityError: The store is behind a server.
            BackendError: The store failed (while walking).
        """
        with self._translating("list the artifacts"):
            yield from self._iter_blobs()

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
    def abandoned(self, *, older_than: timedelta = PIN_LIFETIME) -> list[int]:
        """Return the sizes of what `sweep` would remove, a pin counting as nothing.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("look for abandoned uploads"):
            return [leftover.size for leftover in self._leftovers(older_than)]

    @final
    def sweep(self, *, older_than: timedelta = PIN_LIFETIME) -> int:
        """Remove what crashed uploads left behind and pins that have expired; return how many.

        Blobs are never removed here.

        Args:
            older_than: Leave alone what was touched since; longer than any upload rests.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("clean up"):
            return self._sweep(older_than)

    @property
    def staging(self) -> Staging | None:
        """Where a server puts the parts that clients send; None if it can take none."""
        return None

    @final
    def signed_url(self, digest: Digest) -> str | None:
        """Return a URL that gives the bytes to whoever has it, for a quarter of an hour.

        Whoever reads them checks them. None if clients cannot reach the store by themselves.

        Raises:
            BackendError: The store failed.
        """
        with self._translating("sign a request"):
            return self._signed_url(digest)

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
        is there with another size is replaced; so is any whose name was known before, for then
        it has been asked whether there is one.
        """

    def _replace(self, source: CheckedSource) -> None:
        """Do what `_put` does with a source whose name is known."""
        self._put(source)

    def _upload(self, path: Path, known: Fingerprint, progress: Progress | None) -> bool:
        """Store a file, only what is missing of it; tell if it was there. As `_put` otherwise."""
        with path.open("rb") as file:
            return self._put(
                CheckedSource(file, expected=known.digest, size=known.size, progress=progress)
            )

    @abstractmethod
    def _open(self, digest: Digest) -> tuple[io.RawIOBase, int]:
        """Open for reading from start to end, and tell the stored size; raise `missing(digest)`."""

    @abstractmethod
    def _open_at(self, digest: Digest, size: int | None) -> io.RawIOBase:
        """Open for random access; raise `missing(digest)`, then or while reading."""

    @abstractmethod
    def _size(self, digest: Digest) -> int | None:
        """Return the stored size, None if there is no such blob."""

    def _sizes(self, digests: frozenset[Digest]) -> dict[Digest, int]:
        sizes = ((digest, self._size(digest)) for digest in digests)
        return {digest: size for digest, size in sizes if size is not None}

    def _heads(self, digests: frozenset[Digest], count: int) -> dict[Digest, bytes]:
        heads = {}
        for digest in digests:
            with (
                contextlib.suppress(ArtifactNotFoundError),
                io.BufferedReader(self._open_at(digest, None), count) as stream,
            ):
                heads[digest] = stream.read(count)
        return heads

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

    @abstractmethod
    def _iter_blobs(self) -> Iterator[Blob]:
        """Walk over all stored blobs, sorted, with sizes and times."""

    def _settle(self, digest: Digest) -> None:
        """Make a blob durable that another writer may just have made visible."""

    def _settle_many(self, digests: Iterable[Digest]) -> None:
        for digest in digests:
            self._settle(digest)

    def _local_path(self, digest: Digest) -> Path:
        raise NotImplementedError(digest)

    @abstractmethod
    def _unfinished_uploads(self, before: datetime) -> Iterator[Leftover]:
        """Walk over the uploads that were last touched before then."""

    def _signed_url(self, digest: Digest) -> str | None:
        del digest
        return None

    @abstractmethod
    def _check(self) -> None:
        """Raise if the store cannot be used."""

    def _close(self) -> None:
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

    def _sweep(self, older_than: timedelta) -> int:
        leftovers = list(self._leftovers(older_than))
        for leftover in leftovers:
            leftover.remove()
        return len(leftovers)

    def _leftovers(self, older_than: timedelta) -> Iterator[Leftover]:
        now = datetime.now(UTC)
        for name, note in self._notes():
            if note.expires_at <= now:
                yield Leftover(0, functools.partial(self._remove_note, name))
        yield from self._unfinished_uploads(now - older_than)

    def _found(self, source: CheckedSource) -> Stored | None:
        digest = source.learn() if self._names_first else source.expected
        found = None if digest is None else self._size(digest)
        if digest is None or found is None or source.promised_size not in {None, found}:
            return None
        self._settle(digest)
        return Stored(digest, found, existed=True)

    @contextlib.contextmanager
    def _writing(self, path: Path) -> Iterator[BinaryIO]:
        with self._translating(f"write {path}"):
            file = path.open("xb")
        try:
            yield file
        finally:
            with self._translating(f"write {path}"):
                file.close()

    @contextlib.contextmanager
    def _translating(self, action: str) -> Iterator[None]:
        try:
            yield
        except (RegistryError, SourceFailedError):
            raise
        except Exception as error:
            raise self._explain(error, action) from error


@contextlib.contextmanager
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
        hint="it was never uploaded here, or was removed behind the registry's back: "
        "register the file again",
        digest=str(digest),
    )
