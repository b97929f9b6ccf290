"""The upkeep of a registry: what to rebuild, to guard, to clear away."""

import pytest

from lineage_registry.errors import InvalidInputError, InvalidQueryError, ModelNotFoundError
from lineage_registry.ports.commands import EndRun, RebuildPlan
from lineage_registry.registry import Registry
from tests.behaviour.places import Place

Steps = list[tuple[int, str, str]]


@pytest.fixture
def plant(registry: Registry) -> Registry:
    """raw <- (prepare) <- clean <- (t) <- base <- left, right <- top <- shop; exam tests base."""
    registry.register_dataset("raw")
    registry.register_dataset("held-out")
    with registry.run("prepare", run_id="p", inputs=["raw:1"]) as run:
        registry.register_dataset("clean", run=run.reference)
    with registry.run("train", run_id="t", inputs=["clean:1"]):
        registry.register("base")
    with registry.run("exam", run_id="e", inputs=["models:/base/1"], tested_on=["held-out:1"]):
        pass
    registry.register("left", parents=["base:1"])
    registry.register("right", parents=["base:1"])
    registry.register("top", parents=["left:1", "right:1"])
    registry.deploy("shop", "top:1")
    return registry


def short(text: str) -> str:
    return text.partition(":/")[2].removesuffix("/1")


def done(plan: RebuildPlan) -> Steps:
    return [(one.level, one.action, short(one.reference)) for one in plan.steps]


def test_a_plan_rebuilds_all_that_comes_from_a_change_in_order(plant: Registry) -> None:
    plan = plant.rebuild_plan("datasets:/raw/1")
    assert done(plan) == [
        (0, "rerun", "p"),
        (1, "rebuild", "clean"),
        (2, "rerun", "t"),
        (3, "rebuild", "base"),
        (4, "rerun", "e"),
        (4, "rebuild", "left"),
        (4, "rebuild", "right"),
        (5, "rebuild", "top"),
        (6, "redeploy", "shop"),
    ]
    by_name = {short(step.reference): step for step in plan.steps}
    assert by_name["top"].because == ["models:/left/1", "models:/right/1"]
    assert (by_name["top"].run, by_name["top"].causes) == (None, 2)
    assert (by_name["base"].run, by_name["base"].because) == ("runs:/t", ["runs:/t"])
    assert by_name["p"].because == ["datasets:/raw/1"]
    assert (plan.levels, plan.total, plan.runs, plan.versions, plan.deployments) == (7, 9, 3, 5, 1)
    assert (plan.changed, plan.kept, plan.unaffected) == (["datasets:/raw/1"], [], [])
    assert (plan.cost, plan.truncated) == (None, False)
    assert plan.table().rows[7][:3] == (5, "rebuild", "models:/top/1")


def test_a_plan_has_only_what_its_targets_need(plant: Registry) -> None:
    plan = plant.rebuild_plan("datasets:/raw/1", target=["left:1", "datasets:/held-out/1"])
    assert [name for *_, name in done(plan)] == ["p", "clean", "t", "base", "left"]
    assert plan.unaffected == ["datasets:/held-out/1"]
    assert done(plant.rebuild_plan("left:1", target=["right:1"])) == []
    changed = plant.rebuild_plan("left:1", "right:1", target=["deployments:/shop"])
    assert done(changed) == [(0, "rebuild", "top"), (1, "redeploy", "shop")]


def test_what_is_pinned_is_neither_rebuilt_nor_a_reason(plant: Registry) -> None:
    plan = plant.rebuild_plan("base:1", pinned=["left:1", "runs:/e"])
    assert done(plan) == [(0, "rebuild", "right"), (1, "rebuild", "top"), (2, "redeploy", "shop")]
    assert plan.steps[1].because == ["models:/right/1"]
    assert plan.kept == ["runs:/e", "models:/left/1"]
    assert done(plant.rebuild_plan("base:1", pinned=["left:1", "right:1", "runs:/e"])) == []
    with pytest.raises(InvalidQueryError, match="pinned"):
        plant.rebuild_plan("base:1", "left:1", pinned=["left:1"])


def test_what_is_pinned_is_kept_only_where_a_target_needs_it(plant: Registry) -> None:
    def kept(pinned: list[str], target: str) -> list[str]:
        return plant.rebuild_plan("base:1", pinned=pinned, target=[target]).kept

    assert kept(["left:1"], "right:1") == []
    assert kept(["left:1"], "top:1") == ["models:/left/1"]
    # Nothing is done for the shop, as all that it needs is pinned.
    assert kept(["left:1", "right:1", "runs:/e"], "deployments:/shop") == [
        "models:/left/1",
        "models:/right/1",
    ]
    assert kept(["left:1"], "left:1") == ["models:/left/1"]


def test_changed_test_data_asks_for_an_evaluation_and_nothing_else(plant: Registry) -> None:
    plan = plant.rebuild_plan("datasets:/held-out/1")
    assert done(plan) == [(0, "evaluate", "e")]
    assert (plan.runs, plan.versions) == (1, 0)
    plant.register("quick", datasets=["raw:1"], tested_on=["held-out:1"])
    again = plant.rebuild_plan("datasets:/held-out/1")
    assert [action for _, action, _ in done(again)] == ["evaluate", "evaluate"]
    assert done(plant.rebuild_plan("datasets:/held-out/1", pinned=["runs:/e", "quick"])) == [
        done(again)[1]
    ]


def test_a_version_of_a_run_that_did_not_read_the_change_names_that_run(plant: Registry) -> None:
    with plant.run("tune", run_id="x"):
        plant.register("tuned", parents=["top:1"])
    plan = plant.rebuild_plan("top:1", target=["tuned:1"], cost=True)
    assert done(plan) == [(0, "rebuild", "tuned")]
    assert (plan.steps[0].run, plan.runs) == ("runs:/x", 1)
    assert plan.cost is not None
    assert plan.cost.seconds == plan.cost.critical_seconds == plan.steps[0].seconds


def test_a_plan_says_how_long_it_takes(plant: Registry) -> None:
    plant.run("open", run_id="o", inputs=["models:/base/1"])
    plan = plant.rebuild_plan("datasets:/raw/1", cost=True)
    assert plan.cost is not None
    took = {short(one.reference): one.seconds for one in plan.steps if one.seconds is not None}
    assert took.keys() == {"p", "t", "e"}
    assert all(seconds > 0 for seconds in took.values())
    assert plan.cost.seconds == pytest.approx(sum(took.values()))
    assert plan.cost.critical_seconds == pytest.approx(sum(took.values()))
    names = [short(one) for one in plan.cost.critical_path]
    assert names == ["p", "clean", "t", "base", "e"]
    assert plan.cost.untimed == 1


def test_runs_that_failed_and_made_nothing_are_not_run_again(plant: Registry) -> None:
    for name, status in (("broken", "failed"), ("stopped", "killed"), ("open", None)):
        plant.run(name, run_id=name, inputs=["models:/base/1"])
        if status is not None:
            plant.sender.write(EndRun, {}, run_id=name, status=status)
    half = plant.run("half", run_id="half", inputs=["models:/base/1"])
    plant.register("saved", run=half.reference)
    plant.sender.write(EndRun, {}, run_id="half", status="failed")
    again = [name for _, action, name in done(plant.rebuild_plan("base:1")) if action == "rerun"]
    assert sorted(again) == ["e", "half", "open"]
    named = plant.rebuild_plan("base:1", target=["runs:/broken"])
    assert done(named) == [(0, "rerun", "broken")]
    # What a run made is why it is run again: nothing needs this any more.
    plant.delete_version("saved:1", force=True, reason="x")
    assert "half" not in [name for *_, name in done(plant.rebuild_plan("base:1"))]


def test_a_plan_passes_through_deleted_things_and_leaves_them(plant: Registry) -> None:
    for name in ("left:1", "right:1"):
        plant.delete_version(name, force=True, reason="x")
    plan = plant.rebuild_plan("base:1")
    assert done(plan) == [(0, "rerun", "e"), (0, "rebuild", "top"), (1, "redeploy", "shop")]
    assert (plan.deleted_passed, plan.versions) == (2, 1)
    assert plan.steps[1].because == ["models:/left/1", "models:/right/1"]
    whole = plant.rebuild_plan("base:1", deleted=True)
    assert (whole.deleted_passed, whole.versions) == (0, 3)
    only = plant.rebuild_plan("base:1", target=["left:1"])
    assert done(only) == [(0, "rebuild", "left")]


def test_a_plan_can_be_cut_and_is_of_its_time(place: Place, plant: Registry) -> None:
    old = place.revision
    whole = plant.rebuild_plan("base:1")
    cut = plant.rebuild_plan("base:1", limit=2)
    assert (cut.steps, cut.total, cut.truncated) == (whole.steps[:2], whole.total, True)
    plant.delete_version("left:1", force=True, reason="x")
    assert "left" not in [name for *_, name in done(plant.rebuild_plan("base:1"))]
    assert "left" in [name for *_, name in done(plant.rebuild_plan("base:1", deleted=True))]
    assert plant.rebuild_plan("base:1", as_of=old).model_dump() == whole.model_dump()
    assert done(plant.rebuild_plan("left:1", pinned=["top:1"])) == []
    for wrong in ({"target": ["nobody:1"]}, {"pinned": ["nobody:1"]}):
        with pytest.raises(ModelNotFoundError):
            plant.rebuild_plan("base:1", **wrong)
    with pytest.raises(InvalidInputError):
        plant.rebuild_plan()


def test_the_hot_list_has_what_most_depends_on(plant: Registry) -> None:
    found = plant.hot_list()
    assert [
        (short(one.reference), n) for one, n in zip(found.nodes, found.direct, strict=True)
    ] == [
        ("base", 3),
        ("raw", 1),
        ("held-out", 1),
        ("clean", 1),
        ("left", 1),
        ("right", 1),
        ("top", 1),
    ]
    assert (found.transitive, found.truncated) == (None, False)
    data = plant.hot_list(node_kinds=["dataset_version"], transitive=True, limit=2)
    assert [short(one.reference) for one in data.nodes] == ["raw", "held-out"]
    assert (data.direct, data.transitive, data.truncated) == ([1, 1], [9, 1], True)
    assert data.table().rows[0] == ("datasets:/raw/1", "dataset_version", 1, 9)
    up = plant.hot_list(direction="upstream", limit=1)
    assert (short(up.nodes[0].reference), up.direct) == ("top", [2])
    only = plant.hot_list(edge_kinds=["SERVES"])
    assert [short(one.reference) for one in only.nodes] == ["top"]
    assert plant.hot_list(node_kinds=[]).nodes == []
    before = plant.hot_list().revision
    plant.delete_version("left:1", force=True, reason="x")
    assert plant.hot_list().direct[0] == 2
    assert plant.hot_list(deleted=True).direct[0] == 3
    assert plant.hot_list(as_of=before).nodes == found.nodes
    with pytest.raises(InvalidInputError):
        plant.hot_list(limit=101)


def test_orphans_are_versions_that_nothing_is_known_of(plant: Registry) -> None:
    plant.register("gift")
    plant.register("other", dependencies=["gift:1"])
    plant.set_alias("gift:1", "champion")
    plant.promote("gift:1", "Production")
    plant.deploy("kiosk", "gift:1")
    found = list(plant.orphans())
    assert [short(one.reference) for one in found] == ["gift", "other"]
    assert found[0].held_by == ["alias/champion", "stage/Production", "deployments:/kiosk"]
    assert (found[0].stage, found[1].held_by) == ("Production", [])
    assert found[0].created_at <= found[1].created_at
    assert [short(one.reference) for one in plant.orphans("dataset_version")] == [
        "raw",
        "held-out",
    ]
    # A deleted parent is an origin, too.
    plant.delete_version("base:1", force=True, reason="x")
    plant.delete_version("other:1", reason="x")
    assert [short(one.reference) for one in plant.orphans()] == ["gift"]
    assert [one.status for one in plant.orphans(deleted=True)] == [None, "deleted"]


def test_unused_things_say_what_holds_them_all_the_same(place: Place, plant: Registry) -> None:
    plant.register_dataset("idle")
    plant.register("spare")
    plant.register("spare")
    plant.promote("spare:1", "Production")
    plant.promote("spare:2", "Staging")
    plant.promote("spare:2", "Archived")
    plant.run("sweep", run_id="s")
    plant.run("try", run_id="c", parent="runs:/s")
    old = place.revision
    assert [short(one.reference) for one in plant.unused()] == ["idle"]
    models = {one.reference: one.held_by for one in plant.unused("model_version")}
    assert models == {"models:/spare/1": ["stage/Production"], "models:/spare/2": []}
    runs = [(short(one.reference), one.status, one.title) for one in plant.unused("run")]
    assert runs == [("e", None, "exam"), ("c", "running", "try")]
    plant.delete_deployment("shop")
    assert "models:/top/1" in [one.reference for one in plant.unused("model_version")]
    assert len(list(plant.unused("model_version", as_of=old))) == 2
    with pytest.raises(InvalidInputError):
        list(plant.unused("deployment"))


def test_pages_of_unused_things_join_to_the_whole_list(plant: Registry) -> None:
    for _ in range(7):
        plant.register_dataset("idle")
    whole = list(plant.unused())
    pages = []
    cursor = None
    while True:
        page = plant.unused().page(2, cursor)
        pages.append(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
        plant.register_dataset("later")
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [one for page in pages for one in page] == whole
