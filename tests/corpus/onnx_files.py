"""ONNX models: good ones by the library, hostile ones by hand, since the library refuses them."""

import io
import struct

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.corpus.cases import Files, add_hostile, good
from tests.corpus.protobuf_bytes import field, message, varint

FLOAT = 1


def model(
    *nodes, tensors=(), inputs=("x",), outputs=("y",), opsets=(("", 20),), **options
) -> bytes:
    """A model of the library's."""
    ports = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in names]
        for names in (inputs, outputs)
    ]
    graph = helper.make_graph(list(nodes), "graph", *ports, list(tensors))
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(*opset) for opset in opsets], **options
    )
    made.ir_version = 10
    return made.SerializeToString()


def weights(name="w", shape=(4, 4), dtype="f4"):
    return numpy_helper.from_array(np.ones(shape, dtype), name)


def node(kind="MatMul", inputs=("x", "w"), outputs=("y",), **options):
    return helper.make_node(kind, list(inputs), list(outputs), **options)


@good("onnx: a matrix product")
def plain() -> Files:
    return {"model.onnx": model(node(), tensors=[weights()], producer_name="tests")}


@good("onnx: no weights")
def bare() -> Files:
    return {"m.onnx": model(node("Relu", ["x"]))}


@good("onnx: every element type")
def types() -> bytes:
    names = ("f2", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8")
    return model(node(), tensors=[weights(), *(weights(f"t{name}", (3,), name) for name in names)])


@good("onnx: values that are not in one piece")
def typed() -> bytes:
    tensors = [
        helper.make_tensor("w", TensorProto.FLOAT, [4, 4], [0.5] * 16),
        helper.make_tensor("d", TensorProto.DOUBLE, [2], [0.5] * 2),
        helper.make_tensor("i", TensorProto.INT64, [3], [1, 2, -3]),
        helper.make_tensor("j", TensorProto.INT32, [2], [1, -3]),
        helper.make_tensor("s", TensorProto.STRING, [2], [b"a", b"b"]),
        helper.make_tensor("h", TensorProto.FLOAT16, [2], np.ones(2, "f2")),
        helper.make_tensor("none", TensorProto.FLOAT, [0], []),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
    ]
    return model(node(), tensors=tensors)


@good("onnx: graphs in a graph")
def branches() -> bytes:
    def branch(name):
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 4])
        return helper.make_graph(
            [node("Identity", [f"{name}_w"], [name])], name, [], [value], [weights(f"{name}_w")]
        )

    choice = node("If", ["x"], ["y"], then_branch=branch("then"), else_branch=branch("else"))
    return model(choice)


@good("onnx: a function and its domain")
def function() -> bytes:
    made = helper.make_function(
        "mine",
        "Twice",
        ["a"],
        ["b"],
        [node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 20)],
    )
    return model(
        node("Twice", ["x"], domain="mine"), opsets=[("", 20), ("mine", 1)], functions=[made]
    )


@good("onnx: operators of nobody")
def foreign_domain() -> bytes:
    return model(node("Odd", ["x"], domain="com.example"), opsets=[("", 20), ("com.example", 1)])


@good("onnx: weights in a file beside it")
def external() -> Files:
    return beside("model.onnx.data", "model.onnx.data")


@good("onnx: weights in a folder beside it")
def external_below() -> Files:
    return beside("data/w.bin", "data/w.bin")


@good("onnx: a trained forest, with a million numbers in its attributes")
def forest() -> bytes:
    return model(
        node("TreeEnsemble", ["x"], nodes_splits=[0.5] * 100_000, nodes_featureids=[3] * 100_000)
    )


@good("onnx: quantised")
def quantised() -> bytes:
    return model(
        node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        node("MatMulInteger", ["q", "w_quantized", "z", "w_zero_point"], ["i"]),
        node("Cast", ["i"], ["f"], to=1),
        node("Mul", ["f", "w_scale"], ["y"]),
        tensors=[
            weights("w_quantized", (4, 4), "i1"),
            weights("w_zero_point", (), "i1"),
            weights("w_scale", (), "f4"),
        ],
    )


@good("onnx: notes of its own")
def notes() -> Files:
    made = onnx.load_from_string(plain()["model.onnx"])
    helper.set_model_props(made, {"author": "somebody", "task": "none"})
    return {"m": made.SerializeToString()}


@good("onnx: it calls Python", verdict="needs-trust")
def python_operator() -> bytes:
    return model(node("PyOp", ["x"], domain="ai.onnx.contrib"), opsets=[("", 20)])


def tensor(name="w", shape=(4,), dtype=FLOAT, raw: bytes | None = None, **entries) -> bytes:
    """A tensor by hand; entries are those that say where it lies outside."""
    data = b"".join(field(1, size) for size in shape) + field(2, dtype) + field(8, name)
    if raw is not None:
        data += field(9, raw)
    for key, value in entries.items():
        data += field(13, message((1, key), (2, value)))
    return data + (field(14, 1) if entries else b"")


def by_hand(*tensors: bytes, nodes: bytes = b"", more: bytes = b"") -> bytes:
    graph = nodes + field(2, "g") + b"".join(field(5, each) for each in tensors)
    return field(1, 10) + field(2, "hand") + field(7, graph) + more


def beside(name: str, there: str | None = None, size: int = 16, **entries) -> Files:
    """A model that says where its weights lie, and a file there or elsewhere."""
    made = {"location": name, "length": "16", **entries}
    files = {"model.onnx": by_hand(tensor(**made))}
    return files if there is None else {**files, there: bytes(size)}


ESCAPES = {
    "up": "../w.bin",
    "up through a folder": "a/../../w.bin",
    "up at the end": "..",
    "absolute": "/etc/passwd",
    "the environment": "/proc/self/environ",
    "a drive": "C:/w.bin",
    "backslashes": "..\\w.bin",
    "a NUL": "w.bin\0.txt",
    "nothing": "",
    "a folder": "data/",
    "here": "./.",
    "a URL": "file:///etc/passwd",
    "a line break": "w\n.bin",
}
for _name, _location in ESCAPES.items():
    add_hostile(f"onnx: weights outside: {_name}", beside(_location, "w.bin"))

LIES = {
    "missing": beside("w.bin"),
    "too short": beside("w.bin", "w.bin", size=15),
    "too far": beside("w.bin", "w.bin", offset="8"),
    "endless": beside("w.bin", "w.bin", length="1000000000000"),
    "below zero": beside("w.bin", "w.bin", offset="-16"),
    "no number": beside("w.bin", "w.bin", offset="0x10"),
    "a number too long": beside("w.bin", "w.bin", offset="9" * 30),
}
for _name, _files in LIES.items():
    add_hostile(f"onnx: weights beside that lie: {_name}", _files)


def nested(depth: int) -> bytes:
    graph = field(2, "innermost")
    for _ in range(depth):
        graph = field(1, field(4, "If") + field(5, field(1, "then_branch") + field(6, graph)))
    return field(1, 10) + field(2, "hand") + field(7, graph)


BROKEN = {
    "cut off": plain()["model.onnx"][:-9],
    "no graph": field(1, 10) + field(2, "hand") + field(8, message((2, 20))),
    "two graphs": by_hand() + field(7, field(2, "other")),
    "raw bytes too few": by_hand(tensor(raw=bytes(15))),
    "raw bytes too many": by_hand(tensor(raw=bytes(17))),
    "no bytes": by_hand(tensor()),
    "floats too few": by_hand(tensor() + field(4, struct.pack("<3f", 1, 2, 3))),
    "a size below zero": by_hand(tensor(shape=(-1,), raw=b"")),
    "more elements than any": by_hand(tensor(shape=(1 << 40, 1 << 40), raw=b"")),
    "a hundred dimensions": by_hand(tensor(shape=(1,) * 100, raw=bytes(4))),
    "ten million dimensions": by_hand(field(1, bytes([1]) * 10_000_000)),
    "sixty graphs in each other": nested(60),
    "a thousand graphs in each other": nested(1000),
    "a graph that is longer than the file": field(1, 10) + field(2, "h") + b"\x3a\xff\xff\xff\x7f",
    "a length of 2^63": field(1, 10) + field(2, "h") + b"\x3a" + varint(1 << 63),
    "a number without end": field(1, 10) + field(2, "h") + b"\x38" + b"\xff" * 20,
    "groups": field(1, 10) + field(2, "h") + b"\x0b\x0c",
    "field zero": field(1, 10) + field(2, "h") + b"\x00\x01",
    "a graph that is a number": field(1, 10) + field(2, "h") + field(7, 3),
    "a tensor that is a number": field(1, 10) + field(2, "h") + field(7, field(5, 3)),
    "three million fields": by_hand(nodes=field(1, b"") * 3_000_000),
    "a hundred thousand and one nodes": by_hand(nodes=field(1, field(4, "Add")) * 100_001),
    "a hundred thousand and one tensors": by_hand(*[tensor(raw=bytes(16))] * 100_001),
}
for _name, _content in BROKEN.items():
    add_hostile(f"onnx: {_name}", {"model.onnx": _content})


@good("onnx: saved by the library with external data")
def saved_external() -> Files:
    made = onnx.load_from_string(plain()["model.onnx"])
    onnx.external_data_helper.convert_model_to_external_data(
        made, location="w.data", size_threshold=0, convert_attribute=False
    )
    raw = io.BytesIO(made.graph.initializer[0].raw_data)
    made.graph.initializer[0].ClearField("raw_data")
    return {"m.onnx": made.SerializeToString(), "w.data": raw.getvalue()}
