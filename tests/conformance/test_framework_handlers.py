"""The handlers whose models are made by large libraries keep the rules, too."""

import os

import catboost
import lightgbm
import numpy as np
import onnx
import pytest
import skops.io
import torch
import transformers
import xgboost
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tokenizers import Tokenizer, models, pre_tokenizers

from lineage_registry.errors import InvalidInputError, UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.huggingface.handler import HuggingFaceHandler
from lineage_registry.formats.keras.handler import KerasHandler
from lineage_registry.formats.keras.saved import _keras
from lineage_registry.formats.onnx.handler import OnnxHandler
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.sklearn.handler import SklearnHandler
from lineage_registry.formats.trees.catboost import CatboostHandler
from lineage_registry.formats.trees.lightgbm import LightgbmHandler
from lineage_registry.formats.trees.xgboost import XgboostHandler
from lineage_registry.testing.formats import FormatHandlerContract


def graph(rows=4):
    weights = numpy_helper.from_array(np.arange(3 * rows, dtype="float32").reshape(3, rows), "w")
    port = helper.make_tensor_value_info
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [port("x", TensorProto.FLOAT, ["batch", 3])],
        [port("y", TensorProto.FLOAT, ["batch", rows])],
        [weights],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def llama(tied=False):
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=60,
        tie_word_embeddings=tied,
    )
    return transformers.LlamaForCausalLM(config).eval()


def tokenizer():
    words = {"[UNK]": 0, "a": 1, "model": 2}
    made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]")


def answer(model):
    with torch.no_grad():
        return model(torch.tensor([[1, 2, 3]])).logits


class TestOnnx(FormatHandlerContract):
    def make_handler(self):
        return OnnxHandler()

    def make_model(self):
        return graph()

    def same(self, saved, loaded):
        x = np.ones((2, 3), dtype="float32")
        return np.array_equal(loaded.run(None, {"x": x})[0], x @ numpy_helper.to_array(w_of(saved)))


def w_of(model):
    return model.graph.initializer[0]


class TestHuggingFace(FormatHandlerContract):
    def make_handler(self):
        return HuggingFaceHandler()

    def make_model(self):
        return llama(), tokenizer()

    def same(self, saved, loaded):
        return torch.equal(answer(saved[0]), answer(loaded))


class TestPrograms(FormatHandlerContract):
    def make_handler(self):
        return PyTorchHandler()

    def make_model(self):
        model = torch.nn.Linear(3, 2).eval()
        return torch.export.export(model, (torch.ones(2, 3),))

    def same(self, saved, loaded):
        x = torch.arange(6.0).reshape(2, 3)
        return torch.equal(saved.module()(x), loaded.module()(x))


def table():
    random = np.random.default_rng(0)
    x = random.standard_normal((60, 3))
    return x, (x[:, 0] > 0).astype(int)


class TestSklearn(FormatHandlerContract):
    def make_handler(self):
        return SklearnHandler()

    def make_model(self):
        return make_pipeline(StandardScaler(), LogisticRegression()).fit(*table())

    def same(self, saved, loaded):
        return np.array_equal(saved.predict_proba(table()[0]), loaded.predict_proba(table()[0]))


class TestXgboost(FormatHandlerContract):
    def make_handler(self):
        return XgboostHandler()

    def make_model(self):
        return xgboost.XGBClassifier(n_estimators=3).fit(*table())

    def same(self, saved, loaded):
        x = table()[0]
        return np.allclose(saved.predict_proba(x)[:, 1], loaded.predict(xgboost.DMatrix(x)))


class TestLightgbm(FormatHandlerContract):
    def make_handler(self):
        return LightgbmHandler()

    def make_model(self):
        return lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(*table())

    def same(self, saved, loaded):
        x = table()[0]
        return np.allclose(saved.predict_proba(x)[:, 1], loaded.predict(x))


class TestCatboost(FormatHandlerContract):
    def make_handler(self):
        return CatboostHandler()

    def make_model(self):
        quiet = {"verbose": 0, "allow_writing_files": False}
        return catboost.CatBoostClassifier(iterations=3, **quiet).fit(*table())

    def same(self, saved, loaded):
        x = table()[0]
        raw = saved.predict(x, prediction_type="RawFormulaVal")
        return np.allclose(raw, loaded.predict(x, prediction_type="RawFormulaVal"))


@pytest.mark.filterwarnings("ignore:__array__ implementation")
class TestKeras(FormatHandlerContract):
    def make_handler(self):
        return KerasHandler()

    def make_model(self):
        keras = _keras()
        return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])

    def same(self, saved, loaded):
        x = np.ones((4, 3), dtype="float32")
        return np.array_equal(saved.predict(x, verbose=0), loaded.predict(x, verbose=0))


def test_estimators_of_foreign_types_are_not_saved_and_the_types_are_named(tmp_path):
    model = make_pipeline(FunctionTransformer(os.path.join), LogisticRegression())
    with pytest.raises(UnsafeArtifactError, match=r"posixpath\.join"):
        SklearnHandler().save(model, tmp_path)
    assert list(tmp_path.iterdir()) == []
    skops.io.dump(model, tmp_path / "foreign.skops")
    with pytest.raises(UnsafeArtifactError):
        SklearnHandler().load(tmp_path)


def test_trees_come_back_as_what_they_are_asked_for_as(tmp_path):
    x, y = table()
    made = xgboost.XGBClassifier(n_estimators=3).fit(x, y)
    XgboostHandler().save(made, tmp_path / "x")
    back = XgboostHandler().load(tmp_path / "x", into="classifier")
    assert np.array_equal(back.predict(x), made.predict(x))
    made.save_model(tmp_path / "as.json")
    (tmp_path / "as.json").rename(tmp_path / "renamed")
    assert isinstance(XgboostHandler().load(tmp_path, file="renamed"), xgboost.Booster)
    quiet = {"verbose": 0, "allow_writing_files": False}
    other = catboost.CatBoostClassifier(iterations=3, **quiet).fit(x, y)
    CatboostHandler().save(other, tmp_path / "c")
    again = CatboostHandler().load(tmp_path / "c", into="classifier")
    assert np.array_equal(again.predict(x), other.predict(x))
    for handler, place in ((XgboostHandler(), "x"), (CatboostHandler(), "c")):
        with pytest.raises(InvalidInputError):
            handler.load(tmp_path / place, into="soup")


def test_keras_finds_its_file_under_any_name(tmp_path):
    keras = _keras()
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    KerasHandler().save(model, tmp_path)
    (tmp_path / "model.keras").rename(tmp_path / "weights.bin")
    assert KerasHandler().load(tmp_path).count_params() == 8


def test_each_kind_of_object_has_one_handler():
    known = handlers()
    quiet = {"verbose": 0, "allow_writing_files": False}
    expected = {
        "onnx": graph(),
        "huggingface": (llama(), tokenizer()),
        "sklearn": LogisticRegression(),
        "xgboost": xgboost.XGBClassifier(),
        "lightgbm": lightgbm.LGBMRegressor(),
        "catboost": catboost.CatBoost(quiet),
        "keras": _keras().Sequential(),
        "safetensors": torch.nn.Linear(1, 1),
        "pytorch": torch.export.export(torch.nn.Linear(1, 1), (torch.ones(1, 1),)),
    }
    for name, obj in expected.items():
        assert known.for_object(obj).name == name, name
    assert known.for_object(llama()).name == "huggingface"
    assert known.for_object(tokenizer()).name == "huggingface"


def test_onnx_weights_in_a_second_file_load_as_session_and_as_graph(tmp_path):
    handler, model = OnnxHandler(), graph(400)
    handler.save(model, tmp_path, external_data=True)
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "model.onnx.data"}
    assert w_of(model).raw_data, "the caller's graph keeps its weights"
    session = handler.load(tmp_path)
    x = np.ones((5, 3), dtype="float32")
    assert session.run(None, {"x": x})[0].shape == (5, 400)
    loaded = handler.load(tmp_path, into="model")
    assert isinstance(loaded, onnx.ModelProto)
    assert w_of(loaded).raw_data == w_of(model).raw_data
    assert handler.inspect(files_in(tmp_path)).external == ("model.onnx.data",)


def test_onnx_says_which_providers_there_are(tmp_path):
    OnnxHandler().save(graph(), tmp_path)
    session = OnnxHandler().load(tmp_path, providers=["CPUExecutionProvider"])
    assert session.get_providers() == ["CPUExecutionProvider"]
    for options in ({"providers": ["NoSuch"]}, {"providers": "CPU"}, {"into": "soup"}):
        with pytest.raises(InvalidInputError):
            OnnxHandler().load(tmp_path, **options)


def test_a_model_and_its_tokenizer_come_back_in_every_form(tmp_path, no_network):
    handler, model = HuggingFaceHandler(), llama()
    handler.save(model, tmp_path, tokenizer=tokenizer(), max_shard_size="10KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    both = handler.load(tmp_path, into="both", dtype="bfloat16", device="cpu")
    assert both.model.dtype is torch.bfloat16
    assert both.tokenizer("a model")["input_ids"] == [1, 2]
    assert handler.load(tmp_path, into="tokenizer")("model")["input_ids"] == [2]
    pipeline = handler.load(tmp_path, into="pipeline", task="text-generation")
    assert torch.equal(answer(pipeline.model), answer(model))
    handler.save(pipeline, tmp_path / "again")
    assert torch.equal(answer(handler.load(tmp_path / "again")), answer(model))


def test_what_stays_on_disk_lasts_longer_than_the_files_it_was_loaded_from(tmp_path, no_network):
    handler, model = HuggingFaceHandler(), llama()
    handler.save(model, tmp_path / "saved", max_shard_size="10KB")
    small = {"cpu": "20KB"}
    with pytest.raises(InvalidInputError, match="on the disk"):
        handler.load(tmp_path / "saved", max_memory=small)
    loaded = handler.load(tmp_path / "saved", max_memory=small, offload_folder=tmp_path / "offload")
    for path in (tmp_path / "saved").iterdir():
        path.unlink()
    assert "disk" in loaded.hf_device_map.values()
    handler.save(llama(), tmp_path / "other", max_shard_size="10KB")
    with pytest.raises(InvalidInputError, match="not an empty folder"):
        handler.load(tmp_path / "other", max_memory=small, offload_folder=tmp_path / "offload")
    assert torch.equal(answer(loaded), answer(model))


@pytest.mark.parametrize(
    "options", [{"into": "nothing"}, {"max_memory": "4GB"}, {"dtype": "int8"}, {"task": "x"}]
)
def test_options_of_a_folder_that_cannot_be_used_are_said(tmp_path, no_network, options):
    HuggingFaceHandler().save(llama(), tmp_path)
    into = {"into": "pipeline"} if "task" in options else {}
    with pytest.raises((InvalidInputError, UnreadableArtifactError)):
        HuggingFaceHandler().load(tmp_path, **into, **options)


def test_a_device_that_is_not_here_is_said(tmp_path, no_network):
    HuggingFaceHandler().save(llama(), tmp_path / "folder")
    PyTorchHandler().save({"w": torch.ones(2)}, tmp_path / "checkpoint")
    for device in ("no-such", "cuda:4711", torch.device("cuda:4711")):
        with pytest.raises(InvalidInputError, match="there is no device"):
            HuggingFaceHandler().load(tmp_path / "folder", device=device)
        with pytest.raises(InvalidInputError, match="there is no device"):
            PyTorchHandler().load(tmp_path / "checkpoint", device=device)
    with pytest.raises(InvalidInputError, match="there is no map_location"):
        PyTorchHandler().load(tmp_path / "checkpoint", map_location="no-such")
    for place in ({"cpu": "cpu"}, lambda storage, _: storage, torch.device("cpu"), "meta"):
        assert PyTorchHandler().load(tmp_path / "checkpoint", map_location=place)["w"].shape == (2,)


@pytest.mark.parametrize("name", ["adapter_config.json", "model_index.json"])
def test_a_tokenizer_beside_an_adapter_is_not_taken_for_the_model(tmp_path, no_network, name):
    HuggingFaceHandler().save(tokenizer(), tmp_path)
    (tmp_path / name).write_text('{"peft_type": "LORA", "_class_name": "StableDiffusionPipeline"}')
    for into in ("model", "both", "pipeline"):
        with pytest.raises(InvalidInputError, match="makes no model of these files"):
            HuggingFaceHandler().load(tmp_path, into=into)
    assert HuggingFaceHandler().load(tmp_path, into="tokenizer")("model")["input_ids"] == [2]


def files_in(folder):
    from lineage_registry.ports.filesets import LocalFiles

    return LocalFiles(folder)


@pytest.fixture
def no_network(monkeypatch):
    """Fails whoever looks a host up."""

    def refuse(*_args, **_options):
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
