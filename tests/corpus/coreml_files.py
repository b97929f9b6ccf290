"""Weights of Core ML, by hand: networks, programs with a file of weights, linear models."""

import json
import struct

from tests.corpus.cases import Files, add_good, add_hostile
from tests.corpus.protobuf_bytes import field, message

MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"
NAME = "@model_path/weights/weight.bin"
FLOAT16, FLOAT32, INT32 = 10, 11, 23


def model(kind: int, body: bytes) -> bytes:
    array = message((1, b"\x01\x04"), (2, 65568))
    feature = message((1, "x"), (3, field(5, array)))
    return message((1, 8), (2, field(1, feature) + field(10, feature)), (kind, body))


def floats(count: int) -> bytes:
    return field(1, bytes(4 * count))


def quantised(size: int, bits: int, scales: int) -> bytes:
    linear = field(1, bytes(4 * scales)) + field(2, bytes(4 * scales))
    return field(30, bytes(size)) + field(40, field(1, bits) + field(101, linear))


def layer(name: str, kind: int, *parts: tuple[int, int | bytes]) -> bytes:
    return field(1, field(1, name) + field(kind, message(*parts)))


DENSE = layer("dense", 140, (1, 4), (2, 3), (20, floats(12)), (21, floats(3)))
NETWORK = (
    layer(
        "conv",
        100,
        *((1, 8), (2, 3), (20, b"\x05\x05"), (90, field(2, bytes(1200))), (91, floats(8))),
    )
    + layer("norm", 160, (1, 8), *((number, floats(8)) for number in (15, 16, 17, 18)))
    + layer("relu", 130, (10, b""))
    + layer("prelu", 130, (25, field(1, floats(8))))
    + DENSE
    + layer("small", 140, (1, 3), (2, 3), (20, quantised(5, 4, 3)))
    + layer("lstm", 420, (1, 4), (2, 2), (20, field(1, floats(8)) + field(40, floats(2))))
    + layer("if", 605, (1, layer("then", 250, (1, b"\x02"), (2, floats(2)))))
)
"""Parameters: 600 + 8, 16, 8, 12 + 3, 9, 8 + 2, 2; buffers: 16; scales: 6."""


def nested(depth: int) -> bytes:
    body = DENSE
    for _ in range(depth):
        body = layer("if", 605, (1, body))
    return body


def tensor_type(dtype: int, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(field(3, field(1, field(1, size))) for size in shape)
    return field(1, field(1, dtype) + field(2, len(shape)) + sizes)


def value(dtype: int, shape: tuple[int, ...], held: bytes) -> bytes:
    return field(2, tensor_type(dtype, shape)) + held


def in_file(at: int, name: str = NAME) -> bytes:
    return field(5, field(1, name) + field(2, at))


def inline(data: bytes) -> bytes:
    return field(3, field(1, field(1, field(1, data))))


def operation(kind: str, output: str, more: bytes = b"", **values: bytes) -> bytes:
    attributes = b"".join(field(5, field(1, key) + field(2, one)) for key, one in values.items())
    return field(3, field(1, kind) + attributes + field(3, field(1, output)) + more)


def program(*operations: bytes) -> bytes:
    block = b"".join(operations)
    function = field(2, "CoreML7") + field(3, field(1, "CoreML7") + field(2, block))
    return field(1, 1) + field(2, field(1, "main") + field(2, function))


def blobs(*each: tuple[int, int, int]) -> tuple[bytes, list[int]]:
    """A file of weights by type, bytes and bits that are none; and where their metadata are."""
    data, places = struct.pack("<II", len(each), 2).ljust(64, b"\0"), []
    for dtype, size, padding in each:
        places.append(len(data))
        start = len(data) + 64
        data += struct.pack("<IIQQQ", 0xDEADBEEF, dtype, size, start, padding).ljust(64, b"\0")
        data += bytes(size + -size % 64)
    return data, places


def package(body: bytes, weights: bytes | None) -> Files:
    items = {"A": {"path": "com.apple.CoreML/model.mlmodel"}, "B": {"path": "com.apple.CoreML"}}
    files = {"Manifest.json": json.dumps({"itemInfoEntries": items}).encode()}
    files[MODEL] = model(502, body)
    return files if weights is None else {**files, WEIGHTS: weights}


DATA, PLACES = blobs((1, 48, 0), (3, 16, 0), (1, 8, 0), (8, 5, 4))
W = operation("const", "w", val=value(FLOAT16, (4, 6), in_file(PLACES[0])))
PROGRAM = (
    W,
    operation("const", "again", val=value(FLOAT16, (6, 4), in_file(PLACES[0]))),
    operation("const", "pads", val=value(INT32, (2,), inline(b"\1\1"))),
    operation("const", "eps", val=value(FLOAT32, (), inline(bytes(4)))),
    operation("const", "bias", val=value(FLOAT32, (3,), inline(bytes(12)))),
    operation(
        "constexpr_affine_dequantize",
        "small",
        quantized_data=value(31, (4, 4), in_file(PLACES[1])),
        scale=value(FLOAT16, (4,), in_file(PLACES[2])),
    ),
    operation(
        "cond", "y", field(4, operation("const", "n", val=value(25, (9,), in_file(PLACES[3]))))
    ),
)
"""Parameters: 24 once, 3, 16, 9; scales: 4."""
LINEAR = field(1, field(1, bytes(32))) * 2 + field(2, bytes(16))

for _name, _files in {
    "a network": {"m": model(500, NETWORK)},
    "a classifier": {"m": model(403, DENSE)},
    "a linear model": {"m": model(300, LINEAR)},
    "a program": package(program(*PROGRAM), DATA),
    "a program without weights": package(program(), None),
}.items():
    add_good(f"core ml: weights of {_name}", _files)


def of(*operations: bytes, data: bytes | None = DATA) -> Files:
    return package(program(*operations), data)


def const(held: bytes, shape: tuple[int, ...] = (4, 6), dtype: int = FLOAT16) -> bytes:
    return operation("const", "w", val=value(dtype, shape, held))


def patched(at: int, data: bytes) -> bytes:
    return DATA[:at] + data + DATA[at + len(data) :]


def deep(count: int) -> bytes:
    body = W
    for _ in range(count):
        body = operation("cond", "y", field(4, body))
    return body


AT = PLACES[0]
SHARED = (
    DATA[:64]
    + b"".join(
        struct.pack("<IIQQ", 0xDEADBEEF, 1, size, start).ljust(64, b"\0")
        for size, start in ((48, 192), (16, 200))
    )
    + bytes(64)
)
LIES: dict[str, bytes | Files] = {
    "networks, a hundred deep": model(500, nested(100)),
    "a weight that is a number": model(500, layer("d", 140, (20, 7))),
    "a weight written twice": model(500, layer("d", 140, (20, floats(2) + field(2, b"ab")))),
    "a weight of 99 bits": model(500, layer("d", 140, (20, quantised(8, 99, 1)))),
    "a weight of no bits": model(500, layer("d", 140, (20, quantised(8, 0, 1)))),
    "a weight that is cut off": model(500, field(1, field(140, field(20, b"\x0a\xff\x01")))),
    "a linear model, cut off": model(300, field(1, field(1, bytes(31)))),
    "blocks, a hundred deep": of(deep(100)),
    "weights elsewhere": of(const(in_file(AT, "/etc/passwd"))),
    "weights above": of(const(in_file(AT, "@model_path/../../x"))),
    "weights of no name": of(const(in_file(AT, "@model_path/"))),
    "weights that are missing": of(W, data=None),
    "weights of another name": of(const(in_file(AT, "@model_path/weights/other.bin"))),
    "weights behind the end": of(const(in_file(1 << 40))),
    "weights before the file": of(const(in_file(-64))),
    "weights where there are none": of(const(in_file(AT + 64))),
    "weights of an empty file": of(W, data=b""),
    "weights of version 1": of(W, data=patched(4, b"\1")),
    "weights of an unknown type": of(W, data=patched(AT + 4, b"\x63")),
    "weights of 2^63 bytes": of(W, data=patched(AT + 8, b"\0" * 7 + b"\x80")),
    "weights in their own metadata": of(W, data=patched(AT + 16, struct.pack("<Q", AT))),
    "weights that are cut off": of(W, data=DATA[: AT + 100]),
    "another shape than bytes": of(const(in_file(AT), (5, 5))),
    "a shape of 2^90": of(const(in_file(AT), (1 << 45, 1 << 45))),
    "a shape of 2^60": of(const(in_file(AT), (1 << 60,))),
    "a hundred dimensions": of(const(in_file(AT), (1,) * 100)),
    "other values than the shape": of(const(inline(bytes(12)), (4,), FLOAT32)),
    "shared bytes": of(W, const(in_file(128), (4, 2)), data=SHARED),
    "a program that is no message": package(b"\x12\xff", DATA),
}
for _name, _content in LIES.items():
    add_hostile(f"core ml: {_name}", _content)
