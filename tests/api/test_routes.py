"""Every route has a policy and a description, and stands for one command."""

import json
import os
from pathlib import Path

import pytest
from starlette.routing import Route

from lineage_registry.api.access import OPEN_PATHS
from lineage_registry.api.operations import operations
from lineage_registry.ports.commands import COMMANDS
from tests.api.conftest import TOKEN

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"


def _routes(client):
    return [
        (route, method)
        for route in client.app.routes
        for method in sorted(getattr(route, "methods", None) or ["GET"])
    ]


def _filled(path):
    digest = "sha256:" + "0" * 64
    values = {
        "digest": digest,
        "pin": "0" * 32,
        "version": "1",
        "alias": "best",
        "taint": "1",
        "licence": "x",
        "number": "1",
    }
    for name in ("name", "run_id", *values):
        path = path.replace(f"{{{name}}}", values.get(name, "x"))
    assert "{" not in path
    return path


def test_every_route_but_the_health_checks_needs_a_key(guarded):
    for route, method in _routes(guarded):
        assert type(route).__name__ in {"Route", "APIRoute"}, "a route of a kind nobody looked at"
        answer = guarded.request(method, _filled(route.path))
        if route.path in OPEN_PATHS:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 401, f"{method} {route.path} is open"
            assert answer.headers["www-authenticate"] == "Bearer"
    assert {"/healthz", "/readyz"} == OPEN_PATHS


def test_also_what_is_no_route_needs_a_key(guarded):
    for path in ("/", "/docs", "/redoc", "/api/v1", "/api/v1/secrets", "/healthz/", "//healthz"):
        assert guarded.get(path).status_code == 401
    assert guarded.post("/healthz").status_code == 405
    known = guarded.get("/docs", headers={"Authorization": f"Bearer {TOKEN}"})
    assert known.status_code == 404


def test_every_command_has_its_routes_and_every_name_is_used_once(client):
    table = list(operations())
    assert {operation.command for operation in table} == set(COMMANDS)
    ids = [route.name for route in client.app.routes if route.name != "openapi"]
    assert len(ids) == len(set(ids))
    assert {operation.id for operation in table} <= set(ids)
    assert {"get_model_version", "list_datasets", "get_dataset_version_files"} <= set(ids)


def test_no_two_routes_answer_the_same_request(client):
    routes = [
        (method, route)
        for route, method in _routes(client)
        if isinstance(route, Route) and method != "HEAD"
    ]
    for method, route in routes:
        path = _filled(route.path)
        found = [
            other.path for verb, other in routes if verb == method and other.path_regex.match(path)
        ]
        assert found == [route.path]


def test_every_route_is_described(client):
    described = {
        (method.upper(), path)
        for path, entry in client.get("/openapi.json").json()["paths"].items()
        for method in entry
    }
    there = {
        (method, route.path) for route, method in _routes(client) if route.path != "/openapi.json"
    }
    beside_get = {("HEAD", path) for method, path in there if method == "GET"}
    head_of_a_blob = ("HEAD", "/api/v1/blobs/{digest}")  # with words of its own
    assert described == there - beside_get | {head_of_a_blob}


def test_what_takes_get_takes_head(client, resnet):
    paths = [route.path for route, method in _routes(client) if method == "GET"]
    answers = [(path, client.head(_filled(path)).status_code) for path in paths]
    assert answers == [(path, client.get(_filled(path)).status_code) for path in paths]


def test_the_description_is_complete(client):
    document = client.get("/openapi.json").json()
    components = document["components"]
    text = json.dumps(document)
    assert "HTTPValidationError" not in text
    for reference in _references(document):
        kind, _, name = reference.removeprefix("#/components/").partition("/")
        assert name in components[kind], reference
    for path, entry in document["paths"].items():
        for operation in entry.values():
            assert operation["summary"].endswith("."), path
            assert operation["responses"]


def test_the_description_is_the_committed_one(client):
    text = json.dumps(client.app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("LINEAGE_UPDATE_GOLDEN"):
        SNAPSHOT.write_text(text, "utf-8")
    assert SNAPSHOT.read_text("utf-8") == text, "run this test with LINEAGE_UPDATE_GOLDEN=1"


def _references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_no_page_loads_anything_from_elsewhere(client, path):
    assert client.get(path).status_code == 404
