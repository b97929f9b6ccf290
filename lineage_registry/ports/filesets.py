"""A set of files to look into: on the local disk, or in an artifact store by ranges."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from lineage_registry.errors import (
    ArtifactNotFoundError,
    InvalidInputError,
    NotFoundError,
    UnreadableArtifactError,
)

_T = TypeVar("_T")
_HEAD = 4096


class FileSet(Protocol):
    """Named files that can be read; paths are relative and written with `/`."""

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        ...

    def size(self, path: str) -> int:
        """Return the size of one file in bytes.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable; reading a part fetches little more than that part.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        ...


class LocalFiles:
    """The file at a path, or everything below a folder.

    Links to files are followed, links to folders are not, and what is neither a file nor a folder
    (a pipe, a device) is left out; `demand_all` refuses a set that lacks such things. Without
    `follow_links` a link to a file outside the folder is refused; a snapshot in a cache of Hugging
    Face is made of links to the `blobs` beside it, which are taken.

    Raises:
        NotFoundError: There is no such path.
        UnreadableArtifactError: The path cannot be read.
        InvalidInputError: A link leads out of the folder, and links are not followed.
    """

    def __init__(self, path: str | os.PathLike[str], *, follow_links: bool = True) -> None:
        self.root = Path(path)
        self._left_out: dict[str, str] = {}
        try:
            self._files = dict(sorted(_found(self.root, self._left_out)))
        except OSError as error:
            place = str(error.filename or self.root)
            raise UnreadableArtifactError(
                f"cannot read {place!r}: {error.strerror}", path=place
            ) from error
        if not follow_links and self.root.is_dir():
            self._demand_inside()
        if not self._files and not self.root.is_dir():
            raise NotFoundError(
                f"there is no file or folder at {str(self.root)!r}",
                hint="check the path",
                path=str(self.root),
            )

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        return list(self._files)

    def size(self, path: str) -> int:
        """Return the size of one file in bytes.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        return self._files[self._known(path)][1]

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
            UnreadableArtifactError: The file cannot be opened.
        """
        place = self.place(path)
        try:
            return place.open("rb")
        except OSError as error:
            raise UnreadableArtifactError(
                f"cannot read {str(place)!r}: {error.strerror}", path=path
            ) from error

    def place(self, path: str) -> Path:
        """Return where a file of the set lies on this machine.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        return self._files[self._known(path)][0]

    def is_linked(self, path: str) -> bool:
        """Return whether a file is a link, or one of several names of one file.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        found = self.place(path).lstat()
        return stat.S_ISLNK(found.st_mode) or found.st_nlink > 1

    def demand_all(self) -> None:
        """Check that nothing was left out: a version would lack files, and nobody would be told.

        Raises:
            InvalidInputError: A link leads to a folder, or nowhere; or there is a pipe or device.
        """
        for path, reason in sorted(self._left_out.items()):
            raise InvalidInputError(
                f"{path!r} is a {reason}, of which nothing can be taken",
                hint="put the files themselves there, or take it away; a draft leaves it out and"
                " says so",
                path=path,
            )

    def _demand_inside(self) -> None:
        root = self.root.resolve()
        allowed = {root}
        if root.parent.name == "snapshots":
            allowed.add(root.parent.parent / "blobs")
        for path, (place, _) in self._files.items():
            if place.is_symlink() and allowed.isdisjoint(place.resolve().parents):
                raise InvalidInputError(
                    f"{path!r} is a link out of the folder, to {str(place.resolve())!r}",
                    hint="follow_links=True, or --follow-links, takes files from elsewhere",
                    path=path,
                )

    def _known(self, path: str) -> str:
        if path not in self._files:
            raise ArtifactNotFoundError(f"there is no file {path!r} in {str(self.root)!r}")
        return path


class PlacedFiles(LocalFiles):
    """Files that lie at places of this machine which somebody has looked up and checked."""

    def __init__(self, root: Path, places: Mapping[str, Path]) -> None:
        """Take the folder that they are of, for messages, and where each of them lies."""
        self.root = root
        self._left_out = {}
        self._files = {
            path: (place, place.stat().st_size) for path, place in sorted(places.items())
        }


def _found(root: Path, left_out: dict[str, str]) -> Iterator[tuple[str, tuple[Path, int]]]:
    """Yield the files, and note what lies there of which nothing can be taken."""
    if root.is_file():
        yield root.name, (root, root.stat().st_size)
        return
    for folder, below, names in os.walk(root, onerror=_fail) if root.is_dir() else ():
        for name in below:
            if Path(folder, name).is_symlink():
                left_out[Path(folder, name).relative_to(root).as_posix()] = "link to a folder"
        for name in names:
            place = Path(folder, name)
            path = place.relative_to(root).as_posix()
            if place.is_file():
                yield path, (place, place.stat().st_size)
            else:
                broken = place.is_symlink() and not place.exists()
                left_out[path] = "broken link" if broken else "pipe, socket or device"


class RememberingFiles:
    """A file set that many look into, one after the other: what one found the next need not seek.

    The first bytes of a file are read once, and anything else worked out about the set can be
    kept under a key.
    """

    def __init__(self, files: FileSet) -> None:
        self.files = files
        self._heads: dict[str, bytes] = {}
        self._found: dict[object, Any] = {}

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        return self.once("paths", self.files.paths)

    def size(self, path: str) -> int:
        """Return the size of one file in bytes.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        return self.files.size(path)

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable.

        Raises:
            ArtifactNotFoundError: There is no such file in the set.
        """
        return self.files.open(path)

    def head(self, path: str, count: int) -> bytes:
        """Return the first bytes of a file, fewer if it is shorter."""
        if path not in self._heads or count > _HEAD:
            with self.files.open(path) as stream:
                self._heads[path] = stream.read(max(count, _HEAD))
        return self._heads[path][:count]

    def read_heads(self, paths: Sequence[str]) -> None:
        """Read the first bytes of many files at once, if the set can: `head` then need not wait."""
        at_once: Callable[..., dict[str, bytes]] | None = getattr(self.files, "heads", None)
        if at_once is not None:
            self._heads |= at_once([one for one in paths if one not in self._heads], _HEAD)

    def identity(self, path: str) -> object:
        """Return what is equal for files of equal bytes, as far as the set knows."""
        return identity(self.files, path)

    def is_linked(self, path: str) -> bool:
        """Return whether a file is reached by a link, and so lies elsewhere or has other names."""
        return isinstance(self.files, LocalFiles) and self.files.is_linked(path)

    def once(self, key: object, find: Callable[[], _T]) -> _T:
        """Return what `find` found the first time that this key was asked for."""
        if key not in self._found:
            self._found[key] = find()
        found: _T = self._found[key]
        return found


class SomeFiles(RememberingFiles):
    """Some files of a set that remembers, under names of their own: a choice, or a folder of it."""

    def __init__(self, whole: RememberingFiles, names: dict[str, str]) -> None:
        super().__init__(whole)
        self._whole = whole
        self._names = dict(sorted(names.items()))

    def paths(self) -> list[str]:
        """Return the names of all files, sorted."""
        return self.once("paths", lambda: list(self._names))

    def size(self, path: str) -> int:
        """Return the size of one file in bytes.

        Raises:
            ArtifactNotFoundError: There is no such file among these.
        """
        return self._whole.size(self.name_in_whole(path))

    def open(self, path: str) -> BinaryIO:
        """Return one file, seekable.

        Raises:
            ArtifactNotFoundError: There is no such file among these.
        """
        return self._whole.open(self.name_in_whole(path))

    def head(self, path: str, count: int) -> bytes:
        """Return the first bytes of a file, fewer if it is shorter."""
        return self._whole.head(self.name_in_whole(path), count)

    def read_heads(self, paths: Sequence[str]) -> None:
        """Read the first bytes of many files at once, if the set can: `head` then need not wait."""
        self._whole.read_heads([self.name_in_whole(path) for path in paths])

    def once(self, key: object, find: Callable[[], _T]) -> _T:
        """Return what `find` found the first time that this key was asked for.

        Of which kind a file is does not depend on the files beside it.
        """
        if isinstance(key, tuple) and key[0] == "kind":
            return self._whole.once(("kind", self.name_in_whole(key[1])), find)
        return super().once(key, find)

    def identity(self, path: str) -> object:
        """Return what is equal for files of equal bytes, as far as the set knows."""
        return self._whole.identity(self.name_in_whole(path))

    def is_linked(self, path: str) -> bool:
        """Return False: a part is judged as it would be stored, and what is stored has no links.

        What refuses links is the library of the part's format, and that is not what loads the
        whole: a folder that was fetched for loading may be made of links.
        """
        self.name_in_whole(path)
        return False

    def name_in_whole(self, path: str) -> str:
        """Return the name that one of these files has in the set that they are of.

        Raises:
            ArtifactNotFoundError: There is no such file among these.
        """
        if path not in self._names:
            raise ArtifactNotFoundError(f"there is no file {path!r} among these", path=path)
        return self._names[path]


def some(files: FileSet, paths: Iterable[str]) -> SomeFiles:
    """Return some files of a set, under the names that they have in it."""
    return SomeFiles(remembering(files), {path: path for path in paths})


def identity(files: FileSet, path: str) -> object:
    """Return what is equal for files of equal bytes, as far as the set knows; else the path.

    A few bytes may be named many times: what is found in them is the same.
    """
    known: Callable[[str], object] | None = getattr(files, "identity", None)
    return path if known is None else known(path)


def once_each(files: FileSet, paths: Iterable[str], look: Callable[[str], _T]) -> list[_T]:
    """Return what `look` finds at each path; it looks once at files of equal bytes."""
    found: dict[object, _T] = {}
    told = []
    for path in paths:
        key = identity(files, path)
        if key not in found:
            found[key] = look(path)
        told.append(found[key])
    return told


def remembering(files: FileSet) -> RememberingFiles:
    """Return the file set as one that remembers; the same one if it does already."""
    return files if isinstance(files, RememberingFiles) else RememberingFiles(files)


def _fail(error: OSError) -> None:
    raise error  # a folder left out in silence would be a version that lacks files


def total_size(files: FileSet) -> int:
    """Return the size of all files together."""
    return sum(files.size(path) for path in files.paths())
