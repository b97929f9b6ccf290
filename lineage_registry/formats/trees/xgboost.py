"""XGBoost models as JSON and as UBJSON (which a file called `.bin` is, too)."""

import re
from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.sniffing.files import kind_of
from lineage_registry.formats.sniffing.folders import MAX_JSON, json_file
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.trees import libraries
from lineage_registry.formats.trees.ensemble import Ensemble, number, word, words
from lineage_registry.formats.trees.handler import EnsembleHandler
from lineage_registry.formats.trees.ubjson import Row, read_outline
from lineage_registry.ports.filesets import FileSet

_KINDS = (FileKind.XGBOOST_JSON, FileKind.XGBOOST_UBJ)
_PIECE = 256 * 1024
_TREES = re.compile(rb'"num_trees"\s*:\s*"(\d{1,12})"')
_FEATURES = re.compile(rb'"num_feature"\s*:\s*"(\d{1,12})"')
_CLASSES = re.compile(rb'"num_class"\s*:\s*"(\d{1,12})"')
_OBJECTIVE = re.compile(rb'"objective"\s*:\s*\{\s*"name"\s*:\s*"([\w:\-.]{1,100})"')
_BOOSTER = re.compile(rb'"name"\s*:\s*"(gbtree|gblinear|dart)"')
_VERSION = re.compile(rb'"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]\s*\}\s*\Z')


class XgboostHandler(EnsembleHandler):
    """Reads the parameters of boosters and counts their trees; such files hold no code."""

    name: ClassVar[str] = "xgboost"
    classes: ClassVar[tuple[str, ...]] = libraries.XGBOOST_CLASSES
    file_kinds: ClassVar[tuple[FileKind, ...]] = _KINDS
    kinds: ClassVar[tuple[str, ...]] = tuple(kind.value for kind in _KINDS)

    def _model(self, files: FileSet, path: str) -> Ensemble:
        return _model(files, path)

    def _load_file(self, place: Path, options: dict[str, object]) -> object:
        return libraries.load_xgboost(place, options)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        libraries.save_xgboost(obj, folder)


def _model(files: FileSet, path: str) -> Ensemble:
    kind = kind_of(files, path)
    if kind is FileKind.XGBOOST_UBJ:
        with files.open(path) as stream:
            return _ensemble(kind, read_outline(stream, files.size(path)))
    if files.size(path) > MAX_JSON:
        return _of_ends(files, path)
    said = json_file(files, path)
    if said is None:
        return _of_ends(files, path)
    return _ensemble(kind, said)


def _ensemble(kind: FileKind, said: Any) -> Ensemble:
    learner = _map(said, "learner")
    booster = _map(learner, "gradient_booster")
    # With dropped trees (DART) the trees lie one step deeper.
    model = _map(booster, "model") or _map(_map(booster, "gbtree"), "model")
    if not learner or not model:
        raise UnreadableArtifactError("there is no booster in the file")
    parameters = _map(learner, "learner_model_param")
    trees = _list(model, "trees")
    announced = number(_map(model, "gbtree_model_param").get("num_trees"))
    if trees is not None and announced is not None and announced != trees.count:
        raise UnreadableArtifactError(f"it says {announced} trees and has {trees.count}")
    names = _list(learner, "feature_names")
    features = number(parameters.get("num_feature"))
    if names and names.count and features and names.count != features:
        raise UnreadableArtifactError(f"it has {features} features and names {names.count}")
    version = _list(said, "version")
    return Ensemble(
        kind=kind.value,
        architecture=word(booster.get("name")),
        trees=trees.count if trees is not None else None,
        features=features,
        classes=number(parameters.get("num_class")),
        objective=word(_map(learner, "objective").get("name")),
        producer=_producer(version.first if version else []),
        names=words(names.first if names else []),
        notes={key: str(text) for key, text in _map(learner, "attributes").items()},
    )


def _of_ends(files: FileSet, path: str) -> Ensemble:
    """Read a file that is too large to be parsed, by how it begins and how it ends."""
    size = files.size(path)
    with files.open(path) as stream:
        ranges = Ranges(stream, size)
        head = ranges.at(0, min(size, _PIECE))
        tail = ranges.at(max(0, size - _PIECE), min(size, _PIECE))
    version = _VERSION.search(tail)
    if version is None:
        raise UnreadableArtifactError("the file is cut off, or not the JSON that it should be")
    found = {
        name: match[1].decode()
        for name, pattern, where in (
            ("trees", _TREES, head),
            ("features", _FEATURES, tail),
            ("classes", _CLASSES, tail),
            ("objective", _OBJECTIVE, tail),
            ("booster", _BOOSTER, tail),
        )
        if (match := pattern.search(where))
    }
    return Ensemble(
        kind=FileKind.XGBOOST_JSON.value,
        architecture=found.get("booster"),
        trees=number(found.get("trees")),
        features=number(found.get("features")),
        classes=number(found.get("classes")),
        objective=found.get("objective"),
        producer=_producer([int(part) for part in version.groups()]),
        warnings=("only its beginning and end were read, it is too large to be parsed",),
    )


def _map(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Any], key: str) -> Row | None:
    found = value.get(key)
    if isinstance(found, list):
        return Row(found, len(found))
    return found if isinstance(found, Row) else None


def _producer(version: list[Any]) -> str | None:
    parts = [str(part) for part in version if isinstance(part, int)]
    return f"xgboost {'.'.join(parts)}" if parts else None
