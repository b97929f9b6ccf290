"""What the handlers of boosted trees have in common."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from lineage_registry.domain.formats import Inspection
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.trees import libraries
from lineage_registry.formats.trees.ensemble import Ensemble, inspection
from lineage_registry.formats.weights import chosen, confidence
from lineage_registry.ports.filesets import FileSet, LocalFiles
from lineage_registry.ports.handlers import Confidence, FormatHandler


class EnsembleHandler(FormatHandler):
    """Finds the files of one library, reads each for itself, and loads one of them.

    Attributes:
        file_kinds: What its files are.
    """

    load_options: ClassVar[frozenset[str]] = libraries.LOAD_OPTIONS
    file_kinds: ClassVar[tuple[FileKind, ...]]

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, self._paths(files))

    def _inspect(self, files: FileSet) -> Inspection:
        paths = self._paths(files)
        return inspection(self.name, files, paths, [self._model(files, path) for path in paths])

    def _load(self, folder: Path, **options: object) -> object:
        files = LocalFiles(folder)
        place = files.place(chosen(self._paths(files), options.get("file")))
        return self._load_file(place, options)

    def _paths(self, files: FileSet) -> list[str]:
        return of_kinds(files, *self.file_kinds)

    @abstractmethod
    def _model(self, files: FileSet, path: str) -> Ensemble: ...

    @abstractmethod
    def _load_file(self, place: Path, options: dict[str, object]) -> object: ...
