"""One tensor of an ONNX file: its name, type, shape, and where its bytes are."""

import math
from dataclasses import dataclass

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.onnx.elements import Element, element
from lineage_registry.formats.protobuf import VARINT, Field, Protobuf
from lineage_registry.formats.reading import shown

_MAX_DIMENSIONS = 64
_MAX_ELEMENTS = 1 << 62
_TYPE, _LOCATION = 2, 14
_EXTERNAL = 1
_HELD = frozenset({4, 5, 6, 7, 9, 10, 11})
_RAW, _FLOATS, _DOUBLES = 9, 4, 10
_VALUES = {_FLOATS: 4, _DOUBLES: 8}
"""Fields of values that are not in one piece of bytes, by the size of one of them."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor.

    Attributes:
        external: What says where its bytes are, if they are in another file.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: int
    bytes: int | None
    external: dict[str, str] | None


def read_tensor(proto: Protobuf, whole: Field) -> Tensor:
    """Return what a tensor says of itself; its values are jumped over.

    Raises:
        UnreadableArtifactError: It is broken, or has other bytes than its shape asks for.
        UnsafeArtifactError: It is beyond a limit.
    """
    name, numbers = "", {_TYPE: 0, _LOCATION: 0}
    shape: list[int] = []
    external: dict[str, str] = {}
    held: dict[int, int] = {}
    for found in proto.inside(whole):
        if found.number == 1:
            shape += proto.numbers(found, _MAX_DIMENSIONS)
        elif found.number in numbers and found.wire == VARINT:
            numbers[found.number] = found.value
        elif found.number == 8:
            name = proto.text(found)
        elif found.number == 13:
            external.update([proto.pair(found)])
        elif found.number in _HELD:
            held[found.number] = held.get(found.number, 0) + found.length
    size = element(numbers[_TYPE])
    count = _count(name, shape)
    if numbers[_LOCATION] == _EXTERNAL:
        return Tensor(name, size.name, tuple(shape), count, _bytes(count, size), external)
    _check_bytes(name, held, count, size)
    return Tensor(name, size.name, tuple(shape), count, _bytes(count, size), None)


def _count(name: str, shape: list[int]) -> int:
    if len(shape) > _MAX_DIMENSIONS:
        raise UnsafeArtifactError(
            f"tensor {shown(name)} has more than {_MAX_DIMENSIONS} dimensions"
        )
    if any(size < 0 for size in shape):
        raise UnreadableArtifactError(f"tensor {shown(name)} has a size below zero")
    count = math.prod(shape)
    if count > _MAX_ELEMENTS:
        raise UnsafeArtifactError(f"tensor {shown(name)} has more elements than any")
    return count


def _bytes(count: int, size: Element) -> int | None:
    return -(-count * size.bits // 8) if size.bits else None


def _check_bytes(name: str, held: dict[int, int], count: int, size: Element) -> None:
    needed = _bytes(count, size)
    if count and not held:
        raise UnreadableArtifactError(f"tensor {shown(name)} has no bytes")
    if _RAW in held and needed is not None and held[_RAW] != needed:
        raise UnreadableArtifactError(
            f"tensor {shown(name)} has {held[_RAW]} bytes, its shape asks for {needed}"
        )
    for field, each in _VALUES.items():
        # A complex number is two of them.
        if field in held and held[field] not in {count * each, 2 * count * each}:
            raise UnreadableArtifactError(
                f"tensor {shown(name)} has other values than its shape asks for"
            )
