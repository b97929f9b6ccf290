"""Files of a gigabyte that are mostly holes: what is read of them is a header's worth."""

import json
import struct
from pathlib import Path

from tests.corpus.onnx_files import tensor
from tests.corpus.protobuf_bytes import field, varint
from tests.corpus.tensor_files import header, info, padded

TENSORS, SIZE = 256, 4 << 20
"""So many tensors of float32, of so many bytes each."""


def sparse_safetensors(path: Path) -> None:
    places = {
        f"layer.{n}": {
            "dtype": "F32",
            "shape": [SIZE // 4],
            "data_offsets": [n * SIZE, (n + 1) * SIZE],
        }
        for n in range(TENSORS)
    }
    head = json.dumps(places).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.truncate(8 + len(head) + TENSORS * SIZE)


def sparse_onnx(path: Path) -> None:
    starts = []
    for n in range(TENSORS):
        inner = tensor(f"layer.{n}", shape=(SIZE // 4,)) + varint(9 << 3 | 2) + varint(SIZE)
        starts.append(varint(5 << 3 | 2) + varint(len(inner) + SIZE) + inner)
    length = sum(map(len, starts)) + TENSORS * SIZE + len(field(2, "g"))
    with path.open("wb") as file:
        file.write(field(1, 10) + field(2, "hand") + varint(7 << 3 | 2) + varint(length))
        for start in starts:
            file.write(start)
            file.seek(SIZE, 1)
        file.write(field(2, "g"))


def sparse_gguf(path: Path) -> None:
    body = b"".join(info(b"layer.%d" % n, (SIZE // 4,), 0, n * SIZE) for n in range(TENSORS))
    head = padded(header(tensors=TENSORS, body=body), 0)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + TENSORS * SIZE)


SPARSE = {"safetensors": sparse_safetensors, "onnx": sparse_onnx, "gguf": sparse_gguf}
