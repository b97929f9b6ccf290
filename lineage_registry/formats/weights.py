"""What the handlers of tensor files have in common."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lineage_registry.domain.formats import Quantization
from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.census import MAX_LISTED, Census
from lineage_registry.formats.companions import unexplained
from lineage_registry.ports.filesets import FileSet
from lineage_registry.ports.handlers import Confidence, line_of_descent

NUMPY_ARRAY = "numpy.ndarray"
TORCH_TENSOR = "torch.Tensor"
TORCH_MODULE = "torch.nn.modules.module.Module"
_MAX_DEPTH = 8
_NARROW = {
    **dict.fromkeys(("int8", "uint8", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz"), 8),
    "float8_e5m2fnuz": 8,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float4_e2m1fn_x2": 4,
}


def confidence(files: FileSet, weights: list[str]) -> Confidence:
    """Return how sure it is that the files are these weights and what belongs to them."""
    if not weights:
        return Confidence.NONE
    return Confidence.SOME_FILES if unexplained(files, weights) else Confidence.ALL_FILES


def counted(censuses: list[Census]) -> dict[str, Any]:
    """Return the fields of an inspection that several files fill together."""
    dtypes: dict[str, int] = {}
    for census in censuses:
        for dtype, count in census.dtypes.items():
            dtypes[dtype] = dtypes.get(dtype, 0) + count
    listed = [summary for census in censuses for summary in census.listed]
    tensors = sum(census.tensors for census in censuses)
    buffers = [census.buffers for census in censuses if census.buffers is not None]
    scales = [census.scales for census in censuses if census.scales is not None]
    return {
        "tensors": tensors,
        "parameters": sum(census.parameters for census in censuses),
        "buffers": sum(buffers) if buffers else None,
        "scales": sum(scales) if scales else None,
        "dtypes": dict(sorted(dtypes.items())),
        "listed": tuple(listed[:MAX_LISTED]),
        "truncated": tensors > min(len(listed), MAX_LISTED),
    }


def narrowed(censuses: list[Census]) -> Quantization | None:
    """Return how weights are quantised of which most are in types too narrow to train in."""
    stored: Counter[str] = Counter()
    for census in censuses:
        stored.update(census.dtypes)
    narrow = {name: _NARROW[name] for name in stored.keys() & _NARROW.keys()}
    if not narrow or 2 * sum(stored[name] for name in narrow) < stored.total():
        return None
    most = max(sorted(narrow), key=lambda name: stored[name])
    return Quantization(method=most, bits=narrow[most])


def chosen(weights: list[str], wanted: object) -> str:
    """Return the one file to load.

    Raises:
        InvalidInputError: The file asked for is not there, or none is asked for among several.
        UnreadableArtifactError: There is none at all.
    """
    if not weights:
        raise UnreadableArtifactError("there is no file of this format")
    if wanted is None and len(weights) == 1:
        return weights[0]
    if wanted not in weights:
        raise InvalidInputError(
            f"there is no file {wanted!r} of this format"
            if wanted is not None
            else "there are several files of this format",
            hint=f"file= one of: {', '.join(weights[:20])}",
            option="file",
        )
    return str(wanted)


def is_flat(obj: object, *kinds: str) -> bool:
    """Return whether it is a dictionary by text of nothing but objects of one of these classes."""
    if not isinstance(obj, Mapping) or not obj or not all(isinstance(key, str) for key in obj):
        return False
    return any(all(kind in line_of_descent(value) for value in obj.values()) for kind in kinds)


def holds_tensors(obj: object, depth: int = _MAX_DEPTH) -> bool:
    """Return whether a torch tensor lies somewhere in these dictionaries, lists and tuples."""
    if TORCH_TENSOR in line_of_descent(obj):
        return True
    if depth == 0:
        return False
    if isinstance(obj, Mapping):
        return any(holds_tensors(value, depth - 1) for value in obj.values())
    return isinstance(obj, list | tuple) and any(holds_tensors(item, depth - 1) for item in obj)
