"""Pickled objects, as scikit-learn and joblib write them."""

import pickle
from pathlib import Path
from typing import ClassVar, Never

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import InvalidInputError, UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.containers.limits import Budget, budget_for
from lineage_registry.formats.pickles.files import read_pickled
from lineage_registry.formats.pickles.objects import Pickled
from lineage_registry.formats.reading import plain, shown
from lineage_registry.formats.requirements import require
from lineage_registry.formats.sniffing.files import disagreement, kind_of, of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.sniffing.packed import COMPRESSED, kind_inside
from lineage_registry.formats.weights import chosen, confidence, counted
from lineage_registry.ports.filesets import FileSet, LocalFiles, once_each, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler


class PickleHandler(FormatHandler):
    """Looks into pickles, also those of joblib, plain and compressed; loads them if trusted.

    A pickle is a program. Which objects it asks for is found without running it; it is loaded only
    for who says that it is trusted, by the library that wrote it.
    """

    name: ClassVar[str] = "pickle"
    load_options: ClassVar[frozenset[str]] = frozenset({"file"})
    kinds: ClassVar[tuple[str, ...]] = ("pickle", "joblib")

    def _detect(self, files: FileSet) -> Confidence:
        # What lies beside weights of a model is no model of its own.
        sure = confidence(files, _pickles(files))
        return sure if sure is Confidence.ALL_FILES else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        paths = _pickles(files)
        if not paths:
            raise UnreadableArtifactError("there is no pickle")
        budget = budget_for(files)
        found = once_each(files, paths, lambda path: read_pickled(files, path, budget))
        reasons = _by_verdict(found)
        verdict = Verdict.REFUSED if Verdict.REFUSED in reasons else Verdict.NEEDS_TRUST
        extra = unexplained(files, paths) if verdict is Verdict.NEEDS_TRUST else ()
        first = found[0]
        return Inspection(
            format=self.name,
            kind="joblib" if _by_joblib(files, paths, found) else "pickle",
            verdict=verdict,
            reasons=(*reasons[verdict], *extra),
            warnings=tuple(filter(None, (disagreement(files, path) for path in paths))),
            bytes=total_size(files),
            globals=tuple(sorted({plain(".".join(names)) for one in found for names in one.asked})),
            architecture=first.root,
            producer=first.producer,
            custom_code=reasons.get(Verdict.NEEDS_TRUST, ()),
            metadata=_compression(files, paths),
            **counted([one.census for one in found]),
        )

    def _load(self, folder: Path, **options: object) -> Never:
        del folder, options
        raise UnsafeArtifactError("a pickle is loaded only if it is trusted", format=self.name)

    def _load_trusted(self, folder: Path, **options: object) -> object:
        files = LocalFiles(folder)
        path = chosen(_pickles(files), options.get("file"))
        found = read_pickled(files, path, Budget())
        if found.wrapped or kind_of(files, path) in COMPRESSED:
            return require("joblib", extra="sklearn").load(files.place(path))
        with files.open(path) as stream:
            return pickle.load(stream)  # noqa: S301 - somebody said, with a reason, to trust it

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del folder, options
        raise InvalidInputError(
            f"a {type(obj).__qualname__} is not saved as a pickle",
            hint="format='sklearn' saves estimators without code; or register a file of your own",
        )


def _pickles(files: FileSet) -> list[str]:
    plain_ones = of_kinds(files, FileKind.PICKLE)
    packed = [
        path for path in of_kinds(files, *COMPRESSED) if kind_inside(files, path) is FileKind.PICKLE
    ]
    return sorted([*plain_ones, *packed])


def _by_verdict(found: list[Pickled]) -> dict[Verdict, tuple[str, ...]]:
    by_verdict: dict[Verdict, list[str]] = {}
    for one in found:
        verdict, reasons = one.verdict()
        by_verdict.setdefault(verdict, []).extend(reasons)
    return {verdict: tuple(dict.fromkeys(reasons)) for verdict, reasons in by_verdict.items()}


def _by_joblib(files: FileSet, paths: list[str], found: list[Pickled]) -> bool:
    return any(
        one.wrapped or kind_of(files, path) not in {FileKind.PICKLE, FileKind.GZIP}
        for path, one in zip(paths, found, strict=True)
    )


def _compression(files: FileSet, paths: list[str]) -> dict[str, str]:
    packed = {shown(path): kind_of(files, path) for path in paths}
    kinds = sorted({kind.value for kind in packed.values() if kind in COMPRESSED})
    return {"compression": ", ".join(kinds)} if kinds else {}
