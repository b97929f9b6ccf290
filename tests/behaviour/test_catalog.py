"""Models and datasets: created, described, found, renamed, deleted, restored."""

import pytest

from lineage_registry.errors import (
    AlreadyExistsError,
    DatasetNotFoundError,
    DeletedError,
    HasDependentsError,
    InvalidInputError,
    InvalidReferenceError,
    ModelNotFoundError,
    VersionNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import ACTOR, Place


def test_a_model_is_what_it_was_created_as(registry: Registry) -> None:
    made = registry.create_model(
        "resnet50", description="A net", owner="vision", tags={"team": "a", "area/x": "b"}
    )
    found = registry.model("ResNet50")
    assert dict(found) == dict(made)
    assert found.name == "resnet50"
    assert found.reference == "models:/resnet50"
    assert (found.description, found.owner) == ("A net", "vision")
    assert found.tags == {"area/x": "b", "team": "a"}
    assert (found.latest, found.aliases, found.stages) == (None, {}, {})
    assert (found.created_by, found.revision, found.deleted) == (ACTOR, 1, False)


def test_models_and_datasets_have_names_of_their_own(registry: Registry) -> None:
    registry.create_model("digits")
    registry.create_dataset("digits")
    assert registry.model("digits").kind == "model"
    assert registry.dataset("digits").kind == "dataset"
    with pytest.raises(AlreadyExistsError, match="already") as caught:
        registry.create_model("DIGITS")
    assert caught.value.context["reference"] == "models:/digits"
    with pytest.raises(DatasetNotFoundError):
        registry.dataset("other")


def test_a_missing_model_is_told_with_names_that_are_near(registry: Registry) -> None:
    registry.create_model("resnet50")
    with pytest.raises(ModelNotFoundError) as caught:
        registry.model("resnet5")
    assert caught.value.hint == "did you mean resnet50?"


def test_a_name_that_the_other_catalogue_has_is_told(registry: Registry) -> None:
    registry.register_dataset("digits")
    registry.register("clf")
    with pytest.raises(ModelNotFoundError) as caught:
        registry.ancestors("digits:1")
    assert caught.value.hint == "there is a dataset of this name: datasets:/digits"
    with pytest.raises(DatasetNotFoundError) as missing:
        registry.run("judge", inputs=["clf:1"])
    assert missing.value.hint == "there is a model of this name: models:/clf"


def test_models_are_listed_by_part_of_the_name_owner_and_tags(registry: Registry) -> None:
    registry.create_model("vision.resnet", owner="ann", tags={"team": "a"})
    registry.create_model("vision.vit", owner="bob", tags={"team": "b", "hot": ""})
    registry.create_model("text.bert", owner="bob", tags={"team": "b"})
    registry.create_dataset("vision.images")

    def names(**filters: object) -> list[str]:
        return [one.name for one in registry.models(**filters)]

    assert names() == ["vision.resnet", "vision.vit", "text.bert"]
    assert names(text="VISION") == ["vision.resnet", "vision.vit"]
    assert names(owner="bob") == ["vision.vit", "text.bert"]
    assert names(tag=["team=b", "hot"]) == ["vision.vit"]
    assert names(tag=["team=b", "hot=x"]) == []
    assert [one.name for one in registry.datasets(text="vision")] == ["vision.images"]


def test_details_change_one_by_one_and_none_takes_a_tag_away(registry: Registry) -> None:
    registry.create_model("m", description="old", tags={"a": "1", "b": "2"})
    changed = registry.update("m", owner="ann", tags={"a": None, "c": "3"})
    assert (changed.description, changed.owner) == ("old", "ann")
    assert changed.tags == {"b": "2", "c": "3"}
    assert registry.model("m").revision == changed.revision == 2


def test_what_changes_nothing_writes_nothing(place: Place) -> None:
    registry = place.registry
    registry.create_model("m", owner="ann", tags={"a": "1"})
    registry.update("m", owner="ann", tags={"a": "1", "gone": None})
    registry.update("m")
    assert place.revision == 1


def test_a_renamed_model_answers_to_its_old_name_until_somebody_takes_it(
    place: Place,
) -> None:
    registry = place.registry
    registry.register("old", description="first")
    registry.register("old")
    registry.update("old", new_name="new")
    assert registry.version("old:1").reference == "models:/new/1"
    assert registry.register("old").reference == "models:/new/3"

    taken = registry.create_model("old")
    assert taken.latest is None
    with pytest.raises(VersionNotFoundError):
        registry.version("old:1")
    assert registry.register("old").reference == "models:/old/4"
    assert registry.version("new:3").name == "new"
    assert registry.version("old:1?as_of=3").description == "first"
    place.demand_sound()


def test_a_rename_to_a_name_that_was_ever_used_is_refused(registry: Registry) -> None:
    registry.create_model("a")
    registry.create_model("b")
    registry.update("b", new_name="c")
    for used in ("b", "c", "B"):
        with pytest.raises(AlreadyExistsError):
            registry.update("a", new_name=used)
    assert registry.update("c", new_name="b").name == "b"
    assert registry.update("b", new_name="B").name == "B"


def test_a_deleted_model_is_gone_from_lists_and_comes_back_whole(place: Place) -> None:
    registry = place.registry
    registry.register("m", tags={"k": "v"})
    registry.register("m")
    registry.delete_version("m:1")
    gone = registry.delete("m", reason="tidy")
    assert gone.deleted
    with pytest.raises(DeletedError, match="deleted") as caught:
        registry.model("m")
    assert caught.value.hint
    with pytest.raises(DeletedError):
        registry.version("m:2")
    with pytest.raises(DeletedError):
        registry.register("m")
    assert list(registry.models()) == []
    assert [one.name for one in registry.models(deleted=True)] == ["m"]
    assert [one.number for one in registry.versions("m", deleted=True)] == [2, 1]

    assert not registry.restore("m").deleted
    assert [one.number for one in registry.versions("m")] == [2]
    assert registry.version("m:1", deleted=True).status == "deleted"
    place.demand_sound()


def test_a_deleted_name_may_be_taken_and_its_numbers_count_on(place: Place) -> None:
    registry = place.registry
    registry.register("m", description="mine")
    registry.register("m")
    registry.delete("m")
    registry.create_model("m")
    assert registry.register("m").number == 3
    with pytest.raises(VersionNotFoundError):
        registry.version("m:1")
    assert registry.version("m:1?as_of=2").description == "mine"
    place.demand_sound()


def test_a_name_that_was_taken_again_means_who_has_it_now(place: Place) -> None:
    registry = place.registry
    registry.create_model("m", owner="first")
    registry.delete("m")
    registry.create_model("m", owner="second")
    before = place.revision
    assert registry.restore("m").owner == "second"
    assert place.revision == before


def test_a_model_that_others_come_from_is_deleted_with_force_and_reason_only(
    place: Place,
) -> None:
    registry = place.registry
    registry.register("base")
    registry.register("child", parents=["base:1"])
    before = place.revision
    with pytest.raises(HasDependentsError) as caught:
        registry.delete("base")
    assert caught.value.context["blocked_by"] == ["models:/child/1"]
    with pytest.raises(InvalidInputError, match="reason"):
        registry.delete("base", force=True)
    assert place.revision == before
    registry.delete("base", force=True, reason="recalled")
    upstream = registry.ancestors("child:1", deleted=True)
    assert [(one.reference, one.status) for one in upstream.nodes] == [
        ("models:/child/1", None),
        ("models:/base/1", "deleted"),
    ]
    assert [one.reference for one in registry.ancestors("child:1").nodes] == ["models:/child/1"]
    place.demand_sound()


def test_a_model_with_a_version_in_a_stage_is_not_deleted_by_accident(registry: Registry) -> None:
    registry.register("m")
    registry.promote("m:1", "Production")
    with pytest.raises(HasDependentsError) as caught:
        registry.delete("m")
    assert caught.value.context["blocked_by"] == ["stage/Production"]
    registry.delete("m", force=True, reason="shut down")
    assert registry.restore("m").stages == {"Production": 1}


def test_names_of_any_script_work_everywhere(place: Place) -> None:
    registry = place.registry
    for name in ("分類器", "Модель", "modèle", "ταξινομητής", "a b_c-d.e"):
        version = registry.register(name, description=f"about {name}")
        assert registry.version(f"{name}:1").reference == version.reference
        assert registry.model(name.upper()).name == name
        assert registry.promote(f"{name}:1", "Staging").stage == "Staging"
        assert [one.name for one in registry.models(text=name[:3])] == [name]
    place.demand_sound()


def test_a_thing_of_another_kind_is_refused_where_it_does_not_fit(registry: Registry) -> None:
    registry.register_dataset("d")
    registry.register("d")
    for ask in (
        lambda: registry.rollback("datasets:/d"),
        lambda: registry.model("datasets:/d"),
        lambda: registry.dataset("models:/d"),
        lambda: registry.promote("datasets:/d/1", "Production"),
        lambda: registry.version("d"),
        lambda: registry.versions("d:1"),
        lambda: registry.version("runs:/d"),
        lambda: registry.delete("runs:/d"),
        lambda: registry.deploy("s", "datasets:/d/1"),
        lambda: registry.siblings("models:/d"),
        lambda: registry.audit_report("models:/d"),
    ):
        with pytest.raises(InvalidReferenceError) as caught:
            ask()
        assert caught.value.hint, caught.value


def test_the_past_cannot_be_written_to(place: Place) -> None:
    registry = place.registry
    registry.register("m")
    registry.register("m")
    before = place.revision
    for write in (
        lambda: registry.promote("m:1?as_of=1", "Staging"),
        lambda: registry.set_alias("m:1?as_of=1", "champion"),
        lambda: registry.delete("m?as_of=1"),
        lambda: registry.delete_version("m:2?as_of=1"),
        lambda: registry.update("m?as_of=1", owner="x"),
        lambda: registry.update_version("m:1?as_of=1", tags={"a": "b"}),
        lambda: registry.add_dependency("m:1?as_of=1", "m:2"),
        lambda: registry.add_dependency("m:2", "m:1?as_of=1"),
        lambda: registry.register("n", parents=["m:1?as_of=1"]),
        lambda: registry.rollback("m?as_of=1"),
        lambda: registry.deploy("s", "m:1?as_of=1"),
    ):
        with pytest.raises(InvalidReferenceError, match="past"):
            write()
    assert place.revision == before
    assert [one.number for one in registry.versions("m?as_of=1")] == [1]
