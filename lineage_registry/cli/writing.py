"""Files that commands write: whole or not at all."""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lineage_registry.cli import output
from lineage_registry.cli.words import size
from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from pydantic import BaseModel

_BINARY: Final = frozenset({"png", "pdf"})


def write_answer(answer: "BaseModel", file: str | Path, known: str | None, note: str = "") -> None:
    """Write an answer to a file, `-` for stdout, in a format; the suffix says which if None does.

    Raises:
        InvalidQueryError: It cannot be written so.
        InvalidInputError: The file cannot be written, or a terminal cannot show it.
    """
    from lineage_registry import exports

    to_stdout = str(file) == "-"
    kind = type(answer)
    if known is None:
        known = "json" if to_stdout else exports.format_of(file, kind)
    name = exports.find_format(known, kind).name
    if to_stdout and name in _BINARY and sys.stdout.isatty():
        raise InvalidInputError(
            f"{name} is no text that a terminal can show", hint=f"give -o FILE.{name}, or a pipe"
        )
    data = exports.export(answer, name)
    write_file(Path(file), data)
    if not to_stdout:
        output.note(f"wrote {file}: {name}, {note}{size(len(data))}")


def write_file(target: Path, data: bytes) -> None:
    """Write data to a file, or to stdout for `-`; an old file stays until the new one is whole.

    Raises:
        InvalidInputError: The file cannot be written.
    """
    if str(target) == "-":
        output.write(data)
        return
    try:
        if target.exists() and not target.is_file():  # a pipe or device is no place to rename to
            target.write_bytes(data)
            return
        _replace(target, data)
    except OSError as error:
        raise InvalidInputError(
            f"cannot write {str(target)!r}: {error.strerror or error}", hint="name another file"
        ) from error


def _replace(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
