"""What the real server plans to do for each statement: linear work only, found by index."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

import neo4j
import pytest

from lineage_registry.domain.events import (
    Cause,
    Event,
    ModelCreated,
    RunStarted,
    VersionRegistered,
)
from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.view import GraphView
from lineage_registry.graph.neo4j.catalog import Mode, Query, statements
from lineage_registry.graph.neo4j.store import Neo4jGraphStore
from lineage_registry.ports.graph import Request
from tests.conformance.graph_backends import neo4j_server_store

ENUMERATES = (
    "VarLengthExpand(All)",
    "VarLengthExpand(Into)",
    "Repeat(Trail)",
    "StatefulShortestPath(All",
    "AllShortestPaths",
)
CHOICES = {"depth": ("2", "7"), "order": ("ASC", "DESC")}
ONE_HOP = {"depth": "1"}
TABLE_SCANS_ARE_RIGHT = {
    f"write.erase_{what}" for what in ("edges", "nodes", "values", "subjects", "events")
}

ASKS_NO_GRAPH = {"read.indexes"}

# A value for every parameter: some statements are planned by what kind of value they get.
SAMPLES: dict[str, object] = {
    "actor": "ada",
    "addresses": [["model/m", None, None], ["model/m", "number/", "/1"], ["model/m", "stage/x"]],
    "at": 1,
    "counted": True,
    "deleted": False,
    "depth": 2,
    "edges": True,
    "filters": [{"key": "tag/a", "comparison": "eq", "value": "b"}],
    "high": 9,
    "id": 1,
    "ids": [1, 2],
    "inferred": True,
    "key": "name",
    "keys": ["name"],
    "keys_of": {"run": ["status", "name"], "model_version": ["stage"]},
    "kind": "run",
    "kinds": ["USED"],
    "limit": 10,
    "low": 0,
    "node": 1,
    "node_kinds": ["run", "model"],
    "nodes": [1],
    "owner": 1,
    "owner_keys": ["name"],
    "position": 1,
    "prefix": "taint/",
    "report": None,
    "revision": 1,
    "source": 3,
    "start": 3,
    "starts": [3, 2],
    "stop_at": [4],
    "target": 2,
    "through": None,
    "types": ["model.created"],
    "uncounted": [3],
    "wanted": [[1, "name"]],
}


def variants(query: Query) -> Iterator[str]:
    yield query.text
    for name in sorted(query.choices):
        for word in CHOICES[name]:
            yield query.with_choices(**{name: word})


def operators(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["operatorType"].removesuffix("@neo4j")
    for child in plan.get("children", ()):
        yield from operators(child)


@pytest.fixture(scope="module")
def session(neo4j_server: Any) -> Iterator[neo4j.Session]:
    """A session on a server that has the schema and a small graph."""
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j_server_store(neo4j_server) as backend:
        backend.store.transact(_small_graph, Request("ada"))
        with (
            neo4j.GraphDatabase.driver(
                neo4j_server.uri, auth=auth, notifications_min_severity="OFF"
            ) as driver,
            driver.session(database="neo4j", default_access_mode=neo4j.READ_ACCESS) as opened,
        ):
            yield opened


def _small_graph(_view: GraphView) -> Generator[Event, int, None]:
    model = yield ModelCreated(name="m", key="m", tags={"a": "b"})
    run = yield RunStarted(run_id="r")
    last = yield VersionRegistered(
        kind=NodeKind.MODEL_VERSION,
        owner=model,
        number=1,
        causes=[Cause(kind=EdgeKind.GENERATED_BY, target=run)],
    )
    for number in range(2, 300):
        last = yield VersionRegistered(
            kind=NodeKind.MODEL_VERSION,
            owner=model,
            number=number,
            causes=[Cause(kind=EdgeKind.DERIVED_FROM, target=last, role="finetune")],
        )


def _of_mode(mode: Mode) -> list[Any]:
    return [pytest.param(q, id=q.name) for q in statements() if q.mode is mode]


def _plan(session: neo4j.Session, text: str, parameters: dict[str, object]) -> list[str]:
    summary = session.run(f"EXPLAIN {text}", parameters).consume()
    assert summary.plan is not None
    return list(operators(summary.plan))


@pytest.mark.parametrize("query", _of_mode(Mode.READ))
def test_each_read_is_linear_and_finds_its_beginning_by_index(
    session: neo4j.Session, query: Query
) -> None:
    parameters = {name: SAMPLES[name] for name in query.params}
    for text in variants(query):
        plan = _plan(session, text, parameters)
        assert [one for one in plan if one.startswith(ENUMERATES)] == []
        assert [one for one in plan if "Scan" in one] == []
        assert any("Seek" in one for one in plan) or query.name in ASKS_NO_GRAPH


@pytest.mark.parametrize(
    "query", [pytest.param(q, id=q.name) for q in statements() if "depth" in q.choices]
)
def test_one_hop_is_planned_as_one_hop(session: neo4j.Session, query: Query) -> None:
    parameters = {name: SAMPLES[name] for name in query.params}
    plan = _plan(session, query.with_choices(**ONE_HOP), parameters)

    # Along one edge there are no paths to enumerate, whatever the operator is called.
    assert [o for o in plan if o.startswith(ENUMERATES) and o != "Repeat(Trail)"] == []
    assert [one for one in plan if "Scan" in one] == []


@pytest.mark.parametrize("query", _of_mode(Mode.WRITE))
def test_each_write_finds_what_it_changes_by_index(session: neo4j.Session, query: Query) -> None:
    scans = [one for one in _plan(session, query.text, {}) if "Scan" in one]

    assert bool(scans) == (query.name in TABLE_SCANS_ARE_RIGHT)


@pytest.mark.parametrize("query", _of_mode(Mode.READ))
def test_each_read_returns_what_its_header_says(session: neo4j.Session, query: Query) -> None:
    result = session.run(query.text, {name: SAMPLES[name] for name in query.params})

    assert tuple(result.keys()) == query.returns
    assert query.rows.fits(len(list(result)))


@pytest.mark.parametrize("what", ["walk", "reach"])
@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_the_closest_nodes_are_found_without_finding_the_others(
    session: neo4j.Session, way: str, what: str
) -> None:
    query = statements()[f"read.{what}_{way}"]
    plan = _plan(session, query.text, {name: SAMPLES[name] for name in query.params})

    assert "PartialTop" in plan
    assert "Top" not in plan


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_the_busiest_nodes_are_found_without_holding_the_others(
    session: neo4j.Session, way: str
) -> None:
    query = statements()[f"read.busiest_{way}"]
    plan = _plan(session, query.text, {name: SAMPLES[name] for name in query.params})

    assert "Top" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("name", ["read.select_kind", "read.select_owner", "read.events"])
def test_a_page_of_a_list_comes_in_order_of_the_index(session: neo4j.Session, name: str) -> None:
    query = statements()[name]
    for text in variants(query):
        plan = _plan(session, text, {name: SAMPLES[name] for name in query.params})
        assert "Limit" in plan
        assert not {"Sort", "Top"} & set(plan)


def test_the_trail_of_a_node_is_read_no_further_than_its_page(session: neo4j.Session) -> None:
    query = statements()["read.events_of_nodes"]
    for order in CHOICES["order"]:
        text = query.with_choices(order=order)
        plan = _plan(session, text, {name: SAMPLES[name] for name in query.params})
        # The pieces behind the first come in order of the index; a page leaves the rest of them.
        assert "PartialTop" in plan
        assert "Sort" not in plan


def test_a_store_that_is_there_already_is_opened_without_its_schema_rights(
    neo4j_server: Any, session: neo4j.Session
) -> None:
    with closing(
        Neo4jGraphStore.connect(
            neo4j_server.uri,
            user=neo4j_server.user,
            password=neo4j_server.password,
            create=False,
        )
    ) as store:
        assert store.head().size == 301
