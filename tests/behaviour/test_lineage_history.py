"""What happened to the lineage of a thing: when, who, why, what."""

import pytest

from lineage_registry.errors import InvalidReferenceError, RunNotFoundError
from lineage_registry.ports.commands import LineageHistory
from lineage_registry.registry import Registry
from tests.behaviour.places import ACTOR, Place


def said(found: LineageHistory) -> list[str]:
    return [
        " ".join(
            [
                one.event,
                *(
                    f"{'-' if e.ended else '+'}{e.source.partition(':/')[2]}>"
                    f"{e.target.partition(':/')[2]}"
                    for e in one.edges
                ),
                *(f"{v.of.partition(':/')[2]}.{v.key}={v.value}" for v in one.values),
            ]
        )
        for one in found.changes
    ]


@pytest.fixture
def life(place: Place) -> Registry:
    """m:1 of base:1 of d:1; a dependency came and went; things were moved, renamed, deleted."""
    registry = place.registry
    registry.register_dataset("d")
    registry.register("base", datasets=["d:1"], run=None)
    registry.register("tok")
    registry.register("m", parents=["base:1"])
    registry.register("other", parents=["base:1"])
    registry.update_version("tok:1", tags={"too": "early"})
    registry.add_dependency("m:1", "tok:1", "tokenizer", reason="forgotten")
    registry.update_version("tok:1", tags={"seen": "yes"})
    registry.remove_dependency("m:1", "tok:1", "tokenizer")
    registry.update_version("tok:1", tags={"too": "late"})
    registry.promote("base:1", "Staging")
    registry.update("base", new_name="foundation")
    registry.update("other", new_name="another")
    registry.log_version_metrics("base:1", {"acc": 0.5})
    registry.delete_version("datasets:/d/1", force=True, reason="licence")
    registry.restore_version("datasets:/d/1")
    return registry


LIFE = [
    "version.registered +m/1>foundation/1",
    "dependency.added +m/1>tok/1",
    "details.changed tok/1.tag/seen=yes",
    "dependency.removed -m/1>tok/1",
    "stage.moved foundation/1.stage=Staging",
    "name.changed foundation.name=foundation",
    "node.deleted d/1.deleted=True",
    "node.restored d/1.deleted=None",
]


def test_everything_that_touched_it_is_told_in_order(life: Registry) -> None:
    found = life.lineage_history("m:1")
    assert said(found) == LIFE
    assert (found.reference, found.truncated, found.next_cursor) == ("models:/m/1", False, None)
    late = found.changes[1]
    assert (late.actor, late.reason) == (ACTOR, "forgotten")
    assert (late.edges[0].kind, late.edges[0].role) == ("DEPENDS_ON", "tokenizer")
    assert [one.position for one in found.changes] == sorted(one.position for one in found.changes)
    assert found.changes[-2].reason == "licence"
    assert found.table().rows[1][4:] == (
        "dependency.added",
        "models:/m/1",
        "new",
        "DEPENDS_ON",
        "models:/tok/1",
    )


def test_the_last_change_comes_first_if_wanted(life: Registry) -> None:
    assert said(life.lineage_history("m:1", newest_first=True)) == LIFE[::-1]
    assert said(life.lineage_history("m:1", newest_first=True, limit=2)) == LIFE[:-3:-1]
    assert said(life.lineage_history("m:1", limit=2)) == LIFE[:2]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_pages_join_to_the_whole(place: Place, life: Registry, limit: int, newest_first) -> None:
    whole = place.registry.lineage_history("m:1", newest_first=newest_first)
    page = place.registry.lineage_history("m:1", limit=limit, newest_first=newest_first)
    joined = [*page.changes]
    while page.next_cursor:
        life.update_version("m:1", tags={"x": page.next_cursor[:50]})
        page = place.registry.lineage_history(
            "m:1", limit=limit, cursor=page.next_cursor, newest_first=newest_first
        )
        joined += page.changes
    assert joined == whole.changes


def test_it_ends_at_the_time_that_is_asked_about(place: Place, life: Registry) -> None:
    for revision in range(4, place.revision + 1):
        found = life.lineage_history("m:1", as_of=revision)
        short = [one.replace("foundation", "base") if revision < 12 else one for one in LIFE]
        assert said(found) == short[: len(found.changes)]
        assert all(one.revision <= revision for one in found.changes)


def test_a_run_and_a_deployment_have_one_too(registry: Registry) -> None:
    registry.register_dataset("d")
    registry.register("m")
    registry.register("m")
    run = registry.run("train", run_id="r")
    with run:
        run.log_params(lr=1)
        run.log_metrics({"loss": 1.0})
        run.use("datasets:/d/1")
    assert said(registry.lineage_history("runs:/r")) == [
        "run.started r.status=running",
        "params.logged r.param/lr=1",
        "run.inputs_added +r>d/1",
        "run.ended r.status=finished",
    ]
    registry.deploy("web", "m:1")
    registry.deploy("web", "m:2")
    registry.promote("m:1", "Staging")
    registry.promote("m:2", "Staging")
    assert said(registry.lineage_history("deployments:/web")) == [
        "deployment.created +web>m/1 web.name=web",
        "deployment.moved -web>m/1 +web>m/2",
        "stage.moved m/2.stage=Staging",
    ]


def test_files_are_told_by_their_manifest(place: Place) -> None:
    made = place.registry.register("m", place.file("m.bin", "weights"))
    (change,) = place.registry.lineage_history("m:1").changes
    assert [(one.key, one.value) for one in change.values] == [("manifest", made.manifest)]
    assert change.more == 0


def test_a_whole_model_has_none(registry: Registry) -> None:
    registry.register("m")
    with pytest.raises(InvalidReferenceError):
        registry.lineage_history("m")
    with pytest.raises(RunNotFoundError):
        registry.lineage_history("runs:/nothing")
