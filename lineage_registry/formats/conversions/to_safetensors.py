"""Weights of other formats as safetensors; not one bit of them changes unless a dtype is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.options import torch_dtype
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.pytorch.tensors import STATE_DICTS
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.conversions import Converter, say
from lineage_registry.ports.filesets import LocalFiles


class ToSafetensors(Converter):
    """The state dict of a checkpoint, or the weights of a Hugging Face folder, as safetensors.

    `max_shard_size` writes several files. `dtype` casts floating tensors.
    """

    name: ClassVar[str] = "safetensors"
    sources: ClassVar[tuple[str, ...]] = ("pytorch", "huggingface", "safetensors")
    target: ClassVar[str] = "safetensors"
    options: ClassVar[frozenset[str]] = frozenset({"max_shard_size", "dtype"})
    libraries: ClassVar[tuple[str, ...]] = ("safetensors", "torch")

    def _convert(self, source: Path, target: Path, **options: object) -> Mapping[str, float]:
        return _written(state_of(source), target, options)

    def _convert_trusted(
        self, source: Path, target: Path, **options: object
    ) -> Mapping[str, float]:
        return _written(state_of(source, trusted=True), target, options)


def _written(
    state: Mapping[str, Any], target: Path, options: Mapping[str, object]
) -> dict[str, float]:
    if not state:
        raise UnreadableArtifactError("there are no tensors to convert")
    written = casted(state, options.get("dtype"))
    size = {key: options[key] for key in ("max_shard_size",) if options.get(key) is not None}
    SafetensorsHandler().save(written, target, **size)
    say("checking parity")
    return {"max_error": cast_error(state, written)}


def state_of(folder: Path, *, trusted: bool = False) -> dict[str, Any]:
    """Return the tensors of the model in a folder, mapped from the files rather than read.

    Of a whole module, which only who is `trusted` is read from, they are its state dict.

    Raises:
        UnsafeArtifactError: Reading them would run code.
        UnreadableArtifactError: The files are broken.
        InvalidInputError: There is no state dict among them.
    """
    if of_kinds(LocalFiles(folder), FileKind.SAFETENSORS):
        loaded = SafetensorsHandler().load(folder, trusted=trusted, framework="pt")
        return dict(cast("Mapping[str, Any]", loaded))
    loaded = PyTorchHandler().load(folder, trusted=trusted, mmap=True)
    return _state_dict(loaded)


def _state_dict(given: object) -> dict[str, Any]:
    loaded = _of_module(given)
    if isinstance(loaded, Mapping):
        for key in STATE_DICTS:
            inner = _of_module(loaded.get(key))
            if isinstance(inner, Mapping) and any(map(_is_tensor, inner.values())):
                return _tensors(inner)
        if found := _tensors(loaded):
            return found
    raise InvalidInputError(
        "there is no dictionary of tensors in the checkpoint",
        hint="save a state dict, alone or under 'state_dict'",
    )


def _of_module(given: Any) -> object:
    """Return the state dict of a module or program; what is none of these as it is."""
    state = None if isinstance(given, Mapping) else getattr(given, "state_dict", None)
    if state is None:
        return given
    return state() if callable(state) else state


def _tensors(given: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: one for name, one in given.items() if isinstance(name, str) and _is_tensor(one)}


def _is_tensor(item: object) -> bool:
    return hasattr(item, "untyped_storage")


def casted(state: Mapping[str, Any], dtype: object) -> dict[str, Any]:
    """Return the tensors with the floating ones in this type; tied ones stay tied."""
    wanted = torch_dtype(dtype)
    if wanted is None:
        return dict(state)
    done: dict[object, Any] = {}
    for tensor in state.values():
        if tensor.is_floating_point() and _place(tensor) not in done:
            done[_place(tensor)] = tensor.to(wanted)
    return {name: done.get(_place(tensor), tensor) for name, tensor in state.items()}


def _place(tensor: Any) -> object:
    return (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())


def cast_error(state: Mapping[str, Any], written: Mapping[str, Any]) -> float:
    """Return the largest difference that the cast made to an element."""
    worst = 0.0
    for name, tensor in state.items():
        other = written[name]
        if other is tensor or not tensor.numel():
            continue
        worst = max(worst, float((tensor.double() - other.double()).abs().max()))
    return worst
