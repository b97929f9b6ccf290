"""The header of a safetensors file, read strictly: <https://huggingface.co/docs/safetensors>."""

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import MAX_TENSORS, elements
from lineage_registry.formats.reading import read_exactly, shown

MAX_HEADER = 32 * 1024 * 1024
_MAX_DIGITS = 19
_MAX_DIMENSIONS = 64
_LENGTH = struct.Struct("<Q")
_AFTER_BRACE = (b'"', b"}", b" ", b"\t", b"\n", b"\r")

_DTYPES = {
    "BOOL": ("bool", 8),
    "F4": ("float4_e2m1fn_x2", 4),
    "F6_E2M3": ("float6_e2m3fn", 6),
    "F6_E3M2": ("float6_e3m2fn", 6),
    "U8": ("uint8", 8),
    "I8": ("int8", 8),
    "F8_E5M2": ("float8_e5m2", 8),
    "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8),
    "I16": ("int16", 16),
    "U16": ("uint16", 16),
    "F16": ("float16", 16),
    "BF16": ("bfloat16", 16),
    "I32": ("int32", 32),
    "U32": ("uint32", 32),
    "F32": ("float32", 32),
    "C64": ("complex64", 64),
    "F64": ("float64", 64),
    "I64": ("int64", 64),
    "U64": ("uint64", 64),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """Everything the header says."""

    entries: tuple[Entry, ...]
    metadata: dict[str, str]


def looks_like_header(first: bytes) -> bool:
    """Return whether a file that begins with these ten bytes has such a header.

    One that lies about its length has; text that happens to have a brace at this place has not.
    """
    length, start = first[: _LENGTH.size], first[_LENGTH.size :]
    words = length.isascii() and length.decode("ascii").isprintable()
    return start[:1] == b"{" and start[1:2] in _AFTER_BRACE and not words


def read_header(stream: BinaryIO, size: int) -> Header:
    """Return the header of a file of this size.

    Raises:
        UnreadableArtifactError: The file is cut off, or contradicts itself.
        UnsafeArtifactError: The header is beyond a limit, or says a thing twice.
    """
    (length,) = _LENGTH.unpack(read_exactly(stream, _LENGTH.size, "the header's length"))
    if length > MAX_HEADER:
        raise UnsafeArtifactError(f"the header is longer than {MAX_HEADER} bytes")
    data = read_exactly(stream, length, "the header")
    if data.count(b'"data_offsets"') > MAX_TENSORS:
        raise UnsafeArtifactError(f"there are more than {MAX_TENSORS} tensors")
    raw = _parsed(data)
    metadata = _metadata(raw.pop("__metadata__", {}))
    if len(raw) > MAX_TENSORS:
        raise UnsafeArtifactError(f"there are more than {MAX_TENSORS} tensors")
    entries = tuple(_entry(name, value) for name, value in raw.items())
    _check_layout(entries, size - _LENGTH.size - length)
    return Header(entries, metadata)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once,
            parse_int=_integer,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableArtifactError(
            f"the header is not the JSON it should be: {error}"
        ) from error
    if not isinstance(parsed, dict) or not data.startswith(b"{"):
        raise UnreadableArtifactError("the header is not a JSON object")
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnsafeArtifactError("the header names something twice")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number is too long")
    return int(text)


def _no_number(text: str) -> float:
    raise ValueError(f"{shown(text)} is not a whole number")


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise UnreadableArtifactError("the header's metadata is not text by name")
    return value


def _entry(name: str, value: Any) -> Entry:
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise UnreadableArtifactError(f"tensor {shown(name)} lacks dtype, shape or data_offsets")
    shape, offsets, code = value["shape"], value["data_offsets"], value["dtype"]
    if not isinstance(code, str) or code not in _DTYPES:
        raise UnreadableArtifactError(f"tensor {shown(name)} has the unknown dtype {shown(code)}")
    if not _natural(shape) or not _natural(offsets) or len(offsets) != 2:
        raise UnreadableArtifactError(
            f"tensor {shown(name)}: shape or data_offsets are not natural"
        )
    if len(shape) > _MAX_DIMENSIONS:
        raise UnsafeArtifactError(
            f"tensor {shown(name)} has more than {_MAX_DIMENSIONS} dimensions"
        )
    dtype, bits = _DTYPES[code]
    if elements(tuple(shape)) * bits != (offsets[1] - offsets[0]) * 8:
        raise UnreadableArtifactError(f"tensor {shown(name)}: its bytes do not fit its shape")
    return Entry(name, dtype, tuple(shape), offsets[0], offsets[1])


def _natural(values: Any) -> bool:
    return isinstance(values, list) and all(type(item) is int and item >= 0 for item in values)


def _check_layout(entries: tuple[Entry, ...], room: int) -> None:
    reached = 0
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != reached:
            raise UnreadableArtifactError(
                f"tensor {shown(entry.name)} overlaps another or leaves a gap before it"
            )
        reached = entry.end
    if reached != room:
        raise UnreadableArtifactError(f"the tensors take {reached} bytes, the file has {room}")
