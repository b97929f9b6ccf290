"""The names in a zip, whatever its members are: enough to say what it is, not to trust it."""

from typing import BinaryIO

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.containers.stored_zip import CENTRAL, directory_place
from lineage_registry.formats.reading import read_at

_MAX_NAMES = 1_000


def names_in_zip(stream: BinaryIO, size: int) -> list[str]:
    """Return the first names in the directory, read from the end of the file.

    Raises:
        UnreadableArtifactError: The zip is cut off or broken.
        UnsafeArtifactError: The zip has two ends, or a directory beyond all measure.
    """
    place = directory_place(stream, size)
    data = read_at(stream, place.start, place.size, "the zip directory")
    names: list[str] = []
    at = 0
    while len(names) < _MAX_NAMES and at + CENTRAL.size <= len(data):
        fields = CENTRAL.unpack_from(data, at)
        if fields[0] != b"PK\x01\x02":
            raise UnreadableArtifactError("the zip directory is broken")
        name_at = at + CENTRAL.size
        names.append(data[name_at : name_at + fields[10]].decode("utf-8", "backslashreplace"))
        at = name_at + sum(fields[10:13])
    return names
