"""Stages, aliases, rollback, deployments, and the history of all of them."""

import pytest

from lineage_registry.errors import (
    AliasNotFoundError,
    ConflictError,
    DeletedError,
    DeploymentNotFoundError,
    HasDependentsError,
    InvalidInputError,
    ModelNotFoundError,
    NotFoundError,
    NothingToRollBackToError,
    StageNotFoundError,
    VersionNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import ACTOR, Place


def register(registry: Registry, count: int, name: str = "m") -> None:
    for _ in range(count):
        registry.register(name)


def stages_of(registry: Registry, name: str = "m") -> list[str | None]:
    return [one.stage for one in reversed(list(registry.versions(name)))]


def test_a_promotion_archives_who_was_there(place: Place) -> None:
    registry = place.registry
    register(registry, 3)
    registry.promote("m:1", "Production")
    before = place.revision
    assert registry.promote("m:2", "Production").stage == "Production"
    assert place.revision == before + 1
    assert stages_of(registry) == ["Archived", "Production", None]
    assert registry.model("m").stages == {"Archived": 1, "Production": 2}
    registry.promote("m:3", "Production", archive=False)
    assert stages_of(registry) == ["Archived", "Production", "Production"]
    assert registry.version("m:Production").number == 3
    assert [one.number for one in registry.versions("m", stage="Production")] == [3, 2]
    registry.promote("m:1", "Production")
    assert stages_of(registry) == ["Production", "Archived", "Archived"]
    place.demand_sound()


def test_moving_to_where_it_is_writes_nothing(place: Place) -> None:
    registry = place.registry
    register(registry, 1)
    registry.promote("m:1", "Production")
    registry.set_alias("m:1", "champion")
    before = place.revision
    registry.promote("m:1", "Production")
    registry.set_alias("m:1", "champion")
    registry.configure_stages(registry.stages())
    assert place.revision == before


def test_a_version_may_leave_its_stage(registry: Registry) -> None:
    register(registry, 1)
    registry.promote("m:1", "Staging")
    assert registry.promote("m:1", "None").stage is None
    with pytest.raises(StageNotFoundError) as caught:
        registry.version("m:Staging")
    assert caught.value.hint


def test_an_unknown_stage_is_refused_with_those_there_are(registry: Registry) -> None:
    register(registry, 1)
    for stage in ("production", "Live", "", "a/b"):
        with pytest.raises(NotFoundError) as caught:
            registry.promote("m:1", stage)
        assert caught.value.hint == "stages are None, Staging, Production, Archived"
    with pytest.raises(StageNotFoundError):
        registry.rollback("m", stage="Live")


def test_stages_can_be_configured(place: Place) -> None:
    registry = place.registry
    register(registry, 2)
    assert registry.configure_stages(["Canary", "Live"], reason="ours") == [
        "None",
        "Canary",
        "Live",
    ]
    assert registry.stages(as_of=2) == ["None", "Staging", "Production", "Archived"]
    registry.promote("m:1", "Live")
    registry.promote("m:2", "Live")
    assert stages_of(registry) == [None, "Live"]
    assert registry.rollback("m", stage="Live").restored == "models:/m/1"
    assert stages_of(registry) == ["Live", None]
    with pytest.raises(InvalidInputError, match="once"):
        registry.configure_stages(["Live", "Live"])
    for bad in (["latest"], ["v1"], ["a b"], [""], []):
        with pytest.raises(InvalidInputError):
            registry.configure_stages(bad)
    place.demand_sound()


def test_rollback_goes_back_to_what_was_there_before_again_and_again(place: Place) -> None:
    registry = place.registry
    register(registry, 4)
    for number in (2, 1, 4):
        registry.promote(f"m:{number}", "Production")
    done = registry.rollback("m", reason="leaks memory")
    assert (done.left, done.restored, done.dry_run) == ("models:/m/4", "models:/m/1", False)
    assert (done.stage, done.alias, done.reason) == ("Production", None, "leaks memory")
    left = registry.version("m:4")
    assert (left.status, left.rolled_back, left.stage) == (
        "rolled_back",
        "leaks memory",
        "Archived",
    )
    assert registry.rollback("m").restored == "models:/m/2"
    assert registry.version("m:1").rolled_back == "rolled back"
    before = place.revision
    with pytest.raises(NothingToRollBackToError) as caught:
        registry.rollback("m")
    assert isinstance(caught.value, ConflictError)
    assert caught.value.hint
    assert place.revision == before

    registry.promote("m:3", "Production")
    assert registry.rollback("m").restored == "models:/m/2"
    assert registry.version("m:Production").number == 2
    again = registry.promote("m:4", "Production")
    assert (again.status, again.rolled_back) == ("active", None)
    place.demand_sound()


def test_a_dry_run_says_what_would_happen_and_writes_nothing(place: Place) -> None:
    registry = place.registry
    register(registry, 2)
    registry.promote("m:1", "Production")
    registry.promote("m:2", "Production")
    before = place.revision
    told = registry.rollback("m", dry_run=True, reason="try")
    assert (told.left, told.restored, told.dry_run) == ("models:/m/2", "models:/m/1", True)
    assert place.revision == told.revision == before
    assert stages_of(registry) == ["Archived", "Production"]
    registry.rollback("m")
    with pytest.raises(NothingToRollBackToError):
        registry.rollback("m", dry_run=True)


def test_rollback_skips_what_was_deleted(place: Place) -> None:
    registry = place.registry
    register(registry, 4)
    for number in (1, 2, 3, 4):
        registry.promote(f"m:{number}", "Production")
    registry.delete_version("m:3")
    registry.delete_version("m:2")
    assert registry.rollback("m").restored == "models:/m/1"
    registry.restore_version("m:3")
    registry.promote("m:3", "Production")
    registry.delete_version("m:3", force=True, reason="broken")
    with pytest.raises(NotFoundError):
        registry.version("m:Production")
    back = registry.rollback("m")
    assert (back.left, back.restored) == (None, "models:/m/1")
    place.demand_sound()


def test_rollback_of_a_vacated_stage_brings_back_who_left(registry: Registry) -> None:
    register(registry, 2)
    registry.promote("m:1", "Production")
    registry.promote("m:2", "Production")
    registry.promote("m:2", "Staging")
    assert registry.model("m").stages == {"Archived": 1, "Staging": 2}
    back = registry.rollback("m")
    assert (back.left, back.restored) == (None, "models:/m/2")
    assert registry.version("m:2").stage == "Production"
    assert registry.rollback("m").restored == "models:/m/1"
    with pytest.raises(NothingToRollBackToError):
        registry.rollback("m")


def test_rollback_of_a_stage_that_nobody_promoted_to_is_refused_kindly(
    registry: Registry,
) -> None:
    register(registry, 3)
    for text in ("Production", "Archived", "Staging", "None"):
        with pytest.raises(NothingToRollBackToError):
            registry.rollback("m", stage=text)
    registry.promote("m:1", "Production")
    registry.promote("m:2", "Production")
    with pytest.raises(NothingToRollBackToError):
        registry.rollback("m", stage="Archived")
    registry.promote("m:3", "Production")
    with pytest.raises(NothingToRollBackToError):
        registry.rollback("m", stage="Archived")


def test_aliases_move_and_roll_back_by_themselves(place: Place) -> None:
    registry = place.registry
    register(registry, 3)
    registry.promote("m:3", "Production")
    for number in (1, 2, 3):
        assert registry.set_alias(f"m:{number}", "champion").aliases == {"champion": number}
    done = registry.rollback("m", alias="champion", reason="slow")
    assert (done.alias, done.stage, done.restored) == ("champion", None, "models:/m/2")
    assert registry.version("m:3").status == "rolled_back"
    assert registry.version("m:3").stage == "Production"
    assert registry.version("m@champion").aliases == ["champion"]
    registry.remove_alias("m", "champion")
    with pytest.raises(AliasNotFoundError) as caught:
        registry.version("m@champion")
    assert caught.value.hint
    with pytest.raises(AliasNotFoundError):
        registry.remove_alias("m", "champion")
    assert registry.rollback("m", alias="champion").restored == "models:/m/2"
    assert registry.rollback("m", alias="champion").restored == "models:/m/1"
    with pytest.raises(NothingToRollBackToError):
        registry.rollback("m", alias="champion")
    with pytest.raises(NothingToRollBackToError):
        registry.rollback("m", alias="never")
    with pytest.raises(InvalidInputError, match="not both"):
        registry.rollback("m", alias="champion", stage="Production")
    place.demand_sound()


def test_datasets_have_aliases_and_no_stages(registry: Registry) -> None:
    registry.register_dataset("d")
    registry.set_alias("datasets:/d/1", "gold")
    assert registry.version("datasets:/d@gold").number == 1
    assert registry.dataset("d").aliases == {"gold": 1}
    assert registry.history("datasets:/d").moves[0].alias == "gold"


def test_alias_names_that_read_like_versions_are_refused(place: Place) -> None:
    registry = place.registry
    register(registry, 1)
    before = place.revision
    for alias in ("latest", "LATEST", "v1", "1", "1.0", "a b", "a/b", "", "é", "a" * 65, "@a"):
        with pytest.raises(InvalidInputError) as caught:
            registry.set_alias("m:1", alias)
        assert caught.value.hint or caught.value.context, alias
    assert place.revision == before


def test_history_says_who_when_why_from_and_to(place: Place) -> None:
    registry = place.registry
    register(registry, 2)
    registry.promote("m:1", "Production", reason="first")
    bob = place.again("bob")
    bob.promote("m:2", "Production", reason="better")
    bob.set_alias("m:2", "champion")
    bob.close()
    registry.rollback("m", reason="worse")
    moves = registry.history("m").moves
    assert [
        (one.actor, one.reason, one.stage or one.alias, one.before, one.after) for one in moves
    ] == [
        (ACTOR, "worse", "Production", "models:/m/2", "models:/m/1"),
        ("bob", None, "champion", None, "models:/m/2"),
        ("bob", "better", "Production", "models:/m/1", "models:/m/2"),
        (ACTOR, "first", "Production", None, "models:/m/1"),
    ]
    assert [one.event for one in moves] == [
        "version.rolled_back",
        "alias.moved",
        "stage.moved",
        "stage.moved",
    ]
    assert sorted((one.at for one in moves), reverse=True) == [one.at for one in moves]
    assert [one.reason for one in registry.history("m", stage="Production").moves] == [
        "worse",
        "better",
        "first",
    ]
    assert len(registry.history("m", alias="champion").moves) == 1
    newest = registry.history("m", limit=1)
    assert ([one.reason for one in newest.moves], newest.truncated) == (["worse"], True)
    whole = registry.history("m", limit=4)
    assert (len(whole.moves), whole.truncated) == (4, False)
    assert whole.as_of == moves[0].at
    assert [row[2:6] for row in whole.table().rows][1:3] == [
        (None, "champion", None, "models:/m/2"),
        ("Production", None, "models:/m/1", "models:/m/2"),
    ]
    assert [one.reason for one in registry.history("m", as_of=3).moves] == ["first"]
    assert [one.reason for one in registry.history("m?as_of=3").moves] == ["first"]


def test_history_of_a_stage_tells_of_every_way_to_leave_it(registry: Registry) -> None:
    register(registry, 2)
    registry.promote("m:1", "Staging")
    registry.promote("m:1", "Production", reason="up")
    registry.promote("m:2", "Staging")
    registry.promote("m:2", "None", reason="out")
    registry.promote("m:2", "Staging")
    registry.set_alias("m:2", "champion")
    registry.delete_version("m:2", force=True, reason="gone")

    def told(**which: str) -> list[tuple[str | None, str | None, str | None]]:
        return [(one.before, one.after, one.reason) for one in registry.history("m", **which).moves]

    one, two = "models:/m/1", "models:/m/2"
    assert told(stage="Staging") == [
        (two, None, "gone"),
        (None, two, None),
        (two, None, "out"),
        (None, two, None),
        (one, None, "up"),
        (None, one, None),
    ]
    assert told(alias="champion") == [(two, None, "gone"), (None, two, None)]
    assert told(stage="Production") == [(None, one, "up")]


def test_deployments_move_between_versions(place: Place) -> None:
    registry = place.registry
    register(registry, 2)
    made = registry.deploy("shop", "m:1", environment="eu", owner="ops")
    assert (made.serves, made.environment, made.owner) == ("models:/m/1", "eu", "ops")
    assert made.reference == "deployments:/shop"
    moved = registry.deploy("shop", "m:latest", owner="ann")
    assert (moved.serves, moved.environment, moved.owner) == ("models:/m/2", "eu", "ann")
    before = place.revision
    registry.deploy("SHOP", "m:2")
    assert place.revision == before
    assert registry.deployment("shop", as_of=3).serves == "models:/m/1"
    with pytest.raises(HasDependentsError):
        registry.delete_version("m:2")
    registry.delete_deployment("shop", reason="moved")
    with pytest.raises(DeletedError):
        registry.deployment("shop")
    assert list(registry.deployments()) == []
    assert [one.name for one in registry.deployments(deleted=True)] == ["shop"]
    registry.delete_version("m:2")
    anew = registry.deploy("shop", "m:1")
    assert anew.id != made.id
    assert anew.environment is None
    with pytest.raises(DeploymentNotFoundError):
        registry.deployment("other")
    place.demand_sound()


def test_moves_of_what_is_not_there_say_what_is_missing(place: Place) -> None:
    registry = place.registry
    register(registry, 1)
    registry.delete_version("m:1")
    register(registry, 1)
    before = place.revision
    for error, moves in {
        ModelNotFoundError: [
            lambda: registry.promote("x:1", "Production"),
            lambda: registry.set_alias("x:1", "a"),
            lambda: registry.remove_alias("x", "a"),
            lambda: registry.rollback("x"),
            lambda: registry.history("x"),
            lambda: registry.deploy("s", "x:1"),
        ],
        VersionNotFoundError: [
            lambda: registry.promote("m:7", "Production"),
            lambda: registry.promote("m:1.0.0", "Production"),
            lambda: registry.set_alias("m:7", "a"),
            lambda: registry.deploy("s", "m:7"),
        ],
        DeletedError: [
            lambda: registry.promote("m:1", "Production"),
            lambda: registry.set_alias("m:1", "a"),
            lambda: registry.deploy("s", "m:1"),
        ],
        DeploymentNotFoundError: [lambda: registry.delete_deployment("s")],
    }.items():
        for move in moves:
            with pytest.raises(error):
                move()
    assert place.revision == before
