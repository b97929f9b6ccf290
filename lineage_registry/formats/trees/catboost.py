"""CatBoost models: `.cbm`, a FlatBuffer after eight bytes, and JSON.

The numbers of the fields are those of `catboost/libs/model/flatbuffers/model.fbs`.
"""

import json
import struct
from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.flatbuffer import Buffer, Table
from lineage_registry.formats.reading import read_exactly
from lineage_registry.formats.sniffing.files import kind_of
from lineage_registry.formats.sniffing.folders import json_file
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.trees import libraries
from lineage_registry.formats.trees.ensemble import Ensemble, word, words
from lineage_registry.formats.trees.handler import EnsembleHandler
from lineage_registry.ports.filesets import FileSet

_KINDS = (FileKind.CATBOOST, FileKind.CATBOOST_JSON)
_HEAD = struct.Struct("<4sI")
_TREES, _INFO = 1, 2
_DIMENSION, _SIZES, _CATEGORIES, _FLOATS = 0, 2, 4, 5
_NAME_OF_CATEGORY, _NAME_OF_FLOAT = 2, 4
_MAX_FEATURES = 100_000
_MAX_INFO = 1_000


class CatboostHandler(EnsembleHandler):
    """Reads the features, the number of trees and the training's parameters; there is no code."""

    name: ClassVar[str] = "catboost"
    classes: ClassVar[tuple[str, ...]] = libraries.CATBOOST_CLASSES
    file_kinds: ClassVar[tuple[FileKind, ...]] = _KINDS
    kinds: ClassVar[tuple[str, ...]] = tuple(kind.value for kind in _KINDS)

    def _model(self, files: FileSet, path: str) -> Ensemble:
        return _model(files, path)

    def _load_file(self, place: Path, options: dict[str, object]) -> object:
        return libraries.load_catboost(place, options)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        libraries.save_catboost(obj, folder)


def _model(files: FileSet, path: str) -> Ensemble:
    if kind_of(files, path) is FileKind.CATBOOST_JSON:
        return _of_json(json_file(files, path))
    size = files.size(path)
    with files.open(path) as stream:
        _, length = _HEAD.unpack(read_exactly(stream, _HEAD.size, "the head of the model"))
        if _HEAD.size + length > size:
            raise UnreadableArtifactError(f"it says {length} bytes of trees and has fewer")
        return _of_table(Buffer(stream, _HEAD.size, length).root())


def _of_table(core: Table) -> Ensemble:
    trees = core.table(_TREES)
    if trees is None:
        raise UnreadableArtifactError("there are no trees in the file")
    numeric, named = trees.tables(_FLOATS, _MAX_FEATURES), trees.tables(_CATEGORIES, _MAX_FEATURES)
    info = {entry.text(0) or "": entry.text(1) or "" for entry in core.tables(_INFO, _MAX_INFO)}
    names = [feature.text(_NAME_OF_FLOAT) for feature in numeric]
    names += [feature.text(_NAME_OF_CATEGORY) for feature in named]
    return Ensemble(
        kind=FileKind.CATBOOST.value,
        architecture="trees",
        trees=trees.count(_SIZES, 4),
        features=len(numeric) + len(named),
        classes=_classes(trees.scalar(_DIMENSION, "<i", 1)),
        objective=_objective(info.get("params", "")),
        producer=_producer(info.get("catboost_version_info", "")),
        names=tuple(name for name in words(names) if name),
        notes=_notes(info),
    )


def _of_json(said: dict[str, Any] | None) -> Ensemble:
    features = (said or {}).get("features_info")
    if said is None or not isinstance(features, dict):
        raise UnreadableArtifactError(
            "the file is cut off, too large, or not the JSON it should be"
        )
    listed = [
        one for key in ("float_features", "categorical_features") for one in _rows(features, key)
    ]
    trees = _rows(said, "oblivious_trees") or _rows(said, "trees")
    info = said.get("model_info")
    info = info if isinstance(info, dict) else {}
    return Ensemble(
        kind=FileKind.CATBOOST_JSON.value,
        architecture="trees",
        trees=len(trees),
        features=len(listed),
        objective=_objective(info.get("params", "")),
        producer=_producer(str(info.get("catboost_version_info", ""))),
        names=tuple(name for name in words(one.get("feature_id") for one in listed) if name),
        notes=_notes({key: text for key, text in info.items() if isinstance(text, str)}),
    )


def _rows(said: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = said.get(key)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _classes(dimension: int) -> int | None:
    return dimension if dimension > 1 else None


def _objective(parameters: Any) -> str | None:
    try:
        said = json.loads(parameters) if isinstance(parameters, str) else parameters
    except (ValueError, RecursionError):
        return None
    loss = said.get("loss_function") if isinstance(said, dict) else None
    return word(loss.get("type") if isinstance(loss, dict) else loss)


def _producer(said: str) -> str | None:
    summary = next((line for line in said.splitlines() if "Branch:" in line), "")
    version = summary.rpartition("/")[2].strip()
    return word(f"catboost {version}".strip()) if said else None


def _notes(info: dict[str, str]) -> dict[str, str]:
    return {key: text for key, text in info.items() if key in {"model_guid", "train_finish_time"}}
