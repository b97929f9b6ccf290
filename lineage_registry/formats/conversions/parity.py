"""Whether a converted model computes what the one it was made from computes."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.onnx.runtime import by_content
from lineage_registry.formats.requirements import require

_KINDS = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
}
_FREE_SIZE = 2


def session(place: Path) -> Any:
    """Return what runs an ONNX file on the processor, without a word on stderr."""
    runtime = require("onnxruntime", extra="onnx")
    quiet = by_content(runtime.SessionOptions(), place)
    quiet.log_severity_level = 3
    return runtime.InferenceSession(str(place), quiet, providers=["CPUExecutionProvider"])


def outputs(place: Path, inputs: Mapping[str, Any]) -> list[Any]:
    """Return what an ONNX file computes from these inputs."""
    return list(session(place).run(None, dict(inputs)))


def largest_difference(expected: Sequence[Any], found: Sequence[Any]) -> tuple[float, float]:
    """Return the largest difference between two lists of arrays, and the largest number in them.

    Raises:
        UnreadableArtifactError: They are not of the same number and shapes.
    """
    numpy = require("numpy", extra="onnx")
    if [numpy.shape(one) for one in expected] != [numpy.shape(one) for one in found]:
        raise UnreadableArtifactError("the converted model has other outputs than the original")
    worst = largest = 0.0
    for one, other in zip(expected, found, strict=True):
        first, second = (numpy.asarray(side, dtype="float64") for side in (one, other))
        if first.size:
            worst = max(worst, float(numpy.abs(first - second).max()))
            largest = max(largest, float(numpy.abs(first).max()))
    return worst, largest


def some_inputs(running: Any) -> dict[str, Any] | None:
    """Return inputs that a session may take, the same ones each time; None if none can be made."""
    numpy = require("numpy", extra="onnx")
    random = numpy.random.default_rng(0)
    made = {}
    for port in running.get_inputs():
        kind = _KINDS.get(port.type)
        if kind is None:
            return None
        shape = [size if isinstance(size, int) and size > 0 else _FREE_SIZE for size in port.shape]
        if kind.startswith("float"):
            made[port.name] = random.standard_normal(shape).astype(kind)
        else:
            # Whole numbers are indices or masks, and one is good as either.
            made[port.name] = numpy.ones(shape, dtype=kind)
    return made


@contextlib.contextmanager
def quiet_export() -> Iterator[None]:
    """Keep the exporter from telling which libraries and names it does without."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
