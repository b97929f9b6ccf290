"""The files of weights beside an ML program: metadata of 64 bytes, and where the values lie.

The form is that of `MILBlob/Blob/StorageFormat.hpp` of coremltools.
"""

import struct
from typing import BinaryIO, NamedTuple

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.reading import read_at, shown
from lineage_registry.ports.filesets import FileSet

_HEADER, _METADATA = struct.Struct("<II56x"), struct.Struct("<IIQQQ32x")
_VERSION, _SENTINEL = 2, 0xDEADBEEF
_MODEL = "@model_path/"
_TYPES = {
    1: ("float16", 16),
    2: ("float32", 32),
    3: ("uint8", 8),
    4: ("int8", 8),
    5: ("bfloat16", 16),
    6: ("int16", 16),
    7: ("uint16", 16),
    8: ("int4", 4),
    9: ("uint1", 1),
    10: ("uint2", 2),
    11: ("uint4", 4),
    12: ("uint3", 3),
    13: ("uint6", 6),
    14: ("int32", 32),
    15: ("uint32", 32),
    16: ("float8_e4m3fn", 8),
    17: ("float8_e5m2", 8),
}


class Blob(NamedTuple):
    """The values of one tensor.

    Attributes:
        start: Where they begin in their file.
        size: How many bytes they take.
    """

    dtype: str
    elements: int
    start: int
    size: int


def place_of(files: FileSet, model: str, name: str) -> str:
    """Return which file of the set a program means that lies in the file `model`.

    Raises:
        UnreadableArtifactError: It is missing.
        UnsafeArtifactError: It lies elsewhere than below the folder of the program.
    """
    below = name.removeprefix(_MODEL)
    strange = not below.isprintable() or "\\" in below or {"", ".", ".."} & set(below.split("/"))
    if below == name or strange:
        raise UnsafeArtifactError(f"weights lie in {shown(name)}, which is not beside the program")
    folder, slash, _ = model.rpartition("/")
    path = f"{folder}{slash}{below}"
    if path not in files.paths():
        raise UnreadableArtifactError(f"{shown(path)}, which holds weights, is missing")
    return path


def read_blob(stream: BinaryIO, size: int, at: int) -> Blob:
    """Return what the metadata at a place of a file says.

    Raises:
        UnreadableArtifactError: There is none, or the file is cut off or of an unknown version.
    """
    _, version = _HEADER.unpack(read_at(stream, 0, _HEADER.size, "the header of the weights"))
    if version != _VERSION:
        raise UnreadableArtifactError(f"the weights are of version {version}, which is not known")
    if not 0 <= at <= size - _METADATA.size:
        raise UnreadableArtifactError("a program names weights that are not in their file")
    raw = read_at(stream, at, _METADATA.size, "the metadata of weights")
    sentinel, number, length, start, padding = _METADATA.unpack(raw)
    if sentinel != _SENTINEL or number not in _TYPES:
        raise UnreadableArtifactError("a program names weights where there are none")
    dtype, bits = _TYPES[number]
    # Before it had a meaning, what says how many bits at the end are none was not written.
    bits_held = 8 * length - (padding if bits % 8 and padding < 8 else 0)
    if start < at + _METADATA.size or start + length > size:
        raise UnreadableArtifactError("weights are cut off, or lie before their metadata")
    return Blob(dtype, max(0, bits_held) // bits, start, length)
