"""TFLite files, a FlatBuffer: `tensorflow/lite/schema/schema.fbs`."""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from lineage_registry.domain.formats import Inspection, Port, Quantization, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import MAX_TENSORS, Census, elements
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.flatbuffer import Buffer, Table
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes, plain
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import confidence, counted
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.handlers import Confidence, InspectOnlyHandler

_VERSION, _CODES, _GRAPHS, _DESCRIPTION, _BUFFERS = 0, 1, 2, 3, 4
_TENSORS, _INPUTS, _OUTPUTS = 0, 1, 2
_SHAPE, _TYPE, _BUFFER, _NAME, _SIGNATURE = 0, 1, 2, 3, 7
_CUSTOM_CODE = 1
_MOST_GRAPHS, _MOST_CODES, _MOST_DIMENSIONS, _MOST_PORTS = 1_000, 1_000, 64, 1_000
_TYPES = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64"),
    *("int8", "float64", "complex128", "uint64", "resource", "variant", "uint32", "uint16"),
    *("int4", "bfloat16"),
)
_MAX_ELEMENTS = 1 << 62


class _Lite(NamedTuple):
    census: Census
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    warnings: tuple[str, ...]
    notes: dict[str, str]


class TfliteHandler(InspectOnlyHandler):
    """Reads graphs, tensors and signature; operators of the model's own are code of the app."""

    name: ClassVar[str] = "tflite"
    kinds: ClassVar[tuple[str, ...]] = (FileKind.TFLITE.value,)

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, of_kinds(files, FileKind.TFLITE))

    def _inspect(self, files: FileSet) -> Inspection:
        paths = of_kinds(files, FileKind.TFLITE)
        if not paths:
            raise UnreadableArtifactError("there is no TFLite file")
        extra = unexplained(files, paths)
        models = [_read(files, path) for path in paths]
        first = models[0]
        return Inspection(
            format=self.name,
            kind=FileKind.TFLITE.value,
            verdict=Verdict.NOT_INSPECTABLE if extra else Verdict.SAFE,
            reasons=extra,
            warnings=tuple(warning for model in models for warning in model.warnings),
            bytes=total_size(files),
            metadata=notes(first.notes),
            inputs=first.inputs,
            outputs=first.outputs,
            quantization=_quantization(first.census),
            **counted([model.census for model in models]),
        )


def _read(files: FileSet, path: str) -> _Lite:
    with files.open(path) as stream:
        model = Buffer(stream, 0, files.size(path)).root()
        graphs = model.tables(_GRAPHS, _MOST_GRAPHS)
        if not graphs:
            raise UnreadableArtifactError("the file holds no graph")
        tensors = graphs[0].tables(_TENSORS, MAX_TENSORS)
        said = {
            "schema_version": str(model.scalar(_VERSION, "<I", 0)),
            "description": model.text(_DESCRIPTION) or "",
            "graphs": str(len(graphs)),
        }
        return _Lite(
            _census(model, graphs),
            tuple(_ports(graphs[0], tensors, _INPUTS)),
            tuple(_ports(graphs[0], tensors, _OUTPUTS)),
            tuple(_own_operators(model)),
            {key: text for key, text in said.items() if text},
        )


def _census(model: Table, graphs: list[Table]) -> Census:
    """Count the tensors that have bytes; the others are made while it runs."""
    buffers = [_has_bytes(buffer) for buffer in model.tables(_BUFFERS, MAX_TENSORS)]
    census = Census()
    for graph in graphs:
        for tensor in graph.tables(_TENSORS, MAX_TENSORS):
            place = tensor.scalar(_BUFFER, "<I", 0)
            if place < len(buffers) and buffers[place]:
                shape = _shape(tensor, _SHAPE)
                dtype, count = _dtype(tensor), elements(shape)
                if min((0, *shape)) < 0 or count > _MAX_ELEMENTS:
                    raise UnsafeArtifactError("a tensor has a size that none has")
                census.see(tensor.text(_NAME) or "", dtype, shape)
                census.count(dtype, count)
    return census


def _has_bytes(buffer: Table) -> bool:
    # Files of more than 2 GiB keep the bytes behind the FlatBuffer and say only where.
    return bool(buffer.count(0, 1)) or bool(buffer.scalar(1, "<Q", 0))


def _ports(graph: Table, tensors: list[Table], field: int) -> Iterator[Port]:
    for number in graph.numbers(field, "i", _MOST_PORTS):
        if not 0 <= number < len(tensors):
            raise UnreadableArtifactError("a graph names a tensor that it does not have")
        tensor = tensors[number]
        shape = _shape(tensor, _SIGNATURE) or _shape(tensor, _SHAPE)
        yield Port(
            name=bounded(tensor.text(_NAME) or "", MAX_SHOWN),
            dtype=_dtype(tensor),
            shape=tuple(None if size < 0 else size for size in shape),
        )


def _shape(tensor: Table, field: int) -> tuple[int, ...]:
    return tuple(tensor.numbers(field, "i", _MOST_DIMENSIONS))


def _dtype(tensor: Table) -> str:
    number = tensor.scalar(_TYPE, "<b", 0)
    return _TYPES[number] if 0 <= number < len(_TYPES) else f"tflite-type-{number}"


def _own_operators(model: Table) -> Iterator[str]:
    for code in model.tables(_CODES, _MOST_CODES):
        if name := code.text(_CUSTOM_CODE):
            yield f"it needs the operator {plain(name)}, which no runtime has by itself"


def _quantization(census: Census) -> Quantization | None:
    small = {name: census.dtypes.get(name, 0) for name in ("int4", "int8", "uint8")}
    if not any(small.values()) or max(small.values()) * 2 < census.parameters:
        return None
    name = max(sorted(small), key=lambda each: small[each])
    return Quantization(method=name, bits=4 if name == "int4" else 8)
