"""The variables of a SavedModel, counted from the index of its tensor bundle.

The index is a table of `BundleEntryProto` by name; where their bytes lie in the files beside it is
checked, the bytes are not read: `tensorflow/core/protobuf/tensor_bundle.proto`.
"""

import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import MAX_TENSORS, Census, elements
from lineage_registry.formats.protobuf import VARINT, Budget, Field, Protobuf, signed
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.reading import shown
from lineage_registry.formats.tensorflow.elements import NO_NUMBERS, Element, element
from lineage_registry.formats.tensorflow.sstable import read_table
from lineage_registry.ports.filesets import FileSet

INDEX = "variables/variables.index"
_MAX_FIELDS = 4_000_000
_MAX_ROWS = 2 * MAX_TENSORS
_MAX_DIMENSIONS = 64
_MAX_ELEMENTS = 1 << 62
_TYPE, _SHAPE, _SHARD, _OFFSET, _SIZE, _PIECES = 1, 2, 3, 4, 5, 7
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_PIECE = "\0"
"""Keys of the pieces of a tensor begin so; the tensor itself has a row of its own."""
_NOT_TRAINED = re.compile(
    r"(.*/)?(moving_mean|moving_variance|seed_generator_state|seed_generator/.*"
    # Of an optimizer, of training, and of metrics.
    r"|(\.OPTIMIZER_SLOT|_?optimizer|keras_api/metrics)/.*|save_counter|global_step"
    # The first TensorFlow named what an optimizer keeps of a variable after both.
    r"|(Adam|RMSProp|Momentum|Adagrad|Adadelta|Ftrl)(_\d+)?|beta[12]_power(_\d+)?)",
    re.DOTALL,
)


class _Entry(NamedTuple):
    name: str
    element: Element
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    in_pieces: bool

    @property
    def elements(self) -> int:
        return elements(self.shape)

    @property
    def needed(self) -> int:
        """The bytes that its values take, or take at least where the type has no fixed size."""
        width = self.element.bytes
        return -(-self.elements // 8) if width is None else self.elements * width

    @property
    def is_piece(self) -> bool:
        return self.name.startswith(_PIECE)

    @property
    def trained(self) -> bool:
        return self.element.name not in NO_NUMBERS and not _NOT_TRAINED.fullmatch(self.name)


class Variables(NamedTuple):
    """The variables of a model.

    Attributes:
        bytes: What their values take in the files beside the index.
    """

    census: Census
    bytes: int


def read_variables(files: FileSet) -> Variables:
    """Return the variables of a model that has an index of them.

    What an optimizer, the training and metrics keep, moving averages and what is no number are
    buffers: told by the names that Keras and TensorFlow give them.

    Raises:
        PackedTableError: The index is compressed.
        UnreadableArtifactError: It is broken, or files of values are missing or too short.
        UnsafeArtifactError: It is beyond a limit, or contradicts itself.
    """
    with files.open(INDEX) as stream:
        rows = read_table(stream, files.size(INDEX))
        budget = Budget(_MAX_FIELDS)
        shards = _shards(next(rows, None), budget)
        entries = [_entry(key, value, budget) for key, value in islice(rows, _MAX_ROWS)]
        if next(rows, None) is not None:
            raise UnsafeArtifactError(f"there are more than {_MAX_ROWS} rows of variables")
    _check_sizes(entries)
    _check_places(files, entries, shards)
    return _counted(entries)


def _counted(entries: list[_Entry]) -> Variables:
    census, buffers = Census(), 0
    for entry in entries:
        if entry.name == _OBJECTS or entry.is_piece:
            continue
        census.see(entry.name, entry.element.name, entry.shape)
        census.count(entry.element.name, entry.elements)
        buffers += 0 if entry.trained else entry.elements
    census.buffers = buffers or None
    return Variables(census, sum(entry.size for entry in entries if not entry.in_pieces))


def _check_sizes(entries: list[_Entry]) -> None:
    for entry in entries:
        fits = entry.size == entry.needed if entry.element.bytes else entry.size >= entry.needed
        if not entry.in_pieces and not fits:
            raise UnreadableArtifactError(
                f"tensor {shown(entry.name)} has {entry.size} bytes, its shape asks for "
                f"{entry.needed}"
            )
    whole = sum(entry.needed for entry in entries if entry.in_pieces)
    if whole > sum(entry.size for entry in entries if entry.is_piece):
        raise UnreadableArtifactError("tensors in pieces are larger than their pieces")


def _check_places(files: FileSet, entries: list[_Entry], shards: int) -> None:
    """Return if the values of each tensor lie in a file that is there, and are nobody else's."""
    there = frozenset(files.paths())
    reached: dict[int, int] = {}
    stored = [entry for entry in entries if not entry.in_pieces]
    for entry in sorted(stored, key=lambda entry: (entry.shard, entry.offset, entry.size)):
        if not 0 <= entry.shard < shards:
            raise UnreadableArtifactError(f"tensor {shown(entry.name)} is in a file of no number")
        if entry.offset < reached.get(entry.shard, 0):
            raise UnsafeArtifactError(f"tensor {shown(entry.name)} shares bytes with another")
        reached[entry.shard] = entry.offset + entry.size
    for shard, end in reached.items():
        path = f"variables/variables.data-{shard:05}-of-{shards:05}"
        if path not in there or files.size(path) < end:
            raise UnreadableArtifactError(f"{path}, which holds variables, is missing or cut off")


def _shards(row: tuple[bytes, bytes] | None, budget: Budget) -> int:
    """Return how many files of values there are, as the first row says."""
    if row is None or row[0]:
        raise UnreadableArtifactError("the index of the variables has no beginning")
    numbers = {
        found.number: found.value
        for found in _message(row[1], budget).whole()
        if found.wire == VARINT
    }
    return numbers.get(1, 0)


def _entry(key: bytes, value: bytes, budget: Budget) -> _Entry:
    proto = _message(value, budget)
    numbers = dict.fromkeys((_TYPE, _SHARD, _OFFSET, _SIZE), 0)
    shape: tuple[int, ...] = ()
    in_pieces = False
    for found in proto.whole():
        if found.number in numbers and found.wire == VARINT:
            numbers[found.number] = signed(found.value)
        elif found.number == _SHAPE:
            shape = tuple(_sizes(proto, found))
        elif found.number == _PIECES:
            in_pieces = True
    name = key.decode("utf-8", "backslashreplace").removesuffix(_SUFFIX)
    sizes = (*shape, numbers[_OFFSET], numbers[_SIZE])
    if len(shape) > _MAX_DIMENSIONS or min(sizes) < 0 or elements(shape) > _MAX_ELEMENTS:
        raise UnsafeArtifactError(f"tensor {shown(name)} has a size that none has")
    where = (numbers[_SHARD], numbers[_OFFSET], numbers[_SIZE])
    return _Entry(name, element(numbers[_TYPE]), shape, *where, in_pieces)


def _sizes(proto: Protobuf, shape: Field) -> Iterator[int]:
    for dimension in proto.inside(shape):
        if dimension.number == 2:
            sizes = [each.value for each in proto.inside(dimension) if each.number == 1]
            yield signed(sizes[0]) if sizes else 0
        elif dimension.number == 3 and dimension.value:
            raise UnreadableArtifactError("a stored tensor has no shape")


def _message(data: bytes, budget: Budget) -> Protobuf:
    return Protobuf(Ranges(io.BytesIO(data), len(data)), budget)
