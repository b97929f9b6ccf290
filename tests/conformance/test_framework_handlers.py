"""The handlers whose models are made by large libraries keep the rules, too."""

import numpy as np
import onnx
import pytest
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.huggingface.handler import HuggingFaceHandler
from lineage_registry.formats.onnx.handler import OnnxHandler
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
    assert torch.equal(answer(loaded), answer(model))


@pytest.mark.parametrize(
    "options", [{"into": "nothing"}, {"max_memory": "4GB"}, {"dtype": "int8"}, {"task": "x"}]
)
def test_options_of_a_folder_that_cannot_be_used_are_said(tmp_path, no_network, options):
    HuggingFaceHandler().save(llama(), tmp_path)
    into = {"into": "pipeline"} if "task" in options else {}
    with pytest.raises((InvalidInputError, UnreadableArtifactError)):
        HuggingFaceHandler().load(tmp_path, **into, **options)


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
