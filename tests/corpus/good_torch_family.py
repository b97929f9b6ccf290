"""Good files of torch, numpy, scikit-learn, Keras and archives, made by the libraries."""

import io
import json
import os
import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "torch")

import joblib
import numpy as np
import torch
from sklearn import (
    cluster,
    decomposition,
    ensemble,
    linear_model,
    naive_bayes,
    neighbors,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.feature_extraction.text import TfidfVectorizer

from tests.corpus.cases import Files, add_good, good
from tests.corpus.making import lz4_of, tar_of, zip_of

X = np.arange(60.0).reshape(20, 3) % 7
Y = np.arange(20) % 2


class Net(torch.nn.Module):
    """A little of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)
        self.bn = torch.nn.BatchNorm1d(3)
        self.register_buffer("k", torch.arange(3.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn(self.fc(x))) + self.k


def saved(obj: object, **options: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(obj, stream, **options)
    return stream.getvalue()


def script(*, traced: bool) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = Net().eval()
        made = torch.jit.trace(net, torch.ones(2, 4)) if traced else torch.jit.script(net)
        torch.jit.save(made, stream)
    return stream.getvalue()


def program(*, dynamic: bool) -> bytes:
    stream = io.BytesIO()
    shapes = {"x": {0: torch.export.Dim("batch")}} if dynamic else None
    made = torch.export.export(Net().eval(), (torch.ones(2, 4),), dynamic_shapes=shapes)
    torch.export.save(made, stream)
    return stream.getvalue()


_DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.uint8),
    *(torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64, torch.uint16),
    *(torch.uint32, torch.float8_e4m3fn, torch.float8_e5m2),
)
_STATES: dict[str, Callable[[], object]] = {
    "module": lambda: Net().state_dict(),
    "optimizer": lambda: torch.optim.Adam(Net().parameters()).state_dict(),
    "stepped optimizer": lambda: _stepped().state_dict(),
    "parameter": lambda: {"p": torch.nn.Parameter(torch.ones(3))},
    "ordered": lambda: OrderedDict([("a", torch.ones(1)), ("b", torch.zeros(0))]),
    "numbers": lambda: {"epoch": 3, "loss": 0.5, "names": ["a"], "done": True, "none": None},
    "settings": lambda: {"dtype": torch.float16, "device": torch.device("cpu")},
    "tensor": lambda: torch.ones(2, 3),
    "sets": lambda: {"s": {1, 2}, "b": b"bytes", "c": 1 + 2j},
    "nested": lambda: {"model": Net().state_dict(), "rng": torch.get_rng_state(), "best": [0.1]},
}


def _stepped() -> torch.optim.Optimizer:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), momentum=0.9)
    net(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return optimizer


for _dtype in _DTYPES:
    _state = {"w": torch.zeros(3, 2).to(_dtype)}
    add_good(f"torch zip: {_dtype}", saved(_state))
    add_good(f"torch legacy: {_dtype}", saved(_state, _use_new_zipfile_serialization=False))
for _name, _make in _STATES.items():
    add_good(f"torch zip: {_name}", saved(_make()))
    add_good(f"torch legacy: {_name}", saved(_make(), _use_new_zipfile_serialization=False))
add_good("torch zip: a whole module", saved(torch.nn.Linear(2, 2)), "needs-trust")
add_good("torch: a pickled tensor", pickle.dumps(torch.ones(3)), "needs-trust")
for _traced in (True, False):
    good(f"script: {'traced' if _traced else 'scripted'}", "needs-trust")(
        lambda traced=_traced: {"m.pt": script(traced=traced)}
    )
for _dynamic in (True, False):
    good(f"program: {'symbolic' if _dynamic else 'fixed'} sizes")(
        lambda dynamic=_dynamic: {"m.pt2": program(dynamic=dynamic)}
    )


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


for _code in ("f2", "f4", "f8", "i1", "i4", ">i8", "u2", "c16", "?", "U5", "S3", "M8[ns]"):
    add_good(f"npy: {_code}", {"a.npy": npy(np.zeros((2, 3), _code))})
add_good("npy: fields", {"a.npy": npy(np.zeros(3, [("x", "f4"), ("y", "i8", (2,))]))})
add_good("npy: one number", {"a.npy": npy(np.array(3.0))})
add_good("npy: no numbers", {"a.npy": npy(np.zeros((0, 4)))})
add_good("npy: columns first", {"a.npy": npy(np.asfortranarray(np.ones((3, 4))))})
for _name, _write in (("stored", np.savez), ("compressed", np.savez_compressed)):
    _stream = io.BytesIO()
    _write(_stream, a=np.arange(1000), b=np.ones((3, 3)))
    add_good(f"npz: {_name}", {"a.npz": _stream.getvalue()})

_ESTIMATORS: dict[str, Callable[[], object]] = {
    "forest": lambda: ensemble.RandomForestClassifier(3).fit(X, Y),
    "boosting": lambda: ensemble.HistGradientBoostingClassifier(max_iter=2).fit(X, Y),
    "logistic": lambda: linear_model.LogisticRegression().fit(X, Y),
    "tree": lambda: tree.DecisionTreeRegressor().fit(X, Y),
    "svm": lambda: svm.SVC().fit(X, Y),
    "pca": lambda: decomposition.PCA(2).fit(X),
    "bayes": lambda: naive_bayes.GaussianNB().fit(X, Y),
    "neighbours": lambda: neighbors.KNeighborsClassifier(3, algorithm="brute").fit(X, Y),
    "means": lambda: cluster.KMeans(2, n_init=1).fit(X),
    "pipeline": lambda: pipeline.make_pipeline(
        preprocessing.StandardScaler(), linear_model.Ridge()
    ).fit(X, Y),
    "words": lambda: TfidfVectorizer().fit(["a few words", "and some more words"]),
    "one hot": lambda: preprocessing.OneHotEncoder().fit([["a"], ["b"]]),
}
for _name, _make in _ESTIMATORS.items():
    _made = _make()
    _stream = io.BytesIO()
    joblib.dump(_made, _stream)
    _plain = _stream.getvalue()
    add_good(f"joblib: {_name}", {"m.joblib": _plain}, "needs-trust")
    for _protocol in (2, 5):
        _data = pickle.dumps(_made, _protocol)
        add_good(f"pickle {_protocol}: {_name}", {"m.pkl": _data}, "needs-trust")
    if _name not in {"words", "boosting"}:
        import skops.io

        add_good(f"skops: {_name}", {"m.skops": skops.io.dumps(_made)})
for _packer in ("zlib", "gzip", "bz2", "xz", "lzma"):
    _stream = io.BytesIO()
    joblib.dump(_ESTIMATORS["forest"](), _stream, compress=(_packer, 3))
    add_good(f"joblib: compressed by {_packer}", {"m.joblib": _stream.getvalue()}, "needs-trust")
add_good("joblib: in an LZ4 frame", {"m.joblib": lz4_of(_plain)}, "needs-trust")
add_good(
    "pickle: a large array",
    {"m.pkl": pickle.dumps({"w": np.arange(2_000_000.0)}, 4)},
    "needs-trust",
)
add_good("pickle: protocol 0", {"m.pkl": pickle.dumps({"a": [1, 2.5, "x"]}, 0)}, "needs-trust")


def keras_file(suffix: str) -> bytes:
    import tempfile
    from pathlib import Path

    import keras

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.BatchNormalization()]
    )
    model.compile("adam", "mse")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / f"m{suffix}"
        if suffix.startswith(".weights"):
            model.save_weights(path)
        else:
            model.save(path)
        return path.read_bytes()


@good("keras: a zip")
def _keras() -> Files:
    return {"m.keras": keras_file(".keras")}


@good("keras: HDF5")
def _keras_h5() -> Files:
    return {"m.h5": keras_file(".h5")}


@good("keras: weights alone")
def _keras_weights() -> Files:
    return {"m.weights.h5": keras_file(".weights.h5")}


@good("hdf5: arrays of several kinds")
def _hdf5() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for code in ("f2", "f4", "f8", "i1", "i8", "u4", "?"):
            file[f"group/{code.replace('?', 'bool')}"] = np.zeros((2, 3), code)
        file.create_dataset("chunks", data=np.ones((50, 50)), chunks=(10, 10), compression="gzip")
        file["soft"] = h5py.SoftLink("/chunks")
        file.attrs["note"] = "words"
        for number in range(300):
            file[f"many/{number}"] = np.ones(1)
    return {"a.h5": stream.getvalue()}


@good("hdf5: of the latest form")
def _hdf5_latest() -> Files:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        file["a/b"] = np.ones((2, 3), "f4")
        file["c"] = np.ones(3)
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": []})
    return {"a.h5": stream.getvalue()}


_WEIGHTS = saved(Net().state_dict())
add_good("zip: weights and words", zip_of([("m/model.pt", _WEIGHTS), ("m/README.md", b"# words")]))
add_good(
    "zip: compressed weights",
    zip_of([("model.pt", _WEIGHTS)], compression=zipfile.ZIP_DEFLATED),
)
for _mode in ("w", "w:gz", "w:bz2", "w:xz"):
    add_good(f"tar: weights, {_mode}", tar_of({"./m/model.pt": _WEIGHTS}, _mode))
add_good("tar: a long name", tar_of({"f/" * 80 + "model.pt": _WEIGHTS}))
add_good("tar: in a zip", zip_of([("a.tar", tar_of({"model.pt": _WEIGHTS}))]))
add_good(
    "nemo: weights and their configuration",
    {
        "m.nemo": tar_of(
            {
                "./model_config.yaml": b"target: nemo.collections.asr.Model\nlayers: 2\n",
                "./model_weights.ckpt": _WEIGHTS,
            }
        )
    },
)
add_good(
    "mar: weights and a handler",
    {
        "m.mar": zip_of(
            [
                ("MAR-INF/MANIFEST.json", b'{"model": {"modelName": "m", "handler": "h.py"}}'),
                ("h.py", b"def handle(data, context): ..."),
                ("model.pt", _WEIGHTS),
            ],
            compression=zipfile.ZIP_DEFLATED,
        )
    },
    "needs-trust",
)
add_good("zip: words alone", zip_of([("a.txt", b"words"), ("b/", b"")]), "not-inspectable")
add_good("folder: weights and words", {"model.pt": _WEIGHTS, "config.json": b"{}", "LICENSE": b"x"})
