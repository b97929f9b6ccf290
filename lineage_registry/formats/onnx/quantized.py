"""How an ONNX model is quantised, from its operators: <https://onnxruntime.ai/docs/performance/>."""

from collections import Counter

from lineage_registry.domain.formats import Quantization
from lineage_registry.formats.onnx.model import Model, Node

_SCALES: dict[str, tuple[int, ...]] = {
    "QuantizeLinear": (1, 2),
    "DequantizeLinear": (1, 2),
    "MatMulInteger": (2, 3),
    "ConvInteger": (2, 3),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7),
    "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearAdd": (1, 2, 4, 5, 6, 7),
    "QLinearMul": (1, 2, 4, 5, 6, 7),
    "QLinearAveragePool": (1, 2, 3, 4),
    "QLinearGlobalAveragePool": (1, 2, 3, 4),
    "QLinearLeakyRelu": (1, 2, 3, 4),
    "QLinearSigmoid": (1, 2, 3, 4),
    "QLinearSoftmax": (1, 2, 3, 4),
    "QGemm": (1, 2, 4, 5, 7, 8),
    "DynamicQuantizeMatMul": (2, 3),
    "DynamicQuantizeLSTM": (8, 9, 10, 11),
    "MatMulIntegerToFloat": (2, 3, 4, 5),
    "MatMulNBits": (2, 3),
    "GatherBlockQuantized": (2, 3),
    "QAttention": (3, 4, 6, 7),
    "DynamicQuantizeLinear": (),
}
"""Which inputs of which operators are scales and zero points."""

OPERATORS = frozenset(_SCALES)
_SUFFIXES = ("_scale", "_scales", "_zero_point", "_zero_points", "_zp")
_BITS = {
    **dict.fromkeys(("int8", "uint8", "float8_e4m3fn", "float8_e5m2"), 8),
    **dict.fromkeys(("int4", "uint4", "float4_e2m1fn"), 4),
    **dict.fromkeys(("int2", "uint2"), 2),
    **dict.fromkeys(("int16", "uint16"), 16),
}
_BLOCKWISE = {"MatMulNBits": 4, "GatherBlockQuantized": 4}
"""Operators of packed weights, with the bits that they have where the node does not say."""


def scale_names(model: Model) -> frozenset[str]:
    """Return the names of the tensors that say how others are quantised; none if none are."""
    nodes = _nodes(model)
    if not nodes:
        return frozenset()
    named = {name for node in nodes for name in _scales(node)}
    # Between its weight and its scale a matrix product may stand any number of other operators.
    by_suffix = {tensor.name for tensor in model.tensors if tensor.name.endswith(_SUFFIXES)}
    return frozenset(named | by_suffix)


def quantization(model: Model) -> Quantization | None:
    """Return how the weights are quantised; None if they are not."""
    nodes = _nodes(model)
    if not nodes:
        return None
    blockwise = [node for node in nodes if node.operator in _BLOCKWISE]
    if blockwise:
        bits = blockwise[0].numbers.get("bits", _BLOCKWISE[blockwise[0].operator])
        return Quantization(method=f"int{bits}", bits=bits)
    common = Counter[str]()
    scales = scale_names(model)
    for tensor in model.tensors:
        if tensor.dtype in _BITS and tensor.name not in scales:
            common[tensor.dtype] += tensor.elements
    if not common:
        return None
    dtype = max(sorted(common), key=lambda name: common[name])
    return Quantization(method=dtype, bits=_BITS[dtype])


def _nodes(model: Model) -> list[Node]:
    return [node for node in model.marked if node.operator in _SCALES]


def _scales(node: Node) -> list[str]:
    return [node.inputs[at] for at in _SCALES[node.operator] if at < len(node.inputs)]
