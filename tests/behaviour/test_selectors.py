"""Selectors: sets of things, written in a line."""

from collections.abc import Iterator

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lineage_registry
from lineage_registry.errors import (
    InvalidQueryError,
    InvalidReferenceError,
    ModelNotFoundError,
)
from lineage_registry.registry import Registry


@pytest.fixture
def family(registry: Registry) -> Registry:
    """raw <- clean <- (run t) <- base:1 <- base:2 <- tuned; other stands alone."""
    registry.create_dataset("raw", owner="data-team", tags={"pii": "yes"})
    registry.register_dataset("raw")
    registry.register_dataset("clean", parents=["raw:1"], tags={"checked": "2026"})
    with registry.run("train", run_id="t", inputs=["clean:1"], params={"lr": 0.1}):
        registry.register("base", metrics={"acc": 0.8})
    registry.register("base", parents=["base:1"], metrics={"acc": 0.9})
    registry.register("tuned", parents=["base:2"], description="for the shop")
    registry.register("other", tags={"pii": "no"})
    registry.promote("base:2", "Production")
    registry.set_alias("tuned:1", "champion")
    return registry


def chosen(registry: Registry, selector: str, **options: object) -> set[str]:
    found = registry.select(selector, **options)  # type: ignore[arg-type]
    names = [one.reference.partition(":/")[2].replace("/", ":") for one in found.nodes]
    assert len(names) == len(set(names))
    return set(names)


CHOSEN = {
    "base": {"base:1", "base:2"},
    "tuned@champion": {"tuned:1"},
    "+base:1": {"base:1", "t", "clean:1", "raw:1"},
    "2+tuned:1": {"tuned:1", "base:2", "base:1"},
    "datasets:/clean/1+": {"clean:1", "t", "base:1", "base:2", "tuned:1"},
    "datasets:/clean/1+2": {"clean:1", "t", "base:1"},
    "1+base:1+1": {"t", "base:1", "base:2"},
    "+tuned@champion & kind:dataset": {"clean:1", "raw:1"},
    "+tuned@champion & kind:dataset & tag:pii": {"raw:1"},
    "+tuned@champion - kind:run": {"tuned:1", "base:2", "base:1", "clean:1", "raw:1"},
    "+tuned@champion - (kind:model | kind:dataset)": {"t"},
    "tag:pii": {"raw", "raw:1", "other:1"},
    "tag:pii=yes": {"raw", "raw:1"},
    "tag:pii=yes & kind:dataset-version": {"raw:1"},
    "(tag:pii=yes)+ & stage:Production": {"base:2"},
    "owner:data-team": {"raw", "raw:1"},
    "status:finished": {"t"},
    "metric:acc>=0.85": {"base:2"},
    "param:lr=0.1 | metric:acc<0.85": {"t", "base:1"},
    "text:SHOP": {"tuned:1"},
    "text:cle": {"clean", "clean:1"},
    "kind:deployment": set(),
    "kind:model_version - base": {"tuned:1", "other:1"},
    "kind:model-version - +tuned:1": {"other:1"},
    "runs:/t | tuned:1": {"t", "tuned:1"},
}


def test_what_is_chosen(family: Registry) -> None:
    assert {selector: chosen(family, selector) for selector in CHOSEN} == CHOSEN


def test_the_answer_is_a_graph_from_effects_to_causes(family: Registry) -> None:
    found = family.select("+base:2 - kind:run")
    assert [(one.reference, one.distance) for one in found.nodes] == [
        ("datasets:/clean/1", 0),
        ("models:/base/2", 0),
        ("datasets:/raw/1", 1),
        ("models:/base/1", 1),
    ]
    names = {one.id: one.reference for one in found.nodes}
    assert [(names[one.source], names[one.target]) for one in found.edges] == [
        ("datasets:/clean/1", "datasets:/raw/1"),
        ("models:/base/2", "models:/base/1"),
    ]
    assert found.starts == ["+base:2 - kind:run"]
    assert not found.truncated


def test_a_limit_says_that_it_cut(family: Registry) -> None:
    found = family.select("base | tuned", limit=2)
    assert [one.reference for one in found.nodes] == ["models:/base/2", "models:/base/1"]
    assert found.truncated


def test_an_answer_says_what_lies_beyond_it(family: Registry) -> None:
    found = family.select("kind:model-version", limit=2)
    assert (found.truncated_by, found.omitted) == ("limit", {"model_version": 2})
    ids = {one.reference: one.id for one in found.nodes}
    # base:1 has its run above, base:2 has tuned below.
    assert found.has_more == {ids["models:/base/1"]: 1, ids["models:/base/2"]: 1}
    assert found.depth_reached == 1
    whole = family.select("base:2 | other")
    assert (whole.truncated_by, whole.omitted) == (None, {})
    assert sorted((whole.has_more or {}).values()) == [2]


def test_deleted_things_are_left_out_unless_asked_for(family: Registry) -> None:
    family.delete_version("tuned:1", force=True, reason="a mistake")
    assert chosen(family, "base:2+") == {"base:2"}
    assert chosen(family, "base:2+", deleted=True) == {"base:2", "tuned:1"}
    assert chosen(family, "text:shop") == set()
    assert chosen(family, "text:shop", deleted=True) == {"tuned:1"}


def test_a_selector_is_about_one_time(family: Registry) -> None:
    before = family.status().revision
    family.register("tuned", parents=["base:2"])
    assert chosen(family, "base:2+1") == {"base:2", "tuned:1", "tuned:2"}
    assert chosen(family, "base:2+1", as_of=before) == {"base:2", "tuned:1"}
    assert chosen(family, f"base:2?as_of={before}+1") == {"base:2", "tuned:1"}
    with pytest.raises(InvalidReferenceError, match="one time"):
        family.select(f"base:2?as_of={before} | base:1?as_of=1")


UNREADABLE = {
    "base:2 &": 8,
    "base:2 | kind:plane": 9,
    "status:done": 0,
    "metric:acc~1": 0,
    "kind:run & metric:acc>high": 11,
    "tag:=x": 0,
}


def test_a_selector_that_cannot_be_read_is_told_where(family: Registry) -> None:
    for selector, position in UNREADABLE.items():
        with pytest.raises(InvalidQueryError, match=f"at character {position + 1} ") as caught:
            family.select(selector)
        assert caught.value.context["position"] == position


def test_a_reference_to_nothing_is_not_found(family: Registry) -> None:
    with pytest.raises(ModelNotFoundError, match="nobody"):
        family.select("+nobody:1 & kind:run")


Sets = dict[str, frozenset[int]]


@pytest.fixture(scope="module")
def small() -> Iterator[tuple[Registry, "nx.MultiDiGraph[int]", Sets]]:
    """A registry, its whole graph, and what some sets without signs are, found the plain way."""
    with lineage_registry.connect("memory://") as registry:
        registry.create_model("a", tags={"team": "x"})
        registry.register_dataset("d", tags={"team": "y"})
        registry.register_dataset("d", parents=["d:1"])
        for number in range(1, 4):
            with registry.run("fit", run_id=f"r{number}", inputs=[f"d:{1 + number % 2}"]):
                registry.register("a", metrics={"acc": number / 10})
                registry.register("b", parents=[f"a:{number}"], tags={"team": "z"})
        registry.promote("b:2", "Production")
        registry.delete_version("a:3", force=True, reason="bad")
        graph = registry.select("kind:model | kind:dataset | kind:run").to_networkx()
        ids = {data["reference"]: node for node, data in graph.nodes(data=True)}
        yield registry, graph, _sets(ids)


def _sets(ids: dict[str, int]) -> Sets:
    a, b = ids["models:/a"], ids["models:/b"]
    a1, a2 = ids["models:/a/1"], ids["models:/a/2"]
    bs = [ids[f"models:/b/{number}"] for number in (1, 2, 3)]
    d, d1, d2 = (ids[f"datasets:/d{rest}"] for rest in ("", "/1", "/2"))
    runs = [ids[f"runs:/r{number}"] for number in (1, 2, 3)]
    return {
        "a": frozenset({a1, a2}),
        "b:2": frozenset({bs[1]}),
        "datasets:/d/1": frozenset({d1}),
        "runs:/r3": frozenset({runs[2]}),
        "kind:run": frozenset(runs),
        "kind:dataset": frozenset({d, d1, d2}),
        "kind:model-version": frozenset({a1, a2, *bs}),
        "tag:team": frozenset({a, a1, a2, *bs, d1}),
        "tag:team=x": frozenset({a, a1, a2}),
        "stage:Production": frozenset({bs[1]}),
        "metric:acc>0.15": frozenset({a2}),
        "text:b": frozenset({b, *bs}),
    }


Tree = tuple[str, ...]
TREES = st.recursive(
    st.sampled_from(
        [
            "a",
            "b:2",
            "datasets:/d/1",
            "runs:/r3",
            "kind:run",
            "kind:dataset",
            "kind:model-version",
            "tag:team",
            "tag:team=x",
            "stage:Production",
            "metric:acc>0.15",
            "text:b",
        ]
    ).map(lambda text: (text,)),
    lambda inner: (
        st.tuples(st.sampled_from("&|-"), inner, inner)
        | st.tuples(st.sampled_from(["+", "1+"]), inner)
        | st.tuples(inner, st.sampled_from(["+", "+2"]))
    ),
    max_leaves=6,
)


def written(tree: Tree) -> str:
    if len(tree) == 1:
        return tree[0]
    if len(tree) == 3:
        return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"
    first, second = tree
    return (
        f"{first}({written(second)})" if isinstance(first, str) else f"({written(first)}){second}"
    )


def plainly(tree: Tree, graph: "nx.MultiDiGraph[int]", sets: Sets) -> frozenset[int]:
    if len(tree) == 1:
        return sets[tree[0]]
    if len(tree) == 3:
        left, right = (plainly(one, graph, sets) for one in tree[1:])
        return {"&": left & right, "|": left | right, "-": left - right}[tree[0]]
    first, second = tree
    up = isinstance(first, str)
    sign, inner = (first, second) if up else (second, first)
    depth = int(sign.strip("+") or 100)
    way = graph if up else graph.reverse()
    found = plainly(inner, graph, sets)
    reached = (nx.single_source_shortest_path_length(way, node, depth) for node in found)
    return found.union(*reached)


@settings(max_examples=200, deadline=None)
@given(tree=TREES)
def test_any_selector_is_what_sets_make_of_it(
    small: tuple[Registry, "nx.MultiDiGraph[int]", Sets], tree: Tree
) -> None:
    registry, graph, sets = small
    found = registry.select(written(tree))
    assert {node.id for node in found.nodes} == plainly(tree, graph, sets)
