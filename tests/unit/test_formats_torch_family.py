"""What is said of torch, numpy, scikit-learn, Keras and archives: counts, signatures, kinds."""

import io
import json
import pickle
import zipfile

import joblib
import numpy as np
import pytest
import torch

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus.good_torch_family import Net, keras_file, npy, program, saved, script
from tests.corpus.making import tar_of, zip_of


def inspected(content: bytes, name: str = "model.bin") -> Inspection:
    return handlers().inspect(MemoryFiles({name: content}))


def gpt2() -> torch.nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=100, n_positions=32, n_embd=32, n_layer=1, n_head=4)
    return GPT2LMHeadModel(config)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_tied_weights_of_gpt2_count_once(new):
    state = gpt2().state_dict()
    assert sum(tensor.numel() for tensor in state.values()) == 20_192
    assert inspected(saved(state, _use_new_zipfile_serialization=new)).parameters == 16_992


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_the_statistics_of_batch_normalisation_are_buffers(new):
    net = torch.nn.Sequential(
        torch.nn.Linear(64, 128), torch.nn.BatchNorm1d(128), torch.nn.Linear(128, 10)
    )
    found = inspected(saved(net.state_dict(), _use_new_zipfile_serialization=new))
    assert (found.parameters, found.buffers) == (9_866, 257)
    assert sum(found.dtypes.values()) == 10_123


def test_a_program_tells_parameters_from_buffers_and_names_its_sizes():
    found = inspected(program(dynamic=True))
    assert (found.kind, found.verdict) == ("torch-export", Verdict.SAFE)
    assert (found.tensors, found.parameters, found.buffers) == (8, 21, 10)
    (taken,) = found.inputs
    assert (taken.name, taken.dtype, taken.shape[1]) == ("x", "float32", 4)
    assert isinstance(taken.shape[0], str)
    assert found.outputs[0].shape == (taken.shape[0], 3)
    assert found.opsets["aten"] > 0
    assert found.producer == f"torch {torch.__version__}"
    assert inspected(program(dynamic=False)).inputs[0].shape == (2, 4)


@pytest.mark.parametrize("traced", [True, False], ids=["traced", "scripted"])
def test_a_script_tells_its_signature_and_its_buffers_and_needs_trust(traced, tmp_path):
    content = script(traced=traced)
    found = inspected(content)
    assert (found.kind, found.verdict) == ("torchscript", Verdict.NEEDS_TRUST)
    assert found.architecture.endswith("Net")
    assert [port.name for port in found.inputs] == ["x"]
    assert [port.dtype for port in found.outputs] == ["Tensor"]
    assert (found.tensors, found.parameters, found.buffers) == (8, 21, 10)
    assert "torch.relu" in found.metadata["operators"]
    (tmp_path / "m.pt").write_bytes(content)
    handler = handlers().by_name("pytorch")
    with pytest.raises(UnsafeArtifactError, match="TorchScript"):
        handler.load(tmp_path)
    loaded = handler.load(tmp_path, trusted=True)
    assert loaded(torch.ones(2, 4)).shape == (2, 3)


def test_a_whole_module_is_loaded_only_if_trusted(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "m.pt")
    handler = handlers().by_name("pytorch")
    with pytest.raises(UnsafeArtifactError):
        handler.load(tmp_path)
    assert isinstance(handler.load(tmp_path, trusted=True), torch.nn.Linear)


@pytest.mark.parametrize(
    "compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]
)
def test_the_arrays_of_a_joblib_file_are_counted_without_running_it(compress, tmp_path):
    from sklearn.linear_model import LinearRegression

    x = np.arange(12.0).reshape(4, 3)
    model = LinearRegression().fit(x, x[:, 0])
    joblib.dump({"model": model, "x": x, "n": np.arange(5, dtype="i2")}, tmp_path / "m", compress)
    files = LocalFiles(tmp_path)
    found = handlers().inspect(files)
    assert (found.format, found.kind, found.verdict) == ("pickle", "joblib", Verdict.NEEDS_TRUST)
    shapes = {one.name: (one.dtype, one.shape) for one in found.listed}
    assert shapes["x"] == ("float64", (4, 3))
    assert shapes["n"] == ("int16", (5,))
    assert shapes["model.coef_"] == ("float64", (3,))
    assert found.dtypes["int16"] == 5
    assert "sklearn.linear_model._base.LinearRegression" in found.globals
    loaded = handlers().by_name("pickle").load(tmp_path, trusted=True)
    assert loaded["x"].tolist() == x.tolist()


def test_a_pickled_estimator_says_what_it_is_and_by_what():
    import sklearn
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier().fit([[0], [1]], [0, 1])
    for protocol in range(6):
        found = inspected(pickle.dumps(model, protocol))
        assert found.architecture == "sklearn.tree._classes.DecisionTreeClassifier"
        assert found.producer == f"scikit-learn {sklearn.__version__}"
        assert found.verdict is Verdict.NEEDS_TRUST


def test_numbers_of_an_array_are_never_held(tmp_path):
    import tracemalloc

    with (tmp_path / "m.pkl").open("wb") as file:
        pickle.dump({"w": np.zeros(8_000_000)}, file, 4)
    tracemalloc.start()
    found = handlers().inspect(LocalFiles(tmp_path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.parameters == 8_000_000
    assert peak < 4_000_000


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_arrays_are_told_and_loaded(write, tmp_path):
    write(tmp_path / "a.npz", a=np.arange(6.0).reshape(2, 3), b=np.ones(3, "i4"))
    found = handlers().inspect(LocalFiles(tmp_path))
    assert (found.format, found.kind, found.verdict) == ("numpy", "npz", Verdict.SAFE)
    assert {one.name: one.shape for one in found.listed} == {"a": (2, 3), "b": (3,)}
    assert found.dtypes == {"float64": 6, "int32": 3}
    assert sorted(handlers().by_name("numpy").load(tmp_path)) == ["a", "b"]


def test_an_array_of_objects_is_a_pickle(tmp_path):
    content = npy(np.array([{"a": 1}], dtype=object))
    (tmp_path / "a.npy").write_bytes(content)
    assert inspected(content).verdict is Verdict.NEEDS_TRUST
    with pytest.raises(UnsafeArtifactError):
        handlers().by_name("numpy").load(tmp_path)
    assert handlers().by_name("numpy").load(tmp_path, trusted=True)[0] == {"a": 1}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_keras_model_tells_its_layers_weights_and_inputs(suffix):
    found = inspected(keras_file(suffix), f"m{suffix}")
    assert (found.format, found.verdict, found.architecture) == (
        "keras",
        Verdict.SAFE,
        "Sequential",
    )
    # Two kernels and biases, two scales; statistics and the optimizer's state are apart.
    assert (found.parameters, found.buffers) == (21, 6 + 2)
    assert [(port.dtype, port.shape) for port in found.inputs] == [("float32", (None, 4))]
    assert not found.warnings


def test_a_suffix_that_lies_is_a_warning():
    found = inspected(saved(Net().state_dict()), "model.safetensors")
    assert found.verdict is Verdict.SAFE
    assert found.warnings
    assert "torch-zip" in found.warnings[0]
    assert not inspected(saved(Net().state_dict()), "model.pt").warnings


def test_an_archive_says_what_its_members_would():
    weights = saved(Net().state_dict())
    alone = inspected(weights)
    for content, kind in (
        (tar_of({"m/model.pt": weights}), "tar"),
        (tar_of({"m/model.pt": weights}, "w:gz"), "tar"),
        (zip_of([("model.pt", weights)], compression=zipfile.ZIP_DEFLATED), "zip"),
        (zip_of([("a.tar", tar_of({"model.pt": weights}))]), "zip"),
    ):
        found = inspected(content)
        assert (found.format, found.kind, found.verdict) == ("archive", kind, Verdict.SAFE)
        assert (found.parameters, found.buffers) == (alone.parameters, alone.buffers)
        assert found.bytes == len(content)


def test_a_folder_in_an_archive_is_looked_into_as_a_folder():
    config = json.dumps({"model_type": "x", "architectures": ["X"], "auto_map": {"a": "b.C"}})
    members = {"config.json": config.encode(), "b.py": b"class C: ..."}
    folder = handlers().inspect(MemoryFiles(members))
    found = inspected(tar_of(members))
    assert folder.verdict is found.verdict is Verdict.NEEDS_TRUST


def test_nothing_of_an_archive_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inspected(tar_of({"a": b"x" * 100, "b.pt": saved(Net().state_dict())}, "w:gz"))
    assert not list(tmp_path.iterdir())


class Counted(MemoryFiles):
    """Files that count what is read of them."""

    def __init__(self, contents):
        super().__init__(contents)
        self.bytes_read = 0

    def open(self, path):
        whole, outer = self._content(path), self

        class Stream(io.BytesIO):
            def read(self, size=-1):
                data = super().read(size)
                outer.bytes_read += len(data)
                return data

            def readinto(self, buffer):
                count = super().readinto(buffer)
                outer.bytes_read += count
                return count

        return Stream(whole)


@pytest.mark.parametrize("kind", ["zip", "legacy", "tar", "npz", "h5"])
def test_a_large_file_is_looked_into_without_reading_it(kind):
    import h5py

    large = np.zeros(4_000_000, "f4")
    state = {"w": torch.from_numpy(large)}
    stream = io.BytesIO()
    if kind == "npz":
        np.savez(stream, w=large)
    elif kind == "h5":
        with h5py.File(stream, "w") as file:
            file["w"] = large
    content = {
        "zip": lambda: saved(state),
        "legacy": lambda: saved(state, _use_new_zipfile_serialization=False),
        "tar": lambda: tar_of({"m.pt": saved(state)}),
    }.get(kind, stream.getvalue)()
    files = Counted({"m": content})
    assert handlers().inspect(files).parameters == 4_000_000
    assert files.bytes_read < 400_000
