"""The header of a `.npy` file, read without numpy and without its `eval`."""

import ast
import math
import re
from dataclasses import dataclass
from typing import Any, BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.reading import read_exactly

MAGIC = b"\x93NUMPY"
_MAX_HEADER = 10_000
_MAX_DIMENSIONS = 64
_MAX_DEPTH = 8
_CODE = re.compile(r"[<>=|]?([a-zA-Z?])([0-9]{0,9})(\[[0-9a-z]{1,20}\])?")
_NAMES = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
_OTHERS = {"O": "object", "S": "bytes", "U": "text", "V": "record", "M": "datetime", "m": "time"}


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What a `.npy` file says of its array.

    Attributes:
        size: Bytes of the numbers; None if they are objects.
    """

    dtype: str
    shape: tuple[int, ...]
    size: int | None


def read_array_header(stream: BinaryIO) -> ArrayHeader:
    """Return the header; the stream stands behind it afterwards.

    Raises:
        UnreadableArtifactError: It is broken, or of an unknown version.
        UnsafeArtifactError: It is beyond a limit.
    """
    start = read_exactly(stream, len(MAGIC) + 2, "the header")
    if not start.startswith(MAGIC) or start[6] not in {1, 2, 3} or start[7] != 0:
        raise UnreadableArtifactError("it is no array of a version that is known")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(read_exactly(stream, width, "the header"), "little")
    if length > _MAX_HEADER:
        raise UnsafeArtifactError(f"the header is longer than {_MAX_HEADER} bytes")
    return _header(read_exactly(stream, length, "the header"))


def _header(data: bytes) -> ArrayHeader:
    try:
        found = ast.literal_eval(data.decode("utf-8").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise UnreadableArtifactError("the header is not what it should be") from error
    if not isinstance(found, dict) or found.keys() != {"descr", "fortran_order", "shape"}:
        raise UnreadableArtifactError("the header lacks descr, fortran_order or shape")
    shape = found["shape"]
    if not isinstance(shape, tuple) or not all(type(one) is int and one >= 0 for one in shape):
        raise UnreadableArtifactError("the header has an odd shape")
    if len(shape) > _MAX_DIMENSIONS or math.prod(shape) >= 1 << 63:
        raise UnsafeArtifactError("the header has a shape beyond all measure")
    dtype, width = _element(found["descr"], _MAX_DEPTH)
    return ArrayHeader(dtype, shape, None if width is None else width * math.prod(shape))


def _element(descr: Any, depth: int) -> tuple[str, int | None]:
    """Return name and bytes of an element; None bytes if it holds objects."""
    if isinstance(descr, str) and (found := _CODE.fullmatch(descr)):
        return _simple(found[1], int(found[2] or 1))
    if not isinstance(descr, list) or depth == 0:
        raise UnreadableArtifactError("the header has an unknown element type")
    widths = [_field(field, depth) for field in descr]
    known = [width for width in widths if width is not None]
    return "record", sum(known) if len(known) == len(widths) else None


def _simple(code: str, width: int) -> tuple[str, int | None]:
    if code == "O":
        return "object", None
    if code in "b?":
        return ("bool" if code == "?" or width == 1 else "int8"), 1
    if code in _NAMES:
        return f"{_NAMES[code]}{8 * width}", width
    if code not in _OTHERS:
        raise UnreadableArtifactError("the header has an unknown element type")
    return _OTHERS[code], width * (4 if code == "U" else 1)


def _field(field: Any, depth: int) -> int | None:
    if not isinstance(field, tuple) or len(field) not in {2, 3}:
        raise UnreadableArtifactError("the header has an odd field")
    _, width = _element(field[1], depth - 1)
    shape = field[2] if len(field) == 3 else ()
    shape = (shape,) if isinstance(shape, int) else shape
    natural = isinstance(shape, tuple) and all(type(one) is int and one >= 0 for one in shape)
    if not natural or len(shape) > _MAX_DIMENSIONS:
        raise UnreadableArtifactError("the header has an odd field")
    return None if width is None else width * math.prod(shape)
