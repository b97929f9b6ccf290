"""What an ONNX file says, read field by field and without its weights.

The numbers of the fields are those of <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from lineage_registry.domain.formats import Port
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import MAX_TENSORS
from lineage_registry.formats.onnx.elements import element
from lineage_registry.formats.onnx.tensors import Tensor, read_tensor
from lineage_registry.formats.protobuf import VARINT, Budget, Field, Protobuf, signed
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.reading import MAX_SHOWN, bounded

MAX_NODES = 100_000
MAX_NESTING = 32
"""Graphs in graphs; protobuf itself stops at about as many."""
_MAX_FIELDS = 2_000_000
_MAX_PORTS = 1_000
_MAX_DIMENSIONS = 64
_MAX_NOTES = 1_000
_MAX_INPUTS = 1_000
_SCALARS = re.compile(rb"(?:\x3d.{4}|\x40[\x80-\xff]{0,9}[\x00-\x7f])+", re.DOTALL)
"""Rows of the fields `floats` and `ints` of an attribute: ensembles of trees have millions."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of a graph that is of interest: inputs by place, whole numbers by name."""

    operator: str
    inputs: tuple[str, ...]
    numbers: dict[str, int]


@dataclass(slots=True)
class Model:
    """Everything of interest in one file.

    Attributes:
        tensors: What is initialized, in all graphs.
        constants: What stands in attributes.
        marked: The nodes of the operators that were asked for.
    """

    ir_version: int = 0
    producer: str = ""
    graph: str | None = None
    opsets: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    constants: list[Tensor] = field(default_factory=list)
    nodes: int = 0
    operators: Counter[tuple[str, str]] = field(default_factory=Counter)
    marked: list[Node] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    function_domains: set[str] = field(default_factory=set)


def read_model(stream: BinaryIO, size: int, marked: frozenset[str]) -> Model:
    """Return what a file says.

    Args:
        stream: The file.
        size: Its size in bytes.
        marked: Names of the operators whose nodes are wanted one by one.

    Raises:
        UnreadableArtifactError: It is cut off, or no ONNX model.
        UnsafeArtifactError: It is beyond a limit.
    """
    reader = _Reader(Protobuf(Ranges(stream, size), Budget(_MAX_FIELDS)), marked)
    reader.read()
    return reader.model


class _Reader:
    def __init__(self, proto: Protobuf, marked: frozenset[str]) -> None:
        self.model = Model()
        self._proto = proto
        self._marked = marked

    def read(self) -> None:
        words: dict[int, str] = {}
        parts = {
            7: self._main_graph,
            8: self._opset,
            14: self._note,
            20: self._training,
            25: self._function,
        }
        for found in self._proto.whole():
            if found.number in parts:
                parts[found.number](found)
            elif found.number in {2, 3}:
                words[found.number] = self._word(found)
            elif found.number == 1 and found.wire == VARINT:
                self.model.ir_version = signed(found.value)
        if self.model.graph is None:
            raise UnreadableArtifactError("the file holds no graph")
        self.model.producer = " ".join(text for _, text in sorted(words.items()) if text)

    def _main_graph(self, whole: Field) -> None:
        if self.model.graph is not None:
            raise UnsafeArtifactError("the file holds two graphs, and readers merge them")
        self.model.graph = ""
        initialized = self._graph(whole, 0)
        for found in self._proto.inside(whole):
            if found.number == 2:
                self.model.graph = self._word(found)
            elif found.number == 11 and len(self.model.inputs) < _MAX_PORTS:
                port = self._port(found)
                # Old files list what they initialize among the inputs.
                if port.name not in initialized:
                    self.model.inputs.append(port)
            elif found.number == 12 and len(self.model.outputs) < _MAX_PORTS:
                self.model.outputs.append(self._port(found))

    def _graph(self, whole: Field, depth: int) -> set[str]:
        """Read a graph and those in it; return the names that it initializes."""
        if depth > MAX_NESTING:
            raise UnsafeArtifactError(f"graphs nest deeper than {MAX_NESTING}")
        names = set()
        for found in self._proto.inside(whole):
            if found.number == 1:
                self._node(found, depth)
            elif found.number == 5:
                names.add(self._tensor(found, self.model.tensors))
            elif found.number == 15:
                self._sparse(found, self.model.tensors)
        return names

    def _node(self, whole: Field, depth: int) -> None:
        words = {4: "", 7: ""}
        inputs: list[Field] = []
        numbers: dict[str, int] = {}
        for found in self._proto.inside(whole):
            if found.number == 1 and len(inputs) < _MAX_INPUTS:
                inputs.append(found)
            elif found.number in words:
                words[found.number] = self._word(found)
            elif found.number == 5:
                numbers.update(self._attribute(found, depth))
        self._count(Node(words[4], (), numbers), words[7], inputs)

    def _count(self, node: Node, domain: str, inputs: list[Field]) -> None:
        self.model.nodes += 1
        if self.model.nodes > MAX_NODES:
            raise UnsafeArtifactError(f"there are more than {MAX_NODES} nodes")
        if node.operator in self._marked:
            names = tuple(map(self._proto.text, inputs))
            self.model.marked.append(replace(node, inputs=names))
        if len(self.model.operators) < _MAX_NOTES:
            self.model.operators[domain, node.operator] += 1

    def _attribute(self, whole: Field, depth: int) -> dict[str, int]:
        name, number = "", None
        for found in self._proto.inside(whole, jump=_SCALARS):
            match found.number:
                case 1:
                    name = self._word(found)
                case 3 if found.wire == VARINT:
                    number = signed(found.value)
                case 5 | 10:
                    self._tensor(found, self.model.constants)
                case 6 | 11:
                    self._graph(found, depth + 1)
                case 22 | 23:
                    self._sparse(found, self.model.constants)
        return {} if number is None else {name: number}

    def _tensor(self, whole: Field, where: list[Tensor]) -> str:
        tensor = read_tensor(self._proto, whole)
        where.append(tensor)
        if len(where) > MAX_TENSORS:
            raise UnsafeArtifactError(f"there are more than {MAX_TENSORS} tensors")
        return tensor.name

    def _sparse(self, whole: Field, where: list[Tensor]) -> None:
        for found in self._proto.inside(whole):
            if found.number in {1, 2}:
                self._tensor(found, where)

    def _function(self, whole: Field) -> None:
        name = domain = ""
        for found in self._proto.inside(whole):
            match found.number:
                case 1:
                    name = self._word(found)
                case 7:
                    self._node(found, 1)
                case 9:
                    self._opset(found)
                case 10:
                    domain = self._word(found)
                case 11:
                    self._attribute(found, 1)
        self.model.function_domains.add(domain)
        if len(self.model.functions) < _MAX_NOTES:
            self.model.functions.append(f"{domain}.{name}" if domain else name)

    def _training(self, whole: Field) -> None:
        for found in self._proto.inside(whole):
            if found.number in {1, 2}:
                self._graph(found, 1)

    def _opset(self, whole: Field) -> None:
        domain, version = "", 0
        for found in self._proto.inside(whole):
            if found.number == 1:
                domain = self._word(found)
            elif found.number == 2 and found.wire == VARINT:
                version = signed(found.value)
        if len(self.model.opsets) < _MAX_NOTES:
            name = domain or "ai.onnx"
            self.model.opsets[name] = max(version, self.model.opsets.get(name, 0))

    def _note(self, whole: Field) -> None:
        key, value = self._proto.pair(whole)
        if len(self.model.notes) < _MAX_NOTES:
            self.model.notes[key] = value

    def _port(self, whole: Field) -> Port:
        name, dtype, shape = "", None, None
        for found in self._proto.inside(whole):
            if found.number == 1:
                name = self._word(found)
            elif found.number == 2:
                dtype, shape = self._type(found)
        return Port(name=name, dtype=dtype, shape=shape)

    def _type(self, whole: Field) -> tuple[str | None, tuple[int | str | None, ...] | None]:
        kinds = {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}
        for found in self._proto.inside(whole):
            if found.number == 1:
                return self._tensor_type(found)
            if found.number in kinds:
                return kinds[found.number], None
        return None, None

    def _tensor_type(self, whole: Field) -> tuple[str | None, tuple[int | str | None, ...] | None]:
        dtype, shape = None, None
        for found in self._proto.inside(whole):
            if found.number == 1 and found.wire == VARINT:
                dtype = element(found.value).name
            elif found.number == 2:
                shape = tuple(map(self._dimension, self._dimensions(found)))
        return dtype, shape

    def _dimensions(self, shape: Field) -> list[Field]:
        found = [each for each in self._proto.inside(shape) if each.number == 1]
        if len(found) > _MAX_DIMENSIONS:
            raise UnsafeArtifactError(f"something has more than {_MAX_DIMENSIONS} dimensions")
        return found

    def _dimension(self, whole: Field) -> int | str | None:
        for found in self._proto.inside(whole):
            if found.number == 1 and found.wire == VARINT:
                return signed(found.value)
            if found.number == 2:
                return self._word(found)
        return None

    def _word(self, found: Field) -> str:
        return bounded(self._proto.text(found), MAX_SHOWN)
