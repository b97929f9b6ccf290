"""Estimators of scikit-learn as skops files: types by name and numbers, no code."""

import json
from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.archives.members import Members, opened
from lineage_registry.formats.archives.strays import refuse_strays
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.numpy.arrays import Arrays, read_array
from lineage_registry.formats.numpy.header import MAGIC
from lineage_registry.formats.reading import plain
from lineage_registry.formats.sklearn import skops_files
from lineage_registry.formats.sklearn.schema import MAX_SCHEMA, reasons_against, types_in
from lineage_registry.formats.sniffing.files import disagreement, of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import chosen, confidence, counted
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler

_SCHEMA = "schema.json"


class SklearnHandler(FormatHandler):
    """Looks into skops files: which types they name, which arrays they hold.

    Saving takes an estimator made of types that skops knows, and says which are not. Loading makes
    others only if they are trusted.
    """

    name: ClassVar[str] = "sklearn"
    classes: ClassVar[tuple[str, ...]] = skops_files.CLASSES
    load_options: ClassVar[frozenset[str]] = frozenset({"file"})
    kinds: ClassVar[tuple[str, ...]] = ("skops",)

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, _estimators(files))

    def _inspect(self, files: FileSet) -> Inspection:
        paths = _estimators(files)
        if not paths:
            raise UnreadableArtifactError("there is no skops file")
        types: set[tuple[str, str]] = set()
        arrays = Arrays()
        schemas = []
        for path in paths:
            with opened(files, path) as members:
                refuse_strays(members)
                schemas.append(_schema(members))
                _count(members, arrays)
            types |= types_in(schemas[-1])
        verdict, reasons = _verdict(types, arrays, unexplained(files, paths))
        first = schemas[0]
        return Inspection(
            format=self.name,
            kind=FileKind.SKOPS.value,
            verdict=verdict,
            reasons=reasons,
            warnings=tuple(filter(None, (disagreement(files, path) for path in paths))),
            bytes=total_size(files),
            globals=tuple(sorted(plain(".".join(pair)) for pair in types))[:1_000],
            architecture=_dotted(first),
            producer=_producer(first),
            **counted([arrays.census]),
        )

    def _load(self, folder: Path, **options: object) -> object:
        return skops_files.load(_place(folder, options.get("file")))

    def _load_trusted(self, folder: Path, **options: object) -> object:
        return skops_files.load(_place(folder, options.get("file")), trusted=True)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        skops_files.save(obj, folder)


def _place(folder: Path, file: object) -> Path:
    files = LocalFiles(folder)
    return files.place(chosen(_estimators(files), file))


def _estimators(files: FileSet) -> list[str]:
    return of_kinds(files, FileKind.SKOPS)


def _schema(members: Members) -> dict[str, Any]:
    if members.size(_SCHEMA) > MAX_SCHEMA:
        raise UnsafeArtifactError("the schema is beyond all measure")
    with members.open(_SCHEMA) as stream:
        data = stream.read(MAX_SCHEMA)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableArtifactError("the schema is not the JSON it should be") from error
    if not isinstance(found, dict):
        raise UnreadableArtifactError("the schema is not a JSON object")
    return found


def _count(members: Members, arrays: Arrays) -> None:
    for name in members.paths():
        with members.open(name) as stream:
            is_array = stream.read(len(MAGIC)) == MAGIC
            stream.seek(0)
            if is_array:
                array = read_array(stream, members.size(name))
                arrays.see(name.removesuffix(".npy"), array)


def _verdict(
    types: set[tuple[str, str]], arrays: Arrays, beside: tuple[str, ...]
) -> tuple[Verdict, tuple[str, ...]]:
    dangerous, foreign = reasons_against(types)
    verdict, why = arrays.verdict()
    ways = (
        (Verdict.REFUSED, (*dangerous, *(why if verdict is Verdict.REFUSED else ()))),
        (Verdict.NEEDS_TRUST, (*foreign, *why)),
        (Verdict.NOT_INSPECTABLE, beside),
    )
    return next(((verdict, why) for verdict, why in ways if why), (Verdict.SAFE, ()))


def _dotted(schema: dict[str, Any]) -> str | None:
    module, name = schema.get("__module__"), schema.get("__class__")
    return plain(f"{module}.{name}") if isinstance(name, str) else None


def _producer(schema: dict[str, Any]) -> str | None:
    version = schema.get("_skops_version")
    return f"skops {plain(version)}" if isinstance(version, str) else None
