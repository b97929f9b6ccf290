"""Core ML models: inputs, outputs, weights, and who made them.

The numbers of the fields are those of <https://apple.github.io/coremltools/mlmodel/Format>.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Port, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.coreml.trees import ENSEMBLES, count_trees
from lineage_registry.formats.coreml.weights import count_weights
from lineage_registry.formats.protobuf import BYTES, VARINT, Budget, Field, Protobuf
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes, plain, shown
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.folders import folder_kind, json_file
from lineage_registry.formats.sniffing.kinds import FileKind, FolderKind
from lineage_registry.formats.weights import confidence, counted
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.handlers import Confidence, InspectOnlyHandler

_MAX_FIELDS = 5_000_000
"""Fifty thousand operations of a program take about so many."""
_MAX_PORTS = 1_000
_MAX_DIMENSIONS = 64
_MANIFEST = "Manifest.json"
_INPUT, _OUTPUT, _METADATA = 1, 10, 100
_FEATURES = {1: "int64", 2: "float64", 3: "string", 4: "image", 6: "dictionary", 7: "sequence"}
_ELEMENTS = {65552: "float16", 65568: "float32", 65600: "float64", 131104: "int32", 131080: "int8"}
_ARRAY = 5
_TYPES = {
    200: "pipelineClassifier",
    201: "pipelineRegressor",
    202: "pipeline",
    300: "glmRegressor",
    301: "supportVectorRegressor",
    302: "treeEnsembleRegressor",
    303: "neuralNetworkRegressor",
    304: "bayesianProbitRegressor",
    400: "glmClassifier",
    401: "supportVectorClassifier",
    402: "treeEnsembleClassifier",
    403: "neuralNetworkClassifier",
    404: "kNearestNeighbors",
    500: "neuralNetwork",
    501: "itemSimilarityRecommender",
    502: "mlProgram",
    555: "customModel",
    556: "linkedModel",
    560: "classConfidenceThresholding",
    900: "identity",
}
_CUSTOM = {555: "the model itself", 556: "a linked model"}


@dataclass(slots=True)
class _Model:
    version: int = 0
    type: int | None = None
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    census: Census | None = None


class CoremlHandler(InspectOnlyHandler):
    """Reads the description of a model and counts its weights, in a file or in a package.

    Weights are counted of neural networks, ML programs and linear models, of trees their nodes.
    """

    name: ClassVar[str] = "coreml"
    kinds: ClassVar[tuple[str, ...]] = (FileKind.COREML.value, FolderKind.COREML_PACKAGE.value)

    def _detect(self, files: FileSet) -> Confidence:
        if folder_kind(files) is FolderKind.COREML_PACKAGE:
            return Confidence.WHOLE_LAYOUT
        return confidence(files, of_kinds(files, FileKind.COREML))

    def _inspect(self, files: FileSet) -> Inspection:
        packed = folder_kind(files) is FolderKind.COREML_PACKAGE
        items = _items(files) if packed else set()
        paths = of_kinds(files, FileKind.COREML)
        if not paths and packed:
            return self._without_model(files)
        if not paths:
            raise UnreadableArtifactError("there is no Core ML model")
        models = [_read(files, path) for path in paths]
        model = models[0]
        censuses = [each.census for each in models if each.census is not None]
        weights = [path for path in files.paths() if not _above(path).isdisjoint(items)]
        extra = unexplained(files, [*paths, *items, *weights])
        return Inspection(
            format=self.name,
            kind=(FolderKind.COREML_PACKAGE if packed else FileKind.COREML).value,
            verdict=Verdict.NOT_INSPECTABLE if extra else Verdict.SAFE,
            reasons=extra,
            warnings=tuple(warning for each in models for warning in _warnings(each)),
            bytes=total_size(files),
            metadata=notes({**model.notes, "specification": str(model.version)}),
            architecture=_TYPES.get(model.type or 0),
            inputs=tuple(model.inputs),
            outputs=tuple(model.outputs),
            producer=_producer(model),
            licence=model.notes.get("license"),
            external=tuple(plain(path) for path in weights if path not in paths),
            **(counted(censuses) if len(censuses) == len(models) else {}),
        )

    def _without_model(self, files: FileSet) -> Inspection:
        return Inspection(
            format=self.name,
            kind=FolderKind.COREML_PACKAGE.value,
            verdict=Verdict.NOT_INSPECTABLE,
            reasons=("nothing in the package begins as a model does",),
            bytes=total_size(files),
        )


def _items(files: FileSet) -> set[str]:
    """Return what the manifest of a package lists, as names in the set.

    Raises:
        UnreadableArtifactError: Something listed is missing.
        UnsafeArtifactError: A name leads out of the package.
    """
    listed = (json_file(files, _MANIFEST) or {}).get("itemInfoEntries")
    there = {name for path in files.paths() for name in (path, *_above(path))}
    found = set()
    for entry in listed.values() if isinstance(listed, dict) else []:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not _is_below(path):
            raise UnsafeArtifactError(f"the package lists {shown(path)}, which is not in it")
        place = f"Data/{path.rstrip('/')}"
        if place not in there:
            raise UnreadableArtifactError(f"the package lists {shown(path)}, and it is missing")
        found.add(place)
    return found


def _above(path: str) -> set[str]:
    """Return the folders that a path lies in."""
    return {path[:at] for at, sign in enumerate(path) if sign == "/"}


def _is_below(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    return path.isprintable() and "\\" not in path and not {"", ".", ".."} & set(parts)


def _read(files: FileSet, path: str) -> _Model:
    size = files.size(path)
    with files.open(path) as stream:
        proto = Protobuf(Ranges(stream, size), Budget(_MAX_FIELDS))
        reader = _Reader(proto)
        model = reader.read()
        model.census = count_weights(proto, reader.body, files, path)
        if reader.body.number in ENSEMBLES:
            model.notes.update(count_trees(proto, reader.body))
        return model


class _Reader:
    def __init__(self, proto: Protobuf) -> None:
        self._proto = proto
        self._model = _Model()
        self.body: Field

    def read(self) -> _Model:
        described = False
        for found in self._proto.whole():
            if found.number == 1 and found.wire == VARINT:
                self._model.version = found.value
            elif found.number == 2:
                described = True
                self._description(found)
            elif found.number in _TYPES and found.wire == BYTES:
                self._model.type = found.number
                self.body = found
        if not described or self._model.type is None:
            raise UnreadableArtifactError("the file is cut off, or of an unknown type of model")
        return self._model

    def _description(self, whole: Field) -> None:
        places = {_INPUT: self._model.inputs, _OUTPUT: self._model.outputs}
        for found in self._proto.inside(whole):
            if found.number in places and len(places[found.number]) < _MAX_PORTS:
                places[found.number].append(self._feature(found))
            elif found.number == _METADATA:
                self._metadata(found)

    def _metadata(self, whole: Field) -> None:
        names = {1: "description", 2: "version", 3: "author", 4: "license"}
        for found in self._proto.inside(whole):
            if found.number in names:
                self._model.notes[names[found.number]] = self._word(found)
            elif found.number == 100 and len(self._model.notes) < _MAX_PORTS:
                key, text = self._proto.pair(found)
                self._model.notes[key] = text

    def _feature(self, whole: Field) -> Port:
        name, dtype, shape = "", None, None
        for found in self._proto.inside(whole):
            if found.number == 1:
                name = self._word(found)
            elif found.number == 3:
                dtype, shape = self._type(found)
        return Port(name=name, dtype=dtype, shape=shape)

    def _type(self, whole: Field) -> tuple[str | None, tuple[int, ...] | None]:
        for found in self._proto.inside(whole):
            if found.number == _ARRAY:
                return self._array(found)
            if found.number in _FEATURES:
                return _FEATURES[found.number], None
        return None, None

    def _array(self, whole: Field) -> tuple[str | None, tuple[int, ...] | None]:
        dtype: str | None = None
        shape: list[int] = []
        for found in self._proto.inside(whole):
            if found.number == 1:
                shape += self._proto.numbers(found, _MAX_DIMENSIONS)
            elif found.number == 2 and found.wire == VARINT:
                dtype = _ELEMENTS.get(found.value)
        return dtype, tuple(shape) or None

    def _word(self, found: Field) -> str:
        return bounded(self._proto.text(found), MAX_SHOWN)


def _warnings(model: _Model) -> tuple[str, ...]:
    what = _CUSTOM.get(model.type or 0)
    return (f"{what} is code of an app that is not in the file",) if what else ()


def _producer(model: _Model) -> str | None:
    said: dict[str, Any] = model.notes
    version = said.get("com.github.apple.coremltools.version")
    return f"coremltools {plain(version)}" if version else None
