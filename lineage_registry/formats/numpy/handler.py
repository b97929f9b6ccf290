"""Arrays of numpy: `.npy` and `.npz`."""

from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.archives.members import opened
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.numpy.arrays import Array, Arrays, read_array
from lineage_registry.formats.reading import plain
from lineage_registry.formats.requirements import require
from lineage_registry.formats.sniffing.files import disagreement, kind_of, of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import NUMPY_ARRAY, chosen, confidence, counted
from lineage_registry.formats.writing import whole_file
from lineage_registry.ports.filesets import FileSet, LocalFiles, once_each, remembering, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler

_FILE = "array.npy"


class NumpyHandler(FormatHandler):
    """Saves one array; loads an array, or the arrays of an `.npz` as a dictionary.

    An array of Python objects is a pickle: it is looked into as one, and loaded only if trusted.
    """

    name: ClassVar[str] = "numpy"
    classes: ClassVar[tuple[str, ...]] = (NUMPY_ARRAY,)
    load_options: ClassVar[frozenset[str]] = frozenset({"file"})
    kinds: ClassVar[tuple[str, ...]] = ("npy", "npz")

    def _detect(self, files: FileSet) -> Confidence:
        # What lies beside weights of a model is no model of its own.
        sure = confidence(files, _arrays(files))
        return sure if sure is Confidence.ALL_FILES else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        paths = _arrays(files)
        if not paths:
            raise UnreadableArtifactError("there is no array of numpy")
        found = Arrays()
        each = once_each(files, paths, lambda path: _arrays_in(files, path))
        for path, arrays in zip(paths, each, strict=True):
            for name, array in arrays:
                found.see(name or path.removesuffix(".npy"), array)
        verdict, reasons = found.verdict()
        extra = unexplained(files, paths)
        if verdict is Verdict.SAFE and extra:
            verdict, reasons = Verdict.NOT_INSPECTABLE, extra
        return Inspection(
            format=self.name,
            kind=kind_of(files, paths[0]).value,
            verdict=verdict,
            reasons=reasons,
            warnings=tuple(filter(None, (disagreement(files, path) for path in paths))),
            bytes=total_size(files),
            globals=tuple(sorted({plain(".".join(names)) for names in found.asked})),
            **counted([found.census]),
        )

    def _load(self, folder: Path, **options: object) -> Any:
        return _loaded(folder, options.get("file"), trusted=False)

    def _load_trusted(self, folder: Path, **options: object) -> Any:
        return _loaded(folder, options.get("file"), trusted=True)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        numpy = require("numpy", extra="safetensors")
        if not isinstance(obj, numpy.ndarray) or obj.dtype.hasobject:
            raise InvalidInputError(
                f"a {type(obj).__qualname__} is not an array of numbers",
                hint="hand in an array of numbers, or a dictionary of them for safetensors",
            )
        with whole_file(folder / _FILE) as draft, draft.open("wb") as stream:
            numpy.save(stream, obj, allow_pickle=False)


def _arrays(files: FileSet) -> list[str]:
    return of_kinds(files, FileKind.NPY, FileKind.NPZ)


def _arrays_in(files: FileSet, path: str) -> list[tuple[str, Array]]:
    """Return the arrays of a file by name; of a set that remembers, it is read once.

    What is an array and no archive of them has no name but that of the file.
    """
    seen = remembering(files)
    return seen.once(("arrays", path), lambda: _read(seen, path))


def _read(files: FileSet, path: str) -> list[tuple[str, Array]]:
    if kind_of(files, path) is FileKind.NPY:
        with files.open(path) as stream:
            return [("", read_array(stream, files.size(path)))]
    found = []
    with opened(files, path) as members:
        for name in members.paths():
            with members.open(name) as stream:
                array = read_array(stream, members.size(name))
            found.append((name.removesuffix(".npy"), array))
    return found


def _loaded(folder: Path, wanted: object, *, trusted: bool) -> Any:
    numpy = require("numpy", extra="safetensors")
    files = LocalFiles(folder)
    place = files.place(chosen(_arrays(files), wanted))
    found = numpy.load(place, allow_pickle=trusted)
    if isinstance(found, numpy.ndarray):
        return found
    with found:
        return dict(found)
