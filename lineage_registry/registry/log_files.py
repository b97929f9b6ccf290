"""Copies of a log as files: JSON Lines, plain or compressed, and Parquet."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from lineage_registry.errors import InvalidInputError, LogCopyDamagedError, NotFoundError
from lineage_registry.ports.log_copies import MAX_LINE, LogCopy, LogHeader, LogLines, Progress

_TOLD: Final = 256 * 1024
_LEVEL: Final = 6


def open_copy(path: Path) -> LogCopy:
    """Return the copy in a file.

    Raises:
        InvalidInputError: The suffix says no format.
        NotFoundError: There is no such file.
        NotInstalledError: Parquet needs the extra `parquet`.
    """
    kind = _kind(path)
    if not path.is_file():
        raise NotFoundError(f"there is no file {str(path)!r}")
    if kind == ".parquet":
        from lineage_registry.registry.log_parquet import LogParquet

        return LogParquet(path)
    return LogLines(path.name, lambda progress: _lines(path, progress))


def write_copy(path: Path, pieces: Iterable[bytes]) -> LogHeader:
    """Write JSON Lines, given in pieces, to a file as its suffix says, and check them meanwhile.

    Raises:
        InvalidInputError: The suffix says no format, or the file cannot be written.
        LogCopyDamagedError: The lines are no whole copy.
    """
    kind = _kind(path)
    stream = _Stream(pieces)
    with _replacing(path) as target:
        if kind == ".parquet":
            from lineage_registry.registry.log_parquet import write_parquet

            write_parquet(target, stream)
        elif kind == ".gz":
            # Without name and time the same log gives the same bytes.
            with gzip.GzipFile("", "wb", _LEVEL, target, mtime=0) as packed:
                _write_lines(packed.write, stream)
        else:
            _write_lines(target.write, stream)
    return stream.header()


def write_lines(write: Callable[[bytes], object], pieces: Iterable[bytes]) -> LogHeader:
    """Write JSON Lines, given in pieces, and check them meanwhile.

    Raises:
        LogCopyDamagedError: They are no whole copy.
    """
    stream = _Stream(pieces)
    _write_lines(write, stream)
    return stream.header()


class _Stream(LogLines):
    """A copy that comes once, and is read once; its header before its events."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__("the log", self._all)
        self._lines = _split(pieces)
        self._first: bytes | None = None
        self.line = b""

    def header(self) -> LogHeader:
        if self._first is None:
            self._first = next(self._lines, b"")
        return LogHeader.read(self._first, self.name)

    @contextmanager
    def _all(self, _: Progress | None) -> Iterator[Iterator[bytes]]:
        yield self._each()

    def _each(self) -> Iterator[bytes]:
        yield self._first or b""
        for line in self._lines:
            self.line = line
            yield line


def _write_lines(write: Callable[[bytes], object], stream: _Stream) -> None:
    write(stream.header().line())
    for _ in stream.bodies():
        write(stream.line)


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if left:
        yield left


@contextmanager
def _lines(path: Path, progress: Progress | None) -> Iterator[Iterator[bytes]]:
    with path.open("rb") as file:
        if _kind(path) == ".gz":
            with gzip.GzipFile("", "rb", fileobj=file) as packed:
                yield _read(path, packed, file, progress)
        else:
            yield _read(path, file, file, progress)


def _read(
    path: Path, stream: IO[bytes] | gzip.GzipFile, file: IO[bytes], progress: Progress | None
) -> Iterator[bytes]:
    told = 0
    while line := _next(path, stream):
        yield line
        if progress is not None and file.tell() - told >= _TOLD:
            progress(file.tell() - told)
            told = file.tell()


def _next(path: Path, stream: IO[bytes] | gzip.GzipFile) -> bytes:
    try:
        return stream.readline(MAX_LINE)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LogCopyDamagedError(
            f"{path.name} cannot be unpacked to its end: {error}",
            hint="copy the file again from where it came",
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of the old one when the block ends well."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidInputError(
            f"cannot write {str(path)!r}: {error.strerror or error}", hint="name another file"
        ) from error


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] in ([".jsonl"], [".parquet"]):
        return suffixes[-1]
    if suffixes == [".jsonl", ".gz"]:
        return ".gz"
    raise InvalidInputError(
        f"the name of {path.name!r} says no format",
        hint="end it with .jsonl, .jsonl.gz or .parquet",
    )
