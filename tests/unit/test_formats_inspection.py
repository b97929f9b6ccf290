"""What an inspection says of real files of each format."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from lineage_registry.domain.formats import Origin, Port, Quantization, Verdict
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus import (
    bundle_files,
    coreml_files,
    huggingface_files,
    onnx_files,
    other_files,
    tensor_files,
    tree_files,
)


def inspected(files):
    found = handlers().inspect(MemoryFiles(files if isinstance(files, dict) else {"m": files}))
    assert found.verdict is Verdict.SAFE, found.reasons
    return found


def quiet_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")


@pytest.mark.filterwarnings("ignore")
def test_gold_a_tied_gpt2_counts_its_ties_once(tmp_path, monkeypatch):
    quiet_hub(monkeypatch)
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=100,
        n_embd=32,
        n_layer=1,
        n_head=2,
        n_positions=32,
        bos_token_id=1,
        eos_token_id=2,
    )
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    found = handlers().inspect(LocalFiles(tmp_path))
    assert (found.format, found.kind, found.verdict) == ("huggingface", "transformers", "safe")
    assert (found.parameters, found.dtypes) == (16_992, {"float32": 16_992})
    assert found.architecture == "GPT2LMHeadModel"
    assert found.metadata["layers"] == "1"


@pytest.mark.filterwarnings("ignore")
def test_gold_a_sharded_llama_with_its_tokenizer(tmp_path, monkeypatch):
    quiet_hub(monkeypatch)
    from tokenizers import Tokenizer, models, trainers
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=1000,
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path, max_shard_size="200KB")
    words = Tokenizer(models.BPE())
    words.train_from_iterator(["hello world"] * 9, trainers.BpeTrainer(vocab_size=40))
    words.save(str(tmp_path / "tokenizer.json"))
    found = handlers().inspect(LocalFiles(tmp_path))
    assert (found.parameters, found.tensors, found.verdict) == (202_048, 21, "safe")
    assert found.tokenizer == f"BPE, {words.get_vocab_size()} words"
    assert (tmp_path / "model.safetensors.index.json").exists()
    assert not found.warnings


def quantised(folder: Path) -> Path:
    """A model of 9,472 weights and 396 biases, quantised by onnxruntime."""
    from onnx import helper, numpy_helper, save_model
    from onnxruntime.quantization import QuantType, quantize_dynamic

    random = np.random.default_rng(1)
    shapes = {"w1": (64, 128), "b1": (128,), "w2": (128, 10), "b2": (10,)}
    tensors = [
        numpy_helper.from_array(random.random(shape, dtype="f4"), name)
        for name, shape in shapes.items()
    ]
    x, y = (
        helper.make_tensor_value_info(name, 1, ["batch", size])
        for name, size in {"x": 64, "y": 10}.items()
    )
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["m1"]),
        helper.make_node("Add", ["m1", "b1"], ["a1"]),
        helper.make_node("Relu", ["a1"], ["r1"]),
        helper.make_node("MatMul", ["r1", "w2"], ["m2"]),
        helper.make_node("Add", ["m2", "b2"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "mlp", [x], [y], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    save_model(made, folder / "float.onnx")
    quantize_dynamic(folder / "float.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8)
    return folder / "int8.onnx"


def test_gold_int8_onnx_counts_scales_apart(tmp_path):
    found = handlers().inspect(LocalFiles(quantised(tmp_path)))
    weights, biases = 64 * 128 + 128 * 10, 128 + 10
    assert (found.parameters, found.scales) == (weights + biases, 4)
    # Two zero points are int8 as the weights are, two scales float32 as the biases.
    assert found.dtypes == {"int8": weights + 2, "float32": biases + 2}
    assert found.quantization == Quantization(method="int8", bits=8)
    assert found.inputs == (Port(name="x", dtype="float32", shape=("batch", 64)),)
    assert found.outputs == (Port(name="y", dtype="float32", shape=("batch", 10)),)
    assert found.opsets["ai.onnx"] == 20
    assert found.producer == "onnx.quantize 0.1.0"


def test_graphs_in_graphs_and_functions_are_counted(tmp_path):
    found = inspected(onnx_files.branches())
    assert (found.tensors, found.parameters) == (2, 32)
    found = inspected(onnx_files.function())
    assert found.metadata["functions"] == "mine.Twice"
    assert not found.warnings


def test_operators_of_nobody_are_told():
    assert "'com.example'" in inspected(onnx_files.foreign_domain()).warnings[0]


def test_weights_beside_a_model_are_named_and_needed():
    found = inspected(onnx_files.external())
    assert found.external == ("model.onnx.data",)
    assert found.parameters == 4


def test_a_model_without_its_weights_says_which_files_are_to_be_given_with_it(tmp_path):
    weights = [numpy_helper.from_array(np.ones((4, 4), "f4"), f"w{n}") for n in range(7)]
    nodes = [onnx_files.node(inputs=("x", one.name), outputs=(one.name + "y",)) for one in weights]
    made = onnx_files.model(*nodes, tensors=weights, outputs=("w6y",))
    onnx.save(
        onnx.load_from_string(made),
        tmp_path / "model.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=False,
        size_threshold=0,
    )
    assert handlers().inspect(LocalFiles(tmp_path)).verdict is Verdict.SAFE
    alone = handlers().inspect(LocalFiles(tmp_path / "model.onnx"))
    assert alone.verdict is Verdict.REFUSED
    assert alone.reasons == (
        (
            "files with its weights are missing: 'w0', 'w1', 'w2', 'w3', 'w4' and 2 more; "
            "give the folder that holds them and the model"
        ),
    )
    (tmp_path / "w3").unlink()
    (reason,) = handlers().inspect(LocalFiles(tmp_path)).reasons
    assert "missing: 'w3'; give" in reason


def linked(tmp_path, make) -> LocalFiles:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(onnx_files.beside("w.bin")["model.onnx"])
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(16))
    make(folder / "w.bin", secret)
    return LocalFiles(folder)


@pytest.mark.parametrize(
    "make", [Path.symlink_to, lambda at, to: os.link(to, at)], ids=["symbolic", "hard"]
)
def test_weights_behind_a_link_are_refused(make, tmp_path):
    found = handlers().inspect(linked(tmp_path, make))
    assert (found.verdict, found.broken) == (Verdict.REFUSED, False)
    assert "is a link" in found.reasons[0]


def test_a_folder_made_of_links_is_judged_as_it_would_be_stored(tmp_path):
    files = {**huggingface_files.folder(), **onnx_files.external()}
    for number, (path, data) in enumerate(files.items()):
        (tmp_path / "blobs").mkdir(exist_ok=True)
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "blobs" / str(number)).write_bytes(data)
        (tmp_path / "model" / path).symlink_to(tmp_path / "blobs" / str(number))
    found = handlers().inspect(LocalFiles(tmp_path / "model"))
    assert (found.format, found.verdict) == ("huggingface", Verdict.SAFE)
    assert found.external == ("model.onnx.data",)


def test_weights_behind_a_folder_that_is_a_link_are_not_there(tmp_path):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "w.bin").write_bytes(bytes(16))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(onnx_files.beside("data/w.bin")["model.onnx"])
    (folder / "data").symlink_to(secrets)
    assert handlers().inspect(LocalFiles(folder)).verdict is Verdict.REFUSED


def test_a_gguf_file_says_what_it_is():
    found = inspected(tensor_files.gguf_file(tensor_files.CHAT))
    assert (found.architecture, found.licence) == ("llama", "mit")
    assert found.quantization == Quantization(method="Q4_0", bits=4.5)
    assert found.tokenizer == "llama, 120 words"
    assert found.dtypes == {"Q4_0": 64 * 32, "float32": 32}
    assert found.listed[0].shape == (4, 8)
    assert found.metadata["llama.context_length"] == "128"


def test_a_card_gives_hints():
    found = inspected(huggingface_files.GOOD["with a card"])
    assert found.licence == "apache-2.0"
    assert found.base_models == (Origin(name="openai-community/gpt2", relation="finetune"),)
    assert found.datasets == ("glue", "squad")
    assert found.metadata["metrics"] == "accuracy, f1"
    assert found.metadata["results"] == "accuracy 0.91 on SST-2"


def test_a_card_that_cannot_be_read_is_only_odd():
    found = inspected(huggingface_files.GOOD["with a card that is no YAML"])
    assert "README.md cannot be read" in found.warnings[0]


def test_an_adapter_names_its_base():
    found = inspected(huggingface_files.adapter())
    assert found.base_models == (Origin(name="meta-llama/Llama-3.1-8B", relation="adapter"),)
    assert (found.architecture, found.metadata["r"]) == ("LORA", "8")


def test_the_parts_of_a_pipeline_are_counted_together():
    found = inspected(huggingface_files.pipeline())
    assert (found.architecture, found.parameters) == ("StableDiffusionPipeline", 6)
    assert "unet: diffusers.UNet2DConditionModel" in found.metadata["components"]


def test_quantised_folders_say_how():
    found = inspected(huggingface_files.GOOD["quantised"])
    assert found.quantization == Quantization(method="gptq", bits=4)


def test_code_is_named_where_it_is():
    files = huggingface_files.NEEDS_TRUST["auto_map"]
    found = handlers().inspect(MemoryFiles(files))
    assert found.verdict is Verdict.NEEDS_TRUST
    assert found.custom_code == found.reasons
    assert "modeling_mine.Mine" in found.reasons[0]


@pytest.mark.parametrize(
    ("name", "trees", "features"),
    [
        ("xgb.json", "15", 4),
        ("xgb.ubj", "15", 4),
        ("dart.json", "3", 4),
        ("dart.ubj", "3", 4),
        ("gblinear.ubj", None, 4),
        ("lightgbm.txt", "12", 4),
        ("catboost.cbm", "5", 4),
        ("catboost.json", "5", 4),
    ],
)
def test_trees_and_features_are_counted(name, trees, features):
    found = inspected({name: tree_files.trained()[name]})
    assert found.metadata.get("trees") == trees
    assert found.inputs == (Port(name="features", shape=("rows", features)),)
    assert found.producer
    assert found.metadata["objective"]
    assert not found.warnings


def test_what_is_too_large_to_be_parsed_is_read_at_both_ends(monkeypatch):
    monkeypatch.setattr("lineage_registry.formats.trees.xgboost.MAX_JSON", 100)
    whole = tree_files.trained()["xgb.json"]
    found = inspected({"m": whole})
    assert (found.metadata["trees"], found.metadata["features"]) == ("15", "4")
    assert (found.metadata["objective"], found.producer) == ("multi:softprob", "xgboost 3.2.0")
    assert "too large to be parsed" in found.warnings[0]
    cut = handlers().inspect(MemoryFiles({"m": whole[:-30]}))
    assert (cut.verdict, cut.broken) == (Verdict.REFUSED, True)


def test_a_tokenizer_is_counted_across_the_pieces_it_is_read_in(monkeypatch):
    words = huggingface_files.tokenizer(words=5_000)
    for size in (1 << 20, 5_000, 1_777):
        monkeypatch.setattr("lineage_registry.formats.huggingface.tokenizers._PIECE", size)
        found = inspected(huggingface_files.folder(tokenizer__json=words))
        assert found.tokenizer == "BPE, 5,000 words"


def test_pmml_says_its_fields():
    found = inspected(tree_files.trained()["catboost.pmml"])
    assert [port.name for port in found.inputs] == [f"feature_{n}" for n in range(4)]
    assert (found.architecture, found.metadata["pmml_version"]) == ("MiningModel", "4.3")


def test_core_ml_says_its_inputs():
    found = inspected({"m.mlmodel": tree_files.trained()["catboost.mlmodel"]})
    assert (found.architecture, len(found.inputs)) == ("treeEnsembleRegressor", 4)
    found = inspected(other_files.mlpackage())
    assert found.inputs == (Port(name="x", dtype="float32", shape=(1, 4)),)
    assert found.external == ("Data/com.apple.CoreML/weights/weight.bin",)


def test_core_ml_counts_the_weights_of_a_network():
    found = inspected({"m.mlmodel": coreml_files.model(500, coreml_files.NETWORK)})
    assert (found.tensors, found.parameters, found.buffers, found.scales) == (13, 668, 16, 6)
    assert found.dtypes == {"float16": 600, "float32": 81, "uint4": 9}
    shapes = {one.name: (one.dtype, one.shape) for one in found.listed}
    assert shapes["conv.weights"] == ("float16", (8, 3, 5, 5))
    assert shapes["dense.weights"] == ("float32", (3, 4))
    assert shapes["small.weights"] == ("uint4", (3, 3))
    assert shapes["lstm.inputGateBiasVector"] == ("float32", (2,))
    assert shapes["then.bias"] == ("float32", (2,))


def test_core_ml_counts_the_weights_of_a_program_once():
    program = coreml_files.program(*coreml_files.PROGRAM)
    found = inspected(coreml_files.package(program, coreml_files.DATA))
    assert (found.tensors, found.parameters, found.scales) == (6, 52, 4)
    assert found.dtypes == {"float16": 28, "float32": 3, "int4": 9, "uint8": 16}
    shapes = {one.name: one.shape for one in found.listed}
    assert shapes["w"] == (4, 6)
    assert shapes["again"] == (6, 4)
    assert shapes["small.quantized_data"] == (4, 4)
    assert "pads" not in shapes


def test_core_ml_counts_a_linear_model_and_trees():
    found = inspected({"m.mlmodel": coreml_files.model(300, coreml_files.LINEAR)})
    assert [(one.name, one.shape) for one in found.listed] == [
        ("weights.0", (4,)),
        ("weights.1", (4,)),
        ("offset", (2,)),
    ]
    trees = inspected({"m.mlmodel": tree_files.trained()["catboost.mlmodel"]})
    assert (trees.tensors, trees.parameters) == (None, None)
    ensemble = json.loads(tree_files.trained()["catboost.json"])["oblivious_trees"]
    leaves = [len(tree["leaf_values"]) for tree in ensemble]
    assert trees.metadata["trees"] == str(len(ensemble))
    assert trees.metadata["nodes"] == str(sum(2 * count - 1 for count in leaves))


def test_tflite_says_its_tensors():
    found = inspected(other_files.tflite(custom="Mine"))
    assert found.inputs == (Port(name="w", dtype="float32", shape=(2, 3)),)
    assert (found.parameters, found.metadata["schema_version"]) == (6, "3")
    assert "Mine" in found.warnings[0]


def test_a_saved_model_says_its_signature():
    found = inspected(other_files.saved_model("Add"))
    assert found.inputs == (Port(name="x", dtype="float32", shape=(None, 4)),)
    assert found.producer == "tensorflow 2.19.0"
    assert found.metadata["operators"] == "Placeholder 1, Add 1"


def test_a_saved_model_says_its_variables():
    found = inspected(other_files.saved_model("Add"))
    assert (found.tensors, found.parameters, found.buffers) == (7, 15, 18)
    assert found.dtypes == {"float32": 31, "int64": 2}
    assert found.metadata["variable_bytes"] == "180"
    named = {one.name: (one.dtype, one.shape) for one in found.listed}
    assert named["layer_with_weights-0/kernel"] == ("float32", (4, 3))
    assert named["save_counter"] == ("int64", ())


def test_a_saved_model_of_the_first_tensorflow_counts_what_is_trained():
    found = inspected(bundle_files.model(bundle_files.FIRST_TENSORFLOW))
    assert (found.tensors, found.parameters, found.buffers) == (6, 12, 27)


def test_variables_in_pieces_and_in_many_blocks_count_once():
    pieces = inspected(bundle_files.model(bundle_files.IN_PIECES))
    assert (pieces.tensors, pieces.parameters) == (1, 8)
    assert pieces.metadata["variable_bytes"] == "32"
    many = inspected(bundle_files.model(bundle_files.MANY))
    assert (many.tensors, many.parameters, len(many.listed)) == (300, 1200, 300)


def test_an_index_that_is_compressed_is_said_not_to_be_read():
    found = handlers().inspect(MemoryFiles(bundle_files.model(bundle_files.PACKED)))
    assert found.reasons == (
        "variables/variables.index: it is compressed with snappy: nobody looked inside",
    )
    assert (found.verdict, found.tensors) == (Verdict.NOT_INSPECTABLE, None)


def test_mlflow_says_its_flavour_and_signature():
    ubj = tree_files.trained()["xgb.ubj"]
    files = other_files.mlmodel("  xgboost: {data: model.xgb}", model__xgb=ubj)
    found = inspected(files)
    assert (found.architecture, found.producer) == ("xgboost", "mlflow 3.1.0")
    assert found.inputs == (Port(name="x", dtype="double"),)
    assert found.outputs == (Port(name="", dtype="float32", shape=(None, 2)),)


def test_an_index_that_is_odd_is_told():
    odd = inspected(tensor_files.shards({"a": tensor_files.FIRST}))
    alone = inspected({tensor_files.FIRST: tensor_files.shards()[tensor_files.FIRST]})
    wrong = inspected(tensor_files.shards(total_size=1))
    assert "leaves out 1 tensors, as 'b'" in odd.warnings[0]
    assert "said to have 2 files, and 1 are here" in alone.warnings[0]
    assert "total_size" in wrong.warnings[0]
    assert (odd.kind, alone.kind) == ("sharded-safetensors", "safetensors")


def test_a_name_that_lies_is_told():
    found = inspected({"model.safetensors": onnx_files.plain()["model.onnx"]})
    assert found.format == "onnx"
    assert found.warnings == (
        "'model.safetensors' is onnx by its content, not what its suffix says",
    )


def test_what_is_compressed_by_zstd_is_never_called_looked_into():
    data = bytes.fromhex("28b52ffd0400") + bytes(40)
    found = handlers().inspect(MemoryFiles({"net.tar.zst": data}))
    assert (found.kind, found.verdict) == ("zstd", Verdict.NOT_INSPECTABLE)
    assert "zstd is not unpacked" in found.reasons[0]
    beside = {
        "a.safetensors": tensor_files.tensors(
            {"w": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}, b"ab"
        ),
        "net.tar.zst": data,
    }
    found = handlers().inspect(MemoryFiles(beside))
    assert (found.verdict, found.reasons) == (
        Verdict.NOT_INSPECTABLE,
        ("'net.tar.zst': nobody looked inside",),
    )


def test_words_are_files_and_nobody_looked_inside():
    found = handlers().inspect(MemoryFiles({"a.txt": b"words"}))
    assert (found.format, found.kind, found.verdict) == ("files", "text", "not-inspectable")


HEAVY = "catboost h5py keras lightgbm numpy onnx onnxruntime safetensors tokenizers torch xgboost"
LOOKS = """
import json, sys
from pathlib import Path
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles
folders = sorted(Path(sys.argv[1]).iterdir())
found = [handlers().inspect(LocalFiles(folder)).format for folder in folders]
print(json.dumps([found, sorted(set(sys.argv[2].split()) & sys.modules.keys())]))
"""


def test_looking_imports_no_library_of_any_format(tmp_path):
    for number, files in enumerate(
        [
            *(onnx_files.plain(), tensor_files.shards(), other_files.saved_model()),
            *({"m": other_files.tflite()}, other_files.mlpackage(), other_files.mlmodel()),
            *({"m": data} for data in tree_files.trained().values()),
            *huggingface_files.GOOD.values(),
        ]
    ):
        for path, data in files.items():
            place = tmp_path / f"{number:02}" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, tmp_path, HEAVY], capture_output=True, text=True, check=True
    )
    found, imported = json.loads(done.stdout)
    assert imported == []
    assert {"onnx", "huggingface", "xgboost", "coreml", "mlflow"} <= set(found)
