"""The shape of lineage: common ancestors, paths, ends, order, parts of it."""

import time
from pathlib import Path

import pytest

from lineage_registry.errors import (
    DeletedError,
    InvalidInputError,
    InvalidQueryError,
    InvalidReferenceError,
)
from lineage_registry.ports.commands import Step
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


@pytest.fixture
def family(registry: Registry) -> Registry:
    """raw <- clean <- (run t) <- base <- left, right <- top, beside: right and tokenizer."""
    registry.register_dataset("raw")
    registry.register_dataset("clean", parents=["raw:1"])
    with registry.run("train", run_id="t", inputs=["clean:1"]):
        registry.register("base")
    registry.register("left", parents=[("base:1", "finetune")])
    registry.register("right", parents=[("base:1", "quantized")])
    registry.register("tokenizer")
    registry.register("top", parents=["left:1", "right:1"], dependencies=["tokenizer:1"])
    registry.register("beside", parents=["right:1"], dependencies=["tokenizer:1", "right:1"])
    return registry


def short(text: str) -> str:
    kind, _, name = text.partition(":/")
    return name if kind == "runs" else name.removesuffix("/1")


def named(nodes: object) -> list[str]:
    return [short(one.reference) for one in nodes]  # type: ignore[attr-defined]


def test_common_ancestors_come_with_all_distances_and_the_nearest(family: Registry) -> None:
    found = family.common_ancestors("top:1", "beside:1")
    assert found.starts == ["models:/top/1", "models:/beside/1"]
    assert [*zip(named(found.ancestors), found.distances, strict=True)] == [
        ("right", [1, 1]),
        ("tokenizer", [1, 1]),
        ("base", [2, 2]),
        ("t", [3, 3]),
        ("clean", [4, 4]),
        ("raw", [5, 5]),
    ]
    assert named(found.nearest) == ["right", "tokenizer"]
    assert (found.total, found.truncated) == (6, False)
    assert found.table().columns == ("reference", "kind", "nearest", "distance_1", "distance_2")
    assert found.table().rows[2] == ("models:/base/1", "model_version", False, 2, 2)


def test_a_thing_is_its_own_ancestor(family: Registry) -> None:
    found = family.common_ancestors("top:1", "left:1", "right:1")
    assert named(found.nearest) == ["base"]
    found = family.common_ancestors("top:1", "left:1")
    assert (named(found.nearest), found.distances[0]) == (["left"], [1, 0])
    assert named(family.common_ancestors("datasets:/raw/1", "top:1").nearest) == ["raw"]


def test_what_is_nearest_is_so_among_the_kinds_that_are_asked_for(family: Registry) -> None:
    found = family.common_ancestors("top:1", "beside:1", node_kinds=["dataset_version"])
    assert (named(found.ancestors), named(found.nearest)) == (["clean", "raw"], ["clean"])
    none = family.common_ancestors("left:1", "tokenizer:1")
    assert (none.ancestors, none.nearest, none.total) == ([], [], 0)
    followed = family.common_ancestors("top:1", "beside:1", edge_kinds=["DEPENDS_ON"])
    assert named(followed.ancestors) == ["tokenizer"]
    cut = family.common_ancestors("top:1", "beside:1", limit=1)
    assert (named(cut.ancestors), named(cut.nearest)) == (["right"], ["right"])
    assert (cut.total, cut.truncated) == (6, True)
    with pytest.raises(InvalidInputError):
        family.common_ancestors("top:1")


def test_a_model_has_the_ancestors_of_any_of_its_versions(family: Registry) -> None:
    family.register("top", parents=["tokenizer:1"])
    found = family.common_ancestors("top", "left:1")
    assert named(found.nearest) == ["left"]
    assert found.starts == ["models:/top", "models:/left/1"]


def test_paths_come_shortest_first_with_their_edges_and_are_all_counted(family: Registry) -> None:
    family.register("twisted", parents=["top:1", "base:1"])
    found = family.paths("twisted:1", "datasets:/raw/1")
    assert [[short(one) for one in path.nodes] for path in found.paths] == [
        ["twisted", "base", "t", "clean", "raw"],
        ["twisted", "top", "left", "base", "t", "clean", "raw"],
        ["twisted", "top", "right", "base", "t", "clean", "raw"],
    ]
    assert [path.length for path in found.paths] == [4, 6, 6]
    assert (found.total, found.complete, found.other_way, found.truncated) == (
        3,
        True,
        False,
        False,
    )
    assert (found.source, found.target) == ("models:/twisted/1", "datasets:/raw/1")
    assert found.paths[0].steps[1] == [
        Step(found.paths[0].nodes[2], "GENERATED_BY", "", declared=True)
    ]
    assert len(found.lineage.nodes) == 8
    assert len(found.lineage.edges) == 9
    assert [one.distance for one in found.lineage.nodes] == [0, 1, 1, 2, 2, 2, 3, 4]
    assert found.table().rows[0] == (
        1,
        1,
        "models:/twisted/1",
        "models:/base/1",
        "DERIVED_FROM",
        "other",
    )

    first = family.paths("twisted:1", "datasets:/raw/1", limit=2)
    assert (first.paths, first.total, first.complete) == (found.paths[:2], 3, False)


def test_several_edges_between_two_nodes_are_one_step(family: Registry) -> None:
    found = family.paths("beside:1", "right:1")
    assert (found.total, found.complete) == (1, True)
    assert [(step.edge, step.role) for step in found.paths[0].steps[0]] == [
        ("DEPENDS_ON", ""),
        ("DERIVED_FROM", "other"),
    ]
    assert len(found.lineage.edges) == 2
    only = family.paths("beside:1", "right:1", edge_kinds=["DEPENDS_ON"])
    assert [step.edge for step in only.paths[0].steps[0]] == ["DEPENDS_ON"]


def test_where_no_path_leads_it_says_whether_one_leads_back(family: Registry) -> None:
    found = family.paths("datasets:/raw/1", "top:1")
    assert (found.paths, found.total, found.complete, found.other_way) == ([], 0, True, True)
    assert not family.paths("left:1", "right:1").other_way
    itself = family.paths("top:1", "top:1")
    assert [(path.nodes, path.length) for path in itself.paths] == [(["models:/top/1"], 0)]
    assert (itself.total, itself.other_way) == (1, False)
    for wrong in (("top", "left:1"), ("top:1", "datasets:/raw")):
        with pytest.raises(InvalidReferenceError, match="names no version"):
            family.paths(*wrong)
    for limit in (0, 101):
        with pytest.raises(InvalidInputError):
            family.paths("top:1", "left:1", limit=limit)


def test_roots_and_leaves_are_where_lineage_ends(family: Registry) -> None:
    family.deploy("shop", "top:1")
    roots = family.roots("top:1")
    assert [(short(one.reference), one.distance) for one in roots.nodes] == [
        ("tokenizer", 1),
        ("raw", 5),
    ]
    assert (roots.total, roots.truncated) == (2, False)
    assert roots.table().rows[1] == ("datasets:/raw/1", "dataset_version", 5)
    assert named(family.roots("top:1", edge_kinds=["DERIVED_FROM"]).nodes) == ["base"]
    assert named(family.roots("tokenizer:1").nodes) == ["tokenizer"]
    assert named(family.roots("top:1", node_kinds=["dataset_version"]).nodes) == ["raw"]
    leaves = family.leaves("datasets:/clean/1")
    assert named(leaves.nodes) == ["beside", "shop"]
    cut = family.leaves("datasets:/clean/1", limit=1)
    assert (named(cut.nodes), cut.total, cut.truncated) == (["beside"], 2, True)
    with pytest.raises(InvalidInputError):
        family.roots()


def test_an_order_has_each_thing_behind_its_causes(family: Registry) -> None:
    found = family.order("top:1")
    assert [named(level) for level in found.levels] == [
        ["raw", "tokenizer"],
        ["clean"],
        ["t"],
        ["base"],
        ["left", "right"],
        ["top"],
    ]
    assert found.table().rows[-1] == (5, "models:/top/1", "model_version")
    assert (found.total, found.depth_reached, found.truncated) == (8, 5, False)
    assert (found.omitted, found.has_more) == ({}, {})
    down = family.order("base:1", direction="downstream")
    assert [named(level) for level in down.levels] == [
        ["base"],
        ["left", "right"],
        ["top", "beside"],
    ]
    both = family.order("right:1", direction="both")
    assert [named(level) for level in both.levels][-2:] == [["right"], ["top", "beside"]]
    # What joins them is not in the answer, and still counts.
    alone = family.order("top:1", "tokenizer:1", "datasets:/raw/1", "base:1", direction="none")
    assert [named(level) for level in alone.levels] == [["raw", "tokenizer"], ["base"], ["top"]]
    assert (alone.direction, alone.truncated) == ("none", False)
    assert (alone.total, alone.has_more) == (4, None)
    cut = family.order("top:1", limit=4)
    assert [named(level) for level in cut.levels] == [["left", "right", "tokenizer"], ["top"]]
    assert cut.truncated
    assert (cut.total, cut.depth_reached) == (8, 1)
    assert cut.omitted == {"model_version": 1, "dataset_version": 2, "run": 1}
    ids = {short(one.reference): one.id for level in cut.levels for one in level}
    assert cut.has_more == {ids["left"]: 1, ids["right"]: 1}
    few = family.order("right:1", direction="both", limit=3)
    assert few.total == 7
    # Of base the causes are missing; its other effects are not asked for.
    near = {one.id: short(one.reference) for level in few.levels for one in level}
    left = {near[id_]: count for id_, count in (few.has_more or {}).items()}
    assert left == {"base": 1, "right": 1}


def test_a_subgraph_has_the_given_things_and_the_edges_among_them(
    family: Registry, tmp_path: Path
) -> None:
    found = family.subgraph("top:1", "left:1", "base:1", "tokenizer:1")
    ids = {one.id: short(one.reference) for one in found.nodes}
    assert list(ids.values()) == ["base", "left", "tokenizer", "top"]
    assert [(ids[edge.source], edge.kind, ids[edge.target]) for edge in found.edges] == [
        ("left", "DERIVED_FROM", "base"),
        ("top", "DEPENDS_ON", "tokenizer"),
        ("top", "DERIVED_FROM", "left"),
    ]
    for name in ("left", "tokenizer"):
        assert name in found.tree()
        assert name in found.export(tmp_path / "part.mmd").read_text("utf-8")
    kept = family.subgraph("top", "left:1", edge_kinds=["DEPENDS_ON"])
    assert (len(kept.nodes), kept.edges) == (2, [])
    with pytest.raises(InvalidInputError):
        family.subgraph()


def test_deleted_and_inferred_things_are_in_the_shape_as_asked(family: Registry) -> None:
    family.delete_version("right:1", force=True, reason="x")
    assert named(family.common_ancestors("top:1", "beside:1").ancestors) == ["tokenizer"]
    assert "right" in named(family.common_ancestors("top:1", "beside:1", deleted=True).nearest)
    assert family.paths("top:1", "base:1").total == 1
    assert family.paths("top:1", "base:1", deleted=True).total == 2
    assert named(family.roots("beside:1").nodes) == ["tokenizer"]
    assert named(family.roots("beside:1", deleted=True).nodes) == ["tokenizer", "raw"]
    assert sum(map(len, family.order("beside:1").levels)) == 2
    for ask in (family.roots, family.subgraph, lambda text: family.paths("top:1", text)):
        with pytest.raises(DeletedError):
            ask("right:1")
    assert len(family.subgraph("top:1", "right:1", deleted=True).edges) == 1

    family.run("sweep", run_id="s", inputs=["models:/tokenizer/1"])
    family.run("child", run_id="c", parent="runs:/s")
    family.register("tuned", run="runs:/c")
    assert family.paths("tuned:1", "tokenizer:1").total == 1
    assert family.paths("tuned:1", "tokenizer:1", inferred=False).total == 0
    assert named(family.roots("tuned:1", inferred=False).nodes) == ["c"]
    assert len(family.subgraph("runs:/c", "tokenizer:1", inferred=False).edges) == 0


def test_shapes_are_those_of_the_time_that_is_asked_about(place: Place, family: Registry) -> None:
    asks = [
        lambda **how: family.common_ancestors("top:1", "beside:1", **how),
        lambda **how: family.paths("top:1", "datasets:/raw/1", **how),
        lambda **how: family.roots("top:1", **how),
        lambda **how: family.leaves("datasets:/raw/1", **how),
        lambda **how: family.order("top:1", direction="both", **how),
        lambda **how: family.subgraph("top", "left", "base", **how),
    ]
    old = place.revision
    before = [ask().model_dump() for ask in asks]
    family.register("more")
    family.add_dependency("base:1", "more:1")
    family.register("left", parents=["more:1"])
    family.register("last", parents=["top:1"])
    family.delete_version("right:1", force=True, reason="x")
    for ask, remembered in zip(asks, before, strict=True):
        assert ask(as_of=old).model_dump() == remembered
        assert ask().model_dump() != remembered


def test_edges_that_may_form_cycles_have_no_shape(family: Registry) -> None:
    for ask in (family.roots, family.order, lambda *refs, **how: family.paths(*refs, *refs, **how)):
        with pytest.raises(InvalidQueryError, match="READ_BACK is no lineage") as caught:
            ask("top:1", edge_kinds=["READ_BACK"])
        assert "DERIVED_FROM" in (caught.value.hint or "")
    assert named(family.roots("top:1", edge_kinds=["SERVES"]).nodes) == ["top"]


def test_a_ladder_of_diamonds_is_counted_and_not_walked_path_by_path(registry: Registry) -> None:
    registry.register("n0")
    for level in range(1, 13):
        parents = ["n0:1"] if level == 1 else [f"n{level - 1}:{n}" for n in (1, 2, 3)]
        for _ in range(3):
            registry.register(f"n{level}", parents=parents)
    begun = time.perf_counter()
    found = registry.paths("n12:1", "n0:1", limit=3)
    assert (found.total, found.complete) == (3**11, False)
    assert [len(path.nodes) for path in found.paths] == [13] * 3
    nearest = registry.common_ancestors("n12:1", "n12:2").nearest
    assert named(nearest) == ["n11", "n11/2", "n11/3"]
    assert [len(level) for level in registry.order("n12").levels] == [1, *[3] * 12]
    assert named(registry.roots("n12:3").nodes) == ["n0"]
    assert time.perf_counter() - begun < 10
