"""Weights of a neural network of Core ML: they lie in the messages of its layers.

The numbers of the fields are those of `mlmodel/format/NeuralNetwork.proto` of coremltools.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.protobuf import BYTES, FIXED_32, VARINT, Field, Protobuf
from lineage_registry.formats.reading import shown

_MAX_DEPTH = 32
_MAX_DIMENSIONS = 64
_DENSE = {20: "weights", 21: "bias"}
_GATES = {
    1: "inputGateWeightMatrix",
    2: "forgetGateWeightMatrix",
    3: "blockInputWeightMatrix",
    4: "outputGateWeightMatrix",
    20: "inputGateRecursionMatrix",
    21: "forgetGateRecursionMatrix",
    22: "blockInputRecursionMatrix",
    23: "outputGateRecursionMatrix",
    40: "inputGateBiasVector",
    41: "forgetGateBiasVector",
    42: "blockInputBiasVector",
    43: "outputGateBiasVector",
    60: "inputGatePeepholeVector",
    61: "forgetGatePeepholeVector",
    62: "outputGatePeepholeVector",
}
_WEIGHTS: dict[int, dict[int, str]] = {
    100: {90: "weights", 91: "bias"},
    140: _DENSE,
    150: _DENSE,
    160: {15: "gamma", 16: "beta", 17: "mean", 18: "variance"},
    245: {2: "scale", 5: "bias"},
    250: {2: "bias"},
    290: {2: "data"},
    400: {30: "weightMatrix", 31: "recursionMatrix", 32: "biasVector"},
    410: {
        30: "updateGateWeightMatrix",
        31: "resetGateWeightMatrix",
        32: "outputGateWeightMatrix",
        50: "updateGateRecursionMatrix",
        51: "resetGateRecursionMatrix",
        52: "outputGateRecursionMatrix",
        70: "updateGateBiasVector",
        71: "resetGateBiasVector",
        72: "outputGateBiasVector",
    },
    500: {20: "weights"},
    1040: _DENSE,
    1045: {8: "weights", 9: "bias"},
    1070: {2: "data"},
    1350: {3: "gamma", 4: "beta"},
}
"""By the number of the layer: which of its fields are weights."""
_WITHIN: dict[int, dict[int, dict[int, str]]] = {
    130: {25: {1: "alpha"}, 71: {1: "alpha", 2: "beta"}},
    420: {20: _GATES},
    430: {20: _GATES},
}
"""By the number of the layer: the messages in it that have weights."""
_NETWORKS = {605: {1, 2}, 615: {3, 4}}
"""By the number of the layer: which of its fields are networks."""
_SHAPES: dict[tuple[int, str], tuple[int, ...]] = {
    (100, "weights"): (1, 2, 20),
    (140, "weights"): (2, 1),
    (150, "weights"): (2, 1),
    (245, "scale"): (1,),
    (245, "bias"): (4,),
    (250, "bias"): (1,),
    (290, "data"): (1,),
    (1040, "weights"): (2, 1),
    (1045, "weights"): (5, 6),
    (1070, "data"): (1,),
}
"""Of which numbers in the layer a shape is made."""
_BUFFERS = frozenset({(160, "mean"), (160, "variance")})


class _Weights(NamedTuple):
    dtype: str
    bits: int
    bytes: int
    scales: int


def count_network(proto: Protobuf, whole: Field, census: Census, depth: int = _MAX_DEPTH) -> None:
    """Add the weights of a network; what a batch normalisation measured is a buffer.

    A shape is told for the layers that say it, others are rows of numbers.

    Raises:
        UnreadableArtifactError: It is broken.
        UnsafeArtifactError: It is beyond a limit.
    """
    if depth == 0:
        raise UnsafeArtifactError(f"networks lie in networks, more than {_MAX_DEPTH} deep")
    for layer in proto.inside(whole):
        if layer.number == 1:
            _count_layer(proto, layer, census, depth)


def _count_layer(proto: Protobuf, layer: Field, census: Census, depth: int) -> None:
    name = ""
    for found in proto.inside(layer):
        if found.number == 1:
            name = proto.text(found)
        elif found.number in _NETWORKS:
            for inner in proto.inside(found):
                if inner.number in _NETWORKS[found.number]:
                    count_network(proto, inner, census, depth - 1)
        elif found.number in _WEIGHTS or found.number in _WITHIN:
            _count_parts(proto, found, name, census)


def _count_parts(proto: Protobuf, layer: Field, name: str, census: Census) -> None:
    sizes: dict[int, tuple[int, ...]] = {}
    weights: list[tuple[str, _Weights]] = []
    for found in proto.inside(layer):
        within = _WITHIN.get(layer.number, {}).get(found.number)
        what = _WEIGHTS.get(layer.number, {}).get(found.number)
        if within is not None:
            weights += _inside(proto, found, within)
        elif what is not None:
            weights.append((what, _weights(proto, found, name)))
        elif found.number <= 20 and found.wire in {VARINT, BYTES}:
            told = proto.numbers(found, _MAX_DIMENSIONS) if _is_size(layer, found) else []
            sizes[found.number] = (*sizes.get(found.number, ()), *told)[:_MAX_DIMENSIONS]
    for what, one in weights:
        shape = _shape(_SHAPES.get((layer.number, what), ()), sizes, one)
        census.see(f"{name}.{what}", one.dtype, shape)
        _add(census, one, math.prod(shape), is_buffer=(layer.number, what) in _BUFFERS)


def _add(census: Census, one: _Weights, count: int, *, is_buffer: bool) -> None:
    census.count(one.dtype, count)
    if one.scales:
        census.count("float32", one.scales)
        census.scales = (census.scales or 0) + one.scales
    if is_buffer:
        census.buffers = (census.buffers or 0) + count


def _is_size(layer: Field, found: Field) -> bool:
    return any(
        number == layer.number and found.number in fields for (number, _), fields in _SHAPES.items()
    )


def _inside(
    proto: Protobuf, message: Field, names: dict[int, str]
) -> Iterator[tuple[str, _Weights]]:
    for found in proto.inside(message):
        if found.number in names:
            yield names[found.number], _weights(proto, found, names[found.number])


def _shape(
    fields: tuple[int, ...], sizes: dict[int, tuple[int, ...]], one: _Weights
) -> tuple[int, ...]:
    shape = tuple(size for number in fields for size in sizes.get(number, ()))
    # The default of a kernel is left out, groups change it: what does not fit is not told.
    if shape and min(shape) > 0 and -(-math.prod(shape) * one.bits // 8) == one.bytes:
        return shape
    return (8 * one.bytes // one.bits,)


def _weights(proto: Protobuf, whole: Field, name: str) -> _Weights:
    held = {1: 0, 2: 0, 30: 0}
    bits, scales = 8, 0
    for found in proto.inside(whole):
        if found.number in held and found.wire in {BYTES, FIXED_32}:
            held[found.number] += found.length
        elif found.number == 40:
            bits, scales = _quantized(proto, found)
    if sum(size > 0 for size in held.values()) > 1:
        raise UnreadableArtifactError(f"weights of {shown(name)} are written in two ways")
    if not 1 <= bits <= 8:
        raise UnreadableArtifactError(f"weights of {shown(name)} are quantised to {bits} bits")
    if held[30]:
        return _Weights(f"uint{bits}", bits, held[30], scales)
    return _Weights("float16", 16, held[2], 0) if held[2] else _Weights("float32", 32, held[1], 0)


def _quantized(proto: Protobuf, whole: Field) -> tuple[int, int]:
    """Return how many bits a number has, and how many numbers scale all of them."""
    bits, scales = 8, 0
    for found in proto.inside(whole):
        if found.number == 1 and found.wire == VARINT:
            bits = found.value
        elif found.number in {101, 102}:
            scales += sum(each.length for each in proto.inside(found) if each.number in {1, 2}) // 4
    return bits, scales
