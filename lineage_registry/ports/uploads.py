"""Large files on their way into a store: cut into parts that are known before any is sent.

The plan follows from the size alone, so that everybody cuts alike; the digest of each part is
known beforehand, so that whoever takes parts can tell which of them are there already.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final, NamedTuple

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import DigestMismatchError

PART_SIZE: Final = 16 * 1024 * 1024
MOST_PARTS: Final = 10_000
SENDERS: Final = 4

SendPart = Callable[[int, bytes, Digest], None]
"""Sends a part: its number from 1, its bytes and their digest."""


class Meter:
    """Tells progress once, however often an upload has to begin again."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._told = self._reached = 0

    def start(self) -> Callable[[int], None]:
        """Begin, or begin again; return what to call with the bytes of each step."""
        self._reached = 0
        return lambda step: self.reach(self._reached + step)

    def reach(self, total: int) -> None:
        """Say how many bytes are there."""
        self._reached = total
        if self._progress is not None and total > self._told:
            self._progress(total - self._told)
            self._told = total


def part_size_of(size: int) -> int:
    """Return how large the parts of a file are; 10,000 of them are enough for 5 TiB."""
    return max(PART_SIZE, -(-size // (MOST_PARTS - 2)))


class Fingerprint(NamedTuple):
    """What a file is before it is sent: its digest, its size, and the digests of its parts."""

    digest: Digest
    size: int
    parts: tuple[Digest, ...]

    @property
    def part_size(self) -> int:
        """Bytes of every part but the last one."""
        return part_size_of(self.size)

    def size_of(self, number: int) -> int:
        """Return the bytes of a part; parts are counted from 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)


def fingerprint(path: Path) -> Fingerprint:
    """Read a file once, and return what it is; raises `OSError` if that fails.

    The whole and its parts are hashed side by side, which takes two cores and one reading.
    """
    with path.open("rb") as file, ThreadPoolExecutor(1, "fingerprint") as beside:
        whole, parts, total = hashlib.sha256(), list[Digest](), 0
        size = path.stat().st_size
        step = part_size_of(size)
        while data := file.read(min(step, max(size - total, 1))):
            part = beside.submit(Digest.of, data) if total or len(data) == step else None
            whole.update(data)
            total += len(data)
            if part is not None:
                parts.append(part.result())
        digest = Digest(whole.hexdigest())
    return Fingerprint(digest, total, tuple(parts) or (digest,))


def send_parts(
    path: Path,
    known: Fingerprint,
    missing: Collection[int],
    send: SendPart,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Send parts of a file, some at a time; what fails first is raised when the others have ended.

    Memory holds as many parts as are on their way. Progress is told here, in the caller's thread,
    also of the parts that need not be sent.

    Raises:
        DigestMismatchError: The file is not what it was.
    """
    tell = progress or (lambda _: None)
    there = sum(known.size_of(n) for n in range(1, len(known.parts) + 1) if n not in missing)
    if there:
        tell(there)
    stop = threading.Event()

    def work(number: int) -> int:
        if not stop.is_set():
            send(number, _read(path, known, number), known.parts[number - 1])
        return known.size_of(number)

    with ThreadPoolExecutor(SENDERS, "send-part") as pool:
        try:
            for size in _in_turn(pool, work, sorted(missing)):
                tell(size)
        except BaseException:
            stop.set()
            raise


def _in_turn(
    pool: ThreadPoolExecutor, work: Callable[[int], int], numbers: list[int]
) -> Iterator[int]:
    waiting: set[Future[int]] = set()
    for number in numbers:
        waiting.add(pool.submit(work, number))
        if len(waiting) > SENDERS:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (each.result() for each in done)


def _read(path: Path, known: Fingerprint, number: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        file.seek((number - 1) * known.part_size)
        size = known.size_of(number)
        data = file.read(size)
        while len(data) < size and (more := file.read(size - len(data))):
            data += more
    if len(data) != size:
        raise DigestMismatchError(
            f"{str(path)!r} became shorter while it was sent", hint="send it again"
        )
    return data
