"""Questions to the log of events."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lineage_registry.errors import ProjectionMismatchError
from lineage_registry.graph.sqlite import statements
from lineage_registry.graph.sqlite.codes import pack_keys
from lineage_registry.graph.sqlite.connection import Rows
from lineage_registry.graph.sqlite.faults import translated
from lineage_registry.ports.graph import (
    PROJECTION,
    EventFilter,
    Head,
    Recorded,
    demand_as_of,
    to_microseconds,
)

_BEFORE_ALL: Final = 0


@translated
def head_of(rows: Rows) -> Head:
    """Return where the log ends."""
    ((_, *head),) = rows(statements.HEAD, ())
    return Head._make(head)


@translated
def checked_head(rows: Rows) -> Head:
    """Return where the log ends.

    Raises:
        ProjectionMismatchError: Another version of the software wrote the graph.
    """
    ((projection, *head),) = rows(statements.HEAD, ())
    if projection != PROJECTION:
        raise ProjectionMismatchError(
            f"the graph was written as version {projection}, this software uses {PROJECTION}",
            hint="run `lineage-registry upgrade`"
            if projection < PROJECTION
            else "use the newer version of lineage-registry, or `lineage-registry upgrade`",
            found=projection,
            wanted=PROJECTION,
        )
    return Head._make(head)


@translated
def revision_at(rows: Rows, head: Head, as_of: int | datetime | None) -> int:
    """Return the revision that a revision or time means; None is now.

    Raises:
        InvalidQueryError: The revision lies in the future, or the time has no offset.
    """
    if as_of is None:
        return head.revision
    demand_as_of(as_of, head.revision)
    if isinstance(as_of, datetime):
        for (revision,) in rows(statements.REVISION_AT, (to_microseconds(as_of),)):
            return int(revision)
        return 0
    return as_of


@translated
def between(rows: Rows, after: int, last: int, most: int) -> list[Recorded]:
    """Return up to `most` events behind `after`, up to `last`."""
    return [Recorded._make(row) for row in rows(statements.EVENTS_BETWEEN, (after, last, most))]


@translated
def fitting(rows: Rows, where: EventFilter, limit: int) -> list[Recorded]:
    """Return up to `limit` events that fit, in order."""
    positions: set[int] = set()
    low, high = _bounds(rows, where)
    types = None if where.types is None else pack_keys(sorted(where.types))
    for by, one in _leads(where):
        statement = statements.positions(by, newest_first=where.newest_first)
        given = (one, low, high, where.actor, types, max(limit, 0))
        positions.update(position for (position,) in rows(statement, given))
    chosen = sorted(positions, reverse=where.newest_first)[: max(limit, 0)]
    return [Recorded._make(row) for row in rows(statements.EVENTS_AT, (str(chosen),))]


def _leads(where: EventFilter) -> Iterator[tuple[str, int | str | None]]:
    """Yield the indexes to read, each in order: by one node or type after the other."""
    if where.nodes is not None:
        yield from (("node", node) for node in sorted(where.nodes))
    elif where.types is not None:
        yield from (("type", kind) for kind in sorted(where.types))
    elif where.actor is not None:
        yield "actor", where.actor
    else:
        yield "all", None


def _bounds(rows: Rows, where: EventFilter) -> tuple[int, int]:
    """Return positions that all fitting events lie between; times are found as positions."""
    low = _BEFORE_ALL if where.after is None else where.after
    high = statements.HOLDS if where.before is None else where.before
    if where.since is not None:
        first = _first_since(rows, where.since)
        low = max(low, first - 1)
    if where.until is not None:
        high = min(high, _first_since(rows, where.until))
    return low, high


def _first_since(rows: Rows, at: int) -> int:
    for (position,) in rows(statements.FIRST_SINCE, (at,)):
        return int(position)
    return statements.HOLDS
