"""The element types of ONNX tensors, by number: <https://onnx.ai/onnx/api/classes.html>."""

from typing import NamedTuple


class Element(NamedTuple):
    """One element type.

    Attributes:
        name: As elsewhere in the registry.
        bits: Size of one; 0 for text, which has no fixed size.
    """

    name: str
    bits: int


ELEMENTS: dict[int, Element] = {
    1: Element("float32", 32),
    2: Element("uint8", 8),
    3: Element("int8", 8),
    4: Element("uint16", 16),
    5: Element("int16", 16),
    6: Element("int32", 32),
    7: Element("int64", 64),
    8: Element("string", 0),
    9: Element("bool", 8),
    10: Element("float16", 16),
    11: Element("float64", 64),
    12: Element("uint32", 32),
    13: Element("uint64", 64),
    14: Element("complex64", 64),
    15: Element("complex128", 128),
    16: Element("bfloat16", 16),
    17: Element("float8_e4m3fn", 8),
    18: Element("float8_e4m3fnuz", 8),
    19: Element("float8_e5m2", 8),
    20: Element("float8_e5m2fnuz", 8),
    21: Element("uint4", 4),
    22: Element("int4", 4),
    23: Element("float4_e2m1fn", 4),
    24: Element("float8_e8m0fnu", 8),
    25: Element("uint2", 2),
    26: Element("int2", 2),
}


def element(number: int) -> Element:
    """Return the element type of this number; one that is not known yet has no fixed size."""
    return ELEMENTS.get(number, Element(f"onnx-type-{number}", 0))
