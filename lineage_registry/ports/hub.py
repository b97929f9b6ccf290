"""Repositories of the Hugging Face Hub: their ids, and snapshots of them on this machine."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from os import walk
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

from lineage_registry.domain.model_cards import Card
from lineage_registry.domain.references import Space
from lineage_registry.errors import (
    InvalidInputError,
    NotFoundError,
    UnreadableArtifactError,
    UnsafeArtifactError,
)
from lineage_registry.ports.filesets import FileSet, PlacedFiles

_SCHEME: Final = "hf://"
_DATASETS: Final = "datasets/"
_PART: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ID: Final = re.compile(rf"(?:{_PART}/)?{_PART}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_CACHED: Final = re.compile(rf"(models|datasets)--(?:({_PART}?)--)?({_PART})")
_PAGES: Final = ("https://huggingface.co/", "http://huggingface.co/", "https://hf.co/")
# Cards that the Trainer writes name the loader of local files, or nothing, where data has an id.
_LOADERS: Final = frozenset(
    {
        *("arrow", "csv", "generator", "json", "pandas", "parquet", "text", "webdataset"),
        *("audiofolder", "imagefolder", "videofolder"),
        "unknown",
    }
)
_NOT_OF_THE_REPOSITORY: Final = (".git", ".cache/huggingface")


class Repository(NamedTuple):
    """A repository of models or of data."""

    space: Space
    id: str

    def __str__(self) -> str:
        """As the Hub's own tools write it: `hf://org/name`, `hf://datasets/org/name`."""
        return f"{_SCHEME}{_DATASETS if self.space is Space.DATASETS else ''}{self.id}"

    @property
    def name(self) -> str:
        """The name that it gets here: `org--name`, so that no two repositories share one."""
        org, mark, name = self.id.rpartition("/")
        return f"{org}--{name}" if mark else f"hf--{name}"


class Snapshot(NamedTuple):
    """The files of a repository at one commit, on this machine.

    Attributes:
        commit: Its hash, 40 hexadecimal digits.
        files: All of its files that are there.
    """

    repository: Repository
    commit: str
    files: PlacedFiles

    def __str__(self) -> str:
        """Where it comes from: `hf://org/name@commit`."""
        return f"{self.repository}@{self.commit}"


class Wanted(NamedTuple):
    """What is wanted of a repository.

    Attributes:
        revision: Commit, branch or tag; None is the newest commit.
        allow: Patterns of files to take; None takes all.
        ignore: Patterns of files to leave out.
        offline: Whether to look into the cache of this machine alone.
    """

    revision: str | None = None
    allow: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    offline: bool = False


@runtime_checkable
class Hub(Protocol):
    """What knows the Hub: fetches snapshots, and reads the cards of repositories."""

    def fetch(self, repository: Repository, wanted: Wanted) -> Path:
        """Return the folder of the cache with a snapshot; nothing of it is run.

        Raises:
            NotFoundError: There is no such repository or revision; offline: not in the cache.
            NotInstalledError: The library that fetches is missing.
            BackendUnavailableError: The Hub cannot be reached.
        """
        ...

    def card(self, files: FileSet) -> Card:
        """Return what the card of a repository says; an empty one if there is none."""
        ...


def repository_of(text: str, space: Space) -> tuple[Repository, str | None]:
    """Read `org/name`, `hf://org/name` or `hf://datasets/org/name`, each with `@revision` or not.

    Raises:
        InvalidInputError: It can be none.
    """
    named, mark, revision = text.removeprefix(_SCHEME).partition("@")
    if text.startswith(_SCHEME + _DATASETS):
        space, named = Space.DATASETS, named.removeprefix(_DATASETS)
    if not _is_id(named) or (mark and not revision):
        raise InvalidInputError(
            f"no folder, and no repository: {text[:120]!a}",
            hint="give a folder that is there, ORG/NAME, or hf://ORG/NAME@COMMIT",
        )
    return Repository(space, named), revision or None


def named_repository(text: str, space: Space) -> Repository | None:
    """Return the repository that a card names, by its id or page; None for anything else.

    Data that the library read with a loader of its own, `imagefolder`, is in no repository.
    """
    for page in _PAGES:
        text = text.removeprefix(page)
    if space is Space.DATASETS:
        text = text.removeprefix(_DATASETS)
        if text.casefold() in _LOADERS:
            return None
    text = text.rstrip("/")
    return Repository(space, text) if _is_id(text) else None


def is_commit(text: str) -> bool:
    """Whether a text is the whole hash of a commit."""
    return bool(_COMMIT.fullmatch(text))


def open_snapshot(folder: Path, repository: Repository | None, commit: str | None) -> Snapshot:
    """Return the snapshot in a folder, as the cache of huggingface_hub lays it out, or any other.

    In a cache the path says repository and commit, `models--org--name/snapshots/COMMIT`, and a
    file may be a link to what lies in the cache of the same repository. Elsewhere both are given,
    and no link leads out of the folder.

    Raises:
        NotFoundError: There is no such folder.
        InvalidInputError: Nobody says what it is a snapshot of, or the path says otherwise.
        UnsafeArtifactError: A link leads out.
        UnreadableArtifactError: A file is missing or cannot be read.
    """
    if not folder.is_dir():
        raise NotFoundError(f"there is no folder {str(folder)!r}", path=str(folder))
    root = folder.resolve()
    said = _said_by_path(root)
    if said is not None:
        told = Snapshot(repository or said[0], commit or said[1], PlacedFiles(root, {}))
        if told[:2] != said:
            raise InvalidInputError(
                f"the folder is a snapshot of {said[0]}@{said[1]}, not of {told}",
                hint="leave repo_id and revision out",
            )
        repository, commit, inside = *said, root.parents[1]
    elif repository is None or commit is None:
        raise InvalidInputError(
            f"{str(folder)!r} does not say of which repository and commit it is",
            hint="say repo_id and revision; a cache has models--ORG--NAME/snapshots/COMMIT",
        )
    else:
        inside = root
    if not is_commit(commit):
        raise InvalidInputError(
            f"not a commit: {commit[:60]!a}", hint="give all 40 hexadecimal digits of its hash"
        )
    return Snapshot(repository, commit, PlacedFiles(root, dict(_placed(root, inside))))


def chosen(files: PlacedFiles, patterns: Wanted) -> PlacedFiles:
    """Return the files that patterns choose, as huggingface_hub matches them: `*` takes `/`, too.

    Raises:
        InvalidInputError: They choose none.
    """
    wanted = None if patterns.allow is None else [*map(_whole, patterns.allow)]
    unwanted = [*map(_whole, patterns.ignore or ())]
    places = {
        path: files.place(path)
        for path in files.paths()
        if (wanted is None or any(fnmatchcase(path, one) for one in wanted))
        and not any(fnmatchcase(path, one) for one in unwanted)
    }
    if not places:
        raise InvalidInputError(
            f"no files to register in {str(files.root)!r}", hint="check the patterns"
        )
    return PlacedFiles(files.root, places)


def _whole(pattern: str) -> str:
    return f"{pattern}*" if pattern.endswith("/") else pattern


def _is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text)) and "--" not in text and ".." not in text


def _said_by_path(root: Path) -> tuple[Repository, str] | None:
    if root.parent.name != "snapshots" or not _COMMIT.fullmatch(root.name):
        return None
    match = _CACHED.fullmatch(root.parents[1].name)
    if match is None:
        return None
    space, org, name = match.groups()
    return Repository(Space(space), f"{org}/{name}" if org else name), root.name


def _placed(root: Path, inside: Path) -> Iterator[tuple[str, Path]]:
    try:
        for folder, folders, names in walk(root, onerror=_fail):
            here = Path(folder)
            paths = {name: (here / name).relative_to(root).as_posix() for name in folders}
            folders[:] = [name for name in folders if paths[name] not in _NOT_OF_THE_REPOSITORY]
            for name in [*names, *(name for name in folders if (here / name).is_symlink())]:
                path = (here / name).relative_to(root).as_posix()
                yield path, _checked(path, here / name, inside)
    except OSError as error:
        failed = str(error.filename or root)
        raise UnreadableArtifactError(
            f"cannot read {failed!r}: {error.strerror}",
            hint="is the snapshot complete?",
            path=failed,
        ) from error


def _checked(path: str, place: Path, inside: Path) -> Path:
    """Return where a file really lies."""
    found = place.resolve(strict=True)
    if not found.is_relative_to(inside):
        raise UnsafeArtifactError(
            f"the link {path!a} leads out of the repository's folder",
            hint="a snapshot has links to files of its own cache alone",
        )
    if not found.is_file():
        raise UnsafeArtifactError(f"{path!a} is no file, and no folder of the snapshot")
    return found


def _fail(error: OSError) -> None:
    raise error
