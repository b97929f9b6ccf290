"""Uploads in parts into a folder: a file for each part, whose name says what it holds."""

import io
import os
import re
import shutil
import uuid
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import DigestMismatchError
from lineage_registry.ports.staging import Guard, Staged, Staging, demand_all, over
from lineage_registry.ports.uploads import Fingerprint

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PART: Final = re.compile(r"([0-9]{5})\.([0-9a-f]{64})")
_NAME: Final = re.compile(r"[0-9a-f]{32}")


class LocalStaging(Staging):
    """Uploads below `root`, a folder for each.

    Args:
        root: The folder.
        put: Stores what a file gives, which has this digest and size.
    """

    def __init__(
        self, guard: Guard, root: Path, put: Callable[[BinaryIO, Digest, int], object]
    ) -> None:
        super().__init__(guard)
        self._root = root
        self._put = put

    def _begin(self, name: str) -> Staged:
        folder = self._folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # nobody may take it for abandoned
        return Staged(name, {number: digest for number, (digest, _) in _parts(folder).items()})

    def _put_part(self, name: str, id_: str, number: int, data: bytes, digest: Digest) -> None:
        folder = self._begun(name, id_)
        if Digest.of(data) != digest:
            raise DigestMismatchError(f"part {number} is not {digest}", hint="send it again")
        unfinished = folder / uuid.uuid4().hex
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            kept = unfinished.replace(folder / f"{number:05}.{digest.hex}")
            _remove_others(folder, kept)
        except FileNotFoundError:
            raise over() from None
        finally:
            unfinished.unlink(missing_ok=True)

    def _finish(self, name: str, id_: str, known: Fingerprint) -> None:
        there = _parts(self._begun(name, id_))
        demand_all(known, {number: digest for number, (digest, _) in there.items()})
        paths = [there[number][1] for number in range(1, len(known.parts) + 1)]
        try:
            with io.BufferedReader(_Joined(paths)) as source:
                self._put(cast("BinaryIO", source), known.digest, known.size)
        except FileNotFoundError:
            raise over() from None
        except DigestMismatchError:
            self._give_up(name, id_)
            raise
        self._give_up(name, id_)

    def _give_up(self, name: str, id_: str) -> None:
        del id_
        shutil.rmtree(self._folder(name), ignore_errors=True)

    def _begun(self, name: str, id_: str) -> Path:
        folder = self._folder(name)
        if id_ != name or not folder.is_dir():
            raise over()
        return folder

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise over()
        return self._root / name


class _Joined(io.RawIOBase):
    """Files one after the other."""

    def __init__(self, paths: list[Path]) -> None:
        self._files = self._open(paths)
        self._file = next(self._files, None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while self._file is not None:
            if count := self._file.readinto(buffer):
                return count
            self._file = next(self._files, None)
        return 0

    def close(self) -> None:
        self._files.close()
        super().close()

    @staticmethod
    def _open(paths: list[Path]) -> Generator[io.FileIO, None, None]:
        for path in paths:
            with path.open("rb", buffering=0) as file:
                yield file


def _remove_others(folder: Path, kept: Path) -> None:
    """Of the parts that were sent for one number keep the last one.

    Two that come at once may remove each other: then the number is missing, and sent again.
    """
    for path in folder.glob(f"{kept.stem}.*"):
        if path != kept:
            path.unlink(missing_ok=True)


def _parts(folder: Path) -> dict[int, tuple[Digest, Path]]:
    """Return the parts that are there; of two that come for one number at this moment, any."""
    found = ((_PART.fullmatch(path.name), path) for path in folder.iterdir())
    return {int(match[1]): (Digest(match[2]), path) for match, path in found if match}
