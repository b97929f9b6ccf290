"""Bytes on their way: from files and models into the artifact store, and back."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.commands import File, Files
from lineage_registry.ports.formats import HandlerRegistry, LocalFiles

Progress = Callable[[str, int, int], None]
"""Told the path, the bytes of this step, and the size of the file."""


@contextmanager
def uploaded(
    artifacts: ArtifactStore, path: Path, progress: Progress | None
) -> Iterator[list[File]]:
    """Store the files at `path`; they are pinned until the block ends, by then they are named.

    Raises:
        NotFoundError: There is nothing at `path`.
        BackendError: The artifact store failed.
    """
    local = LocalFiles(path)
    places = {name: local.place(name) for name in local.paths()}
    if not places:
        raise InvalidInputError(f"there are no files in {str(path)!r}")
    digests = {name: _digest(place) for name, place in places.items()}
    with artifacts.pinned(digests.values()):
        files = []
        for name, place in places.items():
            size = local.size(name)
            with place.open("rb") as source:
                artifacts.put(
                    source,
                    expected=digests[name],
                    size=size,
                    progress=_step(progress, name, size),
                )
            files.append(File(path=name, digest=str(digests[name]), size=size))
        yield files


@contextmanager
def saved(formats: HandlerRegistry, model: object, name: str | None) -> Iterator[tuple[Path, str]]:
    """Write a model from memory into a folder that lasts for the block; return its format, too.

    Raises:
        UnknownFormatError: No handler takes the model.
        FormatError: It cannot be saved.
    """
    handler = formats.by_name(name) if name is not None else formats.for_object(model)
    with tempfile.TemporaryDirectory(prefix="lineage-registry-") as folder:
        handler.save(model, Path(folder))
        yield Path(folder), handler.name


def download(
    artifacts: ArtifactStore, files: Files, folder: Path, progress: Progress | None
) -> None:
    """Write verified copies of a version's files into a folder, each whole or not at all.

    Raises:
        ArtifactNotFoundError: The bytes of a file are gone.
        DigestMismatchError: The stored bytes are not what was registered.
    """
    for file in _checked(files):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        artifacts.fetch(
            Digest.parse(file.digest), target, progress=_step(progress, file.path, file.size)
        )


@contextmanager
def fetched(artifacts: ArtifactStore, files: Files, progress: Progress | None) -> Iterator[Path]:
    """Give a folder with a version's verified files for the block.

    Where blobs are plain files of this machine they are linked rather than copied, so that a
    format may map them into memory.

    Raises:
        ArtifactNotFoundError: The bytes of a file are gone.
        DigestMismatchError: The stored bytes are not what was registered.
    """
    with tempfile.TemporaryDirectory(prefix="lineage-registry-") as place:
        folder = Path(place)
        for file in _checked(files):
            digest = Digest.parse(file.digest)
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            step = _step(progress, file.path, file.size)
            local = artifacts.local_path(digest)
            if local is None:
                artifacts.fetch(digest, target, progress=step)
                continue
            artifacts.verify(digest)
            target.symlink_to(local.resolve())
            if step is not None:
                step(file.size)
        yield folder


def _checked(files: Files) -> list[File]:
    # A server may be older, newer or not what it seems: its paths are checked like any input.
    Manifest.of(FileEntry(f.path, Digest.parse(f.digest), f.size) for f in files.files)
    return files.files


def _digest(path: Path) -> Digest:
    with path.open("rb") as source:
        return Digest(hashlib.file_digest(source, "sha256").hexdigest())


def _step(progress: Progress | None, name: str, size: int) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda step: progress(name, step, size)
