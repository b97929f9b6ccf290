"""Many small blobs in one message: for each a line with digest and size, then its bytes."""

from collections.abc import Iterable, Iterator
from typing import Final

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import InvalidInputError

MOST: Final = 1_000
"""Blobs of one message at most."""

_LONGEST_LINE: Final = 100


def write_frames(blobs: Iterable[tuple[Digest, bytes]]) -> bytes:
    """Write blobs as one message."""
    return b"".join(b"%s %d\n%s" % (str(name).encode(), len(data), data) for name, data in blobs)


def read_frames(message: bytes) -> list[tuple[Digest, bytes]]:
    """Read a message; that the bytes have the digests is not checked.

    Raises:
        InvalidInputError: It is none, or has too many blobs.
    """
    blobs = []
    for blob in _frames(message):
        blobs.append(blob)
        if len(blobs) > MOST:
            raise InvalidInputError(f"more than {MOST:,} blobs", hint="send several messages")
    return blobs


def _frames(message: bytes) -> Iterator[tuple[Digest, bytes]]:
    start = 0
    while start < len(message):
        end = message.find(b"\n", start, start + _LONGEST_LINE)
        name, space, number = message[start:end].partition(b" ") if end > 0 else (b"", b"", b"")
        if not space or not number.isdigit() or end + 1 + int(number) > len(message):
            raise InvalidInputError(
                f"the message is not readable from byte {start}",
                hint="for each blob: its digest, a space, its size, a line feed, its bytes",
            )
        stop = end + 1 + int(number)
        yield Digest.parse(name.decode("latin-1")), message[end + 1 : stop]
        start = stop
