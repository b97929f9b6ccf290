"""What is found in one array, in a file or among the members of an `.npz`."""

from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.census import Census, elements
from lineage_registry.formats.numpy.header import ArrayHeader, read_array_header
from lineage_registry.formats.pickles.objects import read_objects
from lineage_registry.formats.pickles.policy import judge


class Array(NamedTuple):
    """One array.

    Attributes:
        asked: What its pickle asks to import, if it is one of objects.
    """

    header: ArrayHeader
    asked: frozenset[tuple[str, str]] = frozenset()


def read_array(stream: BinaryIO, size: int) -> Array:
    """Return what an array is that takes so many bytes.

    Raises:
        UnreadableArtifactError: It is broken or cut off.
        UnsafeArtifactError: It breaks a limit, or its pickle a rule.
    """
    header = read_array_header(stream)
    if header.size is None:
        return Array(header, frozenset(read_objects(stream).asked))
    if stream.tell() + header.size != size:
        raise UnreadableArtifactError(
            f"the array takes {header.size} bytes, the file has {size - stream.tell()}"
        )
    return Array(header)


@dataclass
class Arrays:
    """Arrays seen so far, and what the pickles of objects among them ask to import."""

    census: Census = field(default_factory=Census)
    asked: set[tuple[str, str]] = field(default_factory=set)
    objects: list[str] = field(default_factory=list)

    def see(self, name: str, array: Array) -> None:
        """Take note of an array.

        Raises:
            UnsafeArtifactError: There are more than any honest file has.
        """
        header = array.header
        self.census.see(name, header.dtype, header.shape)
        self.census.count(header.dtype, elements(header.shape))
        self.asked |= array.asked
        if header.size is None:
            self.objects.append(name)

    def verdict(self) -> tuple[Verdict, tuple[str, ...]]:
        """Return the verdict on all of them, with its reasons."""
        verdict, reasons = judge(frozenset(self.asked))
        if verdict is Verdict.SAFE and self.objects:
            return Verdict.NEEDS_TRUST, ("an array of objects is a pickle",)
        return verdict, reasons
