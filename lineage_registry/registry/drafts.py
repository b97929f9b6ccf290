"""Drafts: files collected for a version that is not registered yet, and what folders hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, cast

from lineage_registry.domain.formats import Inspection
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports import commands as c
from lineage_registry.ports.artifacts import ArtifactStore, Source
from lineage_registry.ports.scanning import Order, Scan, SkippedFile, scan
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.transfers import Progress, send, sources_of

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry
    from lineage_registry.registry.handles import VersionHandle

_VERIFIERS: Final = 8


class Added(c.Draft):
    """A draft, and what came into it just now.

    Attributes:
        added: How many files came, or came again.
        added_bytes: Their size together.
        moved: How many of the files they came from are gone; those that changed meanwhile stay.
        skipped: What was no file to take.
    """

    added: int
    added_bytes: int
    moved: int
    skipped: list[SkippedFile]


class DraftHandle:
    """A draft, which need not exist yet: what is added first makes it.

    Attributes:
        name: Its name.
    """

    def __init__(self, registry: Registry, name: str) -> None:
        self.name = name
        self._registry = registry

    def add(
        self,
        path: str | os.PathLike[str],
        *,
        into: str = "",
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        move: bool = False,
        follow_links: bool = False,
        progress: Progress | None = None,
    ) -> Added:
        """Put a file, or what is in a folder, into the draft; a path that is there is replaced.

        Hidden files come along unless `exclude=[".*"]` says otherwise.

        Args:
            path: A file or folder of this machine.
            into: A folder of the draft; its top if left out.
            include: Patterns as in a `.gitignore`; none takes everything.
            exclude: Patterns of what to leave out.
            move: Remove each file when the draft has it and its stored bytes were read again and
                are right. A file that changed meanwhile, a link and an empty folder stay.
            follow_links: Whether a link may lead to a file outside the folder.
            progress: Told about the upload.

        Raises:
            NotFoundError: There is nothing at the path.
            InvalidInputError: There are no files to take, or a path in the draft can be none.
            DigestMismatchError: A file changed while it was read.
        """
        found = scan(path, include=include, exclude=exclude, follow_links=follow_links)
        if not found.files:
            raise InvalidInputError(f"there are no files to take in {str(path)!r}")
        root = Path(path)
        top = root.parent if root.is_file() else root
        places = {_inside(into, file.path): top / file.path for file in found.files}
        before = {name: _state(place) for name, place in places.items()}
        sources = sources_of(places)
        artifacts = self._registry.artifacts
        with artifacts.pinned(source.digest for source in sources.values()):
            send(artifacts, sources, progress)
            draft = self._registry.sender.ask(
                c.AddToDraft, name=self.name, files=_announced(sources, before)
            )
        return Added(
            **dict(draft),
            added=len(sources),
            added_bytes=sum(source.size for source in sources.values()),
            moved=_remove(artifacts, places, sources, before) if move else 0,
            skipped=found.skipped,
        )

    def add_version(self, reference: str) -> c.Draft:
        """Put the files of a version into the draft; nothing is copied.

        Raises:
            NotFoundError: There is no such version.
            InvalidInputError: It has no files.
        """
        return self._registry.sender.ask(c.AddToDraft, name=self.name, version=reference)

    def remove(self, *paths: str) -> c.Draft:
        """Take files, or folders with all that is in them, out of the draft.

        Raises:
            ArtifactNotFoundError: It has nothing of that name.
        """
        return self._registry.sender.ask(c.RemoveFromDraft, name=self.name, path=list(paths))

    def content(self, *, registered_with: str | None = None) -> c.DraftContent:
        """Return the draft with its files: path, size, digest, times, media type.

        With `registered_with`, the `key` of a registration, a draft that this key registered has
        the files that it had then, and an empty `state`.

        Raises:
            DraftNotFoundError: Nothing was added yet, or it has expired.
        """
        return self._registry.sender.ask(
            c.GetDraft, name=self.name, registered_with=registered_with
        )

    def inspect(self, *, format: str | None = None) -> Inspection:  # noqa: A002 - as elsewhere
        """Say what the files hold and whether they are safe, where they are stored.

        As `Registry.inspect`; `digest` is that of the list of files.

        Raises:
            DraftNotFoundError: There is none.
            InvalidInputError: It is empty.
            AmbiguousFormatError: They may be of several formats; `format` decides.
        """
        return self._registry.sender.ask(c.InspectDraft, name=self.name, format=format)

    def register(self, name: str, **details: Any) -> VersionHandle:
        """Register the next version of a model from the draft, which is discarded then.

        Details are those of `Registry.register`. The same call with the same `key` returns the
        same version, though the draft is gone.
        """
        return self._registry.register(name, self, **details)

    def register_dataset(self, name: str, **details: Any) -> VersionHandle:
        """Register the next version of a dataset from the draft, which is discarded then."""
        return self._registry.register_dataset(name, self, **details)

    def discard(self, *, state: str | None = None) -> c.Draft:
        """Throw the draft away; with the `state` of its content only as long as it is as it was.

        Raises:
            DraftNotFoundError: There is none.
            StaleWriteError: It changed since its content was read.
        """
        return self._registry.sender.ask(c.DiscardDraft, name=self.name, state=state)


class Drafting(Asker):
    """Collect files before they are registered."""

    def draft(self, name: str) -> DraftHandle:
        """Return a draft by its name; it is made by what is added first.

        Drafts are kept in the registry, for everybody who uses it, until 30 days after their last
        change. They are no history: what is removed from one leaves no trace.
        """
        return DraftHandle(cast("Registry", self), name)

    def drafts(self) -> list[c.Draft]:
        """Return all drafts, in order of their names."""
        return self.sender.ask(c.ListDrafts).drafts

    def scan(
        self,
        path: str | os.PathLike[str],
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        sort: Order = "name",
        reverse: bool = False,
        follow_links: bool = False,
    ) -> Scan:
        """Return the files of a folder of this machine with their attributes; nothing is read.

        As `lineage_registry.ports.scanning.scan` says.
        """
        return scan(
            path,
            include=include,
            exclude=exclude,
            sort=sort,
            reverse=reverse,
            follow_links=follow_links,
        )


def files_of(content: c.DraftContent) -> list[c.File]:
    """Return the files of a draft as a registration announces them."""
    return [c.File(path=one.path, digest=one.digest, size=one.size) for one in content.listed]


def _inside(folder: str, path: str) -> str:
    parts = PurePosixPath(folder)
    if parts.is_absolute() or ".." in parts.parts:
        raise InvalidInputError(
            f"{folder!r} is no folder of a draft", hint="write it relative, like images/cats"
        )
    return (parts / path).as_posix()


def _announced(
    sources: Mapping[str, Source], states: Mapping[str, tuple[int, int]]
) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "digest": str(source.digest),
            "size": source.size,
            "modified_at": datetime.fromtimestamp(states[path][0] / 1e9, UTC),
        }
        for path, source in sources.items()
    ]


def _state(place: Path) -> tuple[int, int]:
    status = place.stat()
    return status.st_mtime_ns, status.st_size


def _remove(
    artifacts: ArtifactStore,
    places: Mapping[str, Path],
    sources: Mapping[str, Source],
    before: Mapping[str, tuple[int, int]],
) -> int:
    """Remove files whose bytes the store has, read again; return how many."""
    with ThreadPoolExecutor(_VERIFIERS, "verify") as pool:
        for _ in pool.map(artifacts.verify, {source.digest for source in sources.values()}):
            pass
    removed = 0
    for path, place in places.items():
        with suppress(FileNotFoundError):
            if not place.is_symlink() and _state(place) == before[path]:
                place.unlink()
                removed += 1
    return removed
