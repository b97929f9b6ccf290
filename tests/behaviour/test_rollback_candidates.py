"""Candidates of a rollback: in which order, and what is told of each."""

import pytest

from lineage_registry.errors import InvalidInputError, ModelNotFoundError, StageNotFoundError
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


@pytest.fixture
def model(registry: Registry, place: Place) -> Registry:
    """Four versions with a file each, in Production one after the other, 1 once more at the end."""
    for number in range(1, 5):
        made = registry.register(
            "clf", place.file("w.bin", f"weights {number}"), metrics={"acc": number / 100}
        )
        made.promote("Production")
        made.set_alias("champion")
    registry.promote("clf:1", "Production")
    return registry


def numbers(registry: Registry, **options: object) -> list[int]:
    found = registry.rollback_candidates("clf", **options)  # type: ignore[arg-type]
    return [one.number for one in found.candidates]


def test_what_was_named_last_comes_first_and_the_current_one_not_at_all(model: Registry) -> None:
    found = model.rollback_candidates("clf")
    assert (found.current, found.stage, found.alias) == ("models:/clf/1", "Production", None)
    assert [one.number for one in found.candidates] == [4, 3, 2]
    assert [one.next for one in found.candidates] == [True, False, False]
    assert model.rollback("clf", dry_run=True).restored == found.candidates[0].reference
    assert all(one.clean and not one.refused for one in found.candidates)
    assert {one.files for one in found.candidates} == {"present"}
    assert {one.same_format for one in found.candidates} == {True}
    assert [one.leaves for one in found.candidates] == ["Archived"] * 3
    assert (found.moves_to, found.deleted, found.truncated) == ("Archived", 0, False)
    assert found.candidates[0].held_until is not None
    assert numbers(model, alias="champion") == [3, 2, 1]
    assert model.rollback_candidates("clf", alias="champion").moves_to is None
    few = model.rollback_candidates("clf", limit=1)
    assert ([one.number for one in few.candidates], few.truncated) == ([4], True)
    assert few.table().rows[0][0] == "models:/clf/4"


def test_candidates_are_those_of_the_time_asked_about(model: Registry, place: Place) -> None:
    before = place.revision
    model.rollback("clf", reason="x")
    now = model.rollback_candidates("clf")
    assert now.current == "models:/clf/4"
    assert [one.number for one in now.candidates] == [1, 3, 2]
    assert now.candidates[0].times == 2
    assert next(one.number for one in now.candidates if one.next) == 3
    assert numbers(model, as_of=before) == [4, 3, 2]


def test_a_metric_ranks_them(model: Registry) -> None:
    found = model.rollback_candidates("clf", metric="acc").candidates
    assert [(one.number, one.metric, one.rank) for one in found] == [
        (4, 0.04, 1),
        (3, 0.03, 2),
        (2, 0.02, 3),
    ]
    lowest = model.rollback_candidates("clf", metric="acc", lower_is_better=True).candidates
    assert [one.rank for one in lowest] == [3, 2, 1]
    assert [one.rank for one in model.rollback_candidates("clf", metric="f1").candidates] == [
        None,
        None,
        None,
    ]


def test_taints_licences_and_lost_files_speak_against_one(model: Registry, place: Place) -> None:
    model.taint("clf:4", "cve", severity="critical", reason="x")
    model.taint("clf:3", "drift", severity="warning", reason="x")
    digest = model.files("clf:2").files[0].digest
    place.damage_blob(digest)
    found = model.rollback_candidates("clf", verify=True).candidates
    assert [(one.clean, one.refused, one.files) for one in found] == [
        (False, True, "verified"),
        (False, False, "verified"),
        (False, False, "different"),
    ]
    assert [one.kind for one in found[0].taints] == ["cve"]
    place.damage_blob(digest, remove=True)
    assert model.rollback_candidates("clf").candidates[2].files == "missing"
    model.lift_taint(2, reason="measured again")
    assert model.rollback_candidates("clf").candidates[1].clean
    model.register_dataset("raw")
    model.set_licence("datasets:/raw", "CC-BY-NC-4.0")
    model.register("clf", datasets=["datasets:/raw/1"]).promote("Production")
    model.set_licence("clf:5", "MIT")
    model.promote("clf:1", "Production")
    first = model.rollback_candidates("clf").candidates[0]
    assert (first.number, first.licence_conflicts, first.clean) == (5, 1, False)
    assert (first.files, first.same_format, first.same_signature) == ("none", None, None)


def test_deployments_are_named_as_they_would_stay(model: Registry) -> None:
    model.deploy("api", "clf:1")
    model.deploy("old", "clf:3")
    model.deploy("gone", "clf:3")
    model.delete_deployment("gone")
    found = model.rollback_candidates("clf")
    assert found.serving == ["deployments:/api"]
    served = {one.number: one.deployments for one in found.candidates}
    assert served == {4: [], 3: ["deployments:/old"], 2: []}


def test_deleted_versions_are_counted_only(model: Registry) -> None:
    model.delete_version("clf:4", force=True, reason="x")
    found = model.rollback_candidates("clf")
    assert [one.number for one in found.candidates] == [3, 2]
    assert found.deleted == 1
    assert found.candidates[0].next


def test_questions_without_an_answer_say_so(model: Registry) -> None:
    model.register("new")
    empty = model.rollback_candidates("new")
    assert (empty.current, empty.candidates) == (None, [])
    assert model.rollback_candidates("clf", stage="Archived").candidates == []
    assert model.rollback_candidates("clf", alias="never").candidates == []
    with pytest.raises(StageNotFoundError):
        model.rollback_candidates("clf", stage="Nowhere")
    with pytest.raises(ModelNotFoundError):
        model.rollback_candidates("nothing")
    with pytest.raises(InvalidInputError):
        model.rollback_candidates("clf", stage="Production", alias="champion")
