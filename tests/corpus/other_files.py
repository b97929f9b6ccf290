"""SavedModel, TFLite, Core ML and MLflow, by hand: their libraries are not here."""

import json
import struct

import flatbuffers
import numpy as np
from safetensors.numpy import save

from tests.corpus.cases import COMMAND, Files, add_good, add_hostile
from tests.corpus.huggingface_files import Payload
from tests.corpus.protobuf_bytes import field, message
from tests.corpus.tensor_bundles import TRAINED, bundle
from tests.corpus.tree_files import trained


def saved_model(*operators: str, name: str = "serving_default") -> Files:
    shape = field(2, field(1, (1 << 64) - 1)) + field(2, field(1, 4))
    tensor = message((1, "x:0"), (2, 1), (3, shape))
    port = message((1, "x"), (2, tensor))
    signature = message((1, name), (2, field(1, port) + field(2, port)))
    nodes = b"".join(field(1, message((1, "n"), (2, each))) for each in ("Placeholder", *operators))
    graph = message((1, field(4, "serve") + field(5, "2.19.0")), (2, nodes), (5, signature))
    return {
        "saved_model.pb": message((1, 1), (2, graph)),
        **bundle(*TRAINED),
        "fingerprint.pb": b"\x08\x01",
    }


def in_library(operator: str) -> Files:
    function = field(1, field(3, message((1, "n"), (2, operator))))
    graph = field(2, field(2, function))
    return {"saved_model.pb": message((1, 1), (2, graph))}


def tflite(custom: str | None = None, buffer: int = 1) -> bytes:
    """One tensor of 2 x 3 numbers that is input and output."""
    make = flatbuffers.Builder(256)

    def numbers(values):
        make.StartVector(4, len(values), 4)
        for value in reversed(values):
            make.PrependInt32(value)
        return make.EndVector()

    def tables(*places):
        make.StartVector(4, len(places), 4)
        for place in reversed(places):
            make.PrependUOffsetTRelative(place)
        return make.EndVector()

    def table(count, *fields):
        make.StartObject(count)
        for number, add, value in fields:
            add(number, value, 0)
        return make.EndObject()

    offset, whole = make.PrependUOffsetTRelativeSlot, make.PrependUint32Slot
    name, code = make.CreateString("w"), make.CreateString(custom) if custom else None
    shape, one = numbers([2, 3]), numbers([0])
    tensor = table(8, (0, offset, shape), (2, whole, buffer), (3, offset, name))
    graph = table(5, (0, offset, tables(tensor)), (1, offset, one), (2, offset, one))
    data = make.CreateByteVector(bytes(24))
    buffers = tables(table(3), table(3, (0, offset, data)))
    codes = tables(table(4, *([(1, offset, code)] if code else [])))
    graphs = tables(graph)
    root = table(8, (0, whole, 3), (1, offset, codes), (2, offset, graphs), (4, offset, buffers))
    make.Finish(root, file_identifier=b"TFL3")
    return bytes(make.Output())


def mlpackage(path: str = "com.apple.CoreML/model.mlmodel") -> Files:
    items = {"A": {"path": path}, "B": {"path": "com.apple.CoreML/weights"}}
    return {
        "Manifest.json": json.dumps({"itemInfoEntries": items}).encode(),
        "Data/com.apple.CoreML/model.mlmodel": coreml(),
        "Data/com.apple.CoreML/weights/weight.bin": bytes(64),
    }


def coreml(kind: int = 502) -> bytes:
    array = message((1, b"\x01\x04"), (2, 65568))
    feature = message((1, "x"), (3, field(5, array)))
    return message((1, 8), (2, field(1, feature) + field(10, feature)), (kind, b""))


def mlmodel(more: str = "", **files: bytes) -> Files:
    text = f"""flavors:
  python_function:
    loader_module: mlflow.xgboost
    python_version: 3.11.7
{more}
mlflow_version: 3.1.0
run_id: 0123
signature:
  inputs: '[{{"type": "double", "name": "x"}}]'
  outputs: '[{{"type": "tensor", "tensor-spec": {{"dtype": "float32", "shape": [-1, 2]}}}}]'
"""
    return {
        "MLmodel": text.encode(),
        **{name.replace("__", "."): data for name, data in files.items()},
    }


add_good("saved model: adding", saved_model("Add", "SaveV2", "RestoreV2"))
add_good(
    "saved model: as text",
    {"saved_model.pbtxt": b"saved_model_schema_version: 1\n"},
    "not-inspectable",
)
add_good(
    "core ml: a package without a model",
    {"Manifest.json": b'{"itemInfoEntries": {}}', "Data/x.bin": b"\xff\xfe"},
    "not-inspectable",
)
add_good("tflite: one tensor", tflite())
add_good("tflite: an operator of its own", tflite(custom="Mine"))
add_good("core ml: a program", {"m.mlmodel": coreml()})
add_good("core ml: code of an app", coreml(555))
add_good("core ml: a package", mlpackage())
add_good(
    "mlflow: xgboost", mlmodel("  xgboost: {data: model.xgb}", model__xgb=trained()["xgb.ubj"])
)
add_good("mlflow: only words", mlmodel(requirements__txt=b"numpy\n", conda__yaml=b"a: b\n"))
add_good("mlflow: safetensors", mlmodel(model__safetensors=save({"w": np.ones(3)})))

NEEDS_TRUST = {
    "saved model: Python": saved_model("PyFunc"),
    "saved model: Python, eagerly": saved_model("EagerPyFunc"),
    "saved model: reads files": saved_model("ReadFile"),
    "saved model: writes files": saved_model("WriteFile"),
    "saved model: writes files in a function": in_library("WriteFile"),
    "saved model: a layer of Python": {
        **saved_model(),
        "keras_metadata.pb": b'\n\x20{"class_name": "Lambda", "config": {}}',
    },
    "mlflow: a class that was pickled": mlmodel("  mine: {loader_module: mlflow.pyfunc.model}"),
    "mlflow: a module of somebody's": mlmodel("  mine: {loader_module: evil.module}"),
    "mlflow: cloudpickle": mlmodel("  sklearn: {serialization_format: cloudpickle}"),
    "mlflow: code beside": mlmodel("  mine: {code: code}"),
    "mlflow: a folder of transformers with code": mlmodel(
        **{"model/config__json": b'{"model_type": "a", "auto_map": {"AutoModel": "a.B"}}'}
    ),
    "mlflow: Python": mlmodel(code_slash__py=b"import os\n"),
}
for _name, _files in NEEDS_TRUST.items():
    add_hostile(_name, _files, "needs-trust")


def with_lies(data: bytes) -> dict[str, bytes]:
    whole = struct.unpack_from("<I", data)[0]
    return {
        "a root outside": b"\xff\xff\xff\x7f" + data[4:],
        "a table that points before the file": data[:whole]
        + b"\xff\xff\xff\x7f"
        + data[whole + 4 :],
        "cut off": data[: len(data) // 2],
        "nothing but its name": b"\x10\0\0\0TFL3" + bytes(8),
    }


REFUSED = {
    **{f"tflite: {name}": data for name, data in with_lies(tflite()).items()},
    "core ml: cut off": coreml()[:-6],
    "core ml: of no type": message((1, 8), (2, field(1, field(1, "some name")))),
    "core ml: a package that lists what is outside": mlpackage("../../etc/passwd"),
    "core ml: a package that lists what is missing": mlpackage("com.apple.CoreML/other"),
    "saved model: cut off": {"saved_model.pb": saved_model()["saved_model.pb"][:-5]},
    "saved model: no graph": {"saved_model.pb": message((1, 1))},
    "mlflow: no YAML": {"MLmodel": b"flavors: ["},
    "mlflow: aliases": {"MLmodel": b"a: &a [x]\nb: *a\n"},
    "mlflow: a pickle that calls": mlmodel(model__pkl=__import__("pickle").dumps(Payload())),
    "mlflow: a megabyte of words": {"MLmodel": b"a: " + b"x" * 1_000_000},
}
for _name, _content in REFUSED.items():
    add_hostile(_name, _content)
assert COMMAND
