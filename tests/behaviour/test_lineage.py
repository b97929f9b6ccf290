"""Lineage: what things come from, what comes from them, and what that puts at risk."""

from datetime import datetime
from pathlib import Path

import pytest

from lineage_registry.errors import (
    DeletedError,
    InvalidInputError,
    InvalidQueryError,
    InvalidReferenceError,
    ModelNotFoundError,
    StageNotFoundError,
    VersionNotFoundError,
)
from lineage_registry.ports.commands import Neighbour, Sibling
from lineage_registry.registry import Registry
from tests.behaviour.places import Place

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
FAMILY = ["raw", "clean", "base", "left", "right", "top"]


@pytest.fixture
def family(registry: Registry) -> Registry:
    """raw <- clean <- (run) <- base <- left, right <- top; top also needs tokenizer."""
    registry.register_dataset("raw")
    registry.register_dataset("clean", parents=["raw:1"])
    with registry.run("train", run_id="t", inputs=["clean:1"]):
        registry.register("base")
    registry.register("left", parents=[("base:1", "finetune")])
    registry.register("right", parents=[("base:1", "quantized")])
    registry.register("tokenizer")
    registry.register(
        "top",
        parents=[("left:1", "merged"), ("right:1", "merged")],
        dependencies=[("tokenizer:1", "tokenizer")],
    )
    return registry


def short(text: str) -> str:
    kind, _, name = text.partition(":/")
    return name if kind == "runs" else name.removesuffix("/1")


def named(answer: object) -> dict[str, int]:
    return {short(one.reference): one.distance for one in answer.nodes}  # type: ignore[attr-defined]


def test_ancestors_come_with_their_smallest_distance_in_order(family: Registry) -> None:
    found = family.ancestors("top:1")
    assert list(named(found).items()) == [
        ("top", 0),
        ("left", 1),
        ("right", 1),
        ("tokenizer", 1),
        ("base", 2),
        ("t", 3),
        ("clean", 4),
        ("raw", 5),
    ]
    assert (found.direction, found.depth_reached, found.truncated) == ("upstream", 5, False)
    assert found.starts == ["models:/top/1"]
    assert found.revision == 9
    ids = {one.id: short(one.reference) for one in found.nodes}
    assert [(ids[e.source], e.kind, ids[e.target], e.role) for e in found.edges] == [
        ("clean", "DERIVED_FROM", "raw", "other"),
        ("t", "USED", "clean", "train"),
        ("base", "GENERATED_BY", "t", ""),
        ("left", "DERIVED_FROM", "base", "finetune"),
        ("right", "DERIVED_FROM", "base", "quantized"),
        ("top", "DEPENDS_ON", "tokenizer", "tokenizer"),
        ("top", "DERIVED_FROM", "left", "merged"),
        ("top", "DERIVED_FROM", "right", "merged"),
    ]


def test_descendants_are_the_other_way(family: Registry) -> None:
    assert named(family.descendants("datasets:/clean/1")) == {
        "clean": 0,
        "t": 1,
        "base": 2,
        "left": 3,
        "right": 3,
        "top": 4,
    }
    assert named(family.descendants("runs:/t"))["top"] == 3


def test_both_ways_is_not_what_lies_beside(family: Registry) -> None:
    found = named(family.lineage("left:1", direction="both"))
    assert found == {"left": 0, "base": 1, "top": 1, "t": 2, "clean": 3, "raw": 4}
    assert named(family.version("left:1").lineage()) == found


def test_a_walk_can_be_cut_and_says_so(family: Registry) -> None:
    near = family.ancestors("top:1", depth=1)
    assert named(near) == {"top": 0, "left": 1, "right": 1, "tokenizer": 1}
    assert (near.truncated, near.depth, near.depth_reached) == (True, 1, 1)
    few = family.ancestors("top:1", limit=3)
    assert list(named(few)) == ["top", "left", "right", "tokenizer"]
    assert few.truncated
    assert named(family.ancestors("top:1", depth=0)) == {"top": 0}
    assert not family.ancestors("datasets:/raw/1", depth=0).truncated
    assert named(family.ancestors("top:1", stop_at=["left:1", "right:1"])) == {
        "top": 0,
        "left": 1,
        "right": 1,
        "tokenizer": 1,
    }


def test_kinds_narrow_what_is_followed_and_what_is_reported(family: Registry) -> None:
    followed = family.ancestors("top:1", edge_kinds=["DERIVED_FROM"])
    assert list(named(followed)) == ["top", "left", "right", "base"]
    assert named(family.ancestors("top:1", edge_kinds=[])) == {"top": 0}
    reported = family.ancestors("top:1", node_kinds=["dataset_version"])
    assert named(reported) == {"top": 0, "clean": 4, "raw": 5}
    assert named(family.ancestors("top:1", node_kinds=[])) == {"top": 0}
    for wrong in ({"edge_kinds": ["KNOWS"]}, {"node_kinds": ["thing"]}, {"direction": "sideways"}):
        with pytest.raises(InvalidInputError):
            family.lineage("top:1", **wrong)


def test_a_model_means_all_its_versions(family: Registry) -> None:
    family.register("left", parents=["tokenizer:1"])
    found = family.ancestors("left")
    assert found.starts == ["models:/left"]
    assert {one.reference for one in found.nodes if one.distance == 0} == {
        "models:/left/1",
        "models:/left/2",
    }
    assert "tokenizer" in named(found)
    several = named(family.ancestors("left:1", "datasets:/raw/1"))
    assert (several["left"], several["raw"]) == (0, 0)


def test_deleted_things_end_a_walk_unless_asked_for(family: Registry) -> None:
    family.delete_version("left:1", force=True, reason="x")
    family.delete_version("right:1", force=True, reason="x")
    assert named(family.ancestors("top:1")) == {"top": 0, "tokenizer": 1}
    through = family.ancestors("top:1", deleted=True)
    assert named(through)["raw"] == 5
    assert {one.reference: one.status for one in through.nodes}["models:/left/1"] == "deleted"
    assert named(family.ancestors("top:1", as_of=9))["raw"] == 5


def test_siblings_share_a_parent_a_run_or_a_dataset(family: Registry) -> None:
    family.register("far", datasets=["clean:1"])
    with family.resume_run("t"):
        pass
    family.register("twin", run="runs:/t")
    family.register("variant", siblings=["left:1"])
    assert family.siblings("left:1").siblings == [
        Sibling(reference="models:/right/1", shared=["models:/base/1"]),
        Sibling(reference="models:/variant/1", declared=True),
    ]
    assert [(one.reference, one.shared) for one in family.siblings("base:1").siblings] == [
        ("models:/far/1", ["datasets:/clean/1"]),
        ("models:/twin/1", ["datasets:/clean/1", "runs:/t"]),
    ]
    assert [one.reference for one in family.siblings("variant:1").siblings] == ["models:/left/1"]
    assert family.siblings("top:1").siblings == []
    cut = family.siblings("base:1", limit=1)
    assert len(cut.siblings) == 1
    assert cut.truncated
    family.delete_version("right:1", force=True, reason="x")
    assert [one.reference for one in family.siblings("left:1").siblings] == ["models:/variant/1"]


def test_siblings_are_narrowed_by_what_they_share(family: Registry) -> None:
    family.register("far", datasets=["clean:1"])
    with family.resume_run("t"):
        pass
    family.register("twin", run="runs:/t")
    family.register("variant", siblings=["base:1"])

    def shared(**how: object) -> dict[str, list[str]]:
        found = family.siblings("base:1", **how).siblings  # type: ignore[arg-type]
        return {short(one.reference): [short(each) for each in one.shared] for one in found}

    assert shared() == {"far": ["clean"], "twin": ["clean", "t"], "variant": []}
    assert shared(cause_kinds=["dataset_version"]) == {"far": ["clean"], "twin": ["clean"]}
    assert shared(cause_kinds=["run"]) == {"twin": ["t"]}
    assert shared(cause_kinds=["model_version"]) == shared(cause_kinds=[]) == {}
    assert shared(edge_kinds=["USED"]) == {"far": ["clean"], "twin": ["clean"]}
    assert shared(edge_kinds=["GENERATED_BY"]) == {"twin": ["t"]}
    assert shared(edge_kinds=["SIBLING_OF"]) == {"variant": []}
    assert shared(edge_kinds=["DERIVED_FROM"]) == shared(edge_kinds=[]) == {}
    right = family.siblings("left:1", edge_kinds=["DERIVED_FROM"]).siblings
    assert [one.reference for one in right] == ["models:/right/1"]
    assert family.siblings("left:1", cause_kinds=["model_version"]).siblings == right


def test_deleted_siblings_and_neighbours_are_shown_if_asked(family: Registry) -> None:
    family.delete_version("right:1", force=True, reason="x")
    (right,) = family.siblings("left:1", deleted=True).siblings
    assert (right.reference, right.deleted) == ("models:/right/1", True)
    for ask in (family.siblings, family.neighbours):
        with pytest.raises(DeletedError) as caught:
            ask("right:1")
        assert "`deleted`" in str(caught.value.hint)
    (left,) = family.siblings("right:1", deleted=True).siblings
    assert (left.reference, left.deleted) == ("models:/left/1", False)
    near = family.neighbours("top:1", deleted=True).neighbours
    assert {one.reference: one.deleted for one in near}["models:/right/1"]
    assert len(family.neighbours("top:1").neighbours) == len(near) - 1
    only = family.neighbours("right:1", deleted=True, edge_kinds=["DERIVED_FROM"]).neighbours
    assert [one.reference for one in only] == ["models:/base/1", "models:/top/1"]
    assert family.neighbours("base:1", edge_kinds=[]).neighbours == []


def test_a_question_about_a_time_before_says_when_it_came(family: Registry, place: Place) -> None:
    old = place.revision
    family.register("late")
    with place.graph.view() as view:
        at = view.at(old + 1)
    assert at is not None
    asked = (
        lambda: family.version("late:1", as_of=old),
        lambda: family.ancestors("late:1", as_of=old),
        lambda: family.impact("top:1", "late:1", as_of=old),
        lambda: family.siblings("late:1", as_of=old),
        lambda: family.recall("late", as_of=old),
    )
    for ask in asked:
        with pytest.raises(ModelNotFoundError) as caught:
            ask()
        hint = str(caught.value.hint)
        assert f"came into being at revision {old + 1}, {at.isoformat()}" in hint
    with pytest.raises(ModelNotFoundError) as caught:
        family.ancestors("never:1", as_of=old)
    assert "came into being" not in str(caught.value.hint)


def test_neighbours_are_one_edge_of_any_kind_away(family: Registry) -> None:
    family.deploy("shop", "base:1")
    family.register("variant", siblings=["base:1"])
    found = family.neighbours("base:1")
    assert found.reference == "models:/base/1"

    def near(reference: str, kind: str, direction: str, edge: str, role: str) -> Neighbour:
        return Neighbour.model_validate(
            {
                "reference": reference,
                "kind": kind,
                "direction": direction,
                "edge": edge,
                "role": role,
                "declared": True,
            }
        )

    assert found.neighbours == [
        near("runs:/t", "run", "upstream", "GENERATED_BY", ""),
        near("models:/left/1", "model_version", "downstream", "DERIVED_FROM", "finetune"),
        near("models:/right/1", "model_version", "downstream", "DERIVED_FROM", "quantized"),
        near("deployments:/shop", "deployment", "downstream", "SERVES", ""),
        near("models:/variant/1", "model_version", "downstream", "SIBLING_OF", ""),
    ]
    assert family.neighbours("base:1", limit=2).truncated
    with pytest.raises(InvalidReferenceError, match="names no version"):
        family.neighbours("base")
    assert [one.reference for one in family.neighbours("runs:/t").neighbours] == [
        "datasets:/clean/1",
        "models:/base/1",
    ]


def test_impact_counts_all_and_names_production_deployments_and_owners(
    place: Place, family: Registry
) -> None:
    family.update("top", owner="ann")
    family.update("left", owner="bob")
    family.update("tokenizer", owner="nobody")
    family.promote("top:1", "Production")
    family.promote("left:1", "Staging")
    family.deploy("shop", "top:1", owner="ops")
    family.deploy("side", "right:1")
    found = family.impact("datasets:/raw/1")
    assert found.total == 8
    assert [(one.distance, one.kind, one.nodes) for one in found.counts] == [
        (1, "dataset_version", 1),
        (2, "run", 1),
        (3, "model_version", 1),
        (4, "model_version", 2),
        (5, "deployment", 1),
        (5, "model_version", 1),
        (6, "deployment", 1),
    ]
    assert found.production == ["models:/top/1"]
    assert found.deployments == ["deployments:/side", "deployments:/shop"]
    assert found.owners == ["ann", "bob", "ops"]
    assert [short(one.reference) for one in found.closest][:3] == ["clean", "t", "base"]
    assert not found.truncated
    assert found.starts == ["datasets:/raw/1"]

    cut = family.impact("datasets:/raw/1", limit=2)
    assert (cut.total, cut.truncated, len(cut.closest)) == (8, True, 2)
    assert family.impact("datasets:/raw/1", depth=2).total == 2
    assert family.impact("top:1").total == 1
    family.delete_deployment("shop")
    assert family.impact("top:1").total == 0
    before = place.revision
    assert family.impact("top:1", as_of=before - 1).deployments == ["deployments:/shop"]


def test_impact_goes_through_deleted_and_inferred_things_as_asked(family: Registry) -> None:
    family.promote("top:1", "Production")
    for name in ("left:1", "right:1"):
        family.delete_version(name, force=True, reason="x")
    found = family.impact("base:1")
    assert (found.total, found.production, found.deleted_passed) == (1, ["models:/top/1"], 2)
    assert [(one.distance, one.kind, one.nodes) for one in found.counts] == [
        (2, "model_version", 1)
    ]
    assert [one.reference for one in found.families] == ["models:/top"]
    assert [one.reference for one in found.closest] == ["models:/top/1"]
    assert not family.impact("base:1", limit=1).truncated
    preview = family.deletion_preview("base:1")
    assert [one.reference for one in preview.stranded] == ["models:/top/1"]
    through = family.impact("base:1", deleted=True)
    assert (through.total, through.production) == (3, ["models:/top/1"])
    assert through.deleted_passed == 2
    assert [one.status for one in through.closest] == ["deleted", "deleted", None]
    family.deploy("shop", "top:1")
    family.delete_version("top:1", force=True, reason="x")
    last = family.impact("base:1", limit=1)
    assert (last.total, last.production, last.deployments) == (1, [], ["deployments:/shop"])
    assert (last.deleted_passed, last.truncated) == (3, False)
    kinds = family.impact("base:1", node_kinds=["model_version"])
    assert (kinds.total, kinds.families, kinds.deleted_passed) == (0, [], 3)
    with family.run("sweep", inputs=["raw:1"]), family.run("trial", run_id="inner"):
        family.register("trial")
    reached = family.impact("datasets:/raw/1", node_kinds=["model_version"])
    declared = family.impact("datasets:/raw/1", node_kinds=["model_version"], inferred=False)
    assert (reached.total, declared.total) == (2, 1)


def test_impact_says_who_owns_what_of_it(family: Registry) -> None:
    for name, owner in (("top", "ann"), ("left", "bob"), ("right", "ann")):
        family.update(name, owner=owner)
    family.register("left", parents=["base:1"])
    family.promote("top:1", "Production")
    family.promote("left:2", "Staging")
    family.deploy("shop", "top:1", owner="ops", environment="eu")
    found = family.impact("base:1")
    assert [(one.reference, one.owner, one.versions, one.production) for one in found.families] == [
        ("models:/top", "ann", 1, ["models:/top/1"]),
        ("models:/left", "bob", 2, []),
        ("models:/right", "ann", 1, []),
    ]
    (shop,) = found.serving
    assert (shop.reference, shop.serves, shop.environment, shop.owner, shop.distance) == (
        "deployments:/shop",
        "models:/top/1",
        "eu",
        "ops",
        3,
    )
    assert [(one.name, one.owns) for one in found.notify] == [
        ("ann", ["models:/top", "models:/right"]),
        ("bob", ["models:/left"]),
        ("ops", ["deployments:/shop"]),
    ]
    rows = [dict(zip(found.table().columns, row, strict=True)) for row in found.table().rows]
    assert [(row["reference"], row["owner"], row["versions"], row["serves"]) for row in rows] == [
        ("models:/top", "ann", 1, None),
        ("models:/left", "bob", 2, None),
        ("models:/right", "ann", 1, None),
        ("deployments:/shop", "ops", None, "models:/top/1"),
    ]
    cut = family.impact("base:1", limit=1)
    assert [one.reference for one in cut.families] == ["models:/top"]
    assert (cut.truncated, cut.notify) == (True, found.notify)


def test_everybody_who_runs_what_is_hit_is_named(family: Registry) -> None:
    for number in range(5):
        family.deploy(f"shop-{number}", "top:1", owner=f"team-{number}")
    family.deploy("nobodys", "top:1")
    cut = family.impact("base:1", limit=2)
    assert (len(cut.deployments), cut.truncated) == (2, True)
    assert cut.owners == [f"team-{number}" for number in range(5)]
    assert cut.notify[4].owns == ["deployments:/shop-4"]
    assert family.impact("base:1").notify == cut.notify


def test_impact_is_narrowed_by_kinds_and_counts_other_stages_as_production(
    family: Registry,
) -> None:
    family.promote("top:1", "Production")
    family.promote("left:1", "Staging")
    family.deploy("shop", "top:1")
    assert family.impact("base:1", stage="Staging").production == ["models:/left/1"]
    both = family.impact("base:1", stage=["Production", "Staging"])
    assert both.production == ["models:/left/1", "models:/top/1"]
    with pytest.raises(StageNotFoundError):
        family.impact("base:1", stage="production")
    assert family.impact("base:1", stage=[]).production == []
    versions = family.impact("datasets:/raw/1", node_kinds=["model_version"])
    assert {one.kind for one in versions.counts} == {"model_version"}
    assert (versions.total, versions.deployments) == (4, [])
    assert versions.production == ["models:/top/1"]
    services = family.impact("base:1", node_kinds=["deployment"])
    assert (services.total, services.deployments) == (1, ["deployments:/shop"])
    assert (services.production, services.families) == ([], [])


def test_questions_about_the_past_are_answered_from_it(place: Place, family: Registry) -> None:
    old = place.revision
    remembered = family.ancestors("top:1").model_dump()
    when = family.ancestors("top:1").as_of
    assert when is not None
    family.update("left", new_name="links")
    family.register("more")
    family.add_dependency("tokenizer:1", "more:1")
    family.promote("top:1", "Production")
    family.delete_version("right:1", force=True, reason="x")
    assert named(family.ancestors("top:1"))["more"] == 2
    for as_of in (old, str(old), when, when.isoformat()):
        assert family.ancestors("top:1", as_of=as_of).model_dump() == remembered
    assert family.ancestors(f"top:1?as_of={old}").nodes == family.ancestors("top:1", as_of=9).nodes
    with pytest.raises(InvalidReferenceError, match="one time") as caught:
        family.ancestors("top:1?as_of=3", "left:1?as_of=4")
    assert caught.value.hint
    with pytest.raises(VersionNotFoundError):
        family.version("left:2")
    with pytest.raises(ModelNotFoundError):
        family.ancestors("top:1", as_of=6)


def test_times_that_are_none_are_refused(family: Registry) -> None:
    with pytest.raises(InvalidQueryError, match=r"no revision 1000000; the last one is \d+"):
        family.ancestors("top:1", as_of=10**6)
    for wrong in (
        "yesterday",
        "2026-13-01",
        "2026-01-01T00:00:00",
        "-1",
        "1.5",
        "",
        -1,
        10**30,
        NAIVE,
    ):
        with pytest.raises(InvalidInputError):
            family.ancestors("top:1", as_of=wrong)
    with pytest.raises(InvalidInputError):
        family.ancestors("top:1?as_of=soon")
    with pytest.raises(InvalidInputError):
        family.ancestors("top:1?when=3")


def test_a_diamond_ladder_reports_each_node_once(registry: Registry) -> None:
    registry.register("n0")
    for level in range(1, 13):
        parents = ["n0:1"] if level == 1 else [f"n{level - 1}:1", f"n{level - 1}:2"]
        registry.register(f"n{level}", parents=parents)
        registry.register(f"n{level}", parents=parents)
    found = registry.ancestors("n12:1")
    assert len(found.nodes) == 24
    assert len(found.edges) == 2 + 4 * 10 + 2
    assert found.depth_reached == 12
    assert registry.impact("n0:1").total == 24


def test_an_answer_is_written_in_every_format(family: Registry, tmp_path: Path) -> None:
    found = family.lineage("base:1", direction="both")
    assert "models:/base/1" in found.tree() or "base" in found.tree()
    graph = found.to_networkx()
    assert graph.number_of_nodes() == len(found.nodes)
    assert graph.number_of_edges() == len(found.edges)
    for suffix in ("json", "dot", "mmd", "svg", "graphml", "html"):
        path = found.export(tmp_path / f"graph.{suffix}")
        text = path.read_text("utf-8")
        for name in FAMILY:
            assert name in text, suffix
        assert found.export(tmp_path / "again", suffix_format(suffix)).read_text("utf-8") == text
    with pytest.raises(InvalidInputError):
        found.export(tmp_path / "graph.xyz")


def suffix_format(suffix: str) -> str:
    return {"mmd": "mermaid"}.get(suffix, suffix)


def test_starts_that_are_not_there_are_refused(family: Registry) -> None:
    for ask in (
        family.ancestors,
        family.descendants,
        family.impact,
        family.siblings,
        family.neighbours,
        family.roots,
        family.leaves,
        family.order,
        family.subgraph,
        lambda text: family.common_ancestors("top:1", text),
        lambda text: family.paths(text, "top:1"),
        lambda text: family.paths("top:1", text),
        lambda text: family.ancestors("top:1", stop_at=[text]),
    ):
        with pytest.raises(ModelNotFoundError):
            ask("nobody:1")
        with pytest.raises(VersionNotFoundError):
            ask("top:9")
        with pytest.raises(InvalidInputError):
            ask("top:1.0")
    with pytest.raises(InvalidInputError):
        family.ancestors()
