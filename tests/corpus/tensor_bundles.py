"""Tables as LevelDB writes them, and TensorFlow's bundles of tensors in them, by hand."""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.corpus.cases import Files
from tests.corpus.protobuf_bytes import field, message, varint

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
INDEX = "variables/variables.index"
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
WIDTHS = {1: 4, 3: 4, 6: 1, 9: 8, 14: 2}
Row = tuple[bytes, bytes]


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> bytes:
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def row(key: bytes, value: bytes, shared: int = 0) -> bytes:
    sizes = varint(shared) + varint(len(key) - shared) + varint(len(value))
    return sizes + key[shared:] + value


def content(rows: Iterable[Row], interval: int = 16) -> bytes:
    """A block without what follows it; each 16th key is whole."""
    data, restarts, before = b"", [0], b""
    for number, (key, value) in enumerate(rows):
        shared = 0
        if number % interval:
            pairs = zip(key, before, strict=False)
            shared = next((at for at, (a, b) in enumerate(pairs) if a != b), 0)
            shared = shared or min(len(key), len(before)) * key.startswith(before)
        elif number:
            restarts.append(len(data))
        data += row(key, value, shared)
        before = key
    return data + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def handle(start: int, size: int) -> bytes:
    return varint(start) + varint(size)


def closed(block: bytes, packer: int = 0) -> bytes:
    data = block + bytes([packer])
    return data + masked(crc32c(data))


def footer(index: bytes, other: bytes = b"\0\0") -> bytes:
    return (other + index).ljust(40, b"\0") + MAGIC


def table(rows: Sequence[Row], per_block: int = 1_000, packer: int = 0) -> bytes:
    data, handles = b"", []
    for at in range(0, max(len(rows), 1), per_block):
        block = content(rows[at : at + per_block])
        handles.append((rows[at : at + per_block][-1][0], handle(len(data), len(block))))
        data += closed(block, packer)
    return of_blocks(data, handles)


def of_blocks(data: bytes, handles: Iterable[Row]) -> bytes:
    """A table of blocks that are there already."""
    empty, index = content([]), content(handles, 1)
    whole = data + closed(empty) + closed(index)
    at = len(data) + len(empty) + 5
    return whole + footer(handle(at, len(index)), handle(len(data), len(empty)))


class Variable(NamedTuple):
    """A tensor of a bundle; what is left out is as TensorFlow would write it."""

    name: str
    shape: tuple[int, ...] = ()
    dtype: int = 1
    shard: int = 0
    offset: int | None = None
    size: int | None = None
    more: bytes = b""


def entry(one: Variable, offset: int, size: int) -> bytes:
    shape = b"".join(field(2, field(1, each)) for each in one.shape)
    where = field(3, one.shard) + field(4, offset) + field(5, size)
    return message((1, one.dtype), (2, shape)) + where + varint(6 << 3 | 5) + bytes(4) + one.more


def rows(variables: Iterable[Variable], shards: int = 1) -> tuple[list[Row], dict[int, int]]:
    """The rows of a bundle, and how many bytes each of its files has."""
    sizes = dict.fromkeys(range(shards), 0)
    found = [(b"", field(1, shards) + field(3, field(1, 1)))]
    for one in variables:
        count = WIDTHS.get(one.dtype, 0)
        for each in one.shape:
            count *= each
        size = count if one.size is None else one.size
        at = sizes.get(one.shard, 0) if one.offset is None else one.offset
        found.append((one.name.encode("latin-1"), entry(one, at, size)))
        if one.shard in sizes and one.offset is None:
            sizes[one.shard] += size
    return sorted(found), sizes


def bundle(*variables: Variable, shards: int = 1, per_block: int = 1_000) -> Files:
    found, sizes = rows(variables, shards)
    data = {
        f"variables/variables.data-{shard:05}-of-{shards:05}": bytes(size)
        for shard, size in sizes.items()
    }
    return {INDEX: table(found, per_block), **data}


TRAINED = (
    Variable("_CHECKPOINTABLE_OBJECT_GRAPH", dtype=7, size=40),
    Variable(f"layer_with_weights-0/kernel{SUFFIX}", (4, 3)),
    Variable(f"layer_with_weights-0/bias{SUFFIX}", (3,)),
    Variable(f"layer_with_weights-0/kernel/.OPTIMIZER_SLOT/optimizer/m{SUFFIX}", (4, 3)),
    Variable(f"layer_with_weights-1/moving_mean{SUFFIX}", (3,)),
    Variable(f"optimizer/iter{SUFFIX}", (), 9),
    Variable(f"keras_api/metrics/0/total{SUFFIX}"),
    Variable(f"save_counter{SUFFIX}", (), 9),
)
"""As Keras saves a layer and a normalisation that were trained with Adam: 15 are parameters."""
