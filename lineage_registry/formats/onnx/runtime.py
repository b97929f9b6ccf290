"""ONNX graphs on their way to and from the libraries that make and run them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.options import demand_names, one_of
from lineage_registry.formats.requirements import require
from lineage_registry.formats.writing import whole_file

FILE = "model.onnx"
DATA = "model.onnx.data"
MODEL = "onnx.onnx_ml_pb2.ModelProto"
_LARGEST = 2_000_000_000
"""Protobuf messages end at 2 GiB."""
PROGRAM = "torch.onnx.ONNXProgram"
CLASSES = (MODEL, PROGRAM)
LOAD_OPTIONS = frozenset({"file", "into", "providers", "session_options"})
SAVE_OPTIONS = frozenset(
    {"external_data", "example_inputs", "dynamic_shapes", "opset", "input_names", "output_names"}
)


def load(place: Path, options: dict[str, object]) -> Any:
    """Return a session that runs the graph, or with `into="model"` the graph itself.

    Raises:
        InvalidInputError: An option cannot be used.
    """
    if one_of("into", options.get("into"), ("session", "model")) == "model":
        return load_graph(place)
    runtime = require("onnxruntime", extra="onnx")
    wanted = demand_names("providers", options.get("providers"))
    there = runtime.get_available_providers()
    if missing := [one for one in wanted if one not in there]:
        raise InvalidInputError(
            f"onnxruntime has no {missing[0]!r} here",
            hint=f"providers= among: {', '.join(there)}",
            option="providers",
        )
    return runtime.InferenceSession(
        str(place),
        sess_options=by_content(options.get("session_options") or runtime.SessionOptions(), place),
        providers=list(wanted) or ["CPUExecutionProvider"],
    )


def load_graph(place: Path) -> Any:
    """Return the graph with its weights; by its suffix, the library would take it for text."""
    return require("onnx", extra="onnx").load_model(str(place), format="protobuf")


def by_content(session_options: Any, place: Path) -> Any:
    """Return the options of a session for a file; for the suffix of another format they say so."""
    if place.suffix.lower() == ".ort":
        session_options.add_session_config_entry("session.load_model_format", "ONNX")
    return session_options


def save(obj: object, folder: Path, options: dict[str, object]) -> None:
    """Write a graph as one file, or with its weights in a second one.

    They are apart if `external_data` says so, and if one file could not hold them.
    """
    onnx = require("onnx", extra="onnx")
    model = getattr(obj, "model_proto", obj)
    if not isinstance(model, onnx.ModelProto):
        raise InvalidInputError(
            f"an ONNX file is not made of a {type(obj).__qualname__}",
            hint="hand in an onnx.ModelProto, or what torch.onnx.export returned",
        )
    apart = options.get("external_data")
    if apart is None:
        apart = model.ByteSize() >= _LARGEST
    if not apart:
        with whole_file(folder / FILE) as draft:
            draft.write_bytes(model.SerializeToString())
        return
    _save_apart(onnx, model, folder)


def _save_apart(onnx: Any, model: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # The library moves the weights out of the model that it is given; the caller's stays whole.
    moved = onnx.ModelProto()
    moved.CopyFrom(model)
    with TemporaryDirectory(prefix=".onnx-", dir=folder) as place:
        onnx.save_model(
            moved,
            str(Path(place, FILE)),
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location=DATA,
        )
        for name in (DATA, FILE):
            # Weights of less than a kibibyte stay where they are; there may be no others.
            if Path(place, name).exists():
                with whole_file(folder / name) as draft:
                    Path(place, name).replace(draft)
