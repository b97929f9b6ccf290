"""Models of TensorFlow with their variables: good ones, and indexes that lie."""

import struct

from tests.corpus.cases import Files, add_good, add_hostile
from tests.corpus.other_files import saved_model
from tests.corpus.protobuf_bytes import field, varint
from tests.corpus.tensor_bundles import (
    INDEX,
    TRAINED,
    Row,
    Variable,
    bundle,
    closed,
    content,
    footer,
    handle,
    of_blocks,
    row,
    rows,
    table,
)

DATA = "variables/variables.data-00000-of-00001"
KERNEL = Variable("dense/kernel", (4, 3))


def model(files: Files) -> Files:
    graph = saved_model("Add")
    return {"saved_model.pb": graph["saved_model.pb"], **files}


def of_table(data: bytes) -> Files:
    return model({INDEX: data, DATA: bytes(48)})


def of_block(block: bytes) -> Files:
    return of_table(of_blocks(closed(block), [(b"z", handle(0, len(block)))]))


def of_rows(*found: Row) -> Files:
    return of_table(table(found))


FIRST_TENSORFLOW = bundle(
    *(Variable(name) for name in ("beta1_power", "beta2_power", "global_step")),
    *(KERNEL._replace(name=f"dense/kernel{slot}") for slot in ("", "/Adam", "/Adam_1")),
)
IN_PIECES = bundle(
    Variable("big", (4, 2), offset=0, size=0, more=field(7, b"") * 2),
    Variable("\0\1big\0\1\1", (2, 2)),
    Variable("\0\1big\0\1\2", (2, 2), shard=1),
    shards=2,
)
MANY = bundle(*(Variable(f"layer/{number:04}/w", (2, 2)) for number in range(300)), per_block=40)
PACKED = {INDEX: table(rows(TRAINED)[0], packer=1), DATA: bytes(200)}

for _name, _files in {
    "that was trained": bundle(*TRAINED),
    "of the first TensorFlow": FIRST_TENSORFLOW,
    "in pieces": IN_PIECES,
    "in many blocks": MANY,
    "without a variable": bundle(),
    "of words": bundle(Variable("words", (2,), 7, size=30)),
    "of a type that nobody knows": bundle(Variable("new", (2,), 99, size=30)),
}.items():
    add_good(f"variables: a model {_name}", model(_files))
add_good("variables: a table that is compressed", model(PACKED), "not-inspectable")

ROWS = rows([KERNEL])[0]
GOOD = table(ROWS)
BLOCK = content(ROWS)


def long_keys(count: int, size: int) -> bytes:
    """Keys that take some bytes each, and many more once they are put together."""
    data = row(b"", field(1, 1)) + row(b"k" * size, b"")
    for number in range(count):
        data += varint(size - 4) + varint(4) + varint(0) + struct.pack(">I", 1 << 31 | number)
    return data + struct.pack("<II", 0, 1)


LIES: dict[str, Files] = {
    "cut off": of_table(GOOD[:-20]),
    "cut off at the start": of_table(GOOD[20:]),
    "nothing": of_table(b""),
    "eight zeros": of_table(bytes(8)),
    "a wrong checksum": of_table(GOOD[:5] + b"\xff" + GOOD[6:]),
    "no magic": of_table(GOOD[:-1] + b"\0"),
    "more bytes than any": of_table(bytes(17 << 20) + footer(handle(0, 8))),
    "an index outside": of_table(footer(handle(1 << 40, 1 << 40))),
    "an index over the end": of_table(footer(handle(0, 47))),
    "a block outside": of_table(of_blocks(closed(BLOCK), [(b"z", handle(1 << 50, 9))])),
    "a block of 2^63": of_table(of_blocks(closed(BLOCK), [(b"z", handle(0, 1 << 63))])),
    "a number that never ends": of_table(of_blocks(closed(BLOCK), [(b"z", b"\xff" * 30)])),
    "a place that is cut off": of_table(of_blocks(closed(BLOCK), [(b"z", b"\xff")])),
    "one block twice": of_table(
        of_blocks(closed(BLOCK), [(key, handle(0, len(BLOCK))) for key in (b"y", b"z")])
    ),
    "the index as a block": of_table(
        of_blocks(closed(BLOCK), [(b"z", handle(len(BLOCK) + 18, 30))])
    ),
    "2^32 places in a block": of_block(BLOCK[:-4] + b"\xff" * 4),
    "a block of three bytes": of_block(b"abc"),
    "a key of 2^60": of_block(varint(0) + varint(1 << 60) + varint(0) + BLOCK),
    "a value of 2^60": of_block(varint(0) + varint(0) + varint(1 << 60) + BLOCK),
    "a key that shares what is not there": of_block(varint(9) + BLOCK),
    "a key that is too long": of_rows(ROWS[0], (b"k" * 5000, b"")),
    "long keys, a hundred thousand": of_block(long_keys(100_000, 4000)),
    "keys that are not sorted": of_rows(ROWS[0], *reversed(rows([KERNEL, *TRAINED])[0])),
    "one key twice": of_rows(*ROWS, ROWS[-1]),
    "no header": of_rows(ROWS[-1]),
    "no row": of_block(content([])),
    "no message": of_rows(ROWS[0], (b"a", b"\xff" * 9)),
    "too few bytes": model(bundle(KERNEL._replace(size=47))),
    "too many bytes": model(bundle(KERNEL._replace(size=49))),
    "a shape of 2^80": model(bundle(KERNEL._replace(shape=(1 << 40, 1 << 40), size=8))),
    "a shape below zero": model(bundle(KERNEL._replace(shape=(-4, -3), size=48))),
    "a shape that nobody knows": of_rows(
        ROWS[0], (b"a", field(1, 1) + field(2, field(3, 1)) + field(5, 4))
    ),
    "a hundred dimensions": model(bundle(KERNEL._replace(shape=(1,) * 100))),
    "bytes of others": model(bundle(KERNEL, KERNEL._replace(name="tied", offset=0))),
    "bytes behind the end": model(bundle(KERNEL._replace(offset=4))),
    "bytes before the file": model(bundle(KERNEL._replace(offset=-4))),
    "a file of no number": model(bundle(KERNEL._replace(shard=1))),
    "a file before the first": model(bundle(KERNEL._replace(shard=-1))),
    "a file that is missing": model({INDEX: GOOD}),
    "a file that is cut off": model({INDEX: GOOD, DATA: bytes(47)}),
    "no files at all": of_rows((b"", b""), ROWS[-1]),
    "larger than its pieces": model(
        bundle(Variable("big", (1 << 40,), offset=0, size=0, more=field(7, b"")))
    ),
    "words without bytes": model(bundle(Variable("words", (1 << 40,), 7, size=30))),
}
for _name, _files in LIES.items():
    add_hostile(f"variables: {_name}", _files)
