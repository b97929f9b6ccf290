"""What lies in a folder of this machine: its files with their attributes, nothing opened."""

import mimetypes
import os
import stat
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from lineage_registry.domain.patterns import Patterns
from lineage_registry.errors import InvalidInputError, NotFoundError, UnreadableArtifactError

Order = Literal["name", "time", "size"]
_KEYS: Final[dict[str, Callable[["ScannedFile"], Any]]] = {
    "name": lambda file: file.path,
    "time": lambda file: (-file.modified_at.timestamp(), file.path),
    "size": lambda file: (-file.size, file.path),
}
# The table of the standard library alone: the one of the machine is another on each.
_TYPES: Final = mimetypes.MimeTypes(filenames=())


class ScannedFile(BaseModel):
    """A file of a folder.

    Attributes:
        path: Relative to the folder, with `/`.
        modified_at: When its bytes last changed, says the file system.
        media_type: What its name says of its content, like `text/csv`; None if nothing.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    modified_at: datetime
    media_type: str | None


class SkippedFile(BaseModel):
    """Something in a folder that is no file to take, and why."""

    model_config = ConfigDict(frozen=True)

    path: str
    reason: Literal[
        "link to a folder",
        "link out of the folder",
        "broken link",
        "pipe, socket or device",
        "no Unicode",
        "a registry",
    ]


class Scan(BaseModel):
    """What a folder holds.

    Attributes:
        bytes: Size of the files together.
        skipped: What is no file to take; what patterns exclude is not listed.
    """

    model_config = ConfigDict(frozen=True)

    root: str
    files: list[ScannedFile]
    bytes: int
    skipped: list[SkippedFile]


class _Found(NamedTuple):
    path: str
    status: os.stat_result


def scan(
    root: str | os.PathLike[str],
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    sort: Order = "name",
    reverse: bool = False,
    follow_links: bool = False,
) -> Scan:
    """Return the files at a path: the file that it is, or all below a folder, hidden ones too.

    A link to a file inside the folder is a file; one that leads out of it is skipped unless
    `follow_links`. Links to folders are never followed, and the files of a registry are left out.

    Args:
        root: The file or folder.
        include: Patterns as in a `.gitignore`; none takes everything.
        exclude: Patterns of what to leave out, like `.*` for hidden files and folders.
        sort: By name, by time with the newest first, or by size with the largest first.
        reverse: The other way round.
        follow_links: Whether a link may lead to a file elsewhere.

    Raises:
        NotFoundError: There is nothing at the path.
        UnreadableArtifactError: A folder cannot be read.
        InvalidInputError: A pattern cannot be read, or there is no such order.
    """
    if sort not in get_args(Order):
        raise InvalidInputError(f"no order {sort!r}", hint="sort by name, time or size")
    place, patterns = Path(root), Patterns(include, exclude)
    try:
        found = _found(place, patterns, follow_links=follow_links)
    except OSError as error:
        failed = str(error.filename or place)
        raise UnreadableArtifactError(
            f"cannot read {failed!r}: {error.strerror}", path=failed
        ) from error
    files = [_described(one) for one in found if isinstance(one, _Found)]
    files.sort(key=_KEYS[sort], reverse=reverse)
    return Scan(
        root=os.fsencode(place).decode(errors="replace"),
        files=files,
        bytes=sum(file.size for file in files),
        skipped=sorted(
            (one for one in found if isinstance(one, SkippedFile)), key=lambda one: one.path
        ),
    )


def _found(root: Path, patterns: Patterns, *, follow_links: bool) -> list[_Found | SkippedFile]:
    if root.is_file():
        return [_Found(root.name, root.stat())] if patterns.takes(root.name) else []
    if not root.is_dir():
        raise NotFoundError(
            f"there is no file or folder at {str(root)!r}", hint="check the path", path=str(root)
        )
    inside = None if follow_links else root.resolve()
    found: list[_Found | SkippedFile] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        if is_registry(root / folder):
            found.append(SkippedFile(path=folder or ".", reason="a registry"))
            continue
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders += [path] if patterns.enters(path) else []
                elif patterns.takes(path):
                    found.append(_looked_at(entry, path, inside))
    return found


def _looked_at(entry: "os.DirEntry[str]", path: str, inside: Path | None) -> _Found | SkippedFile:
    if not _is_unicode(path):
        return SkippedFile(path=ascii(path)[1:-1], reason="no Unicode")
    try:
        status = entry.stat()
    except (FileNotFoundError, OSError) as error:
        if isinstance(error, FileNotFoundError) or entry.is_symlink():
            return SkippedFile(path=path, reason="broken link")
        raise
    if entry.is_symlink():
        if stat.S_ISDIR(status.st_mode):
            return SkippedFile(path=path, reason="link to a folder")
        if inside is not None and inside not in Path(entry.path).resolve().parents:
            return SkippedFile(path=path, reason="link out of the folder")
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path=path, reason="pipe, socket or device")
    return _Found(path, status)


def is_registry(folder: Path) -> bool:
    """Tell whether a registry, or an artifact store, keeps its files in this folder."""
    return (folder / "graph.sqlite").is_file() or (folder / "blobs" / "sha256").is_dir()


def _is_unicode(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _described(found: _Found) -> ScannedFile:
    return ScannedFile(
        path=found.path,
        size=found.status.st_size,
        modified_at=datetime.fromtimestamp(found.status.st_mtime, UTC),
        media_type=media_type(found.path),
    )


def media_type(path: str) -> str | None:
    """Return what the name of a file says of its content, like `text/csv`."""
    return _TYPES.guess_type(path, strict=False)[0]
