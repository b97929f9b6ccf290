"""Events of the upkeep: what was removed from the artifact store because nothing named it."""

from collections.abc import Iterator
from typing import ClassVar

from lineage_registry.domain.events.base import Event
from lineage_registry.domain.graph import Change


class CollectionStarted(Event):
    """A garbage collection is about to remove blobs that nothing names.

    Attributes:
        blobs: How many it found, at most so many go.
        bytes: Their size together.
        grace: Seconds for which younger blobs are left alone.
    """

    type: ClassVar[str] = "collection.started"

    blobs: int
    bytes: int
    grace: int

    def changes(self, position: int) -> Iterator[Change]:
        """Change nothing: the graph names none of them."""
        yield from ()


class CollectionEnded(Event):
    """What a garbage collection removed.

    Attributes:
        started: Position of the event that says that it started.
        uploads: Unfinished uploads and expired pins that were removed.
    """

    type: ClassVar[str] = "collection.ended"

    started: int
    blobs: int
    bytes: int
    uploads: int

    def changes(self, position: int) -> Iterator[Change]:
        """Change nothing."""
        yield from ()
