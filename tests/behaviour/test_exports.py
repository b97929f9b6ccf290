"""Answers written to files, wherever the registry is."""

import csv
import json

import pytest

from lineage_registry import Registry, exports
from lineage_registry.errors import InvalidQueryError


def _scene(registry: Registry) -> None:
    registry.register_dataset("digits")
    registry.register("base", datasets=["digits:1"])
    registry.register("clf", parents=[("base:1", "finetune")])
    registry.register("clf", parents=[("base:1", "quantized")])


def test_a_table_goes_to_a_spreadsheet_and_a_report(registry, tmp_path):
    _scene(registry)
    found = registry.siblings("clf:1")
    path = registry.export(found, tmp_path / "siblings.csv")
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["reference"], row["shared"]) for row in rows] == [
        ("models:/clf/2", "models:/base/1")
    ]
    text = registry.export(found, tmp_path / "siblings.md").read_text()
    assert "| models:/clf/2 | " in text
    whole = json.loads(registry.export(found, tmp_path / "siblings", "json").read_text())
    assert whole["siblings"][0]["reference"] == "models:/clf/2"


def test_a_graph_is_written_in_every_format_the_same_twice(registry, tmp_path):
    _scene(registry)
    found = registry.lineage("clf:2")
    for name in exports.FORMATS:
        written = registry.export(found, tmp_path / "one", name).read_bytes()
        again = registry.lineage("clf:2").export(tmp_path / "two", name).read_bytes()
        assert written == again, name


def test_what_cannot_be_written_so_is_refused_with_what_can(registry, tmp_path):
    _scene(registry)
    with pytest.raises(InvalidQueryError) as failure:
        registry.export(registry.siblings("clf:1"), tmp_path / "siblings.svg")
    assert ".csv" in failure.value.hint
    assert not list(tmp_path.glob("siblings*"))


def test_every_answer_that_holds_a_graph_can_be_drawn(registry, tmp_path):
    _scene(registry)
    answers = [
        registry.impact("base:1"),
        registry.common_ancestors("clf:1", "clf:2"),
        registry.recall("datasets:/digits/1"),
        registry.exposure("clf:2"),
    ]
    for answer in answers:
        graph = answer.graph()
        drawn = {node.id for node in graph.nodes}
        assert len(drawn) == len(graph.nodes) > 1
        assert graph.edges
        assert all({edge.source, edge.target} <= drawn for edge in graph.edges)
        page = registry.export(answer, tmp_path / "answer.html").read_text()
        assert '"base/1"' in page
    impact, common = answers[0].graph(), answers[1].graph()
    assert [(node.reference, node.distance) for node in impact.nodes] == [
        ("models:/base/1", 0),
        ("models:/clf/1", 1),
        ("models:/clf/2", 1),
    ]
    assert len(impact.edges) == 2
    assert {"models:/base/1", "datasets:/digits/1"} < {node.reference for node in common.nodes}


def test_an_answer_without_kinds_is_refused_as_a_drawing(registry, tmp_path):
    _scene(registry)
    for fields in (["stage"], ["kind"], ["distance"], ["edges"]):
        bare = registry.lineage("clf:2", fields=fields)
        for name in exports.FORMATS:
            if name == "json":
                text = registry.export(bare, tmp_path / "bare", name).read_text()
                said = json.loads(text)
                assert (said["edges"] is None) == (fields != ["edges"])
                assert (said["counts"]["edges"] is None) == (fields != ["edges"])
                continue
            with pytest.raises(InvalidQueryError, match="cannot be drawn"):
                registry.export(bare, tmp_path / "bare", name)
