"""Recall and exposure: who used something, what reached something, and the way between."""

import hashlib

import pytest

from lineage_registry.errors import (
    DatasetNotFoundError,
    DeploymentNotFoundError,
    InvalidInputError,
    InvalidQueryError,
    InvalidReferenceError,
    ModelNotFoundError,
    StageNotFoundError,
    VersionNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


@pytest.fixture
def world(registry: Registry) -> Registry:
    """raw 1..3 <- base 1..3; base:1 <- tuned:1 (Production, serves), exam tests base:1."""
    registry.create_dataset("raw", owner="dan")
    registry.create_model("tuned", owner="ann")
    registry.register_dataset("exam", tags={"secret": "yes"})
    for number in (1, 2, 3):
        registry.register_dataset("raw", tags={"licence": f"L-{number}"})
        with registry.run("train", run_id=f"t{number}", inputs=[f"raw:{number}"]) as run:
            if number == 1:
                run.test_on("exam:1")
            registry.register("base")
    registry.register("tuned", parents=[("base:1", "finetune")])
    registry.promote("tuned:1", "Production")
    registry.deploy("shop", "tuned:1", owner="ops")
    return registry


def used(answer: object) -> list[str]:
    return [one.reference.removeprefix("models:/") for one in answer.versions]  # type: ignore[attr-defined]


def test_a_recall_names_every_version_that_used_it_with_the_way(world: Registry) -> None:
    found = world.recall("datasets:/raw/1")
    assert used(found) == ["base/1", "tuned/1"]
    assert (found.total, found.truncated, found.starts) == (2, False, ["datasets:/raw/1"])
    assert found.stages == {"None": 1, "Production": 1}
    assert found.owners == ["ann", "ops"]
    last = found.versions[-1]
    assert (last.stage, last.owner, last.distance) == ("Production", "ann", 3)
    assert last.deployments == ["deployments:/shop"]
    assert [(step.reference, step.edge, step.role) for step in last.path] == [
        ("datasets:/raw/1", None, ""),
        ("runs:/t1", "USED", "train"),
        ("models:/base/1", "GENERATED_BY", ""),
        ("models:/tuned/1", "DERIVED_FROM", "finetune"),
    ]
    assert (last.declared, last.tested_only) == (True, False)
    assert [one.reference for one in found.lineage.nodes] == [one.reference for one in last.path]
    assert found.lineage.direction == "downstream"
    table = found.table()
    assert len(table.rows) == 2
    assert dict(zip(table.columns, table.rows[1], strict=True))["path"] == (
        "datasets:/raw/1 > runs:/t1 > models:/base/1 > models:/tuned/1"
    )


def test_sets_ranges_and_whole_datasets_are_recalled_at_once(world: Registry) -> None:
    everything = ["base/1", "base/2", "base/3", "tuned/1"]
    assert used(world.recall("datasets:/raw")) == everything
    assert used(world.recall("datasets:/raw/1..3")) == everything
    assert used(world.recall("datasets:/raw/2..9")) == ["base/2", "base/3"]
    assert used(world.recall("datasets:/raw/3..")) == ["base/3"]
    assert used(world.recall("datasets:/raw/..2")) == ["base/1", "base/2", "tuned/1"]
    assert used(world.recall("datasets:/raw/3", "datasets:/raw/2")) == ["base/2", "base/3"]
    assert used(world.recall("datasets:/raw", without="datasets:/raw/1")) == ["base/2", "base/3"]
    with pytest.raises(VersionNotFoundError):
        world.recall("datasets:/raw/4..9")
    for wrong in ("datasets:/raw/3..2", "datasets:/raw/..", "datasets:/raw/a..b", "raw:1..2..3"):
        with pytest.raises(InvalidReferenceError):
            world.recall(wrong)
    with pytest.raises(InvalidReferenceError, match="several versions"):
        world.version("base:1..2")
    assert [one.reference for one in world.ancestors("base:2..3").nodes if not one.distance] == [
        "models:/base/2",
        "models:/base/3",
    ]


def test_a_poisoned_base_model_is_recalled_with_what_it_went_into(world: Registry) -> None:
    found = world.recall("base:1")
    assert used(found) == ["base/1", "tuned/1"]
    assert [one.distance for one in found.versions] == [0, 1]
    assert [step.reference for step in found.versions[0].path] == ["models:/base/1"]


def test_filters_narrow_what_is_named_and_counted(world: Registry) -> None:
    raw = "datasets:/raw"
    assert used(world.recall(raw, stage="Production")) == ["tuned/1"]
    assert used(world.recall(raw, stage=["Production", "None"])) == used(world.recall(raw))
    assert world.recall(raw, stage="Staging").total == 0
    assert used(world.recall(raw, deployed=True)) == ["tuned/1"]
    assert used(world.recall(raw, deployment="shop")) == ["tuned/1"]
    assert used(world.recall(raw, deployment="deployments:/shop")) == ["tuned/1"]
    assert used(world.recall("datasets:/raw/1", datasets=True)) == [
        "datasets:/raw/1",
        "base/1",
        "tuned/1",
    ]
    with pytest.raises(StageNotFoundError):
        world.recall(raw, stage="production")
    with pytest.raises(DeploymentNotFoundError):
        world.recall(raw, deployment="nowhere")
    world.delete_deployment("shop")
    assert world.recall(raw, deployed=True).total == 0


def test_an_empty_list_of_stages_means_none(world: Registry) -> None:
    assert world.recall("datasets:/raw", stage=[]).total == 0


def test_being_tested_on_data_is_not_using_it(world: Registry) -> None:
    assert world.recall("datasets:/exam/1").total == 0
    found = world.recall("datasets:/exam/1", evaluated=True)
    assert used(found) == ["base/1", "tuned/1"]
    assert all(one.tested_only for one in found.versions)
    assert not any(one.tested_only for one in world.recall("datasets:/raw/1").versions)
    assert [one.reference for one in world.exposure("tuned:1").sources] == ["datasets:/raw/1"]
    both = world.exposure("tuned:1", evaluated=True)
    assert [(one.reference, one.role, one.tested_only) for one in both.sources] == [
        ("datasets:/exam/1", "test", True),
        ("datasets:/raw/1", "train", False),
    ]


def test_who_was_tested_on_data_by_a_run_of_its_own_is_told(world: Registry) -> None:
    world.register_dataset("hard", parents=["datasets:/exam/1"])
    world.run("judge", run_id="judge", inputs=["models:/base/3"], tested_on=["exam:1", "hard:1"])
    both = ["models:/base/2", "models:/base/3"]
    world.run("compare", run_id="compare", inputs=both, tested_on=["hard:1"])
    found = world.recall("datasets:/exam/1", evaluated=True)
    assert [(one.reference, one.run, one.data) for one in found.evaluations] == [
        ("models:/base/3", "runs:/judge", "datasets:/exam/1"),
        ("models:/base/3", "runs:/judge", "datasets:/hard/1"),
        ("models:/base/2", "runs:/compare", "datasets:/hard/1"),
        ("models:/base/3", "runs:/compare", "datasets:/hard/1"),
    ]
    assert used(found) == ["base/1", "tuned/1"]
    assert world.recall("datasets:/exam/1").evaluations == []
    world.delete_version("base:3", force=True, reason="bad")
    left = world.recall("datasets:/exam/1", evaluated=True).evaluations
    assert [one.reference for one in left] == ["models:/base/2"]
    assert len(world.recall("datasets:/exam/1", evaluated=True, deleted=True).evaluations) == 4


def test_what_was_inferred_is_told_from_what_was_declared(world: Registry) -> None:
    with (
        world.run("sweep", run_id="outer", inputs=["raw:3"]),
        world.run("trial", run_id="inner"),
    ):
        world.register("trial")
    found = {one.reference: one for one in world.recall("datasets:/raw/3").versions}
    assert found["models:/base/3"].declared
    assert not found["models:/trial/1"].declared
    assert not found["models:/trial/1"].path[1].declared
    assert used(world.recall("datasets:/raw/3", inferred=False)) == ["base/3"]
    assert [one.declared for one in world.exposure("trial:1").sources] == [False]
    assert world.exposure("trial:1", inferred=False).total == 0


def test_a_delete_hides_nothing_behind_it(place: Place, world: Registry) -> None:
    before = place.revision
    world.delete_version("base:1", force=True, reason="x")
    world.delete_version("datasets:/raw/1", force=True, reason="x")
    assert used(world.recall("datasets:/raw/1")) == ["tuned/1"]
    assert used(world.recall("datasets:/raw/1..2")) == ["base/2", "tuned/1"]
    shown = world.recall("datasets:/raw/1", deleted=True)
    assert [(one.reference, one.status) for one in shown.versions] == [
        ("models:/base/1", "deleted"),
        ("models:/tuned/1", None),
    ]
    assert [(one.reference, one.status) for one in world.exposure("tuned:1").sources] == [
        ("datasets:/raw/1", "deleted")
    ]
    assert used(world.recall("datasets:/raw/1", as_of=before)) == ["base/1", "tuned/1"]


def test_whoever_holds_these_bytes_is_recalled(place: Place, registry: Registry) -> None:
    path = place.file("data.csv", "bad")
    first = registry.register_dataset("one", path)
    registry.register("user", datasets=["one:1"])
    registry.register("copy", place.file("other.csv", "bad"))
    registry.register("heir", parents=["copy:1"])
    folder = place.folder / "many"
    for number in range(40):
        place.file(f"../many/{number}.csv", f"file {number}" if number else "bad")
    registry.register("big", folder)
    registry.delete_version("datasets:/one/1", force=True, reason="bad")
    assert first.manifest is not None
    assert used(registry.recall(content=first.manifest)) == ["user/1"]
    digest = "sha256:" + hashlib.sha256(b"bad").hexdigest()
    found = registry.recall(content=digest)
    assert sorted(used(found)) == ["big/1", "copy/1", "heir/1", "user/1"]
    assert found.starts == [digest]
    deep = "sha256:" + hashlib.sha256(b"file 7").hexdigest()
    assert used(registry.recall(content=[deep, first.manifest])) == ["big/1", "user/1"]
    with pytest.raises(VersionNotFoundError, match="no version holds"):
        registry.recall(content="sha256:" + "0" * 64)
    with pytest.raises(InvalidInputError):
        registry.recall(content="md5:1")


def test_pages_are_about_one_revision(world: Registry) -> None:
    first = world.recall("datasets:/raw", limit=3)
    assert used(first) == ["base/1", "base/2", "base/3"]
    assert (first.total, first.truncated) == (4, True)
    world.register("late", datasets=["raw:1"])
    rest = world.recall("datasets:/raw", limit=3, cursor=first.next_cursor)
    assert used(rest) == ["tuned/1"]
    assert (rest.total, rest.truncated, rest.next_cursor) == (4, False, None)
    assert rest.revision == first.revision
    assert world.recall("datasets:/raw").total == 5
    with pytest.raises(InvalidQueryError):
        world.recall("datasets:/raw", cursor="nonsense")


def test_marks_upstream_say_where_they_are_from(world: Registry) -> None:
    world.update("datasets:/raw", tags={"origin": "web"})
    world.register("sum", parents=["base:2", "base:3"])
    found = world.exposure("sum:1")
    assert [(mark.key, mark.value, mark.count, mark.sources) for mark in found.licences] == [
        ("licence", "L-2", 1, ["datasets:/raw/2"]),
        ("licence", "L-3", 1, ["datasets:/raw/3"]),
    ]
    assert [(mark.key, mark.value, mark.sources) for mark in found.tags] == [
        ("origin", "web", ["datasets:/raw"])
    ]
    assert found.total == 2
    assert [one.owner for one in found.sources] == ["dan", "dan"]
    assert world.exposure("sum:1", models=True).total == 4
    assert world.exposure("sum:1", limit=1).truncated
    assert len(found.table().rows) == 2


def test_declared_licences_are_marks_where_they_hold(world: Registry) -> None:
    world.set_licence("datasets:/raw", "ODbL-1.0")
    world.set_licence("datasets:/raw/2", "CC-BY-4.0")
    world.set_licence("base:1", "MIT")
    world.register("late", datasets=["raw:1", "raw:2"])
    world.register("other", parents=["base:2"])

    def licences(reference: str) -> list[tuple[str, list[str]]]:
        marks = world.exposure(reference).licences
        return [(mark.value, mark.sources) for mark in marks if not mark.value.startswith("L-")]

    assert licences("late:1") == [
        ("CC-BY-4.0", ["datasets:/raw/2"]),
        ("ODbL-1.0", ["datasets:/raw"]),
    ]
    assert licences("other:1") == [("CC-BY-4.0", ["datasets:/raw/2"])]
    assert licences("tuned:1") == [("MIT", ["models:/base/1"]), ("ODbL-1.0", ["datasets:/raw"])]


def test_taints_that_reach_it_are_part_of_the_exposure(world: Registry) -> None:
    world.taint("datasets:/raw", "leak", severity="warning", reason="labels leaked")
    world.taint("datasets:/exam/1", "pii", reason="names in it")
    (taint,) = world.exposure("tuned:1", evaluated=True).taints
    assert (taint.kind, taint.origin, taint.distance) == ("leak", "datasets:/raw", 3)
    assert taint.witness == ["models:/tuned/1", "models:/base/1", "runs:/t1", "datasets:/raw/1"]


def test_a_digest_is_no_reference_and_says_what_to_do(world: Registry) -> None:
    with pytest.raises(InvalidReferenceError, match="is a digest") as caught:
        world.recall(f"sha256:{'a' * 64}")
    assert "--content" in str(caught.value.hint)


def test_questions_that_make_no_sense_are_refused(world: Registry) -> None:
    with pytest.raises(InvalidQueryError, match="nothing is recalled"):
        world.recall()
    with pytest.raises(DatasetNotFoundError):
        world.recall("datasets:/nothing/1")
    with pytest.raises(ModelNotFoundError):
        world.exposure("nothing:1")
    with pytest.raises(InvalidInputError):
        world.exposure()
    with pytest.raises(InvalidInputError):
        world.recall("datasets:/raw", limit=0)
