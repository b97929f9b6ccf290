"""Safetensors: named tensors and nothing else."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.census import Census, elements, named_as_buffer, named_as_scale
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.options import byte_size, torch_device, torch_dtype
from lineage_registry.formats.reading import notes, shown
from lineage_registry.formats.requirements import installed, require
from lineage_registry.formats.safetensors.header import Header, read_header
from lineage_registry.formats.safetensors.index import check_indexes, index_files
from lineage_registry.formats.safetensors.of_numpy import numpy_parts
from lineage_registry.formats.safetensors.of_torch import torch_parts
from lineage_registry.formats.safetensors.shards import write_shards
from lineage_registry.formats.safetensors.stored import stored_tensors
from lineage_registry.formats.safetensors.ties import Parts, aliases
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.folders import folder_kind
from lineage_registry.formats.sniffing.kinds import FileKind, FolderKind
from lineage_registry.formats.weights import (
    NUMPY_ARRAY,
    TORCH_MODULE,
    TORCH_TENSOR,
    confidence,
    counted,
    is_flat,
    narrowed,
)
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler
from lineage_registry.ports.tensors import StoredTensor

_FRAMEWORKS = {"pt": "torch", "np": "numpy"}


class SafetensorsHandler(FormatHandler):
    """Saves dictionaries of tensors or arrays, and modules as their state dict.

    Tied tensors are stored once and tied again on loading. Loading gives a dictionary of what was
    saved: arrays if arrays were, else torch tensors if torch is installed, else arrays;
    `framework="pt"` or `"np"` decides otherwise. Several files (shards) give one dictionary;
    `max_shard_size` writes such. `device` and `dtype` place and cast torch tensors.
    """

    name: ClassVar[str] = "safetensors"
    classes: ClassVar[tuple[str, ...]] = (TORCH_MODULE,)
    load_options: ClassVar[frozenset[str]] = frozenset({"framework", "device", "dtype"})
    save_options: ClassVar[frozenset[str]] = frozenset({"metadata", "max_shard_size"})
    kinds: ClassVar[tuple[str, ...]] = (
        FileKind.SAFETENSORS.value,
        FolderKind.SHARDED_SAFETENSORS.value,
    )

    def _claim(self, obj: object) -> int | None:
        return 0 if is_flat(obj, NUMPY_ARRAY, TORCH_TENSOR) else super()._claim(obj)

    def its_files(self, files: FileSet) -> list[str]:
        """Return the weights in the set, and what says where they lie."""
        weights = _weights(files)
        return [*weights, *index_files(files)] if weights else []

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, _weights(files))

    def _inspect(self, files: FileSet) -> Inspection:
        weights = _weights(files)
        if not weights:
            raise UnreadableArtifactError("there is no safetensors file")
        headers = {path: _header(files, path) for path in weights}
        reasons = unexplained(files, weights)
        censuses = [_census(header) for header in headers.values()]
        sharded = folder_kind(files) is FolderKind.SHARDED_SAFETENSORS
        return Inspection(
            format=self.name,
            verdict=Verdict.NOT_INSPECTABLE if reasons else Verdict.SAFE,
            kind=(FolderKind.SHARDED_SAFETENSORS if sharded else FileKind.SAFETENSORS).value,
            reasons=reasons,
            warnings=tuple(check_indexes(files, headers)),
            bytes=total_size(files),
            metadata=notes(headers[weights[0]].metadata),
            quantization=narrowed(censuses),
            **counted(censuses),
        )

    def _load(self, folder: Path, **options: object) -> dict[str, Any]:
        files = LocalFiles(folder)
        loaded: dict[str, Any] = {}
        for path in _weights(files):
            metadata = _header(files, path).metadata
            framework = _framework(options.get("framework"), metadata)
            part = _read(files.place(path), framework, options)
            part.update({tied: part[name] for tied, name in aliases(metadata, part).items()})
            if twice := loaded.keys() & part.keys():
                raise UnreadableArtifactError(f"two files hold the tensor {shown(min(twice))}")
            loaded.update(part)
        return loaded

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        parts = _parts(obj)
        metadata = _own_metadata(options.get("metadata"))
        most = byte_size("max_shard_size", options.get("max_shard_size"))
        write_shards(parts, folder, metadata, most, partial(_write, parts.framework))

    def _tensors(self, files: FileSet) -> Iterable[StoredTensor]:
        return stored_tensors(files, _weights(files))


def _weights(files: FileSet) -> list[str]:
    return of_kinds(files, FileKind.SAFETENSORS)


def _header(files: FileSet, path: str) -> Header:
    with files.open(path) as stream:
        return read_header(stream, files.size(path))


def _census(header: Header) -> Census:
    census = Census()
    buffers = scales = 0
    for entry in header.entries:
        census.see(entry.name, entry.dtype, entry.shape)
        census.count(entry.dtype, elements(entry.shape))
        buffers += elements(entry.shape) if named_as_buffer(entry.name) else 0
        scales += elements(entry.shape) if named_as_scale(entry.name) else 0
    census.buffers, census.scales = buffers or None, scales or None
    return census


def _framework(wanted: object, metadata: dict[str, str]) -> str:
    if wanted is None:
        return "np" if metadata.get("format") == "np" or not installed("torch") else "pt"
    if not isinstance(wanted, str) or wanted not in _FRAMEWORKS:
        raise InvalidInputError(
            f"there is no framework {wanted!r}",
            hint="framework= one of: np, pt",
            option="framework",
        )
    return wanted


def _read(place: Path, framework: str, options: Mapping[str, object]) -> dict[str, Any]:
    require(_FRAMEWORKS[framework], extra="torch")
    if framework == "np":
        return _arrays(place, options)
    dtype = torch_dtype(options.get("dtype"))
    device = torch_device("device", options.get("device", "cpu"))
    tensors = require("safetensors.torch", extra="torch").load_file(place, device=device)
    if dtype is None:
        return dict(tensors)
    return {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def _arrays(place: Path, options: Mapping[str, object]) -> dict[str, Any]:
    for option in ("device", "dtype"):
        if options.get(option) not in {None, "cpu"}:
            raise InvalidInputError(
                f"arrays of numpy take no {option}",
                hint='ask for framework="pt"',
                option=option,
            )
    return dict(require("safetensors.numpy", extra="safetensors").load_file(place))


def _write(
    framework: str, tensors: Mapping[str, Any], place: Path, metadata: Mapping[str, str]
) -> None:
    module = "numpy" if framework == "np" else "torch"
    library = require(f"safetensors.{module}", extra="safetensors")
    library.save_file(dict(tensors), place, metadata=dict(metadata))


def _parts(obj: object) -> Parts:
    if is_flat(obj, NUMPY_ARRAY) and isinstance(obj, Mapping):
        return numpy_parts(obj)
    torch = require("torch", extra="torch")
    state = obj.state_dict() if isinstance(obj, torch.nn.Module) else obj
    if isinstance(state, Mapping) and (not state or is_flat(state, TORCH_TENSOR)):
        return torch_parts(state)
    raise InvalidInputError(
        f"safetensors holds named tensors; this {type(obj).__qualname__} is more than that",
        hint="save its state dict, or ask for format='pytorch'",
    )


def _own_metadata(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if isinstance(given, dict) and all(
        isinstance(key, str) and isinstance(text, str) for key, text in given.items()
    ):
        return given
    raise InvalidInputError("metadata is not text by name", option="metadata")
