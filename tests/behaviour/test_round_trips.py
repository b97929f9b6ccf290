"""How often a question goes to the server: that is most of what a small one costs."""

from typing import Any

import pytest

from lineage_registry.registry import Registry
from tests.behaviour.conftest import only


@pytest.fixture
def sent(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of the statements that are sent after a small family was made."""
    from lineage_registry.graph.neo4j.connection import Connection

    registry.register("base")
    registry.register("top", parents=[("base:1", "finetune")])
    names: list[str] = []
    read = Connection.read

    def listening(self: Connection, name: str, *given: Any, **choices: str) -> Any:
        names.append(name)
        return read(self, name, *given, **choices)

    monkeypatch.setattr(Connection, "read", listening)
    return names


@only("sdk-neo4j-folder")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["read.locate", "read.walk_upstream"]),
        ({"limit": 1, "count": False}, ["read.locate", "read.walk_upstream"]),
        ({"as_of": 2}, ["read.head", "read.locate", "read.walk_upstream"]),
    ],
)
def test_ancestors_are_located_then_walked_to_and_described_at_once(
    registry: Registry, sent: list[str], options: dict[str, Any], expected: list[str]
) -> None:
    found = registry.ancestors("top:1", **options)
    assert [node.reference for node in found.nodes] == ["models:/top/1", "models:/base/1"]
    assert sent == expected


@only("sdk-neo4j-folder")
def test_descendants_are_found_in_as_few(registry: Registry, sent: list[str]) -> None:
    found = registry.descendants("base:1")
    assert [node.reference for node in found.nodes] == ["models:/base/1", "models:/top/1"]
    assert sent == ["read.locate", "read.walk_downstream"]
