"""Conversions: what comes out is what went in, and how far it is from it is on the record."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import (
    FormatError,
    InvalidInputError,
    UnknownFormatError,
    UnsafeArtifactError,
)
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.conversions.to_huggingface import ToHuggingFace
from lineage_registry.formats.conversions.to_int8 import ToInt8
from lineage_registry.formats.conversions.to_onnx import ToOnnx
from lineage_registry.formats.conversions.to_safetensors import ToSafetensors
from lineage_registry.formats.huggingface.handler import HuggingFaceHandler
from lineage_registry.formats.onnx.handler import OnnxHandler
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.ports.filesets import LocalFiles
from tests.conformance.test_framework_handlers import answer, llama, tokenizer


def network():
    torch.manual_seed(2)
    return torch.nn.Sequential(
        torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 8)
    ).eval()


def digest(handler, folder):
    return handler.weights(LocalFiles(folder))


def test_a_checkpoint_becomes_safetensors_with_the_same_weights(tmp_path):
    shared = torch.randn(6, 4)
    state = {"w": shared, "tied": shared, "turned": shared.T, "n": torch.tensor(3)}
    checkpoint = {"epoch": 3, "model_state_dict": state, "optimizer": {"lr": 0.1}}
    PyTorchHandler().save(checkpoint, tmp_path / "pt")
    done = ToSafetensors().convert(tmp_path / "pt", tmp_path / "st")
    assert digest(SafetensorsHandler(), tmp_path / "st") == digest(
        PyTorchHandler(), tmp_path / "pt"
    )
    loaded = SafetensorsHandler().load(tmp_path / "st")
    assert loaded["tied"].data_ptr() == loaded["w"].data_ptr()
    assert done.measures == {"max_error": 0.0}
    assert done.versions.keys() == {"safetensors", "torch"}
    assert done.tool == f"safetensors {done.versions['safetensors']}"
    assert done.ratio == done.size_after / done.size_before


def test_weights_are_known_by_content_whatever_their_name(tmp_path):
    SafetensorsHandler().save({"w": torch.ones(3)}, tmp_path / "st")
    (tmp_path / "st" / "model.safetensors").rename(tmp_path / "st" / "weights.bin")
    ToSafetensors().convert(tmp_path / "st", tmp_path / "done", dtype="float16")
    assert SafetensorsHandler().load(tmp_path / "done")["w"].dtype == torch.float16


def test_a_cast_says_how_much_it_changed(tmp_path):
    PyTorchHandler().save({"w": torch.tensor([1.0, 1.001]), "n": torch.arange(2)}, tmp_path / "pt")
    done = ToSafetensors().convert(tmp_path / "pt", tmp_path / "st", dtype="bfloat16")
    loaded = SafetensorsHandler().load(tmp_path / "st")
    assert (loaded["w"].dtype, loaded["n"].dtype) == (torch.bfloat16, torch.int64)
    assert done.measures["max_error"] == pytest.approx(0.001, rel=0.01)
    assert done.options == {"dtype": "bfloat16"}


def test_a_folder_of_hugging_face_is_sharded_and_cast_without_its_library_loading_it(tmp_path):
    model = llama()
    HuggingFaceHandler().save((model, tokenizer()), tmp_path / "a")
    ToHuggingFace().convert(tmp_path / "a", tmp_path / "b", max_shard_size="10KB")
    assert len(list((tmp_path / "b").glob("model-*.safetensors"))) > 2
    both = HuggingFaceHandler().load(tmp_path / "b", into="both")
    assert torch.equal(answer(both.model), answer(model))
    assert both.tokenizer("a model")["input_ids"] == [1, 2]
    assert digest(HuggingFaceHandler(), tmp_path / "b") == digest(
        HuggingFaceHandler(), tmp_path / "a"
    )
    done = ToHuggingFace().convert(tmp_path / "b", tmp_path / "c", dtype="float16")
    assert HuggingFaceHandler().load(tmp_path / "c").dtype is torch.float16
    assert 0 < done.measures["max_error"] < 1e-3
    assert done.ratio < 0.7
    assert not (tmp_path / "c" / "model.safetensors.index.json").exists()


def test_weights_go_out_of_a_hugging_face_folder_and_in_again(tmp_path):
    model = llama(tied=True)
    HuggingFaceHandler().save(model, tmp_path / "a")
    ToSafetensors().convert(tmp_path / "a", tmp_path / "weights")
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["model.safetensors"]
    with pytest.raises(InvalidInputError, match="what model"):
        ToHuggingFace().convert(tmp_path / "weights", tmp_path / "none")
    for name, config in {
        "dictionary": model.config.to_dict(),
        "object": model.config,
        "file": tmp_path / "a" / "config.json",
    }.items():
        ToHuggingFace().convert(
            tmp_path / "weights", tmp_path / name, config=config, tokenizer=tokenizer()
        )
        again = HuggingFaceHandler().load(tmp_path / name, into="both")
        assert torch.equal(answer(again.model), answer(model))
        assert again.tokenizer is not None


def test_a_module_becomes_onnx_and_computes_the_same(tmp_path):
    model = network()
    SafetensorsHandler().save(model, tmp_path / "st")
    example = (torch.randn(2, 16),)
    with pytest.raises(InvalidInputError, match="no model that can be exported"):
        ToOnnx().convert(tmp_path / "st", tmp_path / "none")
    fresh = network()
    with torch.no_grad():
        for weight in fresh.parameters():
            weight.zero_()
    done = ToOnnx().convert(
        tmp_path / "st",
        tmp_path / "onnx",
        module=fresh,
        example_inputs=example,
        dynamic_shapes=({0: "batch"},),
        input_names=["x"],
        output_names=["logits"],
    )
    assert done.measures["max_error"] < 1e-5
    session = onnxruntime.InferenceSession(tmp_path / "onnx" / "model.onnx")
    x = torch.randn(7, 16)
    (found,) = session.run(["logits"], {"x": x.numpy()})
    assert np.allclose(found, model(x).detach().numpy(), atol=1e-5)
    assert done.options["module"] == "Sequential"
    assert {"torch", "onnx", "onnxruntime"} <= done.versions.keys()


@pytest.mark.parametrize("shapes", [True, False, "batch", 0, 1.5])
def test_dynamic_shapes_that_say_nothing_are_refused(tmp_path, shapes):
    SafetensorsHandler().save(network(), tmp_path / "st")
    options = {"example_inputs": (torch.randn(2, 16),), "dynamic_shapes": shapes}
    with pytest.raises(InvalidInputError, match="which dimensions vary") as caught:
        ToOnnx().convert(tmp_path / "st", tmp_path / "onnx", module=network(), **options)
    assert caught.value.context["option"] == "dynamic_shapes"
    for handler in (PyTorchHandler(), OnnxHandler()):
        with pytest.raises(InvalidInputError, match="which dimensions vary"):
            handler.save(network(), tmp_path / handler.name, **options)


def test_dynamic_shapes_may_come_from_json_and_a_program_has_its_own(tmp_path):
    varies = {"input": {"0": "batch"}}
    SafetensorsHandler().save(network(), tmp_path / "st")
    example = (torch.randn(2, 16),)
    ToOnnx().convert(
        tmp_path / "st",
        tmp_path / "onnx",
        module=network(),
        example_inputs=example,
        dynamic_shapes=varies,
    )
    (port,) = onnxruntime.InferenceSession(tmp_path / "onnx" / "model.onnx").get_inputs()
    assert port.shape == ["batch", 16]
    PyTorchHandler().save(network(), tmp_path / "program", example_inputs=example)
    for shapes in (varies, True):
        with pytest.raises(InvalidInputError, match=r"exported with|which dimensions vary"):
            ToOnnx().convert(tmp_path / "program", tmp_path / "none", dynamic_shapes=shapes)


def test_a_difference_beyond_the_tolerance_is_a_failure(tmp_path):
    SafetensorsHandler().save(network(), tmp_path / "st")
    with pytest.raises(FormatError, match="differs"):
        ToOnnx().convert(
            tmp_path / "st",
            tmp_path / "onnx",
            module=network(),
            example_inputs=(torch.randn(2, 16),),
            tolerance=-1,
        )


def test_onnx_becomes_int8_although_its_notes_of_shapes_are_stale(tmp_path):
    SafetensorsHandler().save(network(), tmp_path / "st")
    ToOnnx().convert(
        tmp_path / "st",
        tmp_path / "onnx",
        module=network(),
        example_inputs=(torch.randn(2, 16),),
        dynamic_shapes=({0: "batch"},),
    )
    model = onnx.load(tmp_path / "onnx" / "model.onnx")
    stale = onnx.helper.make_tensor_value_info("0.weight", onnx.TensorProto.FLOAT, [99, 7])
    model.graph.value_info.append(stale)
    onnx.save(model, tmp_path / "onnx" / "model.onnx")
    done = ToInt8().convert(tmp_path / "onnx", tmp_path / "int8", per_channel=True)
    assert 0 < done.measures["relative_error"] < 0.2
    found = handlers().inspect(LocalFiles(tmp_path / "int8"))
    assert found.verdict is Verdict.SAFE
    assert found.quantization is not None
    assert "int8" in found.dtypes
    assert ToInt8().derivation == "quantized"


@pytest.mark.slow
def test_a_language_model_becomes_onnx(tmp_path):
    model = llama()
    HuggingFaceHandler().save(model, tmp_path / "hf")
    done = ToOnnx().convert(tmp_path / "hf", tmp_path / "onnx")
    assert done.measures["max_error"] < 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "onnx" / "model.onnx")
    ids = np.array([[1, 2, 3]], dtype="int64")
    (found,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    assert np.allclose(found, answer(model).numpy(), atol=1e-4)
    only = {"input_ids": {"0": "n"}, "attention_mask": {"0": "n"}}
    ToOnnx().convert(tmp_path / "hf", tmp_path / "fixed", dynamic_shapes=only)
    session = onnxruntime.InferenceSession(tmp_path / "fixed" / "model.onnx")
    assert [port.shape for port in session.get_inputs()] == [["n", 8], ["n", 8]]


def test_what_cannot_be_converted_is_said(tmp_path):
    known = handlers()
    assert [one.name for one in known.conversions("onnx")] == ["onnx-int8"]
    assert known.converter("pytorch", "safetensors").target == "safetensors"
    with pytest.raises(UnknownFormatError, match="onnx to 'keras'"):
        known.converter("onnx", "keras")
    with pytest.raises(InvalidInputError, match="no option"):
        ToSafetensors().convert(tmp_path, tmp_path / "x", colour="red")
    PyTorchHandler().save({"epoch": 3, "words": ["a"], "t": (torch.ones(1),)}, tmp_path / "pt")
    with pytest.raises(InvalidInputError, match="dictionary of tensors"):
        ToSafetensors().convert(tmp_path / "pt", tmp_path / "x")


def test_a_configuration_that_is_none_is_said(tmp_path):
    SafetensorsHandler().save({"w": torch.ones(2)}, tmp_path / "st")
    (tmp_path / "config.json").write_text(json.dumps({"a": 1}))
    for config in ({}, tmp_path / "config.json", 3):
        with pytest.raises(InvalidInputError, match="model_type"):
            ToHuggingFace().convert(tmp_path / "st", tmp_path / "x", config=config)
    (tmp_path / "words").write_text("{")
    for path in ("words", "nowhere", "st"):
        with pytest.raises(InvalidInputError, match="no configuration can be read"):
            ToHuggingFace().convert(tmp_path / "st", tmp_path / "x", config=tmp_path / path)


def test_a_tokenizer_that_is_nowhere_is_not_left_out(tmp_path):
    SafetensorsHandler().save({"w": torch.ones(2)}, tmp_path / "st")
    with pytest.raises(InvalidInputError, match="with a tokenizer"):
        ToHuggingFace().convert(
            tmp_path / "st", tmp_path / "x", config={"model_type": "gpt2"}, tokenizer="nowhere"
        )


def test_an_opset_is_a_number(tmp_path):
    PyTorchHandler().save({"0.weight": torch.ones(2, 2), "0.bias": torch.ones(2)}, tmp_path / "pt")
    module = torch.nn.Sequential(torch.nn.Linear(2, 2))
    given = {"module": module, "example_inputs": (torch.ones(1, 2),)}
    for opset in ("18", "x", 18.0, True):
        with pytest.raises(InvalidInputError, match="no number"):
            ToOnnx().convert(tmp_path / "pt", tmp_path / "x", opset=opset, **given)


def test_a_conversion_that_cannot_trust_says_so(tmp_path):
    with pytest.raises(UnsafeArtifactError, match="trusted or not"):
        ToInt8().convert(tmp_path, tmp_path / "x", trusted=True)


@pytest.mark.filterwarnings("ignore")
def test_a_whole_module_becomes_safetensors_and_onnx_if_it_is_trusted(tmp_path):
    model = network()
    (tmp_path / "pt").mkdir()
    torch.save(model, tmp_path / "pt" / "model.pt")
    with pytest.raises(UnsafeArtifactError):
        ToSafetensors().convert(tmp_path / "pt", tmp_path / "st")
    ToSafetensors().convert(tmp_path / "pt", tmp_path / "st", trusted=True)
    loaded = SafetensorsHandler().load(tmp_path / "st")
    assert all(torch.equal(loaded[name], one) for name, one in model.state_dict().items())
    example = (torch.ones(2, 16),)
    options = {"module": network(), "example_inputs": example}
    done = ToOnnx().convert(tmp_path / "pt", tmp_path / "onnx", trusted=True, **options)
    assert done.measures["max_error"] < 1e-5
    made = ToHuggingFace().convert(
        tmp_path / "pt", tmp_path / "hf", trusted=True, config={"model_type": "llama"}
    )
    assert made.measures == {"max_error": 0.0}
