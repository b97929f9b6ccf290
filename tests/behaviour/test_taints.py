"""Taints: what they reach, what they stop, and that lifting them ends all of it."""

import threading
from collections.abc import Callable

import pytest

from lineage_registry.errors import (
    InvalidInputError,
    InvalidQueryError,
    InvalidReferenceError,
    ModelNotFoundError,
    StageNotFoundError,
    TaintedError,
    TaintNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


@pytest.fixture
def family(registry: Registry) -> Registry:
    """raw <- clean <- (run t) <- base <- top; exam is only tested on raw; api serves top."""
    registry.register_dataset("raw")
    registry.register_dataset("clean", parents=["datasets:/raw/1"])
    with registry.run("train", run_id="t", inputs=["datasets:/clean/1"]):
        registry.register("base")
    registry.register("top", parents=[("base:1", "finetune")])
    with registry.run("exam", run_id="e", tested_on=["datasets:/raw/1"]):
        registry.register("exam")
    registry.deploy("api", "top:1")
    return registry


def reached(registry: Registry, **options: object) -> list[str]:
    return [one.reference for one in registry.tainted(**options).nodes]  # type: ignore[arg-type]


def test_a_taint_reaches_what_comes_from_it_and_says_by_which_way(family: Registry) -> None:
    raised = family.taint("datasets:/raw/1", "pii", severity="critical", reason="names in it")
    assert (raised.id, raised.kind, raised.severity, raised.active) == (1, "pii", "critical", True)
    assert (raised.origin, raised.raised_by) == ("datasets:/raw/1", "ada")
    (found,) = family.taints("deployments:/api").taints
    assert found.witness == [
        "deployments:/api",
        "models:/top/1",
        "models:/base/1",
        "runs:/t",
        "datasets:/clean/1",
        "datasets:/raw/1",
    ]
    assert (found.distance, found.reason, found.raised_by) == (5, "names in it", "ada")
    assert found.raised_at == raised.raised_at
    assert family.taints("exam:1").taints == []
    assert reached(family) == [
        "datasets:/raw/1",
        "datasets:/clean/1",
        "models:/base/1",
        "models:/top/1",
        "deployments:/api",
    ]
    assert [one.id for one in family.taints().taints] == [1]


def test_lifting_restores_every_answer(family: Registry, place: Place) -> None:
    before = family.taints("top:1"), reached(family), family.version("top:1").taints
    assert before[0].taints == before[1] == before[2] == []
    family.taint("base:1", "cve", severity="critical", reason="CVE-2026-1")
    tainted_at = place.revision
    assert [one.kind for one in family.version("top:1").taints or ()] == ["cve"]
    lifted = family.lift_taint(1, reason="patched")
    assert (lifted.id, lifted.active, lifted.reason) == (1, False, "CVE-2026-1")
    after = family.taints("top:1"), reached(family), family.version("top:1").taints
    assert (after[0].taints, *after[1:]) == ([], [], [])
    family.promote("top:1", "Production")
    then = family.taints("top:1", as_of=tainted_at)
    assert [one.id for one in then.taints] == [1]
    assert reached(family, as_of=tainted_at)[0] == "models:/base/1"
    assert family.version("top:1", as_of=tainted_at).taints == then.taints
    with pytest.raises(TaintNotFoundError):
        family.lift_taint(1, reason="again")
    assert [one.type for one in family.events(subject="base:1")][-2:] == [
        "taint.raised",
        "taint.lifted",
    ]
    assert family.taint("base:1", "cve", reason="another").id == 2
    place.demand_sound()


def test_a_model_or_dataset_means_all_its_versions_later_ones_too(family: Registry) -> None:
    family.taint("datasets:/raw", "embargo", reason="contract ended")
    (found,) = family.taints("top:1").taints
    assert (found.origin, found.witness[-1]) == ("datasets:/raw", "datasets:/raw/1")
    family.register_dataset("raw")
    (later,) = family.taints("datasets:/raw/2").taints
    assert (later.distance, later.witness) == (0, ["datasets:/raw/2"])
    (whole,) = family.taints("datasets:/raw").taints
    assert whole.distance == 0
    assert "datasets:/raw/2" in reached(family)
    assert [one.kind for one in family.taints("top").taints] == ["embargo"]


def test_deleting_launders_nothing(family: Registry) -> None:
    family.taint("datasets:/clean/1", "poisoned", severity="critical", reason="flipped labels")
    family.delete_version("base:1", force=True, reason="cleaning up")
    assert family.taints("top:1").taints[0].witness[1] == "models:/base/1"
    nodes = {one.reference: one.status for one in family.tainted().nodes}
    assert nodes["models:/base/1"] == "deleted"
    with pytest.raises(TaintedError):
        family.promote("top:1", "Production")
    family.taint("base:1", "leak", reason="of a deleted version")
    assert [one.kind for one in family.taints("top:1").taints] == ["leak", "poisoned"]


def test_questions_are_narrowed_by_kind_severity_stage_and_number(family: Registry) -> None:
    family.promote("top:1", "Production")
    family.taint("datasets:/raw/1", "pii", severity="info", reason="a")
    family.taint("base:1", "cve", severity="warning", reason="b")
    nodes = {one.reference: one for one in family.tainted().nodes}
    assert nodes["models:/top/1"].taints == [1, 2]
    assert nodes["models:/top/1"].severity == "warning"
    assert nodes["datasets:/clean/1"].severity == "info"
    assert reached(family, kind=["cve"]) == ["models:/base/1", "models:/top/1", "deployments:/api"]
    assert reached(family, taint=2) == reached(family, severity=["warning"])
    assert reached(family, stage="Production") == ["models:/top/1"]
    assert reached(family, node_kinds=["deployment"]) == ["deployments:/api"]
    assert reached(family, node_kinds=["run"]) == ["runs:/t"]
    assert [one.kind for one in family.taints("top:1", severity=["info"]).taints] == ["pii"]
    assert family.taints("top:1", kind=["none"]).taints == []
    few = family.tainted(limit=2)
    assert (len(few.nodes), few.truncated) == (2, True)
    assert family.tainted(limit=5).truncated is False
    first = family.taints("top:1", limit=1)
    assert ([one.kind for one in first.taints], first.truncated) == (["cve"], True)
    with pytest.raises(TaintNotFoundError):
        family.tainted(taint=3)
    assert first.table().rows[0][:3] == (2, "cve", "warning")
    assert few.table().rows[0][0] == few.nodes[0].reference


def test_lists_of_taints_come_in_pages_of_one_revision(family: Registry) -> None:
    for number in range(5):
        family.taint("datasets:/raw/1", "pii", reason=f"column {number}")
    whole, nodes = family.taints("top:1"), family.tainted()
    assert (whole.total, whole.next_cursor, nodes.next_cursor) == (5, None, None)
    first, near = family.taints("top:1", limit=2), family.tainted(limit=2)
    family.lift_taint(1, reason="x")
    family.taint("datasets:/raw/1", "late", reason="y")
    told, reached_ = list(first.taints), list(near.nodes)
    page, more = first, near
    while page.next_cursor is not None:
        page = family.taints("top:1", limit=2, cursor=page.next_cursor)
        assert (page.total, page.revision) == (5, first.revision)
        told += page.taints
    while more.next_cursor is not None:
        more = family.tainted(limit=2, cursor=more.next_cursor)
        reached_ += more.nodes
    assert (told, reached_) == (whole.taints, nodes.nodes)
    assert (page.truncated, more.truncated) == (False, False)
    every = family.taints(limit=3)
    assert [one.id for one in every.taints] == [2, 3, 4]
    assert [one.id for one in family.taints(limit=3, cursor=every.next_cursor).taints] == [5, 6]
    for wrong in ("x", "W10"):
        with pytest.raises(InvalidQueryError):
            family.taints("top:1", cursor=wrong)
        with pytest.raises(InvalidQueryError):
            family.tainted(cursor=wrong)


def test_a_taint_needs_a_reason_and_something_that_is_there(family: Registry) -> None:
    for wrong in (
        lambda: family.taint("base:1", "cve"),
        lambda: family.taint("base:1", "cve", reason=""),
        lambda: family.taint("base:1", "Not a word", reason="x"),
        lambda: family.taint("base:1", "cve", severity="bad", reason="x"),
        lambda: family.lift_taint(0, reason="x"),
        lambda: family.lift_taint(1),
        lambda: family.taints("base:1", severity=["loud"]),
    ):
        with pytest.raises(InvalidInputError):
            wrong()
    with pytest.raises(ModelNotFoundError):
        family.taint("nothing:1", "cve", reason="x")
    with pytest.raises(InvalidReferenceError):
        family.taint("base:1?as_of=1", "cve", reason="x")
    assert family.taints().taints == []


def test_a_key_raises_a_taint_once(family: Registry) -> None:
    first = family.taint("base:1", "cve", reason="x", key="k")
    assert family.taint("base:1", "cve", reason="x", key="k") == first
    assert len(family.taints().taints) == 1


def refused(doing: Callable[[], object]) -> TaintedError:
    with pytest.raises(TaintedError) as caught:
        doing()
    return caught.value


def test_a_critical_taint_closes_the_gates_unless_forced_with_a_reason(family: Registry) -> None:
    family.taint("datasets:/raw/1", "pii", severity="critical", reason="names")
    error = refused(lambda: family.promote("top:1", "Production"))
    assert "models:/top/1 cannot come into Production: taint 1 (pii)" in error.message
    (told,) = error.context["taints"]  # type: ignore[misc]
    assert told["witness"][-1] == told["origin"] == "datasets:/raw/1"
    assert (told["id"], told["kind"], told["reason"]) == (1, "pii", "names")
    assert family.version("top:1").stage is None
    refused(lambda: family.deploy("new", "top:1"))
    refused(lambda: family.deploy("api", "base:1"))
    assert family.deployment("api").serves == "models:/top/1"
    assert family.deploy("api", "top:1", environment="eu").environment == "eu"
    assert family.promote("top:1", "Staging").stage == "Staging"
    with pytest.raises(InvalidInputError):
        family.promote("top:1", "Production", force=True)
    forced = family.promote("top:1", "Production", force=True, reason="names are public")
    assert forced.stage == "Production"
    (event,) = [one for one in family.events(subject="top:1") if one.data.get("despite")]
    assert (event.type, event.reason, event.data["despite"]) == (
        "stage.moved",
        "names are public",
        [1],
    )
    family.deploy("api", "base:1", force=True, reason="until noon")
    assert family.deployment("api").serves == "models:/base/1"


def test_a_warning_closes_no_gate(family: Registry) -> None:
    family.taint("base:1", "drift", severity="warning", reason="x")
    assert family.promote("top:1", "Production").stage == "Production"


def test_a_rollback_does_not_go_to_what_a_critical_taint_reaches(registry: Registry) -> None:
    registry.register("clf")
    registry.register("clf")
    for version in ("clf:1", "clf:2"):
        registry.promote(version, "Production")
        registry.set_alias(version, "champion")
    registry.taint("clf:1", "cve", severity="critical", reason="x")
    refused(lambda: registry.rollback("clf"))
    refused(lambda: registry.rollback("clf", dry_run=True))
    refused(lambda: registry.rollback("clf", alias="champion"))
    assert registry.version("clf@champion").number == 2
    done = registry.rollback("clf", force=True, reason="2 is worse")
    assert done.restored == "models:/clf/1"


def test_which_stages_are_guarded_can_be_said(family: Registry) -> None:
    family.taint("base:1", "cve", severity="critical", reason="x")
    stages = ["None", "Staging", "Production", "Archived"]
    family.configure_stages(stages, guarded=["Staging"])
    refused(lambda: family.promote("top:1", "Staging"))
    assert family.promote("top:1", "Production").stage == "Production"
    family.configure_stages(stages, guarded=[])
    assert family.promote("top:1", "Staging").stage == "Staging"
    with pytest.raises(StageNotFoundError):
        family.configure_stages(stages, guarded=["Nowhere"])


def test_no_promotion_slips_past_a_taint_that_is_raised_meanwhile(place: Place) -> None:
    registry = place.registry
    for number in range(1, 9):
        registry.register("m", parents=[f"m:{number - 1}"] if number > 1 else [])
    begin = threading.Barrier(2)

    def taint() -> None:
        with place.again("eve") as other:
            begin.wait()
            other.taint("m:1", "cve", severity="critical", reason="now")

    thread = threading.Thread(target=taint)
    thread.start()
    begin.wait()
    for number in range(1, 9):
        try:
            registry.promote(f"m:{number}", "Production")
        except TaintedError:
            break
    thread.join()
    types = [one.type for one in registry.events()]
    after = types[types.index("taint.raised") :]
    assert "stage.moved" not in after


def test_the_audit_report_shows_what_reaches_a_version(family: Registry) -> None:
    from lineage_registry.reports import audit_html

    family.taint("datasets:/raw/1", "pii", severity="critical", reason="<names> in it")
    report = family.audit_report("top:1")
    assert [one.id for one in report.version.taints or ()] == [1]
    page = audit_html(report)
    assert "&lt;names&gt; in it" in page
    assert "No taint reaches this version" in audit_html(family.audit_report("exam:1"))


def test_an_empty_list_of_taints_or_kinds_means_none(family: Registry) -> None:
    family.taint("datasets:/raw/1", "pii", severity="critical", reason="names")
    assert len(family.taints().taints) == 1
    assert family.tainted().nodes
    assert family.taints(kind=[]).taints == family.taints(severity=[]).taints == []
    assert family.tainted(kind=[]).nodes == family.tainted(severity=[]).nodes == []
    assert family.tainted(node_kinds=[]).nodes == []
