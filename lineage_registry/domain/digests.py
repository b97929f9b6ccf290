"""Content addresses: the SHA-256 of bytes, and of a list of named files."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from lineage_registry.errors import IntegrityError, InvalidInputError

_WRITTEN = re.compile(r"sha256:([0-9a-f]{64})")
_MANIFEST_DOMAIN = b"lineage-registry/manifest/v1\n"


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """Content address of some bytes, written `sha256:<64 hex digits>`."""

    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form.

        Raises:
            InvalidInputError: The text is anything else.
        """
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise InvalidInputError(
                f"not a digest: {text[:100]!r}", hint="write sha256: and 64 hex digits"
            )
        return cls(match[1])

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Compute the address of `data`."""
        return cls(hashlib.sha256(data).hexdigest())

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


class FileEntry(NamedTuple):
    """One file of a version: its path inside the version, its address and its size in bytes."""

    path: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The named files of a version, sorted by path, each path once."""

    files: tuple[FileEntry, ...]

    @classmethod
    def of(cls, files: Iterable[FileEntry]) -> Self:
        """Collect `files` in the order of their paths.

        Raises:
            InvalidInputError: A path occurs twice, is the folder of another, or could leave the
                folder it is unpacked in.
        """
        ordered = tuple(sorted(files))
        for entry in ordered:
            _check_path(entry.path)
        _check_distinct([entry.path for entry in ordered])
        return cls(ordered)

    @property
    def digest(self) -> Digest:
        """Address of the *named* list: renaming a file changes it, as changing its bytes does.

        It is the address of what `encode` returns.
        """
        return Digest.of(self.encode())

    def encode(self) -> bytes:
        """Write the list as it is stored: a first line that says what it is, then a line a file."""
        lines = (f"{entry.digest.hex} {entry.size} {entry.path}\n" for entry in self.files)
        return _MANIFEST_DOMAIN + "".join(lines).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a stored list.

        Raises:
            IntegrityError: The bytes are no list of files.
        """
        if not data.startswith(_MANIFEST_DOMAIN):
            raise IntegrityError("a stored file list does not begin as one")
        try:
            lines = data[len(_MANIFEST_DOMAIN) :].decode().splitlines()
            rows = (line.split(" ", 2) for line in lines)
            return cls.of(FileEntry(path, Digest(hex_), int(size)) for hex_, size, path in rows)
        except ValueError as error:
            raise IntegrityError("a stored file list cannot be read") from error

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.files)


def _check_distinct(paths: list[str]) -> None:
    files = set(paths)
    if len(files) < len(paths):
        raise InvalidInputError("a manifest names each path once")
    folders = {path[:end] for path in paths for end in _slashes(path)}
    if both := sorted(files & folders):
        raise InvalidInputError(f"{both[0]!r} cannot be a file and a folder of files")


def _slashes(path: str) -> list[int]:
    return [position for position, letter in enumerate(path) if letter == "/"]


def _check_path(path: str) -> None:
    parts = path.split("/")
    clean = path.isprintable() and "\\" not in path and len(path) <= 1024
    if not clean or any(part in {"", ".", ".."} for part in parts) or ":" in parts[0]:
        raise InvalidInputError(
            f"not a path inside a version: {path[:100]!r}",
            hint="use relative paths with forward slashes, without '.' and '..' parts",
        )
