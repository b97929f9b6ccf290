"""One dictionary of tensors in several files, with the index that Hugging Face tools read."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lineage_registry.formats.safetensors.ties import Parts, alias_metadata
from lineage_registry.formats.writing import whole_file

FILE = "model.safetensors"
INDEX = "model.safetensors.index.json"

Write = Callable[[Mapping[str, Any], Path, Mapping[str, str]], None]
"""Writes tensors and metadata to a file."""


def write_shards(
    parts: Parts, folder: Path, metadata: Mapping[str, str], most: int | None, write: Write
) -> None:
    """Write the tensors to one file, or to files of at most so many bytes each and an index.

    A tensor that is larger alone has a file of its own.
    """
    shards = _shards(parts, most)
    names = _names(len(shards))
    for name, shard in zip(names, shards, strict=True):
        ties = {tied: first for tied, first in parts.further_names.items() if first in shard}
        noted = {**metadata, **alias_metadata(Parts(parts.framework, further_names=ties))}
        with whole_file(folder / name) as draft:
            write(shard, draft, {**noted, "format": parts.framework})
    if len(shards) > 1:
        _write_index(folder, dict(zip(names, shards, strict=True)))


def _shards(parts: Parts, most: int | None) -> list[dict[str, Any]]:
    shards: list[dict[str, Any]] = [{}]
    held = 0
    for name, tensor in parts.tensors.items():
        if shards[-1] and most is not None and held + tensor.nbytes > most:
            shards.append({})
            held = 0
        shards[-1][name] = tensor
        held += tensor.nbytes
    return shards


def _names(count: int) -> list[str]:
    if count == 1:
        return [FILE]
    return [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]


def _write_index(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    every = [tensor for shard in files.values() for tensor in shard.values()]
    index = {
        "metadata": {
            "total_parameters": sum(math.prod(tensor.shape) for tensor in every),
            "total_size": sum(tensor.nbytes for tensor in every),
        },
        "weight_map": {name: file for file, shard in files.items() for name in shard},
    }
    with whole_file(folder / INDEX) as draft:
        draft.write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
