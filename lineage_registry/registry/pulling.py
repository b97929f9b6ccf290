"""Versions in folders of this machine: fetched, kept as they are there, fetched for a while."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.domain.patterns import Patterns
from lineage_registry.errors import (
    ArtifactNotFoundError,
    InvalidInputError,
    StageNotFoundError,
    UnreadableArtifactError,
)
from lineage_registry.ports import commands as c
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.caches import Cache
from lineage_registry.ports.scanning import is_registry
from lineage_registry.registry.addressing import as_of_one, family_asked
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.handles import VersionHandle
from lineage_registry.registry.known_digests import KnownDigests
from lineage_registry.registry.transfers import Progress, fetched, step_of
from lineage_registry.registry.trusting import trusted

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry

_FETCHERS: Final = 8
_READERS: Final = 4


class PulledFile(BaseModel):
    """What a pull does with a file of the folder.

    Attributes:
        action: `fetched`: it was not there; `updated`: it was another one; `kept`: it was there
            already; `deleted`: the version does not have it.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    action: Literal["fetched", "updated", "kept", "deleted"]
    size: int


class Pulled(BaseModel):
    """What a pull did, or would do.

    Attributes:
        files: In order of their paths.
        bytes: How many bytes were fetched.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    folder: str
    dry_run: bool
    fetched: int
    updated: int
    kept: int
    deleted: int
    bytes: int
    files: list[PulledFile]


class Pulling(Asker):
    """Files of versions on this machine."""

    def pull(
        self,
        reference: str,
        folder: str | os.PathLike[str],
        *paths: str,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        delete: bool = False,
        check: bool = False,
        dry_run: bool = False,
        as_of: AsOf = None,
        role: str | None = None,
        progress: Progress | None = None,
    ) -> Pulled:
        """Bring a folder to what a version holds: all of it, one file, or a folder of it.

        Only what is missing or different is fetched, each file verified and whole or not at all. A
        file that is there is told by its size and its digest; the digest is not computed again
        where size, times and inode are those of the last pull.

        Args:
            reference: A version of a model or dataset.
            folder: Where to; made if it is missing. Paths below it are those in the version.
            paths: Files and folders of the version; everything if left out.
            include: Patterns as in a `.gitignore`; none takes everything.
            exclude: Patterns of what to leave out.
            delete: Remove what the version does not have, among what is pulled. Hidden files,
                links and a registry's files stay.
            check: Read every file that is there again, whatever is known of it.
            dry_run: Say what would happen, and change nothing.
            as_of: Which version the reference meant then.
            role: Inside a run's block, in which role the run reads it.
            progress: Told about the transfer.

        Raises:
            NotFoundError: There is no such version, or no such file in it.
            DigestMismatchError: The stored bytes are not what was registered.
            InvalidInputError: The folder is a file, or a link leads out of it.
        """
        registry = cast("Registry", self)
        version = registry.version(reference, as_of=as_of)
        files = registry.files(version.reference, as_of=as_of_one(reference, as_of))
        chosen = _chosen(files, paths, Patterns(include, exclude))
        work = _Folder(Path(folder), check=check)
        with ThreadPoolExecutor(_READERS, "compare") as pool:
            done = dict(zip(chosen, pool.map(work.compare, chosen.values()), strict=True))
        surplus = work.surplus(files, paths, Patterns(include, exclude)) if delete else {}
        if not dry_run:
            wanted = [chosen[path] for path, action in done.items() if action != "kept"]
            work.fetch(registry.artifacts, wanted, progress)
            work.remove(surplus)
            work.known.save()
            registry.note_input(version, role)
        told = [
            PulledFile(path=path, action=action, size=chosen[path].size)
            for path, action in done.items()
        ]
        told += [
            PulledFile(path=path, action="deleted", size=size) for path, size in surplus.items()
        ]
        return _pulled(files.reference, Path(folder), told, dry_run=dry_run)

    @contextmanager
    def temporary_folder(
        self, reference: str, *, as_of: AsOf = None, progress: Progress | None = None
    ) -> Iterator[Path]:
        """Give a folder with verified copies of a version's files for the block; then it goes.

        Inside a run's block the version becomes an input of the run.

        Raises:
            NotFoundError: There is no such version, or its bytes are gone.
            DigestMismatchError: The stored bytes are not what was registered.
        """
        with tempfile.TemporaryDirectory(prefix="lineage-registry-") as place:
            registry = cast("Registry", self)
            yield registry.download(reference, place, as_of=as_of, progress=progress)

    @contextmanager
    def temporary_model(
        self,
        reference: str,
        *,
        as_of: AsOf = None,
        role: str | None = None,
        trust: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> Iterator[Any]:
        """Give a loaded version for the block; what was fetched for it goes, whatever happens.

        Arguments are those of `load`. A model that reads its files only when it is used finds them
        until the end of the block. Unlike `load` it leaves nothing in the cache of this machine.

        Raises:
            NotFoundError: There is no such version, or its bytes are gone.
            DigestMismatchError: The stored bytes are not what was registered.
            UnsafeArtifactError: Loading would run code.
        """
        with self._loaded(
            reference,
            None,
            as_of=as_of,
            role=role,
            trust=trust,
            progress=progress,
            **options,
        ) as model:
            yield model

    @contextmanager
    def _loaded(
        self,
        reference: str,
        cache: Cache | None,
        *,
        as_of: AsOf,
        role: str | None,
        trust: str | None,
        progress: Progress | None,
        **options: Any,
    ) -> Iterator[Any]:
        registry = cast("Registry", self)
        version = registry.version(reference, as_of=as_of)
        files = registry.files(version.reference, as_of=as_of_one(reference, as_of))
        if files.format is None or not files.files:
            raise InvalidInputError(f"{version.reference} has no files to load")
        if files.format == "files":
            raise InvalidInputError(
                f"{version.reference} holds plain files", hint="use download() to get them"
            )
        handler = registry.formats.by_name(files.format)
        links = handler.takes_links
        with fetched(registry.artifacts, files, progress, cache, links=links) as folder:
            allowed = trusted(registry, version.reference, handler, folder, trust)
            loaded = handler.load(folder, trusted=allowed, **options)
            registry.note_input(version, role)
            yield loaded

    def latest(self, name: str, *, stage: str | None = None, as_of: AsOf = None) -> VersionHandle:
        """Return the newest version of a model or dataset, or the newest in a stage.

        `version("NAME:latest")` is the same; `version("NAME:STAGE")` is the version that came into
        the stage last, which need not be the newest one in it.

        Raises:
            NotFoundError: There is no such model, or no version of it in the stage.
        """
        registry = cast("Registry", self)
        if stage is None:
            asked = family_asked(name, as_of)
            answer = self.sender.ask(c.GetVersion, **asked, version="latest")
            return VersionHandle.of(answer, registry)
        found = registry.versions(name, stage=stage, as_of=as_of).page(limit=1).items
        if not found:
            raise StageNotFoundError(
                f"{name!r} has no version in stage {stage!r}",
                hint="stages are written in exact case",
            )
        return found[0]


class _Folder:
    """The folder that a version is pulled into."""

    def __init__(self, root: Path, *, check: bool) -> None:
        if root.exists() and not root.is_dir():
            raise InvalidInputError(f"{str(root)!r} is no folder", hint="name another place")
        self._root = root
        self._check = check
        self.known = KnownDigests(root)

    def compare(self, file: c.File) -> Literal["fetched", "updated", "kept"]:
        """Say what has to be done about one file of the version."""
        place = self._inside(file.path)
        try:
            status = place.lstat()
            if stat.S_ISDIR(status.st_mode):
                raise InvalidInputError(
                    f"{str(place)!r} is a folder, and a file in the version", hint="move it away"
                )
            if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
                return "updated"
            same = str(self.known.digest(file.path, again=self._check)) == file.digest
        except FileNotFoundError:
            return "fetched"
        except OSError as error:
            raise UnreadableArtifactError(
                f"cannot read {str(place)!r}: {error.strerror}", path=file.path
            ) from error
        return "kept" if same else "updated"

    def surplus(self, files: c.Files, paths: Iterable[str], patterns: Patterns) -> dict[str, int]:
        """Return the files here that the version does not have, with their sizes."""
        there = {file.path for file in files.files}
        chosen = [path.rstrip("/") for path in paths]
        found: dict[str, int] = {}
        for top, folders, names in os.walk(self._root):
            below = Path(top).relative_to(self._root)
            folders[:] = [
                name
                for name in folders
                if not name.startswith(".") and not is_registry(Path(top, name))
            ]
            for name in names:
                path = (below / name).as_posix()
                place = Path(top, name)
                if name.startswith(".") or path in there or not patterns.takes(path):
                    continue
                if place.is_symlink() or not place.is_file():
                    continue
                if not chosen or any(path.startswith(f"{one}/") for one in chosen):
                    found[path] = place.stat().st_size
        return dict(sorted(found.items()))

    def fetch(
        self, artifacts: ArtifactStore, files: Iterable[c.File], progress: Progress | None
    ) -> None:
        """Write verified copies of files, several at a time, each whole or not at all."""
        told = _one_at_a_time(progress)

        def one(file: c.File) -> None:
            place, digest = self._inside(file.path), Digest.parse(file.digest)
            place.parent.mkdir(parents=True, exist_ok=True)
            artifacts.fetch(digest, place, progress=step_of(told, file.path, file.size))
            self.known.learn(file.path, digest)

        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(_FETCHERS, "fetch") as pool:
                for _ in pool.map(one, files):
                    pass
        except OSError as error:
            raise InvalidInputError(f"cannot write to {str(self._root)!r}: {error}") from error

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and the folders that they leave empty."""
        for path in paths:
            place = self._root / path
            place.unlink(missing_ok=True)
            for folder in place.parents:
                if folder == self._root or any(folder.iterdir()):
                    break
                folder.rmdir()

    def _inside(self, path: str) -> Path:
        """Return where a file goes; what a link leads to is somewhere else.

        Raises:
            InvalidInputError: A folder on the way is a link.
        """
        place = self._root / path
        for folder in place.parents:
            if folder == self._root:
                break
            if folder.is_symlink():
                raise InvalidInputError(
                    f"{str(folder)!r} is a link: what is pulled stays below the folder",
                    hint="remove the link, or pull to another place",
                )
        return place


def _one_at_a_time(progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    lock = threading.Lock()

    def told(path: str, step: int, size: int) -> None:
        with lock:
            progress(path, step, size)

    return told


def _chosen(files: c.Files, paths: Iterable[str], patterns: Patterns) -> dict[str, c.File]:
    # A server may be older, newer or not what it seems: its paths are checked like any input.
    Manifest.of(FileEntry(f.path, Digest.parse(f.digest), f.size) for f in files.files)
    named: list[c.File] = []
    for path in paths:
        folder = f"{path.rstrip('/')}/"
        found = [one for one in files.files if one.path == path or one.path.startswith(folder)]
        if not found:
            near = get_close_matches(path, [one.path for one in files.files], 2)
            raise ArtifactNotFoundError(
                f"{files.reference} has no file or folder {path!r}",
                hint=f"did you mean {' or '.join(near)}?" if near else "list its files",
                path=path,
            )
        named += found
    return {one.path: one for one in named or files.files if patterns.takes(one.path)}


def _pulled(reference: str, folder: Path, files: Iterable[PulledFile], *, dry_run: bool) -> Pulled:
    ordered = sorted(files, key=lambda file: file.path)
    counts = dict.fromkeys(("fetched", "updated", "kept", "deleted"), 0)
    for file in ordered:
        counts[file.action] += 1
    return Pulled(
        reference=reference,
        folder=str(folder),
        dry_run=dry_run,
        **counts,
        bytes=sum(file.size for file in ordered if file.action in {"fetched", "updated"}),
        files=ordered,
    )
