"""A version's files as a folder or in one archive, the same bytes for the same version."""

from __future__ import annotations

import errno
import tarfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final, Literal, cast, get_args

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import DigestMismatchError, InvalidInputError, StorageFullError
from lineage_registry.ports import commands as c
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.registry.addressing import as_of_one
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.transfers import Progress, checked, step_of

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry

Form = Literal["folder", "tar", "zip"]
_MODE: Final = 0o644
_CHUNK: Final = 1024 * 1024
_PACKED: Final = frozenset(
    {".7z", ".br", ".bz2", ".gz", ".rar", ".tbz2", ".tgz", ".txz", ".xz", ".zst"}
)
"""Suffixes of what is not written; a folder of such a name would be taken for an archive."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can write."""


class FileExports(Asker):
    """How files leave a registry in one piece."""

    def export_files(
        self,
        reference: str,
        target: str | Path,
        *,
        form: Form | None = None,
        as_of: AsOf = None,
        progress: Progress | None = None,
    ) -> Path:
        """Write a version's files into a folder, a tar or a zip; every byte is verified.

        Archives hold no times and no owners: the same version gives the same bytes. Nothing is
        compressed, for weights do not get smaller. An archive is there whole or not at all.

        Args:
            reference: The version.
            target: Where to; what is there is replaced, files in a folder one by one.
            form: `folder`, `tar` or `zip`; found by the target's suffix if left out, and then a
                suffix of a packed archive, like `.tar.gz`, is refused.
            as_of: When.
            progress: Told of each file.

        Raises:
            NotFoundError: There is no such version, or its bytes are gone.
            DigestMismatchError: The stored bytes are not what was registered.
            InvalidInputError: It has no files, or the form is none that is written.
        """
        registry = cast("Registry", self)
        place = Path(target)
        found = _form(place, form)
        version = registry.version(reference, as_of=as_of)
        files = registry.files(version.reference, as_of=as_of_one(reference, as_of))
        if not files.files:
            raise InvalidInputError(f"{version.reference} has no files")
        if found == "folder":
            return registry.download(reference, place, as_of=as_of, progress=progress)
        write = _write_tar if found == "tar" else _write_zip
        with _whole(place) as draft:
            write(draft, _contents(registry.artifacts, files, progress))
        registry.note_input(version, None)
        return place


def _form(target: Path, wanted: str | None) -> str:
    if wanted is None:
        suffix = target.suffix.lower()
        if suffix in _PACKED:
            raise InvalidInputError(
                f"{target.name!r} has the name of a packed archive, and nothing is packed here",
                hint="name it .tar or .zip, or say form='folder', or --form folder",
            )
        return suffix[1:] if suffix in {".tar", ".zip"} else "folder"
    if wanted not in get_args(Form):
        raise InvalidInputError(
            f"there is no form {wanted!r}", hint=f"use one of {', '.join(get_args(Form))}"
        )
    return wanted


Contents = Iterator[tuple[c.File, BinaryIO, Callable[[int], None] | None]]


def _contents(artifacts: ArtifactStore, files: c.Files, progress: Progress | None) -> Contents:
    for file in sorted(checked(files), key=lambda one: one.path):
        with artifacts.open(Digest.parse(file.digest)) as stream:
            yield file, stream, step_of(progress, file.path, file.size)
            # Reading the end of a verified stream is the check; before the end nothing is checked.
            if stream.read(1):
                raise DigestMismatchError(f"{file.path!r} has more than {file.size} bytes")


def _write_tar(place: Path, contents: Contents) -> None:
    with tarfile.open(place, "w", format=tarfile.PAX_FORMAT) as archive:
        for file, stream, step in contents:
            member = tarfile.TarInfo(file.path)
            member.size, member.mode = file.size, _MODE
            archive.addfile(member, stream)
            if step is not None:
                step(file.size)


def _write_zip(place: Path, contents: Contents) -> None:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
        for file, stream, step in contents:
            member = zipfile.ZipInfo(file.path, _EPOCH)
            member.external_attr = _MODE << 16
            member.file_size = file.size
            with archive.open(member, "w", force_zip64=file.size >= zipfile.ZIP64_LIMIT) as inside:
                _copy(stream, inside, file.size, step)


def _copy(
    source: BinaryIO, target: IO[bytes], size: int, step: Callable[[int], None] | None
) -> None:
    while size and (chunk := source.read(min(size, _CHUNK))):
        target.write(chunk)
        size -= len(chunk)
        if step is not None:
            step(len(chunk))


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Hand out a path to write to, which becomes the target if all went well."""
    if target.is_dir():
        raise InvalidInputError(f"{str(target)!r} is a folder", hint="name a file")
    draft = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex[:12]}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(target)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(f"there is no room for {str(target)!r}") from error
        raise InvalidInputError(f"cannot write {str(target)!r}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
