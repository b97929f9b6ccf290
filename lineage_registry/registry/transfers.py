"""Bytes on their way: from files and models into the artifact store, and back."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.errors import FormatError, InvalidInputError, UnreadableArtifactError
from lineage_registry.ports.artifacts import ArtifactStore, LargeFile, Source
from lineage_registry.ports.caches import Cache
from lineage_registry.ports.commands import File, Files
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.formats import HandlerRegistry, LocalFiles
from lineage_registry.ports.tensors import MAX_READ
from lineage_registry.ports.uploads import PART_SIZE, fingerprint
from lineage_registry.registry.verified_blobs import verify_once

_HASHERS: Final = 4

Progress = Callable[[str, int, int], None]
"""Told the path, the bytes of this step, and the size of the file; or a `Step`."""


class Step(str):
    """A step of work, told in place of a path: `(step, 0, 1)` as it begins, then `(step, 1, 1)`."""

    __slots__ = ()


class Steps:
    """Tells of steps one after the other; the next one ends the one before."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._now: Step | None = None

    def begin(self, name: str) -> None:
        """Tell that a step begins."""
        self.end()
        self._now = Step(name)
        if self._progress is not None:
            self._progress(self._now, 0, 1)

    def end(self) -> None:
        """Tell that the step is done, if one is under way."""
        if self._now is not None and self._progress is not None:
            self._progress(self._now, 1, 1)
        self._now = None


@contextmanager
def uploaded(
    artifacts: ArtifactStore, local: LocalFiles, progress: Progress | None
) -> Iterator[list[File]]:
    """Store files; they are pinned until the block ends, by then they are named.

    Raises:
        InvalidInputError: There are none.
        BackendError: The artifact store failed.
    """
    places = {name: local.place(name) for name in local.paths()}
    if not places:
        raise InvalidInputError(f"there are no files in {str(local.root)!r}")
    sources = sources_of(places)
    with artifacts.pinned(source.digest for source in sources.values()):
        send(artifacts, sources, progress)
        yield [
            File(path=name, digest=str(source.digest), size=source.size)
            for name, source in sources.items()
        ]


def sources_of(places: Mapping[str, Path]) -> dict[str, Source]:
    """Hash the files at these places, several small ones at a time; a large one takes two cores.

    Raises:
        UnreadableArtifactError: One of them cannot be read.
    """
    with _readable():
        small = [name for name, place in places.items() if place.stat().st_size < PART_SIZE]
        with ThreadPoolExecutor(_HASHERS, "hash") as pool:
            hashed = pool.map(_source, (places[name] for name in small))
            large = {name: _source(places[name]) for name in places.keys() - set(small)}
            found = large | dict(zip(small, hashed, strict=True))
        return {name: found[name] for name in places}


def send(
    artifacts: ArtifactStore, sources: Mapping[str, Source], progress: Progress | None
) -> None:
    """Store what is not there yet; `progress` is told of every file by its name.

    Raises:
        DigestMismatchError: A file changed since it was hashed.
        BackendError: The artifact store failed.
    """
    names = {id(source): name for name, source in sources.items()}

    def step(source: Source, count: int) -> None:
        if progress is not None:
            progress(names[id(source)], count, source.size)

    artifacts.put_many(sources.values(), progress=step)


@contextmanager
def saved(
    formats: HandlerRegistry, model: object, name: str | None, options: Mapping[str, object]
) -> Iterator[tuple[Path, str]]:
    """Write a model from memory into a folder that lasts for the block; return its format, too.

    Raises:
        UnknownFormatError: No handler takes the model.
        FormatError: It cannot be saved.
    """
    handler = formats.by_name(name) if name is not None else formats.for_object(model)
    with tempfile.TemporaryDirectory(prefix="lineage-registry-") as folder:
        handler.save(model, Path(folder), **options)
        yield Path(folder), handler.name


def weights_of(formats: HandlerRegistry, files: FileSet, name: str | None) -> str | None:
    """Return the digest of the tensors in files, if they are too many for the registry to read.

    None for what is smaller, and for what holds no tensors that can be told.
    """
    if total_size(files) <= MAX_READ:
        return None
    try:
        handler = formats.by_name(name) if name is not None else formats.detect(files)
        found = handler.weights(files)
    except FormatError:
        # What is wrong with the files is said when they are registered.
        return None
    return None if found is None else str(found)


def download(
    artifacts: ArtifactStore, files: Files, folder: Path, progress: Progress | None
) -> None:
    """Write verified copies of a version's files into a folder, each whole or not at all.

    Raises:
        ArtifactNotFoundError: The bytes of a file are gone.
        DigestMismatchError: The stored bytes are not what was registered.
    """
    for file in checked(files):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        artifacts.fetch(
            Digest.parse(file.digest), target, progress=step_of(progress, file.path, file.size)
        )


@contextmanager
def fetched(
    artifacts: ArtifactStore,
    files: Files,
    progress: Progress | None,
    cache: Cache | None = None,
    *,
    links: bool = True,
) -> Iterator[Path]:
    """Give a folder with a version's verified files for the block.

    Where blobs are plain files of this machine they are linked rather than copied, so that a
    format may map them into memory. Others come out of the cache, or go into it. Without `links`
    each file is a copy of its own.

    Raises:
        ArtifactNotFoundError: The bytes of a file are gone.
        DigestMismatchError: The stored bytes are not what was registered.
    """
    cache = cache if links else None
    room = None if cache is None else cache.room()
    with tempfile.TemporaryDirectory(prefix="lineage-registry-", dir=room) as place:
        folder = Path(place)
        for file in checked(files):
            digest = Digest.parse(file.digest)
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            step = step_of(progress, file.path, file.size)
            local = artifacts.local_path(digest) if links else None
            if local is not None:
                verify_once(artifacts, digest, local)
                target.symlink_to(local.resolve())
            elif cache is None or room is None or not cache.take(digest, target):
                artifacts.fetch(digest, target, progress=step)
                if cache is not None and room is not None:
                    cache.keep(digest, target)
                continue
            if step is not None:
                step(file.size)
        yield folder


def checked(files: Files) -> list[File]:
    """Return the files of an answer, none of which can lie outside the folder that it goes to.

    A server may be older, newer or not what it seems: its paths are checked like any input.

    Raises:
        InvalidInputError: A path or a digest can be none.
    """
    Manifest.of(FileEntry(f.path, Digest.parse(f.digest), f.size) for f in files.files)
    return files.files


def _source(path: Path) -> Source:
    known = fingerprint(path)
    large = LargeFile(path, known) if len(known.parts) > 1 else None
    return Source(known.digest, known.size, lambda: _opened(path), large)


def _opened(path: Path) -> BinaryIO:
    with _readable():
        return path.open("rb")


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        path = str(error.filename)
        raise UnreadableArtifactError(
            f"cannot read {path!r}: {error.strerror}",
            hint="is it still there, and may you read it?",
            path=path,
        ) from error


def step_of(progress: Progress | None, name: str, size: int) -> Callable[[int], None] | None:
    """Return what tells `progress` of the steps of one file."""
    if progress is None:
        return None
    return lambda step: progress(name, step, size)
