"""What is found in one array, in a file or among the members of an `.npz`."""

from dataclasses import dataclass, field
from typing import BinaryIO

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.census import Census, elements
from lineage_registry.formats.numpy.header import read_array_header
from lineage_registry.formats.pickles.objects import read_objects
from lineage_registry.formats.pickles.policy import judge


@dataclass
class Arrays:
    """Arrays seen so far, and what the pickles of objects among them ask to import."""

    census: Census = field(default_factory=Census)
    asked: set[tuple[str, str]] = field(default_factory=set)
    objects: list[str] = field(default_factory=list)

    def see(self, name: str, stream: BinaryIO, size: int) -> None:
        """Take note of an array.

        Raises:
            UnreadableArtifactError: It is broken or cut off.
            UnsafeArtifactError: It breaks a limit, or its pickle a rule.
        """
        header = read_array_header(stream)
        self.census.see(name, header.dtype, header.shape)
        self.census.count(header.dtype, elements(header.shape))
        if header.size is None:
            self.objects.append(name)
            self.asked |= read_objects(stream).asked
        elif stream.tell() + header.size != size:
            raise UnreadableArtifactError(
                f"the array takes {header.size} bytes, the file has {size - stream.tell()}"
            )

    def verdict(self) -> tuple[Verdict, tuple[str, ...]]:
        """Return the verdict on all of them, with its reasons."""
        verdict, reasons = judge(frozenset(self.asked))
        if verdict is Verdict.SAFE and self.objects:
            return Verdict.NEEDS_TRUST, ("an array of objects is a pickle",)
        return verdict, reasons
