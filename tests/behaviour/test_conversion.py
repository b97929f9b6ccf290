"""Conversions: a new version beside the old one, and a run that says how it was made."""

import numpy as np
import pytest
import torch

from lineage_registry.errors import InvalidInputError, UnknownFormatError
from lineage_registry.ports.commands import LinkedVersion
from lineage_registry.registry.transfers import Step
from tests.behaviour.conftest import near_and_far, only
from tests.behaviour.places import Place

somewhere = only("sdk-sqlite-folder", "sdk-neo4j-s3", "http-sqlite-folder", "cli-sqlite-folder")


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    layers = [torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 8)]
    return torch.nn.Sequential(*layers).eval()


@somewhere
def test_a_conversion_is_a_version_an_edge_and_a_run(place: Place) -> None:
    registry = place.registry
    state = network().state_dict()
    first = registry.register("net", {"state_dict": state, "epoch": 3}, format="pytorch")
    made = registry.convert("net:1", "safetensors", label="1.0.0", reason="safer")
    assert made.reference == "models:/net-safetensors/1"
    assert made.parents == [LinkedVersion(reference="models:/net/1", role="converted")]
    assert made.same_weights == ["models:/net/1"]
    assert made.weights == first.weights
    assert (made.format, made.label, made.metrics) == ("safetensors", "1.0.0", {"max_error": 0.0})
    assert made.run is not None
    run = registry.get_run(made.run)
    assert [(one.reference, one.role) for one in run.inputs] == [("models:/net/1", "source")]
    assert str(run.params["tool"]).startswith("safetensors 0.")
    assert run.params["version/torch"] == torch.__version__.partition("+")[0]
    assert {"seconds", "size_before", "size_after", "size_ratio", "max_error"} == {*run.metrics}
    assert run.metrics["size_before"] == first.size
    assert run.status == "finished"
    loaded = registry.load("net-safetensors:1")
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    assert registry.version("net:1").manifest == first.manifest
    place.demand_sound()


@near_and_far
def test_from_a_module_over_onnx_to_int8(place: Place) -> None:
    registry = place.registry
    model = network()
    registry.register("net", model)
    example = torch.randn(2, 16)
    options = {"module": network(), "example_inputs": (example,), "dynamic_shapes": ({0: "n"},)}
    onnx = registry.convert("net:1", "onnx", name="graphs", options=options)
    assert float(onnx.metrics["max_error"]) < 1e-5
    int8 = registry.convert("graphs:1", "onnx-int8", name="graphs")
    assert int8.parents == [LinkedVersion(reference="models:/graphs/1", role="quantized")]
    assert "int8" in str(int8.facts["quantization"])
    x = torch.randn(5, 16)
    session = registry.load("graphs:2")
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert np.allclose(found, model(x).detach().numpy(), atol=0.1)
    assert [one.to for one in registry.conversions("graphs:1")] == ["onnx-int8"]
    roots = [node.reference for node in registry.lineage("graphs:2").nodes]
    assert "models:/net/1" in roots


@near_and_far
def test_a_program_becomes_onnx_without_being_told_anything(place: Place) -> None:
    registry = place.registry
    program = torch.export.export(network(), (torch.randn(2, 16),))
    registry.register("net", program)
    assert registry.version("net:1").format == "pytorch"
    loaded = registry.load("net:1")
    assert torch.equal(loaded.module()(torch.ones(2, 16)), program.module()(torch.ones(2, 16)))
    made = registry.convert("net:1", "onnx")
    assert float(made.metrics["max_error"]) < 1e-5


@somewhere
def test_what_cannot_be_converted_leaves_no_version(place: Place) -> None:
    registry = place.registry
    registry.register("words", place.file("notes.txt"))
    registry.register("nothing")
    registry.register("net", {"w": torch.ones(2)})
    with pytest.raises(UnknownFormatError):
        registry.convert("words:1", "onnx")
    with pytest.raises(InvalidInputError, match="no files"):
        registry.convert("nothing:1", "onnx")
    with pytest.raises(InvalidInputError, match="no option"):
        registry.convert("net:1", "safetensors", options={"colour": "red"})
    assert [one.status for one in registry.runs()] == ["failed"]
    assert [one.name for one in registry.models()] == ["words", "nothing", "net"]


@near_and_far
def test_the_steps_of_a_conversion_are_told(place: Place) -> None:
    registry = place.registry
    registry.register("net", network().state_dict(), format="pytorch")
    told: list[tuple[str, int, int]] = []
    registry.convert("net:1", "safetensors", progress=lambda *one: told.append(one))
    steps = [one for one in told if isinstance(one[0], Step)]
    names = ["reading", "converting", "checking parity", "storing"]
    assert steps == [(name, done, 1) for name in names for done in (0, 1)]
    files = list(dict.fromkeys(one[0] for one in told if not isinstance(one[0], Step)))
    assert files == ["model.pt", "model.safetensors"]
    assert told.index(("model.safetensors", told[-2][1], told[-2][2])) > told.index(steps[-2])


@near_and_far
def test_a_model_is_saved_as_it_is_asked_for(place: Place) -> None:
    registry = place.registry
    state = {"a": torch.ones(100), "b": torch.ones(100)}
    made = registry.register("net", state, save_options={"max_shard_size": 400})
    assert made.facts["files"] == 3
    assert registry.load("net:1", dtype="float16")["a"].dtype is torch.float16
    with pytest.raises(InvalidInputError, match="kept as they are"):
        registry.register("net", place.file("x"), save_options={"max_shard_size": 400})
