"""Events of the log, read in parts."""

from collections.abc import Iterator
from typing import Final

from lineage_registry.ports.graph import EventFilter, Recorded
from lineage_registry.services.workplace import Workplace

_AT_ONCE: Final = 1_000


def events_until(work: Workplace, where: EventFilter, revision: int) -> Iterator[Recorded]:
    """Yield the events that fit, in order, those up to a revision only."""
    while True:
        batch = work.graph.events(where, _AT_ONCE)
        yield from (one for one in batch if one.revision <= revision)
        if len(batch) < _AT_ONCE:
            return
        where = beyond(where, batch[-1].position)


def beyond(where: EventFilter, position: int) -> EventFilter:
    """Return the filter for what comes behind a position, in its order."""
    if where.newest_first:
        return where._replace(before=position)
    return where._replace(after=position)
