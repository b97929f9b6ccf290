"""Folders of Hugging Face whose weights have names that transformers does not look for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.folders import json_file
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.filesets import LocalFiles

_KINDS = {
    "model.safetensors": (FileKind.SAFETENSORS,),
    "pytorch_model.bin": (FileKind.TORCH_ZIP, FileKind.TORCH_LEGACY),
}
"""What transformers reads by each name, the first that is there."""
_INDEX = ".index.json"


@contextmanager
def readable(folder: Path) -> Iterator[Path]:
    """Give a folder in which transformers finds the weights, and takes them for what they are.

    Where their names say something else than their content, or nothing, it is one of links that
    lasts for the block.
    """
    files = LocalFiles(folder)
    weights = {name: _beside_config(of_kinds(files, *kinds)) for name, kinds in _KINDS.items()}
    name = next((name for name, paths in weights.items() if paths), None)
    tensors = _weight_map(files)
    names = {} if name is None else _names(name, weights[name], set(tensors.values()))
    if name is None or not names or _is_right(files, weights, set(tensors.values())):
        yield folder
        return
    others = {path for paths in weights.values() for path in paths} - names.keys()
    with TemporaryDirectory(prefix="lineage-registry-") as place:
        for path in files.paths():
            if path not in others and not path.endswith(_INDEX):
                target = Path(place, names.get(path, path))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(files.place(path).resolve())
        if name not in names.values():
            shards = {key: names[path] for key, path in tensors.items() if path in names}
            index = json.dumps({"metadata": {}, "weight_map": shards})
            Path(place, name + _INDEX).write_text(index, encoding="utf-8")
        yield Path(place)


def _beside_config(paths: list[str]) -> list[str]:
    return [path for path in paths if "/" not in path]


def _weight_map(files: LocalFiles) -> dict[str, str]:
    """Return in which file each tensor is, as the indexes say."""
    found = [json_file(files, path) for path in files.paths() if path.endswith(_INDEX)]
    maps: list[Any] = [one.get("weight_map") for one in found if isinstance(one, dict)]
    return {
        tensor: path
        for weight_map in maps
        if isinstance(weight_map, dict)
        for tensor, path in weight_map.items()
        if isinstance(path, str)
    }


def _names(name: str, paths: list[str], shards: set[str]) -> dict[str, str]:
    """Return what the weights are to be called; nothing if nobody can tell which they are."""
    if name in paths:
        return {name: name}
    parts = [path for path in paths if path in shards]
    if parts:
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        total = len(parts)
        return {
            path: f"{stem}-{number:05}-of-{total:05}{suffix}"
            for number, path in enumerate(parts, 1)
        }
    return {paths[0]: name} if len(paths) == 1 else {}


def _is_right(files: LocalFiles, weights: dict[str, list[str]], shards: set[str]) -> bool:
    """Tell whether what transformers looks for first is there, and is what its name says."""
    there = files.paths()
    for name, paths in weights.items():
        if name in there:
            return name in paths
        if name + _INDEX in there:
            suffix = PurePosixPath(name).suffix
            return all(path in paths and path.endswith(suffix) for path in shards)
    return False
