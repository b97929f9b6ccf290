"""ONNX models, as one file or with files of weights beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import FormatError, UnreadableArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.onnx import runtime
from lineage_registry.formats.onnx.external import external_files
from lineage_registry.formats.onnx.model import Model, read_model
from lineage_registry.formats.onnx.quantized import OPERATORS, quantization, scale_names
from lineage_registry.formats.reading import bounded, notes, plain, shown
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import TORCH_MODULE, chosen, confidence, counted
from lineage_registry.ports.filesets import FileSet, LocalFiles, remembering, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler, line_of_descent

_KNOWN_DOMAINS = ("ai.onnx", "com.microsoft", "com.ms.", "pkg.", "org.pytorch.aten")
_FOREIGN_CODE = {
    "PyOp": "calls a function of Python",
    "PythonOp": "calls a function of Python",
    "PythonOpGrad": "calls a function of Python",
    "EPContext": "brings a program that was compiled for a device",
}
_MARKED = OPERATORS | _FOREIGN_CODE.keys()
_MOST_COMMON = 12
_MAX_NAME = 500


class Found(NamedTuple):
    """One model file, and the files that hold tensors of it."""

    path: str
    model: Model
    external: list[str]


class OnnxHandler(FormatHandler):
    """Reads graphs of ONNX: operators, signature and weights, by walking over the file.

    Loading gives a session of onnxruntime on the processor; `providers` names others, and
    `into="model"` gives the graph itself. Saving takes a graph or what `torch.onnx.export`
    returned, or with `example_inputs` a module of torch, which is exported and checked against
    itself; `external_data` keeps the weights in a second file.
    """

    name: ClassVar[str] = "onnx"
    classes: ClassVar[tuple[str, ...]] = runtime.CLASSES
    load_options: ClassVar[frozenset[str]] = runtime.LOAD_OPTIONS
    save_options: ClassVar[frozenset[str]] = runtime.SAVE_OPTIONS
    kinds: ClassVar[tuple[str, ...]] = (FileKind.ONNX.value,)
    # Its library refuses weights in files that are links.
    takes_links: ClassVar[bool] = False

    def its_files(self, files: FileSet) -> list[str]:
        """Return the models in the set, and the files that hold tensors of theirs."""
        models = of_kinds(files, FileKind.ONNX)
        return sorted({*models, *(name for path in models for name in _beside(files, path))})

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, self.its_files(files))

    def _inspect(self, files: FileSet) -> Inspection:
        models = [found_in(files, path) for path in of_kinds(files, FileKind.ONNX)]
        if not models:
            raise UnreadableArtifactError("there is no ONNX file")
        external = sorted({name for found in models for name in found.external})
        verdict, reasons = _verdict([found.model for found in models])
        extra = unexplained(files, [*(found.path for found in models), *external])
        if verdict is Verdict.SAFE and extra:
            verdict, reasons = Verdict.NOT_INSPECTABLE, extra
        first = models[0].model
        return Inspection(
            format=self.name,
            kind=FileKind.ONNX.value,
            verdict=verdict,
            reasons=reasons,
            warnings=tuple(warning for found in models for warning in _warnings(found.model)),
            bytes=total_size(files),
            metadata=notes({**first.notes, **_facts(first)}),
            inputs=tuple(first.inputs),
            outputs=tuple(first.outputs),
            opsets=dict(sorted(first.opsets.items())),
            producer=first.producer or None,
            quantization=quantization(first),
            external=tuple(map(plain, external)),
            **counted([_census(found.model) for found in models]),
        )

    def _load(self, folder: Path, **options: object) -> object:
        files = LocalFiles(folder)
        path = chosen(of_kinds(files, FileKind.ONNX), options.get("file"))
        return runtime.load(files.place(path), options)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        if TORCH_MODULE in line_of_descent(obj):
            from lineage_registry.formats.conversions.to_onnx import save_module

            save_module(obj, folder, options)
            return
        runtime.save(obj, folder, options)


def found_in(files: FileSet, path: str) -> Found:
    """Return what a model file says, read once for each set of files.

    Raises:
        UnreadableArtifactError: It is broken, or a file of its weights is missing or too short.
        UnsafeArtifactError: It is beyond a limit, or its weights lie where they must not.
    """
    seen = remembering(files)

    def read() -> Found | FormatError:
        try:
            with seen.open(path) as stream:
                model = read_model(stream, seen.size(path), _MARKED)
            tensors = [*model.tensors, *model.constants]
            return Found(path, model, external_files(seen, path, tensors))
        except FormatError as error:
            return error

    found = seen.once(("onnx", path), read)
    if isinstance(found, FormatError):
        raise found
    return found


def _beside(files: FileSet, path: str) -> list[str]:
    try:
        return found_in(files, path).external
    except FormatError:
        # What is wrong with it is said when it is inspected.
        return []


def _verdict(models: list[Model]) -> tuple[Verdict, tuple[str, ...]]:
    reasons = sorted(
        {
            f"operator {shown(node.operator)} {_FOREIGN_CODE[node.operator]}"
            for model in models
            for node in model.marked
            if node.operator in _FOREIGN_CODE
        }
    )
    return (Verdict.NEEDS_TRUST if reasons else Verdict.SAFE), tuple(reasons)


def _warnings(model: Model) -> Iterator[str]:
    for domain in sorted(model.opsets):
        of_file = domain in model.function_domains
        if not of_file and not domain.startswith(_KNOWN_DOMAINS):
            yield f"it needs operators of {shown(domain)}, which no runtime has by itself"


def _census(model: Model) -> Census:
    names = scale_names(model)
    census = Census()
    for tensor in model.tensors:
        census.see(tensor.name, tensor.dtype, tensor.shape)
        census.count(tensor.dtype, tensor.elements)
    scales = sum(tensor.elements for tensor in model.tensors if tensor.name in names)
    census.scales = scales if names else None
    return census


def _facts(model: Model) -> dict[str, str]:
    facts = {
        "graph": model.graph or "",
        "ir_version": str(model.ir_version),
        "nodes": str(model.nodes),
        "operators": ", ".join(
            f"{bounded(name, 60)} {count}"
            for (_, name), count in model.operators.most_common(_MOST_COMMON)
        ),
        "functions": bounded(", ".join(model.functions), _MAX_NAME),
    }
    return {key: text for key, text in facts.items() if text}
