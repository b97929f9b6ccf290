"""The element types of TensorFlow, by number: `tensorflow/core/framework/types.proto`."""

from typing import NamedTuple


class Element(NamedTuple):
    """One element type.

    Attributes:
        bytes: Size of one as it is stored; None if they differ or it is not certain.
    """

    name: str
    bytes: int | None


_ELEMENTS = {
    1: Element("float32", 4),
    2: Element("float64", 8),
    3: Element("int32", 4),
    4: Element("uint8", 1),
    5: Element("int16", 2),
    6: Element("int8", 1),
    7: Element("string", None),
    8: Element("complex64", 8),
    9: Element("int64", 8),
    10: Element("bool", 1),
    11: Element("qint8", 1),
    12: Element("quint8", 1),
    13: Element("qint32", 4),
    14: Element("bfloat16", 2),
    15: Element("qint16", 2),
    16: Element("quint16", 2),
    17: Element("uint16", 2),
    18: Element("complex128", 16),
    19: Element("float16", 2),
    20: Element("resource", None),
    21: Element("variant", None),
    22: Element("uint32", 4),
    23: Element("uint64", 8),
    24: Element("float8_e5m2", 1),
    25: Element("float8_e4m3fn", 1),
    29: Element("int4", None),
    30: Element("uint4", None),
}
NO_NUMBERS = frozenset({"string", "resource", "variant"})


def element(number: int) -> Element:
    """Return an element type; one that is not known has a name of its own."""
    return _ELEMENTS.get(number, Element(f"tf-type-{number}", None))
