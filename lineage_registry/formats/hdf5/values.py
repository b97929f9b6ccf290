"""What the messages of an HDF5 object say: element types, shapes, attributes.

After the HDF5 file format specification, version 3.0.
"""

from dataclasses import dataclass

from lineage_registry.errors import UnreadableArtifactError

_FLOATS = {2: "float16", 4: "float32", 8: "float64"}
_INTEGERS = {1: "8", 2: "16", 4: "32", 8: "64"}
_OTHERS = {2: "time", 3: "text", 4: "bits", 5: "opaque", 6: "record", 7: "reference", 10: "array"}
_INTEGER, _FLOAT, _STRING, _ENUM, _VARIABLE = 0, 1, 3, 8, 9
_MAX_DIMENSIONS = 32


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named value of an object, as its bytes lie in the file."""

    name: str
    datatype: bytes
    dataspace: bytes
    data: bytes


def dtype_of(message: bytes) -> str:
    """Return the name of an element type."""
    kind, width = message[0] & 15, int.from_bytes(message[4:8], "little")
    if kind == _FLOAT:
        return _FLOATS.get(width, f"float{8 * width}")
    if kind == _INTEGER and width in _INTEGERS:
        return f"{'int' if message[1] & 8 else 'uint'}{_INTEGERS[width]}"
    if kind == _ENUM and width == 1:
        return "bool"
    return "text" if kind == _VARIABLE else _OTHERS.get(kind, "unknown")


def shape_of(message: bytes, width: int) -> tuple[int, ...]:
    """Return the sizes of a dataspace; those of a scalar are none.

    Raises:
        UnreadableArtifactError: It is of an unknown version, or cut off.
    """
    version, rank = message[0], message[1]
    start = {1: 8, 2: 4}.get(version)
    if start is None or rank > _MAX_DIMENSIONS or start + rank * width > len(message):
        raise UnreadableArtifactError("an object of the HDF5 file has an odd shape")
    places = range(start, start + rank * width, width)
    return tuple(int.from_bytes(message[at : at + width], "little") for at in places)


def is_text(datatype: bytes) -> bool:
    """Return whether the elements are texts of a fixed length."""
    return datatype[0] & 15 == _STRING


def is_variable_text(datatype: bytes) -> bool:
    """Return whether the elements are texts of any length, kept elsewhere in the file."""
    return datatype[0] & 15 == _VARIABLE and datatype[1] & 15 == 1


def read_attribute(message: bytes) -> Attribute:
    """Return the attribute of a message.

    Raises:
        UnreadableArtifactError: It is of an unknown version.
    """
    version = message[0]
    sizes = [int.from_bytes(message[at : at + 2], "little") for at in (2, 4, 6)]
    at = {1: 8, 2: 8, 3: 9}.get(version)
    if at is None:
        raise UnreadableArtifactError("an attribute of the HDF5 file is of an unknown version")
    parts = []
    for size in sizes:
        parts.append(message[at : at + size])
        at += -(-size // 8) * 8 if version == 1 else size
    if at > len(message) or len(parts[1]) < 8 or len(parts[2]) < 4:
        raise UnreadableArtifactError("an attribute of the HDF5 file is cut off")
    name = parts[0].rstrip(b"\0").decode("utf-8", "backslashreplace")
    return Attribute(name, parts[1], parts[2], message[at:])
