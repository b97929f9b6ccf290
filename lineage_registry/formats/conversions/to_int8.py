"""ONNX models with their weights in eight bits."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from lineage_registry.domain.graph import Derivation
from lineage_registry.formats.conversions.parity import largest_difference, session, some_inputs
from lineage_registry.formats.onnx import runtime
from lineage_registry.formats.options import one_of
from lineage_registry.formats.requirements import require
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import chosen
from lineage_registry.ports.conversions import Converter, say
from lineage_registry.ports.filesets import LocalFiles


class ToInt8(Converter):
    """An ONNX model quantised by onnxruntime, dynamically: weights in 8 bits, no data needed.

    How far its outputs on some inputs are from the original's is on the record, not judged.
    """

    name: ClassVar[str] = "onnx-int8"
    sources: ClassVar[tuple[str, ...]] = ("onnx",)
    target: ClassVar[str] = "onnx"
    derivation: ClassVar[Derivation] = Derivation.QUANTIZED
    options: ClassVar[frozenset[str]] = frozenset({"file", "weight_type", "per_channel"})
    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "onnx")

    def _convert(self, source: Path, target: Path, **options: object) -> Mapping[str, float]:
        quantization = require("onnxruntime.quantization", extra="onnx")
        files = LocalFiles(source)
        place = files.place(chosen(of_kinds(files, FileKind.ONNX), options.get("file")))
        kinds = {
            "int8": quantization.QuantType.QInt8,
            "uint8": quantization.QuantType.QUInt8,
        }
        kind = kinds[one_of("weight_type", options.get("weight_type"), tuple(kinds))]
        with TemporaryDirectory(prefix="lineage-registry-") as folder:
            model = runtime.load_graph(place)
            # What exporters note of shapes on the way goes stale when weights are turned, and
            # stops the quantiser.
            del model.graph.value_info[:]
            runtime.save(model, Path(folder), {})
            made = Path(folder, "quantized.onnx")
            quantization.quantize_dynamic(
                Path(folder, runtime.FILE),
                made,
                weight_type=kind,
                per_channel=bool(options.get("per_channel", False)),
                use_external_data_format=Path(folder, runtime.DATA).exists(),
            )
            runtime.save(runtime.load_graph(made), target, {})
        return _difference(place, target / runtime.FILE)


def _difference(before: Path, after: Path) -> dict[str, float]:
    say("checking parity")
    first, second = session(before), session(after)
    given = some_inputs(first)
    if given is None:
        return {}
    expected: list[Any] = first.run(None, given)
    error, largest = largest_difference(expected, second.run(None, given))
    return {"max_error": error, "relative_error": error / largest if largest else error}
