"""Lineage with every parameter: how far, through what, what is reported, in which pages."""

import json
from pathlib import Path
from typing import Any

import pytest

from lineage_registry.errors import InvalidInputError, InvalidQueryError
from lineage_registry.registry import Registry


@pytest.fixture
def line(registry: Registry) -> Registry:
    """raw <- (run one) <- base <- (run two) <- mid <- top; web serves top."""
    registry.register_dataset("raw")
    with registry.run("one", run_id="one", inputs=["raw:1"]):
        registry.register("base", metrics={"acc": 0.8}, description="The very First")
    with registry.run("two", run_id="two", inputs=["models:/base/1"]):
        registry.register("mid", metrics={"acc": 0.9}, params={"lr": 0.1})
    registry.register("top", parents=["mid:1"], metrics={"acc": 0.95}, tags={"team": "vision"})
    registry.promote("mid:1", "Production")
    registry.deploy("web", "top:1")
    return registry


def short(text: str) -> str:
    return text.partition(":/")[2].removesuffix("/1")


def named(answer: Any) -> dict[str, int]:
    return {short(node.reference): node.distance for node in answer.nodes}


def names(answer: Any) -> list[str]:
    return [short(node.reference) for node in answer.nodes]


def more(answer: Any) -> dict[str, int]:
    references = {node.id: short(node.reference) for node in answer.nodes}
    return {references[node]: count for node, count in answer.has_more.items()}


def test_depth_counts_hops_or_versions(line: Registry) -> None:
    assert named(line.ancestors("top:1", depth=2)) == {"top": 0, "mid": 1, "two": 2}
    found = line.ancestors("top:1", depth=2, depth_unit="versions")
    assert named(found) == {"top": 0, "mid": 1, "base": 2, "two": 2}
    assert (found.depth_unit, found.depth_reached, found.truncated_by) == ("versions", 2, "depth")
    assert len(found.edges) == 3
    whole = line.ancestors("top:1", depth_unit="versions")
    assert named(whole) == {"top": 0, "mid": 1, "base": 2, "two": 2, "raw": 3, "one": 3}
    assert (whole.depth_reached, whole.truncated) == (3, False)
    assert named(line.descendants("datasets:/raw/1", depth=1, depth_unit="versions")) == {
        "raw": 0,
        "base": 1,
        "one": 1,
    }
    assert named(line.ancestors("runs:/two", depth=1, depth_unit="versions")) == {
        "two": 0,
        "base": 1,
    }
    with pytest.raises(InvalidInputError):
        line.ancestors("top:1", depth_unit="miles")


def test_a_walk_goes_through_the_kinds_that_are_named(line: Registry) -> None:
    assert names(line.ancestors("top:1", through=["model_version"])) == ["top", "mid"]
    assert names(line.ancestors("top:1", through=[])) == ["top"]
    through = ["model_version", "run"]
    assert names(line.ancestors("top:1", through=through, node_kinds=["run"])) == [
        "top",
        "two",
        "one",
    ]
    with pytest.raises(InvalidInputError):
        line.ancestors("top:1", through=["thing"])


def test_filters_say_what_is_reported_not_where_the_walk_goes(line: Registry) -> None:
    assert names(line.ancestors("top:1", stage="Production")) == ["top", "mid"]
    assert names(line.ancestors("top:1", metric=["acc<0.9"])) == ["top", "base"]
    assert names(line.ancestors("top:1", metric=["acc>=0.8", "acc<0.9"])) == ["top", "base"]
    assert names(line.ancestors("top:1", param=["lr=0.1"])) == ["top", "mid"]
    assert names(line.ancestors("top:1", text="very first")) == ["top", "base"]
    assert names(line.descendants("base:1", tag=["team"])) == ["base", "top"]
    assert names(line.descendants("base:1", tag=["team=sound"])) == ["base"]
    near = line.ancestors("top:1", metric=["acc<0.9"], depth=2)
    assert (names(near), near.truncated_by, near.omitted) == (
        ["top"],
        "depth",
        {"model_version": 1},
    )
    assert not line.ancestors("top:1", stage="Production", depth=1).truncated
    for wrong in ({"metric": ["acc"]}, {"param": ["lr<>1"]}, {"tag": ["\x00"]}):
        with pytest.raises(InvalidQueryError):
            line.ancestors("top:1", **wrong)


def test_a_walk_stops_where_it_is_told(line: Registry) -> None:
    found = line.ancestors("top:1", stop_when=["stage:Production"])
    assert (names(found), found.truncated, found.omitted) == (["top", "mid"], False, {})
    assert more(found) == {"mid": 1}
    hidden = line.ancestors("top:1", stop_when=["stage:Production"], hide_stops=True)
    assert (names(hidden), hidden.truncated, more(hidden)) == (["top"], False, {"top": 1})
    assert names(line.ancestors("mid:1", stop_when=["stage:Production"], depth=1)) == ["mid", "two"]
    assert names(line.ancestors("top:1", stop_at=["mid:1"], hide_stops=True)) == ["top"]
    both = ["metric:acc<0.95", "text:FIRST"]
    assert names(line.ancestors("top:1", stop_when=both)) == ["top", "mid", "two", "base"]
    for stop in ("tag:team=vision", "param:lr=0.1", "metric:acc>=0.9"):
        assert "top" in names(line.descendants("mid:1", stop_when=[stop]))
    for wrong in ("Production", "colour:red", "metric:acc", "stage"):
        with pytest.raises(InvalidQueryError):
            line.ancestors("top:1", stop_when=[wrong])


def test_an_answer_says_what_was_left_out_and_where(line: Registry) -> None:
    whole = line.ancestors("top:1")
    assert (whole.truncated_by, whole.omitted, whole.has_more) == (None, {}, {})
    assert whole.next_cursor is None
    few = line.ancestors("top:1", limit=2)
    assert (few.truncated, few.truncated_by) == (True, "limit")
    assert few.omitted == {"model_version": 1, "dataset_version": 1, "run": 1}
    assert more(few) == {"two": 1}
    uncounted = line.ancestors("top:1", limit=2, count=False)
    assert (uncounted.omitted, uncounted.has_more) == (None, None)
    assert uncounted.nodes == few.nodes
    both = line.lineage("mid:1", direction="both", limit=2)
    assert (names(both), both.omitted) == (
        ["mid", "two", "top"],
        {"model_version": 1, "dataset_version": 1, "run": 1, "deployment": 1},
    )
    assert more(both) == {"two": 1, "top": 1}
    exact = line.ancestors("top:1", depth=1, limit=1)
    assert (exact.truncated_by, exact.next_cursor) == ("depth", None)


def test_pages_join_to_the_whole_although_things_are_written(line: Registry) -> None:
    whole = line.lineage("mid:1", direction="both")
    nodes: list[Any] = []
    edges: list[Any] = []
    left: list[int] = []
    for number, page in enumerate(line.lineage_pages("mid:1", direction="both", limit=2)):
        assert page.given == max(len(nodes) - 1, 0)
        nodes += page.nodes
        edges += page.edges
        left.append(sum(page.omitted.values()))
        line.register("new", parents=["mid:1"])
        line.register(f"other{number}")
        line.add_dependency("mid:1", f"other{number}:1")
        if not number:
            line.delete_version("base:1", force=True, reason="x")
    assert nodes == list(whole.nodes)
    assert sorted(edges) == sorted(whole.edges)
    assert left == [4, 2, 0]
    assert len(line.lineage("mid:1", direction="both").nodes) > len(whole.nodes)


def test_a_cursor_is_good_for_its_question_only(line: Registry) -> None:
    first = line.ancestors("top:1", limit=1)
    assert first.next_cursor
    rest = line.ancestors("top:1", limit=100, cursor=first.next_cursor)
    assert names(rest) == ["two", "base", "one", "raw"]
    assert not rest.truncated
    for other in ({"depth": 3}, {"metric": ["acc>0"]}, {"count": False}, {"as_of": 2}):
        with pytest.raises(InvalidQueryError, match="another question"):
            line.ancestors("top:1", cursor=first.next_cursor, **other)
    with pytest.raises(InvalidQueryError, match="another question"):
        line.descendants("top:1", cursor=first.next_cursor)
    for wrong in ("x", "", first.next_cursor[:-3], "W10"):
        with pytest.raises(InvalidQueryError, match="not a cursor"):
            line.ancestors("top:1", cursor=wrong)


def test_a_program_asks_for_the_fields_it_needs(line: Registry) -> None:
    found = line.ancestors("top:1", fields=["stage"])
    assert {short(node.reference): node.stage for node in found.nodes}["mid"] == "Production"
    assert {(node.kind, node.distance, node.title) for node in found.nodes} == {(None, None, None)}
    assert not found.edges
    assert json.loads(found.model_dump_json())["edges"] is None
    rows = json.loads(found.model_dump_json())["nodes"]
    assert {tuple(row) for row in rows} == {("id", "reference", "stage")}
    assert len(line.ancestors("top:1", fields=["edges"]).edges) == 5
    assert found.depth_reached == 5
    with pytest.raises(InvalidInputError) as refused:
        line.ancestors("top:1", fields=["colour"])
    assert refused.value.message.startswith("fields.0: Input should be 'kind'")
    assert "'edges'" in refused.value.message


def test_pages_and_narrow_answers_are_written_where_that_makes_sense(
    line: Registry, tmp_path: Path
) -> None:
    first = line.ancestors("top:1", limit=2)
    second = line.ancestors("top:1", limit=2, cursor=first.next_cursor)
    for suffix in ("dot", "svg", "html", "mmd", "graphml", "txt"):
        assert "base" in second.export(tmp_path / f"page.{suffix}").read_text("utf-8")
    document = json.loads(second.export(tmp_path / "page.json").read_text("utf-8"))
    assert (document["given"], document["truncated_by"]) == (2, "limit")
    assert document["omitted"] == {"dataset_version": 1}
    bare = line.ancestors("top:1", fields=["stage"])
    rows = json.loads(bare.export(tmp_path / "bare.json").read_text("utf-8"))["nodes"]
    assert list(rows[0]) == ["id", "reference", "stage"]
    with pytest.raises(InvalidQueryError, match="cannot be drawn"):
        bare.export(tmp_path / "bare.svg")
