"""Folders whose files are of several formats: each is looked into by the reader of its kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.filesets import FileSet, some
from lineage_registry.ports.handlers import FormatHandler

_WORST_FIRST = (
    Verdict.REFUSED,
    Verdict.NEEDS_TRUST,
    Verdict.NOT_INSPECTABLE,
    Verdict.SAFE,
)
_COUNTED = ("tensors", "parameters", "buffers", "scales", "dtypes", "listed", "truncated")


@runtime_checkable
class NamesItsFiles(Protocol):
    """A handler to whose files more belong than those of its kinds."""

    def its_files(self, files: FileSet) -> list[str]:
        """Return the files of a set that it reads."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the readers found in a folder, and which files they took."""

    inspections: tuple[Inspection, ...]
    taken: frozenset[str]

    def counts(self) -> dict[str, Any]:
        """Return the counts of the weights; of the first format, if they are there in several."""
        for found in self.inspections:
            if found.tensors:
                return {name: getattr(found, name) for name in _COUNTED}
        return {}

    def judged(self, files: FileSet, taken: Iterable[str], trust: Iterable[str]) -> dict[str, Any]:
        """Return verdict and reasons: the worst of all that was found.

        Args:
            files: The whole folder.
            taken: What was looked into besides the parts.
            trust: Reasons why loading the folder would run code.
        """
        left = unexplained(files, {*self.taken, *taken})
        reasons = [(found.verdict, found.reasons) for found in self.inspections]
        reasons += [(Verdict.NEEDS_TRUST, tuple(trust)), (Verdict.NOT_INSPECTABLE, left)]
        for verdict in _WORST_FIRST[:-1]:
            why = tuple(each for one, those in reasons if one is verdict for each in those)
            if why:
                return {
                    "verdict": verdict,
                    "reasons": why,
                    "broken": verdict is Verdict.REFUSED and self._only_broken(),
                }
        return {"verdict": Verdict.SAFE}

    def _only_broken(self) -> bool:
        return all(found.broken for found in self.inspections if found.verdict is Verdict.REFUSED)


def look_into(files: FileSet, readers: Sequence[FormatHandler]) -> Parts:
    """Return what each reader finds in the files of its kinds."""
    inspections = []
    taken: set[str] = set()
    parts = some(files, files.paths())
    for reader in readers:
        paths = files_of(reader, parts)
        if paths:
            inspections.append(reader.inspect(some(parts, paths)))
            taken.update(paths)
    return Parts(tuple(inspections), frozenset(taken))


def files_of(reader: FormatHandler, files: FileSet) -> list[str]:
    """Return the files of a set that a reader reads."""
    if isinstance(reader, NamesItsFiles):
        return reader.its_files(files)
    return of_kinds(files, *(kind for kind in FileKind if kind.value in reader.kinds))
