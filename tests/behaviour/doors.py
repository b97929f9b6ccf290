"""The back door: changes to what is stored that nobody is told of."""

import sqlite3
from contextlib import closing
from typing import Any

from lineage_registry.graph.sqlite.codes import EDGE_CODES, EdgeKind
from tests.behaviour.places import Place

STILL = 2**63 - 1
_SQLITE = {
    "add edge": "INSERT INTO edge VALUES (:source, :kind, :target, 'other', 1, :still, 1)",
    "remove edges": "DELETE FROM edge WHERE source = :source",
    "forge value": "UPDATE value SET value = :value WHERE node = :node AND key = :key",
    "body": "SELECT body FROM event WHERE position = :position",
    "forge body": "UPDATE event SET body = :body WHERE position = :position",
    "forge actor": "UPDATE event SET actor = :actor WHERE position = :position",
    "remove event": "DELETE FROM event WHERE position = :position",
}
_NEO4J = {
    "add edge": """MATCH (a:Node {id: $source}), (b:Node {id: $target})
        CREATE (a)-[:DERIVED_FROM {key: 'door', role: 'other', since: 1, until: $still,
            declared: true}]->(b)""",
    "remove edges": "MATCH (:Node {id: $source})-[e]->() WHERE type(e) <> 'VERSION_OF' DELETE e",
    "forge value": "MATCH (v:Value {node: $node, key: $key}) SET v.value = $value",
    "body": "MATCH (e:Event {position: $position}) RETURN e.body",
    "forge body": "MATCH (e:Event {position: $position}) SET e.body = $body",
    "forge actor": "MATCH (e:Event {position: $position}) SET e.actor = $actor",
    "remove event": "MATCH (e:Event {position: $position}) DELETE e",
}


class BackDoor:
    """Changes the tables of a graph behind the registry's back."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._on_server = place.graph.name == "neo4j"

    def add_edge(self, source: int, target: int) -> None:
        kind = EDGE_CODES[EdgeKind.DERIVED_FROM]
        self._do("add edge", source=source, target=target, kind=kind, still=STILL)

    def remove_edges(self, source: int) -> None:
        self._do("remove edges", source=source)

    def forge_value(self, node: int, key: str, value: str) -> None:
        self._do("forge value", node=node, key=key, value=value)

    def forge_event(self, position: int, before: str, after: str) -> None:
        body = bytes(self._do("body", position=position)[0][0])
        assert before.encode() in body
        self._do(
            "forge body", position=position, body=body.replace(before.encode(), after.encode())
        )

    def forge_actor(self, position: int, actor: str) -> None:
        self._do("forge actor", position=position, actor=actor)

    def remove_event(self, position: int) -> None:
        self._do("remove event", position=position)

    def _do(self, name: str, **values: Any) -> list[Any]:
        if self._on_server:
            return self._ask_server(_NEO4J[name], values)
        with closing(sqlite3.connect(self._place.folder / "graph.sqlite")) as connection:
            rows = connection.execute(_SQLITE[name], values).fetchall()
            connection.commit()
            return rows

    def _ask_server(self, statement: str, values: dict[str, Any]) -> list[Any]:
        from neo4j import GraphDatabase

        settings = self._place.settings
        assert settings.neo4j_user
        assert settings.neo4j_password
        login = (settings.neo4j_user, settings.neo4j_password.get_secret_value())
        with GraphDatabase.driver(settings.url, auth=login) as driver:
            return list(driver.execute_query(statement, values).records)
