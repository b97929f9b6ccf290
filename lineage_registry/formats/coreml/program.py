"""Weights of an ML program: the constants of its operations, most of them in a file beside it.

The numbers of the fields are those of `mlmodel/format/MIL.proto` of coremltools.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.coreml.blobs import Blob, place_of, read_blob
from lineage_registry.formats.protobuf import BYTES, VARINT, Field, Protobuf, signed
from lineage_registry.formats.reading import shown
from lineage_registry.ports.filesets import FileSet

_MAX_DEPTH = 32
_MAX_FILES = 100
_MAX_DIMENSIONS = 64
_FLOATS = {10: ("float16", 2), 11: ("float32", 4), 12: ("float64", 8), 13: ("bfloat16", 2)}
_SCALES = frozenset({"scale", "zero_point", "offset", "lut"})
"""What the operations that unpack weights call what scales them."""


class _Constant(NamedTuple):
    """A value of an operation: in a file, or in the program itself."""

    owner: str
    name: str
    dtype: int
    shape: tuple[int, ...]
    file: str | None
    at: int

    @property
    def full_name(self) -> str:
        return self.owner if self.name == "val" else f"{self.owner}.{self.name}"


def count_program(proto: Protobuf, whole: Field, files: FileSet, path: str) -> Census:
    """Return the weights; those of several operations once.

    Of values in the program itself, those count that are arrays of floating point: the others are
    strides, axes and the like.

    Raises:
        UnreadableArtifactError: It is broken, or its weights are missing, cut off or of other size.
        UnsafeArtifactError: It is beyond a limit, or weights lie elsewhere or share bytes.
    """
    with ExitStack() as stack:
        counter = _Counter(files, path, stack)
        for constant in _constants(proto, whole, _MAX_DEPTH):
            counter.see(constant)
    _check_apart(counter.blobs)
    counter.census.scales = counter.scales or None
    return counter.census


class _Counter:
    def __init__(self, files: FileSet, model: str, stack: ExitStack) -> None:
        self.census = Census()
        self.scales = 0
        self.blobs: dict[tuple[str, int], Blob] = {}
        self._files = files
        self._model = model
        self._stack = stack
        self._opened: dict[str, tuple[str, BinaryIO]] = {}

    def see(self, constant: _Constant) -> None:
        count = math.prod(constant.shape)
        dtype, is_new = self._stored(constant, count)
        self.census.see(constant.full_name, dtype, constant.shape)
        if is_new:
            self.census.count(dtype, count)
            self.scales += count if constant.name in _SCALES else 0

    def _stored(self, constant: _Constant, count: int) -> tuple[str, bool]:
        """Return the type of the elements, and whether nobody had these bytes before."""
        if constant.file is None:
            return _FLOATS[constant.dtype][0], True
        path, stream = self._open(constant.file)
        known = (path, constant.at)
        is_new = known not in self.blobs
        if is_new:
            self.blobs[known] = read_blob(stream, self._files.size(path), constant.at)
        blob = self.blobs[known]
        if blob.elements != count:
            raise UnreadableArtifactError(
                f"tensor {shown(constant.full_name)} has {blob.elements} elements, its shape asks "
                f"for {count}"
            )
        return blob.dtype, is_new

    def _open(self, name: str) -> tuple[str, BinaryIO]:
        if name not in self._opened:
            if len(self._opened) == _MAX_FILES:
                raise UnsafeArtifactError(f"weights lie in more than {_MAX_FILES} files")
            path = place_of(self._files, self._model, name)
            self._opened[name] = (path, self._stack.enter_context(self._files.open(path)))
        return self._opened[name]


def _check_apart(blobs: dict[tuple[str, int], Blob]) -> None:
    reached: dict[str, int] = {}
    for (place, _), blob in sorted(blobs.items(), key=lambda one: (one[0][0], one[1].start)):
        if blob.start < reached.get(place, 0):
            raise UnsafeArtifactError(f"two tensors share bytes of {shown(place)}")
        reached[place] = blob.start + blob.size


def _constants(proto: Protobuf, program: Field, depth: int) -> Iterator[_Constant]:
    for function in _values(proto, program, 2):
        for block in _values(proto, function, 3):
            yield from _in_block(proto, block, depth)


def _values(proto: Protobuf, whole: Field, number: int) -> Iterator[Field]:
    """Give the messages that a map of messages by name holds."""
    for entry in _each(proto, whole, number):
        yield from _each(proto, entry, 2)


def _each(proto: Protobuf, whole: Field, number: int) -> Iterator[Field]:
    return (found for found in proto.inside(whole) if (found.number, found.wire) == (number, BYTES))


def _in_block(proto: Protobuf, block: Field, depth: int) -> Iterator[_Constant]:
    if depth == 0:
        raise UnsafeArtifactError(f"a program has blocks in blocks, more than {_MAX_DEPTH} deep")
    for operation in _each(proto, block, 3):
        yield from _of_operation(proto, operation)
        for inner in _each(proto, operation, 4):
            yield from _in_block(proto, inner, depth - 1)


def _of_operation(proto: Protobuf, operation: Field) -> Iterator[_Constant]:
    output = next(_each(proto, operation, 3), None)
    owner = _text(proto, output, 1) if output else ""
    for entry in _each(proto, operation, 5):
        yield from _constant(proto, entry, owner, _text(proto, entry, 1))
    for entry in _each(proto, operation, 2):
        key = _text(proto, entry, 1)
        for argument in _each(proto, entry, 2):
            for binding in _each(proto, argument, 1):
                yield from _constant(proto, binding, owner, key)


def _constant(proto: Protobuf, holder: Field, owner: str, name: str) -> Iterator[_Constant]:
    """Give the value that an argument or an attribute has, if it is a weight."""
    for value in _each(proto, holder, 2):
        dtype, shape, held = 0, tuple[int, ...](), None
        for found in proto.inside(value):
            if found.number == 2:
                dtype, shape = _type(proto, found)
            elif found.number in {3, 5}:
                held = found
        if held is not None and held.number == 5:
            file, at = _text(proto, held, 1), _number(proto, held, 2)
            yield _Constant(owner, name, dtype, shape, file, at)
        elif held is not None and shape and dtype in _FLOATS:
            width = _FLOATS[dtype][1]
            if _stored(proto, held) != width * math.prod(shape):
                raise UnreadableArtifactError(
                    f"tensor {shown(owner)} has other values than its shape asks for"
                )
            yield _Constant(owner, name, dtype, shape, None, 0)


def _stored(proto: Protobuf, immediate: Field) -> int:
    """Return how many bytes the values of a tensor in the program take."""
    size = 0
    for tensor in _each(proto, immediate, 1):
        for values in proto.inside(tensor):
            size += sum(found.length for found in proto.inside(values) if found.number == 1)
    return size


def _type(proto: Protobuf, whole: Field) -> tuple[int, tuple[int, ...]]:
    dtype, shape = 0, []
    for tensor in _each(proto, whole, 1):
        for found in proto.inside(tensor):
            if found.number == 1 and found.wire == VARINT:
                dtype = found.value
            elif found.number == 3:
                fixed = next(_each(proto, found, 1), None)
                shape.append(_number(proto, fixed, 1) if fixed else 0)
                if len(shape) > _MAX_DIMENSIONS or not 0 <= shape[-1] < 1 << 48:
                    raise UnsafeArtifactError("a tensor has a size that none has")
    return dtype, tuple(shape)


def _number(proto: Protobuf, whole: Field, number: int) -> int:
    found = [one.value for one in proto.inside(whole) if (one.number, one.wire) == (number, VARINT)]
    return signed(found[-1]) if found else 0


def _text(proto: Protobuf, whole: Field, number: int) -> str:
    found = next(_each(proto, whole, number), None)
    return proto.text(found) if found else ""
