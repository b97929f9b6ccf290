"""Runs: started, fed, measured, ended; blocks of code that record what happens inside."""

import numpy as np
import pytest

from lineage_registry.errors import (
    AlreadyExistsError,
    InvalidInputError,
    InvalidReferenceError,
    LineageCycleError,
    RunEndedError,
    RunNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


def inputs_of(registry: Registry, run_id: str) -> list[tuple[str, str, str, bool]]:
    found = registry.get_run(run_id).inputs
    return [(one.reference, one.role, one.edge, one.declared) for one in found]


def test_a_run_is_what_it_was_started_as(registry: Registry) -> None:
    registry.register_dataset("d")
    run = registry.run(
        "train",
        run_id="r.1",
        params={"lr": 0.1, "n": 3},
        tags={"gpu": "no"},
        inputs=[("d:1", "train")],
        tested_on=["d:1"],
        code_commit="abc",
        environment={"python": "3.11", "seed": 7},
    )
    found = run.get()
    assert (found.run_id, found.reference, found.name) == ("r.1", "runs:/r.1", "train")
    assert found.params == {"lr": 0.1, "n": 3}
    assert found.tags == {"gpu": "no"}
    assert (found.code_commit, found.environment) == ("abc", {"python": "3.11", "seed": 7})
    assert (found.status, found.ended_at, found.outputs) == ("running", None, [])
    assert inputs_of(registry, "r.1") == [
        ("datasets:/d/1", "test", "EVALUATED_ON", True),
        ("datasets:/d/1", "train", "USED", True),
    ]
    assert registry.get_run("runs:/r.1") == found
    with pytest.raises(AlreadyExistsError):
        registry.run(run_id="r.1")
    with pytest.raises(RunNotFoundError):
        registry.get_run("r.2")


def test_where_a_run_happens_is_recorded(registry: Registry) -> None:
    found = registry.run("here").get()
    assert found.environment["python"]
    assert found.environment["numpy"] == np.__version__
    assert found.code_commit
    assert len(found.code_commit.removesuffix("+dirty")) == 40


def test_inside_a_block_what_is_loaded_is_input_and_what_is_registered_output(
    place: Place,
) -> None:
    registry = place.registry
    registry.register_dataset("d", place.file("d.csv"))
    registry.register("base", {"w": np.zeros(2)})
    with registry.run("tune", run_id="r") as run:
        registry.download("datasets:/d/1", place.folder / "out")
        registry.load("base:1")
        registry.load("base:1", role="teacher")
        registry.load("base:1")
        run.use("d:1", role="validation")
        run.test_on("d:1")
        tuned = run.log({"w": np.ones(2)}, "tuned", metrics={"acc": 0.5})
        registry.load("tuned:1")
        registry.load("tuned:1")
        data = run.log_dataset(place.file("x.csv"), "predictions")
    assert tuned.run == data.run == "runs:/r"
    assert inputs_of(registry, "r") == [
        ("datasets:/d/1", "test", "EVALUATED_ON", True),
        ("models:/tuned/1", "", "READ_BACK", True),
        ("datasets:/d/1", "train", "USED", True),
        ("datasets:/d/1", "validation", "USED", True),
        ("models:/base/1", "base", "USED", True),
        ("models:/base/1", "teacher", "USED", True),
    ]
    done = run.get()
    assert (done.status, done.outputs) == (
        "finished",
        ["models:/tuned/1", "datasets:/predictions/1"],
    )
    assert done.ended_at is not None
    assert [one.reference for one in registry.ancestors("tuned:1").nodes] == [
        "models:/tuned/1",
        "runs:/r",
        "datasets:/d/1",
        "models:/base/1",
    ]
    registry.load("base:1")
    assert registry.register("alone").run is None
    place.demand_sound()


def test_a_block_that_raises_fails_the_run(registry: Registry) -> None:
    with pytest.raises(ZeroDivisionError), registry.run("bad", run_id="r"):
        _ = 1 / 0
    found = registry.get_run("r")
    assert found.status == "failed"
    assert found.message == "ZeroDivisionError: division by zero"


def test_a_block_may_end_its_run_itself(registry: Registry) -> None:
    with registry.run("tune", run_id="r1") as run:
        run.fail("no memory")

    def finish_and_raise() -> None:
        with registry.run("tune", run_id="r2") as run:
            run.finish()
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        finish_and_raise()
    assert [
        (registry.get_run(id_).status, registry.get_run(id_).message) for id_ in ("r1", "r2")
    ] == [
        ("failed", "no memory"),
        ("finished", None),
    ]


def test_a_run_is_described_and_tagged_also_when_it_has_ended(registry: Registry) -> None:
    with registry.run("tune", run_id="r1", tags={"gpu": "no"}):
        pass
    changed = registry.update_run("r1", description="The first", tags={"gpu": None, "team": "x"})
    assert (changed.description, changed.tags) == ("The first", {"team": "x"})
    again = registry.update_run("runs:/r1", tags={"team": "y"}, reason="moved")
    assert (again.description, again.tags) == ("The first", {"team": "y"})
    assert registry.get_run("r1") == again
    with pytest.raises(RunNotFoundError):
        registry.update_run("r2", description="none")


def test_a_nested_run_inherits_the_inputs_of_its_parent_as_inferred(registry: Registry) -> None:
    for name in ("a", "b"):
        registry.register_dataset(name)
    with registry.run("outer", run_id="o", inputs=["a:1"]) as outer:
        outer.use("b:1", role="validation")
        with registry.run("inner", run_id="i", inputs=["a:1"]):
            version = registry.register("m")
        assert registry.register("m").run == "runs:/o"
    assert version.run == "runs:/i"
    assert registry.get_run("i").parent == "runs:/o"
    assert inputs_of(registry, "i") == [
        ("datasets:/a/1", "train", "USED", True),
        ("datasets:/b/1", "validation", "USED", False),
    ]
    everything = {one.reference for one in registry.ancestors("m:1").nodes}
    declared = {one.reference for one in registry.ancestors("m:1", inferred=False).nodes}
    assert everything - declared == {"datasets:/b/1"}


def test_an_input_that_comes_from_the_run_itself_is_refused_with_the_way(place: Place) -> None:
    registry = place.registry
    run = registry.run("r", run_id="r")
    made = run.log(None, "m")
    registry.register("n", parents=[made.reference])
    before = place.revision
    with pytest.raises(LineageCycleError) as caught:
        run.use("models:/n/1")
    assert caught.value.context["path"] == ["runs:/r", "models:/n/1", "models:/m/1", "runs:/r"]
    with pytest.raises(LineageCycleError):
        registry.register("o", run="runs:/r", datasets=["models:/n/1"])
    assert place.revision == before
    place.demand_sound()


def test_an_ended_run_takes_nothing_more(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("d")
    run = registry.run("r", run_id="r", params={"lr": 1}, inputs=["d:1"])
    run.finish()
    run.finish()
    before = place.revision
    for write in (
        lambda: run.use("d:1", role="validation"),
        lambda: run.log_params(new=1),
        lambda: run.log_metrics({"acc": 1.0}),
        run.fail,
    ):
        with pytest.raises(RunEndedError):
            write()
    run.use("d:1")
    run.log_params(lr=1)
    assert place.revision == before
    assert registry.register("m", run="runs:/r").run == "runs:/r"


def test_parameters_keep_their_values(registry: Registry) -> None:
    run = registry.run("r", params={"lr": 0.1})
    assert run.log_params(n=3, lr=0.1).params == {"lr": 0.1, "n": 3}
    with pytest.raises(InvalidInputError, match="does not change"):
        run.log_params(lr=0.2, fresh=1)
    assert "fresh" not in run.get().params


def test_parameters_and_environment_keep_the_kind_of_their_values(registry: Registry) -> None:
    given = {
        "text": "adam",
        "zeros": "0042",
        "number": "0.1",
        "word": "true",
        "quoted": '"x"',
        "marks": "a:=b=c",
        "lines": "a\nb ",
        "nothing": "",
        "int": 3,
        "float": 3.0,
        "small": 1e-09,
        "yes": True,
    }
    found = registry.run("r", params=given, environment=given).get()
    for kept in (found.params, found.environment):
        assert {key: (type(one), one) for key, one in kept.items()} == {
            key: (type(one), one) for key, one in given.items()
        }
    assert registry.run("r", environment={}).get().environment == {}


def test_a_run_is_tested_on_data_in_a_role(registry: Registry) -> None:
    registry.register_dataset("d")
    run = registry.run("r", run_id="r", tested_on=[("d:1", "holdout")])
    run.test_on("d:1", role="robustness")
    assert inputs_of(registry, "r") == [
        ("datasets:/d/1", "holdout", "EVALUATED_ON", True),
        ("datasets:/d/1", "robustness", "EVALUATED_ON", True),
    ]
    registry.register("m", tested_on=[("d:1", "final")])
    (edge,) = [one for one in registry.ancestors("m:1").edges if one.kind == "EVALUATED_ON"]
    assert edge.role == "final"


def test_every_point_of_a_metric_is_kept(place: Place) -> None:
    registry = place.registry
    run = registry.run("r", run_id="r")
    for step, loss in enumerate((3.0, float("inf"), 1.0)):
        run.log_metrics({"loss": loss, "val/acc": step / 10}, step=step)
    middle = place.revision
    run.log_metrics({"loss": float("nan")}, step=3)
    found = registry.metric_history("r", "loss").points
    assert [(one.step, one.value) for one in found] == [
        (0, 3.0),
        (1, "Infinity"),
        (2, 1.0),
        (3, "NaN"),
    ]
    assert run.get().metrics == {"loss": "NaN", "val/acc": 0.2}
    assert registry.get_run("r", as_of=middle).metrics["loss"] == 1.0
    earlier = registry.metric_history("r", "loss", as_of=middle).points
    assert [one.step for one in earlier] == [0, 1, 2]
    assert [one.value for one in registry.metric_history("r", "val/acc").points] == [0, 0.1, 0.2]
    assert registry.metric_history("r", "none").points == []
    for key, step in (("a b ", 0), ("", 0), ("a", -1), ("a", 2**63)):
        with pytest.raises(InvalidInputError):
            run.log_metrics({key: 1.0}, step=step)


def test_runs_are_found_by_status_tags_metrics_and_params(registry: Registry) -> None:
    one = registry.run(run_id="one", params={"opt": "adam"}, tags={"gpu": "a"})
    one.log_metrics({"acc": 0.9})
    two = registry.run(run_id="two", params={"opt": "sgd"})
    two.log_metrics({"acc": 0.7})
    two.fail("no")

    def ids(**filters: object) -> list[str]:
        return [found.run_id for found in registry.runs(**filters)]

    assert ids() == ["two", "one"]
    assert ids(status="failed") == ids(metric=["acc<0.8"]) == ids(param=["opt=sgd"]) == ["two"]
    assert ids(status="running") == ids(tag=["gpu=a"]) == ids(metric=["acc>=0.9"]) == ["one"]
    assert ids(tag=["gpu"], param=["opt=sgd"]) == []
    with pytest.raises(InvalidInputError):
        ids(status="lost")
    assert two.get().message == "no"


def test_a_run_started_elsewhere_is_taken_up_again(place: Place) -> None:
    place.registry.run(run_id="r")
    with place.again("bob") as bob, bob.resume_run("runs:/r") as run:
        bob.register("m")
        run.log_metrics({"acc": 1.0})
    found = place.registry.get_run("r")
    assert (found.status, found.outputs, found.created_by) == (
        "finished",
        ["models:/m/1"],
        "ada",
    )


def test_a_run_that_is_refused_leaves_nothing(place: Place) -> None:
    registry = place.registry
    registry.register("m")
    for fields in (
        {"run_id": "a/b"},
        {"run_id": ".."},
        {"run_id": ""},
        {"run_id": "x" * 65},
        {"inputs": ["nothing:1"]},
        {"inputs": ["models:/m"]},
        {"tested_on": ["models:/m/1"]},
        {"parent": "runs:/nobody"},
        {"parent": "models:/m/1"},
        {"params": {"big": 2**64}},
        {"params": {"a b ": 1}},
        {"inputs": [("models:/m/1", "Not A Role")]},
    ):
        with pytest.raises((InvalidInputError, RunNotFoundError, LookupError)):
            registry.run(**fields)
    with pytest.raises(InvalidReferenceError):
        registry.run(inputs=["models:/m/1?as_of=1"])
    assert place.revision == 1
    assert list(registry.runs()) == []
