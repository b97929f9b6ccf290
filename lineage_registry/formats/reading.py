"""Reading exact pieces of files, and text from strangers made fit to be shown."""

from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.ports.filesets import FileSet, remembering

MAX_SHOWN = 120
_MAX_NOTES = 100
_MAX_NOTE = 1_000


def head(files: FileSet, path: str, count: int) -> bytes:
    """Return the first bytes of a file, fewer if it is shorter."""
    return remembering(files).head(path, count)


def read_exactly(stream: BinaryIO, count: int, what: str) -> bytes:
    """Return exactly so many bytes.

    Raises:
        UnreadableArtifactError: The file ends before.
    """
    data = stream.read(count)
    if len(data) != count:
        raise UnreadableArtifactError(f"the file ends inside {what}")
    return data


def read_at(stream: BinaryIO, offset: int, count: int, what: str) -> bytes:
    """Return exactly so many bytes from a place.

    Raises:
        UnreadableArtifactError: The file ends before.
    """
    stream.seek(offset)
    return read_exactly(stream, count, what)


def shown(text: object) -> str:
    """Return text of a stranger as printable ASCII of bounded length, in quotes."""
    written = ascii(str(text)[: MAX_SHOWN + 1])
    return written if len(written) <= MAX_SHOWN else f"{written[: MAX_SHOWN - 3]}..."


def bounded(text: str, limit: int) -> str:
    """Return text of a stranger cut to a length, and such that it can be written as UTF-8."""
    return text[:limit].encode("utf-8", "backslashreplace").decode("utf-8")


def notes(given: dict[str, str]) -> dict[str, str]:
    """Return what a file says of itself, cut to so many and so long notes."""
    first = sorted(given.items())[:_MAX_NOTES]
    return {bounded(key, MAX_SHOWN): bounded(text, _MAX_NOTE) for key, text in first}


def plain(text: str) -> str:
    """Return text of a stranger as printable ASCII of bounded length."""
    return text if len(text) <= MAX_SHOWN and text.isascii() and text.isprintable() else shown(text)
