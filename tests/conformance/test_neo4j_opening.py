"""What opening a registry on Neo4j makes: what is missing of its schema, and nothing else."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import neo4j
import pytest

from lineage_registry.errors import BackendError
from lineage_registry.graph.neo4j.catalog import statements
from lineage_registry.graph.neo4j.store import Neo4jGraphStore
from lineage_registry.ports.graph import Head
from lineage_registry.testing.graph.writing import commit, model
from tests.conformance.graph_backends import neo4j_server_store
from tests.servers import BRIEF, Neo4jServer

Cypher = Callable[[str], list[neo4j.Record]]
NAMES = {
    f"lineage_{name}"
    for query in statements().schema()
    if not (name := query.name.removeprefix("schema.")).startswith("drop_")
}


@pytest.fixture
def cypher(neo4j_server: Any) -> Iterator[Cypher]:
    """Give the back door to a database with a whole schema and an empty log."""
    with driver_of(neo4j_server) as driver, neo4j_server_store(neo4j_server):
        yield lambda text: driver.execute_query(text, database_="neo4j").records
        # Whatever a test left undone would be missed by all that come after it.
        driver.execute_query("MATCH (h:LogHead) DELETE h", database_="neo4j")
        opened(neo4j_server)


def driver_of(server: Any) -> neo4j.Driver:
    auth = (server.user, server.password)
    return neo4j.GraphDatabase.driver(server.uri, auth=auth, notifications_min_severity="OFF")


def opened(server: Any) -> Head:
    with closing(connected(server)) as store:
        return store.head()


def connected(server: Any, **how: Any) -> Neo4jGraphStore:
    return Neo4jGraphStore.connect(server.uri, user=server.user, password=server.password, **how)


def usable(cypher: Cypher) -> set[str]:
    """Return the names of the indexes of ours that can be used, those of constraints with them."""
    rows = cypher("SHOW INDEXES YIELD name, state WHERE state = 'ONLINE' RETURN name")
    return {row["name"] for row in rows if row["name"].startswith("lineage_")}


def constraints(cypher: Cypher) -> set[str]:
    return {row["name"] for row in cypher("SHOW CONSTRAINTS YIELD name")}


def drop_all(cypher: Cypher) -> None:
    for name in constraints(cypher):
        cypher(f"DROP CONSTRAINT {name}")
    for name in usable(cypher):
        cypher(f"DROP INDEX {name}")
    cypher("MATCH (h:LogHead) DELETE h")


def test_an_empty_database_gets_the_whole_schema(neo4j_server: Any, cypher: Cypher) -> None:
    drop_all(cypher)
    assert usable(cypher) == set()

    assert opened(neo4j_server) == Head(0, 0, 0)
    assert usable(cypher) == NAMES
    assert {"lineage_node_id", "lineage_edge_used", "lineage_head_id"} <= constraints(cypher)


def test_what_an_interrupted_opening_left_out_is_made(neo4j_server: Any, cypher: Cypher) -> None:
    cypher("DROP CONSTRAINT lineage_edge_used")
    cypher("DROP INDEX lineage_value_slot")
    cypher("MATCH (h:LogHead) DELETE h")

    assert opened(neo4j_server) == Head(0, 0, 0)
    assert usable(cypher) == NAMES
    assert "lineage_edge_used" in constraints(cypher)


def test_many_can_open_the_same_empty_database_at_once(neo4j_server: Any, cypher: Cypher) -> None:
    drop_all(cypher)
    with ThreadPoolExecutor(6) as pool:
        heads = list(pool.map(opened, [neo4j_server] * 6))

    assert heads == [Head(0, 0, 0)] * 6
    assert usable(cypher) == NAMES
    assert len(cypher("MATCH (h:LogHead) RETURN h")) == 1


def test_what_the_mark_of_the_head_vouches_for_is_not_looked_for_again(
    neo4j_server: Any, cypher: Cypher
) -> None:
    cypher("DROP INDEX lineage_event_type")
    opened(neo4j_server)

    assert usable(cypher) == NAMES - {"lineage_event_type"}


@pytest.mark.parametrize("mark", ["SET h.schema = 'of an earlier version'", "REMOVE h.schema"])
def test_a_new_version_makes_what_it_adds_and_drops_what_it_gave_up(
    neo4j_server: Any, cypher: Cypher, mark: str
) -> None:
    with closing(connected(neo4j_server)) as store:
        commit(store, model("net"))
        head = store.head()
    cypher(f"MATCH (h:LogHead) {mark}")
    cypher("DROP INDEX lineage_event_type")
    cypher("CREATE INDEX lineage_value_since FOR (v:Value) ON (v.since)")

    assert opened(neo4j_server) == head
    assert usable(cypher) == NAMES
    # And it says so, for those who come next.
    cypher("DROP INDEX lineage_event_type")
    assert opened(neo4j_server) == head
    assert usable(cypher) == NAMES - {"lineage_event_type"}


def test_a_graph_in_another_layout_gets_its_schema_when_it_is_upgraded(
    neo4j_server: Any, cypher: Cypher
) -> None:
    cypher("MATCH (h:LogHead) SET h.projection = 99 REMOVE h.schema")
    cypher("DROP INDEX lineage_event_type")
    opened(neo4j_server)
    assert usable(cypher) == NAMES - {"lineage_event_type"}

    with closing(connected(neo4j_server)) as store:
        store.upgrade()
    assert usable(cypher) == NAMES


def test_who_may_make_nothing_makes_nothing(neo4j_server: Any, cypher: Cypher) -> None:
    cypher("MATCH (h:LogHead) REMOVE h.schema")
    cypher("DROP INDEX lineage_event_type")
    connected(neo4j_server, create=False).close()

    assert usable(cypher) == NAMES - {"lineage_event_type"}


class LockedServer(Neo4jServer):
    """A server that can be told to let nobody write."""

    locked = False

    def _settings(self) -> dict[str, str]:
        settings = super()._settings()
        return settings | {"server.databases.read_only": "neo4j"} if self.locked else settings


@pytest.mark.slow
def test_a_registry_that_may_only_be_read_is_opened(neo4j_server: Any) -> None:
    # Asks for the shared server only to be skipped where none can be started.
    with LockedServer(tuning=BRIEF) as server:
        with closing(connected(server)) as store:
            commit(store, model("net"))
        with driver_of(server) as driver:
            driver.execute_query("MATCH (h:LogHead) REMOVE h.schema", database_="neo4j")
        server.locked = True
        server.restart()
        with closing(connected(server)) as store:
            assert store.head().size == 1
            with pytest.raises(BackendError, match="read-only"):
                commit(store, model("other"))
