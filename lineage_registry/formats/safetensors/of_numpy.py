"""Arrays of numpy made ready for a safetensors file."""

from collections.abc import Mapping
from typing import Any

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.requirements import require
from lineage_registry.formats.safetensors.ties import Parts

_KINDS = frozenset("biufc")


def numpy_parts(arrays: Mapping[str, Any]) -> Parts:
    """Return the arrays contiguous and each once.

    Raises:
        InvalidInputError: An array holds objects, text or dates.
    """
    numpy = require("numpy", extra="safetensors")
    parts = Parts("np")
    seen: dict[object, str] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise InvalidInputError(
                f"array {name!r} has the dtype {array.dtype}, which is not made of numbers",
                hint="convert it to a number type first",
            )
        place = (array.ctypes.data, array.shape, array.strides, array.dtype.str)
        first = seen.setdefault(place, name) if array.size else name
        if first != name:
            parts.further_names[name] = first
            continue
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        # ascontiguousarray makes an array of one dimension out of a number.
        parts.tensors[name] = numpy.ascontiguousarray(little).reshape(array.shape)
    return parts
