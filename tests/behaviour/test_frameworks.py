"""Models of the large frameworks, registered with all that belongs to them."""

import numpy as np
import pytest
import torch

from lineage_registry.errors import InvalidInputError
from lineage_registry.registry import Registry
from tests.behaviour.conftest import near_and_far
from tests.conformance.test_framework_handlers import answer, graph, llama, tokenizer

pytestmark = near_and_far


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(), torch.nn.Linear(8, 2))


def test_a_module_with_examples_is_a_program_with_a_signature(registry: Registry) -> None:
    model = network()
    made = registry.register_pytorch(
        "net",
        model,
        example_inputs=(torch.randn(2, 4),),
        dynamic_shapes=({0: torch.export.Dim("batch", min=2, max=64)},),
        tags={"a": "b"},
    )
    assert (made.format, made.tags, made.facts["kind"]) == ("pytorch", {"a": "b"}, "torch-export")
    assert "float32" in str(made.facts["inputs"])
    x = torch.randn(7, 4)
    assert torch.equal(registry.load("net:1").module()(x), model.eval()(x))
    assert network().training


def test_without_examples_it_is_its_weights(registry: Registry) -> None:
    model = network()
    assert registry.register_pytorch("net", model).facts["tensors"] == 4
    assert model.training
    with pytest.raises(InvalidInputError, match="no"):
        registry.register_pytorch("net", {"w": torch.ones(1)}, example_inputs=(1,))


def test_options_of_saving_are_taken_as_by_register(registry: Registry) -> None:
    example = (torch.randn(2, 4),)
    made = registry.register_pytorch(
        "net", network(), format="pytorch", save_options={"example_inputs": example}
    )
    assert made.facts["kind"] == "torch-export"
    for wrong, message, hint in (
        ({"save_options": {"colour": 1}}, "has no save option 'colour'", "example_inputs"),
        ({"save_options": {"example_inputs": example}, "example_inputs": example}, "twice", "once"),
        ({"format": "onnx"}, "writes pytorch, not 'onnx'", "register(..., format='onnx')"),
    ):
        with pytest.raises(InvalidInputError, match=message) as refused:
            registry.register_pytorch("net", network(), **wrong)
        assert hint in str(refused.value.hint)
    assert len(list(registry.versions("net"))) == 1


def test_a_module_becomes_a_graph_that_computes_the_same(registry: Registry) -> None:
    model = network()
    registry.register_onnx("net", model, example_inputs=(torch.randn(2, 4),))
    assert model.training
    x = torch.randn(2, 4)
    session = registry.load("net:1")
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert np.allclose(found, model.eval()(x).detach().numpy(), atol=1e-5)
    for rows, files in ((4, 1), (400, 2)):
        made = registry.register_onnx("net", graph(rows), external_data=True)
        assert made.facts["files"] == files
    with pytest.raises(InvalidInputError, match="by running it"):
        registry.register_onnx("net", model)


def test_a_model_takes_its_tokenizer_along(registry: Registry) -> None:
    model = llama()
    made = registry.register_huggingface("net", model, tokenizer=tokenizer(), max_shard_size="10KB")
    assert int(made.facts["files"]) > 4
    both = registry.load("net:1", into="both")
    assert both.tokenizer("a model")["input_ids"] == [1, 2]
    assert torch.equal(answer(both.model), answer(model))
    with pytest.raises(InvalidInputError):
        registry.register_huggingface("net", torch.nn.Linear(1, 1))
