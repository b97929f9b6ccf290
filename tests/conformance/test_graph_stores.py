"""Every graph store keeps every rule."""

import pytest

from lineage_registry.testing.graph import GraphStoreContract, rules
from tests.conformance.graph_backends import (
    in_memory_reference,
    neo4j_server_store,
    sqlite_file,
    sqlite_in_memory,
)


class _Opened:
    @pytest.fixture
    def store(self, backend):
        return backend.store

    @pytest.fixture
    def raw(self, backend):
        return backend.raw


class TestReference(_Opened, GraphStoreContract):
    @pytest.fixture
    def backend(self):
        with in_memory_reference() as backend:
            yield backend


class TestSqliteFile(_Opened, GraphStoreContract):
    @pytest.fixture
    def backend(self, tmp_path):
        with sqlite_file(tmp_path) as backend:
            yield backend


class TestSqliteInMemory(_Opened, GraphStoreContract):
    @pytest.fixture
    def backend(self):
        with sqlite_in_memory() as backend:
            yield backend


class TestNeo4j(_Opened, GraphStoreContract):
    examples = 30

    @pytest.fixture
    def backend(self, neo4j_server):
        with neo4j_server_store(neo4j_server) as backend:
            yield backend


def test_no_store_can_bend_a_rule():
    rule = rules()[0]
    with pytest.raises(TypeError, match=rule):
        type("TestBent", (_Opened, GraphStoreContract), {rule: lambda self: None})
    bending = type("Bending", (), {rule: lambda self: None})
    with pytest.raises(TypeError, match=rule):
        type("TestBent", (bending, GraphStoreContract), {})


def test_every_rule_is_a_sentence():
    assert all(len(rule.removeprefix("test_").split("_")) >= 3 for rule in rules())
