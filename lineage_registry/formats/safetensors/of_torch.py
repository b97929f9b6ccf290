"""Tensors of torch made ready for a safetensors file."""

from collections.abc import Mapping
from typing import Any

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.requirements import require
from lineage_registry.formats.safetensors.ties import Parts


def torch_parts(state: Mapping[str, Any]) -> Parts:
    """Return the tensors contiguous and each once, none of them sharing bytes with another.

    Raises:
        InvalidInputError: A tensor is sparse, quantised or has no data.
    """
    torch = require("torch", extra="torch")
    parts = Parts("pt")
    seen: dict[object, str] = {}
    for name, given in state.items():
        tensor = given.detach()
        if tensor.is_meta or tensor.is_quantized or tensor.layout is not torch.strided:
            raise InvalidInputError(
                f"tensor {name!r} is sparse, quantised or without data",
                hint="make it dense first, or ask for format='pytorch'",
            )
        first = seen.setdefault(_place(tensor), name) if tensor.numel() else name
        if first != name:
            parts.further_names[name] = first
            continue
        parts.tensors[name] = _alone(tensor)
    return parts


def _place(tensor: Any) -> object:
    storage = tensor.untyped_storage().data_ptr()
    shape, stride = tuple(tensor.shape), tensor.stride()
    return (tensor.device, storage, tensor.storage_offset(), shape, stride, tensor.dtype)


def _alone(tensor: Any) -> Any:
    """Return the tensor contiguous; a view of a larger storage is copied out of it."""
    whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    return tensor.contiguous() if whole else tensor.contiguous().clone()
