"""What a database needs before it can hold a registry."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from lineage_registry.errors import BackendError
from lineage_registry.graph.neo4j.catalog import Query, statements
from lineage_registry.graph.neo4j.connection import Connection, Row
from lineage_registry.ports.graph import PROJECTION

_OLDEST: Final = (5, 26)
"""The first one that takes labels and types from a map."""
_ACTION: Final = re.compile(
    r"^(?P<does>CREATE|DROP) (?P<kind>CONSTRAINT|INDEX) (?P<name>\w+)", re.MULTILINE
)


def check_server(agent: str) -> None:
    """Refuse a server that cannot run our statements.

    Raises:
        BackendError: It is too old.
    """
    match = re.search(r"/(\d+)\.(\d+)", agent)
    if match and (int(match[1]), int(match[2])) < _OLDEST:
        raise BackendError(
            f"{agent} is too old, the registry needs Neo4j 5.26 or later",
            hint="use the long-term version 5.26 or a newer one",
        )


def has_schema(head: Row) -> bool:
    """Tell whether constraints and indexes were made as this software wants them.

    Those of a graph in another layout are left to its upgrade.
    """
    return bool(head["projection"] != PROJECTION or head["schema"] == _mark())


def make_schema(connection: Connection) -> None:
    """Make what is missing of constraints, indexes and the head of an empty log.

    The head is marked last, so the mark says that all of it can be used: whoever was interrupted
    left none, and whoever finds an index that somebody else just makes waits for it.
    """
    found = _found(connection)
    missing = [query for query in statements().schema() if not _is_so(query, found)]
    for query in missing:
        _make(connection, query)
    if missing or any(row["state"] != "ONLINE" for row in found):
        connection.execute("schema.wait", {})
    connection.execute("write.create_head", {"projection": PROJECTION, "schema": _mark()})


def _found(connection: Connection) -> list[Row]:
    return connection.read("read.indexes", {})


def _make(connection: Connection, query: Query) -> None:
    try:
        connection.execute(query.name, {})
    except BackendError:
        # The server also refuses what somebody else committed after it had looked.
        if not _is_so(query, _found(connection)):
            raise


def _is_so(query: Query, found: Sequence[Row]) -> bool:
    match = _ACTION.search(query.text)
    if match is None:
        raise BackendError(f"{query.name} neither creates nor drops anything")
    named = (match["kind"], match["name"])
    return any(named == (row["kind"], row["name"]) for row in found) == (match["does"] == "CREATE")


@cache
def _mark() -> str:
    """Return what differs whenever a statement of the schema does."""
    texts = "".join(query.text for query in statements().schema())
    return hashlib.sha256(texts.encode()).hexdigest()[:16]
