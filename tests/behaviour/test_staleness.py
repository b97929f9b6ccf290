"""Which versions stand on something of which there is a newer one."""

from collections.abc import Iterable
from typing import Any

import pytest

from lineage_registry.errors import (
    InvalidQueryError,
    InvalidReferenceError,
    ModelNotFoundError,
    StageNotFoundError,
)
from lineage_registry.ports.commands import Staleness
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


def named(found: Staleness) -> dict[str, list[tuple[str, str, int, int, bool]]]:
    return {
        one.reference: [
            (c.used.partition(":/")[2], c.newest.partition(":/")[2], c.behind, c.distance, c.direct)
            for c in one.causes
        ]
        for one in found.stale
    }


def test_a_newer_cause_makes_stale_however_far(registry: Registry) -> None:
    registry.register_dataset("d")
    with registry.run("t", run_id="t", inputs=["d:1"]):
        registry.register("base")
    registry.register("clf", parents=["base:1"])
    assert registry.staleness().stale == []
    registry.register_dataset("d")
    registry.register_dataset("d")
    assert named(registry.staleness("clf:1", "base:1")) == {
        "models:/base/1": [("d/1", "d/3", 2, 2, True)],
        "models:/clf/1": [("d/1", "d/3", 2, 3, False)],
    }
    registry.register("base")
    found = registry.staleness("clf:1")
    assert named(found) == {
        "models:/clf/1": [("base/1", "base/2", 1, 1, True), ("d/1", "d/3", 2, 3, False)]
    }
    assert (found.checked, found.truncated, found.next_cursor) == (1, False, None)
    assert all(cause.seconds > 0 for cause in found.stale[0].causes)
    assert [row[2:4] for row in found.table().rows] == [
        ("models:/base/1", "models:/base/2"),
        ("datasets:/d/1", "datasets:/d/3"),
    ]
    derived = registry.staleness("clf:1", edge_kinds=["DERIVED_FROM"])
    assert named(derived) == {"models:/clf/1": [("base/1", "base/2", 1, 1, True)]}


def test_what_is_deleted_or_rolled_back_is_no_newer_one(registry: Registry) -> None:
    for _ in range(3):
        registry.register("base")
    registry.register("clf", parents=["base:1"])
    registry.promote("base:1", "Production")
    registry.promote("base:3", "Production")
    registry.rollback("base")
    assert named(registry.staleness("clf")) == {"models:/clf/1": [("base/1", "base/2", 1, 1, True)]}
    registry.delete_version("base:2")
    assert registry.staleness("clf").stale == []
    registry.restore_version("base:2")
    registry.delete_version("base:1", force=True, reason="bad")
    assert named(registry.staleness("clf")) == {"models:/clf/1": [("base/1", "base/2", 1, 1, True)]}


def test_the_own_history_of_a_cause_makes_nothing_stale(registry: Registry) -> None:
    registry.register_dataset("d")
    registry.register_dataset("d", parents=["d:1"])
    registry.register("m", datasets=["d:2"])
    registry.register("m", parents=["m:1"])
    assert registry.staleness("m", "datasets:/d").stale == []
    registry.register("both", datasets=["d:1", "d:2"])
    assert registry.staleness("both:1").stale == []
    registry.register_dataset("d")
    assert named(registry.staleness("both:1")) == {"models:/both/1": [("d/2", "d/3", 1, 2, True)]}


def test_a_stage_or_the_whole_registry_is_read_page_by_page(registry: Registry) -> None:
    registry.register_dataset("d")
    for name in ("a", "b", "c"):
        registry.register(name, datasets=["d:1"])
    registry.register("fresh")
    registry.register_dataset("d", parents=["d:1"])
    registry.register_dataset("e", parents=["d:1"])
    registry.promote("b:1", "Production")
    assert [one.reference for one in registry.stale(stage="Production")] == ["models:/b/1"]
    assert registry.staleness(stage="Production").stale[0].stage == "Production"
    assert [one.reference for one in registry.stale("a", "b", stage="Production")] == [
        "models:/b/1"
    ]
    whole = registry.staleness()
    assert whole.checked == 4
    assert list(named(whole)) == ["models:/a/1", "models:/b/1", "models:/c/1"]
    assert list(named(registry.staleness(space="datasets"))) == ["datasets:/e/1"]
    unstaged = registry.staleness(stage="None")
    assert (unstaged.checked, list(named(unstaged))) == (3, ["models:/a/1", "models:/c/1"])
    few = registry.staleness(limit=3)
    assert (few.checked, len(few.stale)) == (3, 3)
    assert few.next_cursor


def test_pages_join_to_one_answer_whatever_is_written_meanwhile(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    for name in "abcde":
        registry.register(name, datasets=["d:1"])
    registry.register_dataset("d")
    for of in ((), ("a", "b", "c", "d", "e")):
        whole = registry.staleness(*of)
        page = registry.staleness(*of, limit=2)
        joined = [*page.stale]
        while page.next_cursor:
            registry.register_dataset("d")
            page = registry.staleness(*of, limit=2, cursor=page.next_cursor)
            joined += page.stale
        assert joined == whole.stale
        assert page.revision == whole.revision


def test_what_never_gets_stale_is_refused(registry: Registry) -> None:
    registry.register("m", datasets=[])
    with registry.run("r", run_id="r"):
        pass
    with pytest.raises(InvalidReferenceError):
        registry.staleness("runs:/r")
    with pytest.raises(ModelNotFoundError):
        registry.staleness("nothing:1")
    with pytest.raises(InvalidQueryError):
        registry.staleness(cursor="nonsense")
    with pytest.raises(StageNotFoundError):
        registry.staleness(stage="Live")


def test_a_stage_that_there_is_not_is_refused_and_not_empty(registry: Registry) -> None:
    registry.register("m")
    registry.promote("m:1", "Production")
    assert registry.lineage("m:1", stage="Production").nodes
    assert registry.select("stage:Production").nodes
    assert registry.tainted(stage="Production").nodes == []
    for ask in (
        lambda: registry.lineage("m:1", stage="Live"),
        lambda: registry.select("kind:model & (kind:run | stage:Live)"),
        lambda: registry.tainted(stage="Live"),
        lambda: registry.staleness(stage="Live"),
        lambda: registry.recall("m:1", stage="Live"),
        lambda: registry.impact("m:1", stage="Live"),
    ):
        with pytest.raises(StageNotFoundError, match="Live"):
            ask()


def test_versions_in_no_stage_are_found_wherever_a_stage_is_asked_for(registry: Registry) -> None:
    registry.register_dataset("raw")
    with registry.run("train", run_id="t", inputs=["raw:1"]):
        registry.register("m", datasets=["raw:1"])
    registry.register("m", parents=["m:1"])
    registry.register("m", parents=["m:2"])
    registry.promote("m:1", "Staging")
    registry.promote("m:2", "Staging")
    registry.promote("m:2", "None")
    registry.taint("datasets:/raw/1", kind="legal", reason="withdrawn")
    never, left = "models:/m/3", "models:/m/2"

    def called(nodes: Iterable[Any]) -> list[str]:
        return [one.reference for one in nodes]

    assert called(registry.versions("m", stage="None")) == [never, left]
    assert called(registry.search(stage="None")) == [never, left]
    assert called(registry.select("stage:None").nodes) == [never, left]
    assert called(registry.lineage("m:3", stage="None").nodes) == [never, left]
    stopped = registry.lineage("m:3", stop_when=["stage:None"])
    assert called(stopped.nodes) == [never, left]
    assert called(registry.tainted(stage="None").nodes) == [left, never]
    assert registry.impact("datasets:/raw/1", stage=["None"]).production == [left, never]
    assert called(registry.recall("datasets:/raw/1", stage=["None"]).versions) == [left, never]
    with pytest.raises(StageNotFoundError, match="Live"):
        list(registry.versions("m", stage="Live"))
    with pytest.raises(StageNotFoundError, match="Live"):
        list(registry.search(stage="Live"))
