"""Which kind a file or folder is: by what it holds, whatever it is called."""

import bz2
import gzip
import io
import lzma
import os
import pickle
import tarfile
import time
import warnings
import zipfile
import zlib

import numpy as np
import pytest
import torch

from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.sniffing.files import disagreement, kind_of
from lineage_registry.formats.sniffing.folders import folder_kind
from lineage_registry.formats.sniffing.kinds import FileKind, FolderKind
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus import huggingface_files, onnx_files, other_files, tensor_files, tree_files


def written(save, *arguments, **options) -> bytes:
    stream = io.BytesIO()
    save(*arguments, stream, **options)
    return stream.getvalue()


def torch_saved(**options) -> bytes:
    return written(lambda file: torch.save({"w": torch.ones(3)}, file, **options))


def scripted() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2))
        return written(lambda file: torch.jit.save(module, file))


def exported() -> bytes:
    return written(
        lambda file: torch.export.save(
            torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),)), file
        )
    )


def keras_saved(suffix: str, tmp_path) -> bytes:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    path = tmp_path / f"model.{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        model.save(path)
    return path.read_bytes()


def joblib_saved(compress) -> bytes:
    import joblib
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    return written(lambda file: joblib.dump(model, file, compress=compress))


def skops_saved() -> bytes:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    return skops.io.dumps(LogisticRegression().fit(np.eye(4), [0, 1, 0, 1]))


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "."), data)
    return stream.getvalue()


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def grown(name: str):
    return lambda _: tree_files.trained()[name]


FILES = {
    "torch": (FileKind.TORCH_ZIP, lambda _: torch_saved()),
    "torch, legacy": (
        FileKind.TORCH_LEGACY,
        lambda _: torch_saved(_use_new_zipfile_serialization=False),
    ),
    "torchscript": (FileKind.TORCHSCRIPT, lambda _: scripted()),
    "torch export": (FileKind.TORCH_EXPORT, lambda _: exported()),
    **{
        f"pickle {protocol}": (
            FileKind.PICKLE,
            lambda _, protocol=protocol: pickle.dumps({"a": [1, 2]}, protocol),
        )
        for protocol in range(2, 6)
    },
    "joblib": (FileKind.PICKLE, lambda _: joblib_saved(0)),
    "joblib, zlib": (FileKind.ZLIB, lambda _: joblib_saved(("zlib", 3))),
    "joblib, gzip": (FileKind.GZIP, lambda _: joblib_saved(("gzip", 3))),
    "joblib, bz2": (FileKind.BZ2, lambda _: joblib_saved(("bz2", 3))),
    "joblib, xz": (FileKind.XZ, lambda _: joblib_saved(("xz", 3))),
    "skops": (FileKind.SKOPS, lambda _: skops_saved()),
    "safetensors": (FileKind.SAFETENSORS, lambda _: long_safetensors(16)),
    "safetensors, empty": (FileKind.SAFETENSORS, lambda _: tensor_files.tensors({})),
    "onnx": (FileKind.ONNX, lambda _: onnx_files.plain()["model.onnx"]),
    "onnx, by CatBoost": (FileKind.ONNX, grown("catboost.onnx")),
    "onnx, without a producer": (
        FileKind.ONNX,
        lambda _: onnx_files.model(onnx_files.node("Relu", ["x"])),
    ),
    "gguf": (FileKind.GGUF, lambda _: tensor_files.gguf_file()),
    "ggml": (FileKind.GGML, lambda _: b"lmgg" + bytes(60)),
    "keras": (FileKind.KERAS, lambda folder: keras_saved("keras", folder)),
    "hdf5": (FileKind.HDF5, lambda folder: keras_saved("h5", folder)),
    "tflite": (FileKind.TFLITE, lambda _: other_files.tflite()),
    "core ml": (FileKind.COREML, lambda _: other_files.coreml()),
    "core ml, by CatBoost": (FileKind.COREML, grown("catboost.mlmodel")),
    "xgboost, json": (FileKind.XGBOOST_JSON, grown("xgb.json")),
    "xgboost, linear": (FileKind.XGBOOST_JSON, grown("gblinear.json")),
    "xgboost, ubj": (FileKind.XGBOOST_UBJ, grown("xgb.ubj")),
    "lightgbm": (FileKind.LIGHTGBM, grown("lightgbm.txt")),
    "catboost": (FileKind.CATBOOST, grown("catboost.cbm")),
    "catboost, json": (FileKind.CATBOOST_JSON, grown("catboost.json")),
    "pmml": (FileKind.PMML, grown("catboost.pmml")),
    "pmml, with a document type": (FileKind.PMML, lambda _: tree_files.XML["laughs"]),
    "npy": (FileKind.NPY, lambda _: tensor_files.array_bytes()),
    "npz": (FileKind.NPZ, lambda _: written(lambda file: np.savez(file, a=np.ones(3)))),
    "tar": (FileKind.TAR, lambda _: archive(a=b"a")),
    "mar": (FileKind.MAR, lambda _: zipped(**{"MAR-INF/MANIFEST__json": b"{}", "model__pt": b""})),
    "zip": (FileKind.ZIP, lambda _: zipped(a=b"a")),
    "zip, empty": (FileKind.ZIP, lambda _: zipped()),
    "gzip": (FileKind.GZIP, lambda _: gzip.compress(b"words")),
    "zlib": (FileKind.ZLIB, lambda _: zlib.compress(b"words")),
    "bz2": (FileKind.BZ2, lambda _: bz2.compress(b"words")),
    "xz": (FileKind.XZ, lambda _: lzma.compress(b"words")),
    "lzma": (FileKind.LZMA, lambda _: lzma.compress(b"words", lzma.FORMAT_ALONE)),
    "joblib of long ago": (
        FileKind.JOBLIB_ZF,
        lambda _: b"ZF0x0000000000000005" + zlib.compress(b"words"),
    ),
    "json": (FileKind.JSON, lambda _: b'{"a": 1}'),
    "json, a list": (FileKind.JSON, lambda _: b"\n [1, 2]"),
    "text": (FileKind.TEXT, lambda _: "Wörter\n".encode()),
    "text of many bytes": (FileKind.TEXT, lambda _: "ö".encode() * 5_000 + b"\n"),
    "empty": (FileKind.EMPTY, lambda _: b""),
    "noise": (FileKind.UNKNOWN, lambda _: bytes(range(128, 256))),
    "zeros": (FileKind.UNKNOWN, lambda _: bytes(5_000)),
}


def without(files, path):
    return {name: content for name, content in files.items() if name != path}


FOLDERS = {
    "transformers": (FolderKind.TRANSFORMERS, huggingface_files.folder()),
    "transformers, sharded": (
        FolderKind.TRANSFORMERS,
        {**tensor_files.shards(), "config.json": b'{"model_type": "llama"}'},
    ),
    "adapter": (FolderKind.PEFT_ADAPTER, huggingface_files.adapter()),
    "diffusers": (FolderKind.DIFFUSERS, huggingface_files.pipeline()),
    "sentence transformers": (FolderKind.SENTENCE_TRANSFORMERS, huggingface_files.sentences()),
    "sentence transformers before version 2": (
        FolderKind.SENTENCE_TRANSFORMERS,
        without(huggingface_files.sentences(), "config_sentence_transformers.json"),
    ),
    "sentence transformers with a module of somebody's": (
        FolderKind.SENTENCE_TRANSFORMERS,
        huggingface_files.sentences("somebody.Module"),
    ),
    "modules of something else": (
        FolderKind.TRANSFORMERS,
        {
            **without(huggingface_files.sentences(), "modules.json"),
            "modules.json": b'{"type": "sentence_transformers.models.Transformer"}',
        },
    ),
    "sharded": (FolderKind.SHARDED_SAFETENSORS, tensor_files.shards()),
    "saved model": (FolderKind.TF_SAVED_MODEL, other_files.saved_model()),
    "mlpackage": (FolderKind.COREML_PACKAGE, other_files.mlpackage()),
    "mlflow": (FolderKind.MLFLOW, other_files.mlmodel()),
    "nemo": (
        FolderKind.NEMO,
        {"model_config.yaml": b"a: b\n", "model_weights.ckpt": b"\x80\x02}."},
    ),
    "a list of words": (None, {"a.txt": b"words", "b.json": b"{}"}),
    "a config of something else": (None, {"config.json": b'{"port": 80}'}),
    "an empty config": (None, {"config.json": b""}),
    "nothing": (None, {}),
}
HANDLED = {
    "onnx": "onnx",
    "gguf": "gguf",
    "safetensors": "safetensors",
    "torch": "pytorch",
    "torch, legacy": "pytorch",
    "tflite": "tflite",
    "core ml": "coreml",
    "xgboost, json": "xgboost",
    "xgboost, ubj": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "catboost, json": "catboost",
    "pmml": "pmml",
    "json": "files",
    "text": "files",
    "empty": "files",
    "noise": "files",
    "ggml": "files",
}
FOLDERS_HANDLED = {
    "transformers": "huggingface",
    "adapter": "huggingface",
    "diffusers": "huggingface",
    "sentence transformers": "huggingface",
    "sharded": "safetensors",
    "saved model": "tf-saved-model",
    "mlpackage": "coreml",
    "mlflow": "mlflow",
    "a list of words": "files",
    "a config of something else": "files",
    "nothing": "files",
}
NAMES = ("model", "renamed.txt", "renamed.onnx", "renamed.safetensors", "deep/er/renamed.bin")


def test_there_are_enough_kinds_here():
    assert len({kind for kind, _ in FILES.values()} | {kind for kind, _ in FOLDERS.values()}) > 40
    left = set(FileKind) - {kind for kind, _ in FILES.values()}
    assert left <= {FileKind.LZ4, FileKind.ZSTD}, "their libraries are not here"


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_of_its_kind_under_every_name(name, tmp_path):
    kind, make = FILES[name]
    content = make(tmp_path)
    for path in NAMES:
        assert kind_of(MemoryFiles({path: content}), path) is kind
    if name in HANDLED:
        for path in NAMES:
            assert handlers().detect(MemoryFiles({path: content})).name == HANDLED[name]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_of_its_kind(name):
    kind, files = FOLDERS[name]
    assert folder_kind(MemoryFiles(files)) is kind
    if name in FOLDERS_HANDLED:
        assert handlers().detect(MemoryFiles(files)).name == FOLDERS_HANDLED[name]


@pytest.mark.parametrize("suffix", [".safetensors", ".onnx", ".gguf", ".pt", ".npy", ".h5", ".cbm"])
@pytest.mark.parametrize("content", [b"", b"words", b"{}", b"\0\0", b"PK", b"\x08"], ids=str)
def test_a_suffix_makes_no_format(suffix, content):
    assert handlers().detect(MemoryFiles({f"model{suffix}": content})).name == "files"


@pytest.mark.parametrize(
    "content",
    [
        *(b"<!---->" * 585, b"<!--" * 1_000, b"<?x>" * 1_000, b" " * 4_000 + b"<", b"<?" * 2_000),
        *(b"{" * 4_000, b'{"' * 2_000, b"[" * 4_000, b"\x80\x02" + b"(" * 4_000, b"(" * 4_000),
        *(b"tree\n" * 800, b"\x08\x08" * 2_000, b"\x78\x9c" * 2_000, b"PK\3\4" * 1_000),
    ],
    ids=lambda content: str(content[:8]),
)
def test_no_file_makes_the_rules_think_long(content):
    started = time.monotonic()
    kind_of(MemoryFiles({"m": content}), "m")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("path", "name", "lies"),
    [
        ("model.onnx", "onnx", False),
        ("model.onnx", "torch", True),
        ("model.safetensors", "onnx", True),
        ("model.bin", "torch", False),
        ("model.bin", "safetensors", False),
        ("notes.txt", "text", False),
        ("notes.txt", "json", False),
        ("notes.txt", "pickle 4", True),
        ("model.txt", "lightgbm", False),
        ("model.gguf", "empty", True),
        ("model", "gguf", False),
        ("model.pkl", "pickle 2", False),
        ("MODEL.PT", "safetensors", True),
        ("model.zip", "torch", False),
        ("model.zip", "text", True),
        ("model.zip", "empty", True),
    ],
)
def test_a_suffix_that_lies_is_told(path, name, lies, tmp_path):
    _, make = FILES[name]
    said = disagreement(MemoryFiles({path: make(tmp_path)}), path)
    assert (said is not None) is lies


class CountingFiles(MemoryFiles):
    """A store that counts what it hands out, as each byte of a range has its price."""

    def __init__(self, contents):
        super().__init__(contents)
        self.fetched = 0

    def open(self, path):
        counted = self

        class Counted(io.BytesIO):
            def read(self, count=-1):
                data = super().read(count)
                counted.fetched += len(data)
                return data

        return Counted(self._content(path))


def long_onnx(size: int) -> bytes:
    return onnx_files.by_hand(
        *(onnx_files.tensor(f"w{n}", shape=(size // 4,), raw=bytes(size)) for n in range(8))
    )


def long_gguf(size: int) -> bytes:
    body = b"".join(tensor_files.info(b"t%d" % n, (size // 4,), 0, n * size) for n in range(8))
    return tensor_files.padded(tensor_files.header(tensors=8, body=body), 8 * size)


def long_safetensors(size: int) -> bytes:
    entries = {
        f"w{n}": tensor_files.entry(n * size, n * size + size, (size // 4,)) for n in range(8)
    }
    return tensor_files.tensors(entries, bytes(8 * size))


@pytest.mark.parametrize("make", [long_onnx, long_gguf, long_safetensors])
def test_looking_into_a_large_file_reads_little_of_it(make):
    read = {}
    for size in (1 << 20, 1 << 22):
        files = CountingFiles({"model": make(size)})
        found = handlers().inspect(files)
        assert (found.verdict.value, found.parameters) == ("safe", 8 * size // 4)
        read[size] = files.fetched
    assert max(read.values()) < 64 * 1024
    # What is read does not grow with the weights.
    assert read[1 << 22] <= read[1 << 20] + 64


def test_telling_ten_thousand_files_apart_takes_moments_and_each_is_read_once():
    contents = {f"data/{n:05}.txt": b"words %d" % n for n in range(9_998)}
    contents |= {"config.json": b'{"port": 1}', "model.onnx": onnx_files.plain()["model.onnx"]}
    files = CountingFiles(contents)
    started = time.monotonic()
    handlers().detect(files)
    assert time.monotonic() - started < 5
    assert files.fetched < 1.5 * sum(map(len, contents.values()))
