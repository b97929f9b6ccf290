"""What is known of how something was made, and what is missing."""

import pytest

from lineage_registry.errors import InvalidReferenceError, VersionNotFoundError
from lineage_registry.ports.commands import Reproducibility, StartRun
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


def gaps(found: Reproducibility) -> dict[str, list[str]]:
    return {one.reference: [gap.item for gap in one.missing] for one in found.nodes if one.missing}


def test_what_is_missing_is_named_per_node(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("raw", place.file("raw.csv"))
    registry.register_dataset("clean", parents=["raw:1"])
    registry.register("base")
    registry.register("m", parents=["base:1"], datasets=["clean:1"], params={"lr": 1})
    found = registry.reproducibility("m:1")
    run = registry.version("m:1").run
    assert gaps(found) == {
        "models:/m/1": ["files"],
        "models:/base/1": ["files"],
        run: ["code", "environment", "seed"],
        "datasets:/clean/1": ["files", "run"],
    }
    assert {one.item: (one.known, one.total) for one in found.items} == {
        "code": (0, 1),
        "data": (1, 1),
        "parameters": (1, 1),
        "environment": (0, 1),
        "seed": (0, 1),
        "run": (1, 2),
        "files": (1, 4),
    }
    assert found.score == 4 / 11
    assert [one.distance for one in found.nodes] == [0, 1, 1, 2, 3]
    assert found.nodes[0].score == 0.5
    assert found.table().rows[0] == ("models:/m/1", "model_version", 0, 0.5, "run", "files")


@pytest.mark.parametrize(("name", "known"), [("torch_seed", 1), ("PYTHONHASHSEED", 0)])
def test_a_seed_may_stand_in_the_environment(place: Place, name: str, known: int) -> None:
    with place.local.run("train", run_id="t", params={"lr": 1}, environment={name: 7}):
        place.local.register("m")
    (seed,) = (one for one in place.registry.reproducibility("m:1").items if one.item == "seed")
    assert (seed.known, seed.total) == (known, 1)


def test_one_says_that_nothing_is_missing(place: Place) -> None:
    registry = place.local
    registry.register_dataset("raw", place.file("raw.csv"))
    started = registry.sender.write(
        StartRun,
        {},
        run_id="t",
        name="t",
        code_commit="0" * 40,
        environment={"python": "3.11"},
        params={"torch.seed": 7},
        inputs=[{"reference": "datasets:/raw/1"}],
    )
    registry.register("m", place.file("m.bin"), run=started.reference)
    found = place.registry.reproducibility("m:1")
    assert (found.score, gaps(found)) == (1.0, {})
    assert place.registry.reproducibility("runs:/t").score == 1.0
    assert place.registry.reproducibility("datasets:/raw/1").score == 0.5


def test_a_commit_with_uncommitted_changes_is_not_known(place: Place) -> None:
    place.local.sender.write(StartRun, {}, run_id="t", code_commit=f"{'0' * 40}+dirty")
    (run,) = place.registry.reproducibility("runs:/t").nodes
    why = {gap.item.value: gap.why for gap in run.missing}
    assert why["code"] == "the commit had uncommitted changes"
    assert "seed" not in why


def test_the_score_counts_what_a_limit_leaves_out(registry: Registry) -> None:
    registry.register("a")
    registry.register("b", parents=["a:1"])
    registry.register("c", parents=["b:1"])
    found = registry.reproducibility("c:1", limit=1)
    assert (len(found.nodes), found.truncated) == (1, True)
    assert found.score == registry.reproducibility("c:1").score == 0.0
    assert sum(one.total for one in found.items) == 5


def test_a_whole_model_has_no_score(registry: Registry) -> None:
    registry.register("m")
    with pytest.raises(InvalidReferenceError):
        registry.reproducibility("m")
    with pytest.raises(VersionNotFoundError):
        registry.reproducibility("m:2")
