"""Models of Keras: `.keras` and HDF5."""

import json
from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.archives.members import Members, opened
from lineage_registry.formats.archives.strays import refuse_strays
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.hdf5.walk import Contents, read_hdf5
from lineage_registry.formats.keras import saved
from lineage_registry.formats.keras.config import Configuration, read_configuration
from lineage_registry.formats.keras.weights import count_weights
from lineage_registry.formats.reading import notes, plain
from lineage_registry.formats.sniffing.files import disagreement, kind_of, of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import chosen, confidence, counted
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler

_MAX_JSON = 64 * 1024 * 1024


class KerasHandler(FormatHandler):
    """Looks into models of Keras and into other HDF5 files; rebuilds nothing to do so.

    Layers that hold code, classes and functions that are not of Keras need trust. Saving takes a
    model; loading gives it back with `safe_mode=True`, compiled only if `compile` says so.
    """

    name: ClassVar[str] = "keras"
    classes: ClassVar[tuple[str, ...]] = saved.CLASSES
    load_options: ClassVar[frozenset[str]] = saved.LOAD_OPTIONS
    kinds: ClassVar[tuple[str, ...]] = ("keras", "hdf5")

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, _models(files))

    def _inspect(self, files: FileSet) -> Inspection:
        paths = _models(files)
        if not paths:
            raise UnreadableArtifactError("there is no model of Keras")
        path = paths[0]
        if kind_of(files, path) is FileKind.KERAS:
            with opened(files, path) as members:
                content, config, told = _of_zip(members)
        else:
            content, config, told = _of_hdf5(files, path)
        found = Configuration() if config is None else read_configuration(config)
        verdict, reasons = _verdict(found, content, (*paths[1:], *unexplained(files, paths)))
        return Inspection(
            format=self.name,
            kind=kind_of(files, path).value,
            verdict=verdict,
            reasons=reasons,
            warnings=tuple(filter(None, (disagreement(files, path),))),
            bytes=total_size(files),
            architecture=found.architecture,
            inputs=found.inputs,
            producer=f"keras {plain(told['keras_version'])}" if "keras_version" in told else None,
            custom_code=tuple(found.runs),
            metadata=notes(told),
            **counted([count_weights(content.datasets)]),
        )

    def _load(self, folder: Path, **options: object) -> object:
        return saved.load(_place(folder), options)

    def _load_trusted(self, folder: Path, **options: object) -> object:
        return saved.load(_place(folder), options, trusted=True)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        saved.save(obj, folder)


def _place(folder: Path) -> Path:
    files = LocalFiles(folder)
    return files.place(chosen(_models(files), None))


def _models(files: FileSet) -> list[str]:
    return of_kinds(files, FileKind.KERAS, FileKind.HDF5)


def _of_zip(members: Members) -> tuple[Contents, Any, dict[str, str]]:
    refuse_strays(members)
    metadata = _object(_read(members, "metadata.json"))
    weights = next((path for path in members.paths() if path.endswith(".weights.h5")), None)
    if weights is None:
        raise UnreadableArtifactError("the model has no weights")
    with members.open(weights) as stream:
        content = read_hdf5(stream, members.size(weights))
    told = {key: value for key, value in metadata.items() if isinstance(value, str)}
    return content, _object(_read(members, "config.json")), told


def _of_hdf5(files: FileSet, path: str) -> tuple[Contents, Any, dict[str, str]]:
    with files.open(path) as stream:
        content = read_hdf5(stream, files.size(path))
    told = dict(content.texts)
    config = told.pop("model_config", None)
    trained = told.pop("training_config", None)
    if config is None:
        return content, None, told
    # What it was compiled with is rebuilt, too, and may name functions.
    model, training = _object(config.encode()), _object((trained or "{}").encode())
    return content, {**model, "compile_config": training}, told


def _read(members: Members, path: str) -> bytes:
    if members.size(path) > _MAX_JSON:
        raise UnreadableArtifactError("a part of the model is beyond all measure")
    with members.open(path) as stream:
        return stream.read(_MAX_JSON)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableArtifactError("the configuration is not the JSON it should be") from error
    if not isinstance(found, dict):
        raise UnreadableArtifactError("the configuration is not a JSON object")
    return found


def _verdict(
    found: Configuration, content: Contents, beside: tuple[str, ...]
) -> tuple[Verdict, tuple[str, ...]]:
    left_out = tuple(f"the group {plain(name)} was not looked into" for name in content.left_out)
    ways = (
        (Verdict.REFUSED, tuple(found.dangerous)),
        (Verdict.NEEDS_TRUST, tuple(found.runs)),
        (Verdict.NOT_INSPECTABLE, (*left_out, *beside)),
    )
    return next(((verdict, why) for verdict, why in ways if why), (Verdict.SAFE, ()))
