"""Arrays of numpy inside of pickles, told from what would make them."""

import math
import re
from dataclasses import dataclass
from typing import Any

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.pickles.gate import Inert
from lineage_registry.formats.pickles.pictures import walk

_MAX_DIMENSIONS = 64
_CODE = re.compile(r"[<>=|]?([a-zA-Z])([0-9]{0,9})")
_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
_WHOLE = {"O": "object", "S": "bytes", "U": "text", "V": "record", "M": "datetime", "m": "time"}
_HAS_OBJECTS = 1
_ELEMENT_SIZE, _FLAGS = 5, 7
_MAKERS = re.compile(
    r"numpy\.(_?core)\.(multiarray\._reconstruct|numeric\._frombuffer)|numpy\.ndarray"
)


@dataclass(frozen=True, slots=True)
class ElementType:
    """What an array is made of.

    Attributes:
        size: Bytes of one element.
        objects: Whether the elements are Python objects, and so pickles.
    """

    name: str
    size: int
    objects: bool


@dataclass(eq=False, slots=True)
class Array:
    """An array."""

    dtype: str
    shape: tuple[int, ...]


def element_type(dtype: Any) -> ElementType | None:
    """Return what the picture of a `numpy.dtype` stands for; None if it cannot be told."""
    if not isinstance(dtype, Inert) or dtype.made_by.full != "numpy.dtype" or not dtype.parts:
        return None
    code = dtype.parts[0][0] if isinstance(dtype.parts[0], tuple) and dtype.parts[0] else None
    found = _CODE.fullmatch(code) if isinstance(code, str) else None
    if found is None:
        return None
    state = dtype.parts[-1] if isinstance(dtype.parts[-1], tuple) else ()
    size = int(found[2] or 1) * (4 if found[1] == "U" else 1)
    flags = 0
    if len(dtype.parts) > 1 and len(state) > _FLAGS:
        told, flags = state[_ELEMENT_SIZE], state[_FLAGS]
        if not isinstance(told, int) or not isinstance(flags, int):
            return None
        size = told if told >= 0 else size
    return ElementType(_named(found[1], size), size, found[1] == "O" or bool(flags & _HAS_OBJECTS))


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape.

    Raises:
        UnsafeArtifactError: It is none.
    """
    natural = isinstance(value, tuple) and all(type(one) is int and one >= 0 for one in value)
    if not natural or len(value) > _MAX_DIMENSIONS or math.prod(value) >= 1 << 63:
        raise UnsafeArtifactError("an array has an odd shape")
    return tuple(value)


def count_arrays(root: Any) -> Census:
    """Return the count of all arrays in a picture."""
    census = Census()
    for name, array in walk(root, _array):
        census.see(name, array.dtype, array.shape)
        census.count(array.dtype, math.prod(array.shape))
    return census


def _array(item: Any) -> Array | None:
    """Return the array that something is or would make."""
    if isinstance(item, Array):
        return item
    if not isinstance(item, Inert) or not _MAKERS.fullmatch(item.made_by.full):
        return None
    if item.made_by.name == "_frombuffer":
        given = item.parts[0] if item.parts and isinstance(item.parts[0], tuple) else ()
        dtype, shape = (given[1], given[2]) if len(given) > 2 else (None, None)
    else:
        state = item.parts[-1] if item.parts and isinstance(item.parts[-1], tuple) else ()
        shape, dtype = (state[1], state[2]) if len(state) > 4 else (None, None)
    kind = element_type(dtype)
    return None if kind is None else Array(kind.name, shape_of(shape))


def _named(code: str, size: int) -> str:
    if code in "b?":
        return "bool"
    if code in _KINDS:
        return f"{_KINDS[code]}{8 * size}"
    return _WHOLE.get(code, code)
