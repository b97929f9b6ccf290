"""Models of torch as ONNX, checked against what they were made from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from lineage_registry.errors import FormatError, InvalidInputError
from lineage_registry.formats.conversions.parity import (
    largest_difference,
    outputs,
    quiet_export,
)
from lineage_registry.formats.conversions.to_safetensors import state_of
from lineage_registry.formats.huggingface import pretrained
from lineage_registry.formats.onnx import runtime
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.pytorch.programs import call_of, shapes_of
from lineage_registry.formats.requirements import require
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.conversions import Converter, say
from lineage_registry.ports.filesets import LocalFiles

_TOLERANCE = 1e-3


class _Subject(NamedTuple):
    """What is exported, and an example of what goes in."""

    model: Any
    positional: tuple[Any, ...]
    named: dict[str, Any]
    shapes: Any


class ToOnnx(Converter):
    """A program of `torch.export`, a Hugging Face model, or a module with its weights, as ONNX.

    From weights alone `module` is needed, an instance of the class that they are of, and
    `example_inputs`: a tuple, or a dictionary of keywords. `dynamic_shapes` is as in
    `torch.onnx.export`; a program has its own already. What comes out is run on the example beside
    the original; the largest difference is on the record, and one above `tolerance` (0.001 of the
    largest output, or of 1) is a failure.
    """

    name: ClassVar[str] = "onnx"
    sources: ClassVar[tuple[str, ...]] = ("pytorch", "safetensors", "huggingface")
    target: ClassVar[str] = "onnx"
    options: ClassVar[frozenset[str]] = frozenset(
        {"module", "example_inputs", "dynamic_shapes", "opset", "input_names", "output_names"}
        | {"external_data", "tolerance"}
    )
    libraries: ClassVar[tuple[str, ...]] = ("torch", "onnxscript", "onnx", "onnxruntime")

    def _convert(self, source: Path, target: Path, **options: object) -> Mapping[str, float]:
        return self._made(source, target, options, trusted=False)

    def _convert_trusted(
        self, source: Path, target: Path, **options: object
    ) -> Mapping[str, float]:
        return self._made(source, target, options, trusted=True)

    def _made(
        self, source: Path, target: Path, options: Mapping[str, object], *, trusted: bool
    ) -> Mapping[str, float]:
        torch = require("torch", extra="torch")
        require("onnxscript", extra="onnx")
        subject = _subject(torch, source, options, trusted=trusted)
        return _exported(torch, subject, target, options)


def save_module(module: Any, target: Path, options: Mapping[str, object]) -> None:
    """Write a module as ONNX, checked against itself on the example inputs.

    Raises:
        InvalidInputError: There are no example inputs.
        FormatError: What comes out differs too much.
    """
    torch = require("torch", extra="torch")
    require("onnxscript", extra="onnx")
    if options.get("example_inputs") is None:
        raise InvalidInputError(
            "a module becomes ONNX by running it",
            hint="give example_inputs, a tuple or a dictionary",
            option="example_inputs",
        )
    training = module.training
    positional, named = call_of(options["example_inputs"])
    try:
        subject = _Subject(module.eval(), positional, named, shapes_of(options))
        _exported(torch, subject, target, options)
    finally:
        module.train(training)


def _exported(
    torch: Any, subject: _Subject, target: Path, options: Mapping[str, object]
) -> dict[str, float]:
    opset = options.get("opset")
    if opset is not None and type(opset) is not int:
        raise InvalidInputError(
            f"opset={opset!r} is no number", hint="write like 18", option="opset"
        )
    with quiet_export(), torch.no_grad():
        expected = _flat(torch, _called(subject))
        program = torch.onnx.export(
            subject.model,
            subject.positional,
            kwargs=subject.named or None,
            dynamic_shapes=subject.shapes,
            opset_version=opset,
            input_names=options.get("input_names"),
            output_names=options.get("output_names"),
            dynamo=True,
            verbose=False,
        )
    runtime.save(program, target, {"external_data": options.get("external_data")})
    return _parity(torch, target / runtime.FILE, subject, expected, options)


def _subject(torch: Any, source: Path, options: Mapping[str, object], *, trusted: bool) -> _Subject:
    files = LocalFiles(source)
    shapes = shapes_of(options)
    if of_kinds(files, FileKind.TORCH_EXPORT):
        if shapes is not None:
            raise InvalidInputError(
                "a program varies in the dimensions that it was exported with, and no others",
                hint="give dynamic_shapes when it is exported: register_pytorch takes them",
                option="dynamic_shapes",
            )
        program: Any = PyTorchHandler().load(source, trusted=trusted)
        positional, named = program.example_inputs or ((), {})
        return _Subject(program, *_examples(options, positional, named), None)
    if options.get("module") is None and (source / "config.json").is_file():
        return _of_transformers(torch, source, options, trusted=trusted)
    module: Any = options.get("module")
    if not isinstance(module, torch.nn.Module) or options.get("example_inputs") is None:
        raise InvalidInputError(
            "weights alone are no model that can be exported",
            hint="give module= and example_inputs=, or register what torch.export.export returns",
        )
    module.load_state_dict(state_of(source, trusted=trusted))
    return _Subject(module.eval(), *_examples(options, (), {}), shapes)


def _of_transformers(
    torch: Any, source: Path, options: Mapping[str, object], *, trusted: bool
) -> _Subject:
    model = pretrained.load(source, {}, trusted=trusted)
    model.config.use_cache = False
    positional, named = _examples(options, (), {})
    shapes = shapes_of(options)
    if not positional and not named:
        ids = torch.ones((2, 8), dtype=torch.int64)
        named = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if shapes is None:
            shapes = {name: {0: "batch", 1: "sequence"} for name in named}
    return _Subject(_first_output(torch, model), positional, named, shapes)


def _first_output(torch: Any, model: Any) -> Any:
    """Return the model as one that returns tensors and nothing else: its first output."""

    class FirstOutput(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any = None, attention_mask: Any = None) -> Any:
            given = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.model(**given, return_dict=False)[0]

    return FirstOutput().eval()


def _examples(
    options: Mapping[str, object], positional: Any, named: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    given = options.get("example_inputs")
    if given is None:
        return tuple(positional), dict(named)
    return call_of(given)


def _called(subject: _Subject) -> Any:
    run = subject.model.module() if hasattr(subject.model, "module") else subject.model
    return run(*subject.positional, **subject.named)


def _flat(torch: Any, given: Any) -> list[Any]:
    leaves, _ = torch.utils._pytree.tree_flatten(given)  # noqa: SLF001 - what the exporter uses
    return [leaf.detach().cpu().numpy() for leaf in leaves if torch.is_tensor(leaf)]


def _parity(
    torch: Any,
    place: Path,
    subject: _Subject,
    expected: list[Any],
    options: Mapping[str, object],
) -> dict[str, float]:
    say("checking parity")
    given = _flat(torch, (subject.positional, subject.named))
    names = [port.name for port in runtime.load(place, {}).get_inputs()]
    found = outputs(place, dict(zip(names, given, strict=True)))
    error, largest = largest_difference(expected, found)
    tolerance = options.get("tolerance", _TOLERANCE)
    if not isinstance(tolerance, int | float) or error > tolerance * max(1.0, largest):
        raise FormatError(
            f"the ONNX model differs from the original by {error:.3g}",
            hint="give a larger tolerance= if that is good enough",
            max_error=error,
        )
    return {"max_error": error}
