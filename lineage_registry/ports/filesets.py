"""A set of files to look into: on the local disk, or in an artifact store by ranges."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from lineage_registry.errors import ArtifactNotFoundError, NotFoundError, UnreadableArtifactError


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
    (a pipe, a device) is left out.

    Raises:
        NotFoundError: There is no such path.
        UnreadableArtifactError: The path cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.root = Path(path)
        try:
            self._files = dict(sorted(_found(self.root)))
        except OSError as error:
            raise UnreadableArtifactError(
                f"cannot read {str(self.root)!r}: {error.strerror}", path=str(self.root)
            ) from error
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

    def _known(self, path: str) -> str:
        if path not in self._files:
            raise ArtifactNotFoundError(f"there is no file {path!r} in {str(self.root)!r}")
        return path


def _found(root: Path) -> Iterator[tuple[str, tuple[Path, int]]]:
    if root.is_file():
        yield root.name, (root, root.stat().st_size)
        return
    for folder, _, names in os.walk(root):
        for name in names:
            place = Path(folder, name)
            if place.is_file():
                yield place.relative_to(root).as_posix(), (place, place.stat().st_size)


def total_size(files: FileSet) -> int:
    """Return the size of all files together."""
    return sum(files.size(path) for path in files.paths())
