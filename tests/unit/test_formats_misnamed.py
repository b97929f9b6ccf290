"""Files are loaded as what they hold, whatever they are called."""

import json
import pickle

import joblib
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.conversions.to_huggingface import ToHuggingFace
from lineage_registry.formats.conversions.to_int8 import ToInt8
from lineage_registry.formats.conversions.to_safetensors import ToSafetensors
from lineage_registry.ports.filesets import LocalFiles
from tests.conformance.test_framework_handlers import answer, graph, llama

SUFFIXES = [
    *(".safetensors", ".pt", ".pt2", ".bin", ".onnx", ".ort", ".json", ".textproto", ".npy"),
    *(".npz", ".pkl", ".joblib", ".gz", ".keras", ".h5", ".ubj", ".cbm", ".txt", ".skops", ".zip"),
]
INDEX = "model.safetensors.index.json"
STATE = {"w": torch.arange(3.0)}


def script(path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(path))


def program(path):
    with path.open("wb") as stream:
        torch.export.save(torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),)), stream)


def checkpoint(path, obj=None, **options):
    with path.open("wb") as stream:
        torch.save(STATE if obj is None else obj, stream, **options)


def array(path):
    with path.open("wb") as stream:
        np.save(stream, np.ones(2))


def arrays(path):
    with path.open("wb") as stream:
        np.savez(stream, a=np.ones(2))


def trees(fit, form):
    def write(path):
        data = np.arange(100.0).reshape(-1, 1)
        suffixed = path.with_name(f"{path.name}.{form}")
        fit(data, data[:, 0], suffixed)
        suffixed.rename(path)

    return write


def xgboost(data, label, path):
    import xgboost as library

    library.train({}, library.DMatrix(data, label=label), num_boost_round=1).save_model(path)


def lightgbm(data, label, path):
    import lightgbm as library

    made = library.train({"verbose": -1}, library.Dataset(data, label=label), num_boost_round=1)
    made.save_model(str(path))


def catboost(data, label, path):
    import catboost as library

    made = library.CatBoostRegressor(iterations=1, verbose=False, allow_writing_files=False)
    made.fit(data, label).save_model(str(path), format=path.suffix[1:])


def keras(form):
    def write(path):
        from lineage_registry.formats.keras.saved import _keras

        library = _keras()
        model = library.Sequential([library.Input((2,)), library.layers.Dense(2)])
        suffixed = path.with_name(f"{path.name}.{form}")
        model.save(suffixed)
        suffixed.rename(path)

    return write


def estimator(path):
    import skops.io
    from sklearn.linear_model import LinearRegression

    fitted = LinearRegression().fit(np.arange(4.0).reshape(-1, 1), np.arange(4.0))
    path.write_bytes(skops.io.dumps(fitted))


KINDS = {
    "torch-zip": (checkpoint, "pytorch"),
    "torch-legacy": (lambda p: checkpoint(p, _use_new_zipfile_serialization=False), "pytorch"),
    "torch-module": (lambda p: checkpoint(p, torch.nn.Linear(2, 2)), "pytorch"),
    "torchscript": (script, "pytorch"),
    "torch-export": (program, "pytorch"),
    "safetensors": (lambda p: save_file(STATE, p), "safetensors"),
    "onnx": (lambda p: p.write_bytes(graph().SerializeToString()), "onnx"),
    "npy": (array, "numpy"),
    "npz": (arrays, "numpy"),
    "pickle": (lambda p: p.write_bytes(pickle.dumps(["a", 1])), "pickle"),
    "joblib": (lambda p: joblib.dump({"a": np.ones(2)}, p, compress=("xz", 3)), "pickle"),
    "skops": (estimator, "sklearn"),
    "keras": (keras("keras"), "keras"),
    "hdf5": (keras("h5"), "keras"),
    "xgboost-json": (trees(xgboost, "json"), "xgboost"),
    "xgboost-ubj": (trees(xgboost, "ubj"), "xgboost"),
    "lightgbm": (trees(lightgbm, "txt"), "lightgbm"),
    "catboost-cbm": (trees(catboost, "cbm"), "catboost"),
    "catboost-json": (trees(catboost, "json"), "catboost"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_loaded_by_its_content(tmp_path, kind):
    write, format_name = KINDS[kind]
    known = handlers()
    write(tmp_path / "original")
    data = (tmp_path / "original").read_bytes()
    made = set()
    for suffix in ["", *SUFFIXES]:
        folder = tmp_path / f"in{suffix}"
        folder.mkdir()
        (folder / f"model{suffix}").write_bytes(data)
        handler = known.detect(LocalFiles(folder))
        assert handler.name == format_name, suffix
        made.add(type(handler.load(folder, trusted=True)))
    assert len(made) == 1


def test_a_checkpoint_by_another_name_is_mapped_and_converted(tmp_path):
    known = handlers()
    checkpoint(tmp_path / "model.safetensors")
    loaded = known.by_name("pytorch").load(tmp_path, mmap=True, map_location={"cuda": "cpu"})
    assert torch.equal(loaded["w"], STATE["w"])
    ToSafetensors().convert(tmp_path, tmp_path / "converted")
    assert torch.equal(load_file(tmp_path / "converted" / "model.safetensors")["w"], STATE["w"])


@pytest.mark.parametrize("suffix", [".ort", ".json"])
def test_a_graph_by_another_name_is_read_and_quantised(tmp_path, suffix):
    (tmp_path / f"model{suffix}").write_bytes(graph().SerializeToString())
    loaded = handlers().by_name("onnx").load(tmp_path, into="model")
    assert loaded.graph.name == "g"
    assert "relative_error" in ToInt8().convert(tmp_path, tmp_path / "int8").measures


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder, model = tmp_path_factory.mktemp("saved"), llama()
    handler = handlers().by_name("huggingface")
    handler.save(model, folder / "one")
    handler.save(model, folder / "shards", max_shard_size="10KB")
    return model, folder


def torch_file(path):
    checkpoint(path.with_name("written"), load_file(path))
    path.unlink()
    path.with_name("written").rename(path)


@pytest.mark.parametrize(
    ("name", "as_torch"),
    [
        ("model.safetensors", True),
        ("pytorch_model.bin", False),
        ("pytorch_model.bin", True),
        ("weights.safetensors", False),
        ("model.pt", False),
        ("model.pt", True),
    ],
)
def test_the_weights_of_a_folder_are_loaded_by_their_content(tmp_path, saved, name, as_torch):
    model, source = saved
    for path in (source / "one").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    if as_torch:
        torch_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").rename(tmp_path / name)
    known = handlers()
    handler = known.detect(LocalFiles(tmp_path))
    assert handler.name == "huggingface"
    assert torch.equal(answer(handler.load(tmp_path)), answer(model))
    ToHuggingFace().convert(tmp_path, tmp_path / "again")
    again = {path.name for path in (tmp_path / "again").iterdir()}
    assert again == {path.name for path in (source / "one").iterdir()}


@pytest.mark.parametrize("as_torch", [True, False])
def test_shards_are_loaded_by_their_content(tmp_path, saved, as_torch):
    model, source = saved
    for path in (source / "shards").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    index = json.loads((tmp_path / INDEX).read_text())
    (tmp_path / INDEX).unlink()
    suffix, base = (".safetensors", "model") if as_torch else (".bin", "pytorch_model")
    for path in tmp_path.glob("*.safetensors"):
        if as_torch:
            torch_file(path)
        path.rename(path.with_suffix(suffix))
    shards = {key: f"{name[:-12]}{suffix}" for key, name in index["weight_map"].items()}
    named = json.dumps({**index, "weight_map": shards})
    (tmp_path / f"{base}{suffix}.index.json").write_text(named)
    handler = handlers().detect(LocalFiles(tmp_path))
    assert torch.equal(answer(handler.load(tmp_path)), answer(model))
