"""SavedModel folders: graphs, signatures, variables, and operators that reach out of the model.

The numbers of the fields are those of `tensorflow/core/protobuf/meta_graph.proto`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from lineage_registry.domain.formats import Inspection, Port, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.protobuf import VARINT, Budget, Field, Protobuf, signed
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes, shown
from lineage_registry.formats.sniffing.folders import folder_kind
from lineage_registry.formats.sniffing.kinds import FolderKind
from lineage_registry.formats.tensorflow.elements import element
from lineage_registry.formats.tensorflow.sstable import PackedTableError
from lineage_registry.formats.tensorflow.variables import INDEX, Variables, read_variables
from lineage_registry.formats.weights import counted
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.handlers import Confidence, InspectOnlyHandler

_FILE, _TEXT_FILE = "saved_model.pb", "saved_model.pbtxt"
_LAID_OUT = ("variables/", "assets/", "assets.extra/")
_BESIDE = frozenset({_FILE, "fingerprint.pb", "keras_metadata.pb"})
_MAX_FIELDS = 2_000_000
_MAX_NAMES = 10_000
_MAX_PORTS = 1_000
_MOST_COMMON = 12
_REACHING = {
    **dict.fromkeys(("PyFunc", "PyFuncStateless", "EagerPyFunc"), "runs a function of Python"),
    **dict.fromkeys(("ReadFile", "WriteFile", "MatchingFiles"), "touches any file"),
    **dict.fromkeys(("TFRecordDataset", "TextLineDataset"), "reads any file"),
}
"""Operators that do more than to compute; those that save a graph are in each, and not here."""


@dataclass(slots=True)
class _Saved:
    operators: Counter[str] = field(default_factory=Counter)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    version: str = ""
    layers_of_code: bool = False


class SavedModelHandler(InspectOnlyHandler):
    """Reads graphs, signatures and the index of the variables.

    A graph that runs Python or touches files needs trust. Numbers that are part of the graph, as
    in a model that was frozen, are not counted.
    """

    name: ClassVar[str] = "tf-saved-model"
    kinds: ClassVar[tuple[str, ...]] = (FolderKind.TF_SAVED_MODEL.value,)

    def _detect(self, files: FileSet) -> Confidence:
        whole = folder_kind(files) is FolderKind.TF_SAVED_MODEL
        return Confidence.WHOLE_LAYOUT if whole else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        if _FILE not in files.paths():
            return self._of_text(files)
        saved = _read(files)
        variables, unread = _variables(files)
        laid_out = [path for path in files.paths() if path.startswith(_LAID_OUT) or path in _BESIDE]
        code = tuple(_code(saved))
        extra = (*unread, *unexplained(files, laid_out))
        verdict = Verdict.NOT_INSPECTABLE if extra else Verdict.SAFE
        return Inspection(
            format=self.name,
            kind=FolderKind.TF_SAVED_MODEL.value,
            verdict=Verdict.NEEDS_TRUST if code else verdict,
            reasons=code or extra,
            bytes=total_size(files),
            metadata=notes(_facts(saved, variables)),
            inputs=tuple(saved.inputs),
            outputs=tuple(saved.outputs),
            producer=f"tensorflow {saved.version}" if saved.version else None,
            custom_code=code,
            **(counted([variables.census]) if variables else {}),
        )

    def _of_text(self, files: FileSet) -> Inspection:
        """Return what is said of a graph that is written as text, which nobody does but to read."""
        if _TEXT_FILE not in files.paths():
            raise UnreadableArtifactError(f"there is no {_FILE}")
        return Inspection(
            format=self.name,
            kind=FolderKind.TF_SAVED_MODEL.value,
            verdict=Verdict.NOT_INSPECTABLE,
            reasons=(f"{_TEXT_FILE} is text, and nobody looks into it",),
            bytes=total_size(files),
        )


def _read(files: FileSet) -> _Saved:
    reader = _Reader()
    size = files.size(_FILE)
    with files.open(_FILE) as stream:
        reader.read(Protobuf(Ranges(stream, size), Budget(_MAX_FIELDS)))
    if "keras_metadata.pb" in files.paths():
        with files.open("keras_metadata.pb") as stream:
            reader.saved.layers_of_code = b'"class_name": "Lambda"' in stream.read(1 << 26)
    return reader.saved


def _variables(files: FileSet) -> tuple[Variables | None, tuple[str, ...]]:
    """Return the variables, None where there are none; and why nobody could count them."""
    if INDEX not in files.paths():
        return None, ()
    try:
        return read_variables(files), ()
    except PackedTableError as error:
        return None, (f"{INDEX}: {error}: nobody looked inside",)


class _Reader:
    def __init__(self) -> None:
        self.saved = _Saved()
        self._proto: Protobuf

    def read(self, proto: Protobuf) -> None:
        self._proto = proto
        graphs = [found for found in proto.whole() if found.number == 2]
        if not graphs:
            raise UnreadableArtifactError("the file holds no graph")
        for graph in graphs:
            parts = {1: self._about, 2: self._graph, 5: self._signature}
            for found in proto.inside(graph):
                if found.number in parts:
                    parts[found.number](found)

    def _about(self, whole: Field) -> None:
        for found in self._proto.inside(whole):
            if found.number == 4 and len(self.saved.tags) < _MAX_PORTS:
                self.saved.tags.append(self._word(found))
            elif found.number == 5:
                self.saved.version = self._word(found)

    def _graph(self, whole: Field) -> None:
        for found in self._proto.inside(whole):
            if found.number == 1:
                self._node(found)
            elif found.number == 2:
                self._library(found)

    def _library(self, whole: Field) -> None:
        functions = (found for found in self._proto.inside(whole) if found.number == 1)
        for function in functions:
            for found in self._proto.inside(function):
                if found.number == 3:
                    self._node(found)

    def _node(self, whole: Field) -> None:
        for found in self._proto.inside(whole):
            if found.number == 2:
                self.saved.operators[self._word(found)] += 1
                if len(self.saved.operators) > _MAX_NAMES:
                    raise UnsafeArtifactError(f"there are more than {_MAX_NAMES} operators")

    def _signature(self, entry: Field) -> None:
        name = ""
        for found in self._proto.inside(entry):
            if found.number == 1:
                name = self._word(found)
            elif found.number == 2 and not name.startswith("__") and not self.saved.inputs:
                self._ports(found)
        if len(self.saved.signatures) < _MAX_PORTS:
            self.saved.signatures.append(name)

    def _ports(self, whole: Field) -> None:
        places = {1: self.saved.inputs, 2: self.saved.outputs}
        for found in self._proto.inside(whole):
            if found.number in places and len(places[found.number]) < _MAX_PORTS:
                places[found.number].append(self._port(found))

    def _port(self, entry: Field) -> Port:
        name, dtype, shape = "", None, None
        for found in self._proto.inside(entry):
            if found.number == 1:
                name = self._word(found)
            elif found.number == 2:
                dtype, shape = self._tensor(found)
        return Port(name=name, dtype=dtype, shape=shape)

    def _tensor(self, whole: Field) -> tuple[str | None, tuple[int | None, ...] | None]:
        dtype, shape = None, None
        for found in self._proto.inside(whole):
            if found.number == 2 and found.wire == VARINT:
                dtype = element(found.value).name
            elif found.number == 3:
                shape = tuple(self._dimensions(found))
        return dtype, shape

    def _dimensions(self, whole: Field) -> Iterator[int | None]:
        for found in self._proto.inside(whole):
            if found.number == 2:
                sizes = [each.value for each in self._proto.inside(found) if each.number == 1]
                size = signed(sizes[0]) if sizes else 0
                yield None if size < 0 else size

    def _word(self, found: Field) -> str:
        return bounded(self._proto.text(found), MAX_SHOWN)


def _code(saved: _Saved) -> Iterator[str]:
    for operator in sorted(saved.operators.keys() & _REACHING.keys()):
        yield f"operator {shown(operator)} {_REACHING[operator]}"
    if saved.layers_of_code:
        yield "a layer of Keras is a function of Python (Lambda)"


def _facts(saved: _Saved, variables: Variables | None) -> dict[str, str]:
    common = saved.operators.most_common(_MOST_COMMON)
    facts = {
        "signatures": ", ".join(saved.signatures),
        "tags": ", ".join(saved.tags),
        "nodes": str(saved.operators.total()),
        "operators": ", ".join(f"{name} {count}" for name, count in common),
    }
    if variables:
        facts["variable_bytes"] = str(variables.bytes)
    return {key: text for key, text in facts.items() if text}
