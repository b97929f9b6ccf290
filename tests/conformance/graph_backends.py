"""The graph stores under test: how to open each of them empty, and their back doors."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import neo4j
import pytest

from lineage_registry.domain.graph import EdgeKind
from lineage_registry.graph.neo4j.store import Neo4jGraphStore
from lineage_registry.graph.sqlite import SqliteGraphStore
from lineage_registry.graph.sqlite.codes import EDGE_CODES
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph import RawCounts, RawGraph
from lineage_registry.testing.reference_graph import Tie
from lineage_registry.testing.reference_graph_store import ReferenceGraphStore, State

STILL = 2**63 - 1
_WIPE = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 20000 ROWS"
# What holds no history: the lock, and the mark by which a writer knows its own commit.
_PASSING = {"lock", "token"}


class Backend(NamedTuple):
    """A store and its back door.

    Attributes:
        open: Opens the same store again, here or in another process; None if it cannot be.
    """

    store: GraphStore
    raw: RawGraph
    open: Callable[[], GraphStore] | None = None


class RawSqlite:
    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect

    def _rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._connect() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(statement, parameters).fetchall()
            return rows

    def counts(self) -> RawCounts:
        names = ("event", "node", "value", "edge")
        return RawCounts(*(self._rows(f"SELECT count(*) FROM {name}")[0][0] for name in names))

    def snapshot(self) -> object:
        tables = self._rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        return {
            (name, re.sub(r"\s+", " ", sql)): sorted(map(repr, self._rows(f"SELECT * FROM {name}")))
            for name, sql in tables
        }

    def rewrite_event(self, position: int, body: bytes) -> None:
        self._rows("UPDATE event SET body = ? WHERE position = ?", body, position)

    def add_edge(self, source: int, kind: EdgeKind, target: int) -> None:
        self._rows(
            "INSERT INTO edge (source, kind, target, role, since, until, declared)"
            " VALUES (?, ?, ?, '', 1, ?, 1)",
            source,
            EDGE_CODES[kind],
            target,
            STILL,
        )


class RawNeo4j:
    def __init__(self, driver: neo4j.Driver) -> None:
        self._driver = driver

    def _rows(self, statement: str, **parameters: object) -> list[dict[str, Any]]:
        with self._driver.session(database="neo4j") as session:
            return session.run(statement, parameters).data()

    def counts(self) -> RawCounts:
        labels = ("Event", "Node", "Value")
        found = [self._rows(f"MATCH (n:{name}) RETURN count(n) AS c")[0]["c"] for name in labels]
        edges = self._rows("MATCH ()-[e]->() WHERE type(e) <> 'VERSION_OF' RETURN count(e) AS c")
        return RawCounts(*[*found, edges[0]["c"]])

    def snapshot(self) -> object:
        nodes = self._rows("MATCH (n) RETURN labels(n) AS labels, properties(n) AS it")
        edges = self._rows(
            "MATCH (a)-[e]->(b)"
            " RETURN a.id AS source, type(e) AS kind, b.id AS target, properties(e) AS it"
        )
        born = {row["it"]["id"]: row["it"]["since"] for row in nodes if "Node" in row["labels"]}
        nodes = [row for row in nodes if "Subject" not in row["labels"]]
        for row in nodes:
            # How many events were written at once decides where a mention lies, and no more.
            row["it"].pop("mentions", None)
            if row["it"].get("later") == born.get(row["it"].get("holder")):
                row["it"].pop("later", None)
            row["it"] = sorted((k, v) for k, v in row["it"].items() if k not in _PASSING)
            row["labels"].sort()
        for row in edges:
            row["it"] = sorted(row["it"].items())
        return sorted(map(repr, nodes)), sorted(map(repr, edges)), self._mentions()

    def _mentions(self) -> list[tuple[int, int]]:
        """Return (node, position) of every event that changed or mentioned a node later."""
        found = self._rows(
            "MATCH (n:Node) UNWIND n.mentions AS position RETURN n.id AS node, position"
            " UNION ALL"
            " MATCH (s:Subject) UNWIND s.positions AS position RETURN s.node AS node, position"
        )
        return sorted((row["node"], row["position"]) for row in found)

    def rewrite_event(self, position: int, body: bytes) -> None:
        self._rows(
            "MATCH (e:Event {position: $position}) SET e.body = $body",
            position=position,
            body=body,
        )

    def add_edge(self, source: int, kind: EdgeKind, target: int) -> None:
        self._rows(
            f"MATCH (a:Node {{id: $source}}), (b:Node {{id: $target}}) CREATE (a)-[:{kind}"
            " {key: 'back door', role: '', since: 1, until: $still, declared: true}]->(b)",
            source=source,
            target=target,
            still=STILL,
        )


class RawReference:
    def __init__(self, store: ReferenceGraphStore) -> None:
        self._store = store

    def counts(self) -> RawCounts:
        graph = self._store.state.graph
        return RawCounts(
            len(self._store.state.log),
            len(graph.nodes),
            sum(map(len, graph.values.values())),
            sum(map(len, graph.ties.values())),
        )

    def snapshot(self) -> object:
        head, log, graph = self._store.state
        values = {key: found for key, found in graph.values.items() if found}
        ties = {key: found for key, found in graph.ties.items() if found}
        return head, log, dict(graph.nodes), _copy(values), _copy(ties), dict(graph.times)

    def rewrite_event(self, position: int, body: bytes) -> None:
        head, log, graph = self._store.state
        altered = log[position - 1]._replace(body=body)
        self._store.state = State(head, (*log[: position - 1], altered, *log[position:]), graph)

    def add_edge(self, source: int, kind: EdgeKind, target: int) -> None:
        ties = self._store.state.graph.ties
        ties.setdefault((source, kind, target, ""), []).append(Tie(1, None, declared=True))


@contextmanager
def sqlite_file(folder: Path) -> Iterator[Backend]:
    path = folder / "registry.db"
    reopen = partial(SqliteGraphStore.open, path)
    with closing(reopen()) as store:
        yield Backend(store, RawSqlite(lambda: _own_connection(path)), reopen)


@contextmanager
def sqlite_in_memory() -> Iterator[Backend]:
    with closing(SqliteGraphStore.in_memory()) as store:
        yield Backend(store, RawSqlite(lambda: _shared_connection(store)))


@contextmanager
def neo4j_server_store(address: Any) -> Iterator[Backend]:
    auth = (address.user, address.password)
    reopen = partial(
        Neo4jGraphStore.connect, address.uri, user=address.user, password=address.password
    )
    with neo4j.GraphDatabase.driver(
        address.uri, auth=auth, notifications_min_severity="OFF"
    ) as driver:
        with driver.session(database="neo4j") as session:
            session.run(_WIPE).consume()
        with closing(reopen()) as store:
            yield Backend(store, RawNeo4j(driver), reopen)


@contextmanager
def in_memory_reference() -> Iterator[Backend]:
    with closing(ReferenceGraphStore()) as store:
        yield Backend(store, RawReference(store))


@contextmanager
def opened(name: str, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Open the backend of this name, empty."""
    match name:
        case "reference":
            backend = in_memory_reference()
        case "sqlite-file":
            backend = sqlite_file(request.getfixturevalue("tmp_path"))
        case "sqlite-memory":
            backend = sqlite_in_memory()
        case _:
            backend = neo4j_server_store(request.getfixturevalue("neo4j_server"))
    with backend as it:
        yield it


@contextmanager
def _own_connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@contextmanager
def _shared_connection(store: SqliteGraphStore) -> Iterator[sqlite3.Connection]:
    database: Any = store._database
    yield database._connection


def _copy(lists: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    return {key: list(found) for key, found in lists.items()}
