"""What a cache must offer: blobs that came from afar, kept on this machine."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

from lineage_registry.domain.digests import Digest


class CacheState(NamedTuple):
    """What a cache holds: where, how many blobs, of how many bytes, and how many there may be."""

    folder: Path
    blobs: int
    bytes: int
    limit: int


class Cache(ABC):
    """Blobs up to a limit, safe between processes.

    Whatever goes wrong with the cache itself is no failure of who reads.
    """

    @abstractmethod
    def room(self) -> Path | None:
        """Return a folder for what is being read; None if there can be none."""

    @abstractmethod
    def take(self, digest: Digest, target: Path) -> bool:
        """Put a blob at `target`, a path in `room`, if it is there and right; tell if so."""

    @abstractmethod
    def keep(self, digest: Digest, file: Path) -> None:
        """Take a verified file, in `room`, into the cache, where there is room for it."""

    @abstractmethod
    def state(self) -> CacheState:
        """Return what is there.

        Raises:
            BackendError: The cache cannot be used.
        """

    @abstractmethod
    def clear(self) -> None:
        """Remove everything; what is being read is read to its end.

        Raises:
            BackendError: The cache cannot be used.
        """
