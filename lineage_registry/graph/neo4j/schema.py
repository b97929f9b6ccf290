"""What a database needs before it can hold a registry."""

import re
from typing import Final

from lineage_registry.errors import BackendError
from lineage_registry.graph.neo4j.catalog import statements
from lineage_registry.graph.neo4j.connection import Connection
from lineage_registry.ports.graph import PROJECTION

_OLDEST: Final = (5, 26)
"""The first one that takes labels and types from a map."""


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


def make_schema(connection: Connection) -> None:
    """Make constraints, indexes and the head of an empty log; what is there already stays."""
    for query in statements().schema():
        connection.execute(query.name, {})
    connection.execute("write.create_head", {"projection": PROJECTION})
