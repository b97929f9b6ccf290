"""Files that are kept as they are."""

import os
import shutil
from pathlib import Path
from typing import ClassVar, Final

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.sniffing.files import kind_of
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler

_PLAIN: Final = "plain files are kept as they are; nobody looked inside"
_SEALED: Final = (
    "zstd is not unpacked here: nobody looked inside; gzip, bzip2 and xz are looked through"
)


class PlainFilesHandler(FormatHandler):
    """Takes any files; what is loaded is the folder they lie in."""

    name: ClassVar[str] = "files"

    def _detect(self, files: FileSet) -> Confidence:
        del files
        return Confidence.ANYTHING

    def _inspect(self, files: FileSet) -> Inspection:
        paths = files.paths()
        kind = kind_of(files, paths[0]) if len(paths) == 1 else None
        return Inspection(
            format=self.name,
            kind=kind.value if kind is not None else None,
            verdict=Verdict.NOT_INSPECTABLE,
            reasons=(_SEALED if kind is FileKind.ZSTD else _PLAIN,),
            bytes=total_size(files),
        )

    def _load(self, folder: Path, **options: object) -> Path:
        del options
        return folder

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        if not isinstance(obj, str | os.PathLike):
            raise InvalidInputError(
                f"plain files are given by their path, not as a {type(obj).__qualname__}",
                hint="save the object to a file and hand in the path",
            )
        source = LocalFiles(Path(obj))
        for path in source.paths():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.place(path), target)
