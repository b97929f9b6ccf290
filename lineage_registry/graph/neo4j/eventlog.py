"""The log as it lies on the server: read in pages, searched, written anew."""

from collections.abc import Iterator
from typing import Final

from lineage_registry.graph.neo4j.connection import Reader, Row
from lineage_registry.graph.neo4j.folding import STILL
from lineage_registry.graph.neo4j.rendering import recorded_from
from lineage_registry.graph.neo4j.walking import in_bounds
from lineage_registry.ports.graph import EventFilter, Recorded

_PAGE: Final = 256
"""Events fetched at once: at 256 KiB each they still fit into memory."""


def pages(reader: Reader, after: int, size: int) -> Iterator[Recorded]:
    """Yield the events behind `after` up to position `size`."""
    for low in range(max(after, 0), size, _PAGE):
        bounds = {"low": low, "high": min(low + _PAGE, size) + 1}
        yield from map(recorded_from, reader.read("read.log_page", bounds))


def search(reader: Reader, where: EventFilter, limit: int) -> list[Recorded]:
    """Return up to `limit` events that fit, in order of position."""
    low, high = _bounds(reader, where)
    if limit <= 0 or high - low <= 1:
        return []
    name, parameters = _question(where)
    parameters.update(low=low, high=high, limit=min(limit, STILL))
    order = "DESC" if where.newest_first else "ASC"
    rows: list[Row] = reader.read(name, parameters, order=order)
    return [recorded_from(row) for row in rows]


def _bounds(reader: Reader, where: EventFilter) -> tuple[int, int]:
    """Return the positions between which to look; times grow with positions."""
    low = _within(where.after, 0)
    high = _within(where.before, STILL)
    if where.since is not None:
        first = _first_since(reader, where.since)
        low = STILL if first is None else max(low, first - 1)
    if where.until is not None:
        first = _first_since(reader, where.until)
        high = high if first is None else min(high, first)
    return low, high


def _within(position: int | None, otherwise: int) -> int:
    return otherwise if position is None else min(max(position, 0), STILL)


def _first_since(reader: Reader, at: int) -> int | None:
    rows = reader.read("read.first_since", {"at": min(max(at, -STILL), STILL)})
    return rows[0]["position"] if rows else None


def _question(where: EventFilter) -> tuple[str, dict[str, object]]:
    """Choose the statement that starts from what narrows most."""
    types = None if where.types is None else sorted(where.types)
    if where.nodes is not None:
        nodes = in_bounds(where.nodes)
        return "read.events_of_nodes", {"nodes": nodes, "actor": where.actor, "types": types}
    if where.actor is not None:
        return "read.events_of_actor", {"actor": where.actor, "types": types}
    if types is not None:
        return "read.events_of_types", {"types": types}
    return "read.events", {}
