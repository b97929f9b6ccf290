"""The index of sharded weights: which file holds which tensor, and whether that is true."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.census import elements
from lineage_registry.formats.reading import shown
from lineage_registry.formats.safetensors.header import Header
from lineage_registry.formats.sniffing.folders import any_json
from lineage_registry.ports.filesets import FileSet

_SUFFIX = ".safetensors.index.json"
_SHARD = re.compile(r"(.*)-\d{5}-of-(\d{5})\.safetensors")


def index_files(files: FileSet) -> list[str]:
    """Return the indexes in the set."""
    return [path for path in files.paths() if path.endswith(_SUFFIX)]


def check_indexes(files: FileSet, headers: Mapping[str, Header]) -> list[str]:
    """Return what is odd about indexes and shards.

    Args:
        files: The whole set.
        headers: Those of its safetensors files, by path.

    Raises:
        UnreadableArtifactError: An index names a file that is missing, or a tensor that is not
            where it says.
        UnsafeArtifactError: An index names a file outside of its folder.
    """
    warnings = list(_incomplete(headers))
    for path in index_files(files):
        warnings += _check(files, path, headers)
    return warnings


def _check(files: FileSet, path: str, headers: Mapping[str, Header]) -> Iterator[str]:
    said = any_json(files, path)
    places = said.get("weight_map") if isinstance(said, dict) else None
    if not isinstance(places, dict):
        raise UnreadableArtifactError(f"the index {shown(path)} cannot be read")
    folder = PurePosixPath(path).parent
    shards = {name: _shard(folder, name) for name in set(map(str, places.values()))}
    names = {
        place: {entry.name for entry in _header(headers, place).entries}
        for place in shards.values()
    }
    for tensor, name in places.items():
        if tensor not in names[shards[str(name)]]:
            raise UnreadableArtifactError(
                f"tensor {shown(tensor)} is not in {shown(name)}, where the index says"
            )
    beside = (header for place, header in headers.items() if PurePosixPath(place).parent == folder)
    left = {entry.name for header in beside for entry in header.entries} - places.keys()
    if left:
        yield f"the index {shown(path)} leaves out {len(left)} tensors, as {shown(min(left))}"
    yield from _totals(said.get("metadata"), [headers[place] for place in shards.values()])


def _shard(folder: PurePosixPath, name: str) -> str:
    parts = name.split("/")
    if not name.isprintable() or "\\" in name or {"", ".", ".."} & set(parts):
        raise UnsafeArtifactError(f"an index names {shown(name)}, which is not below its folder")
    return (folder / name).as_posix()


def _header(headers: Mapping[str, Header], path: str) -> Header:
    if path not in headers:
        raise UnreadableArtifactError(f"the index names {shown(path)}, and it is missing")
    return headers[path]


def _totals(said: Any, headers: list[Header]) -> Iterator[str]:
    entries = [entry for header in headers for entry in header.entries]
    true = {
        "total_size": sum(entry.end - entry.begin for entry in entries),
        "total_parameters": sum(elements(entry.shape) for entry in entries),
    }
    for key, value in true.items():
        told = said.get(key) if isinstance(said, dict) else None
        if told is not None and told != value:
            yield f"the index says a {key} of {shown(told)}, the files have {value}"


def _incomplete(headers: Mapping[str, Header]) -> Iterator[str]:
    """Find rows of numbered files of which some are missing."""
    rows: dict[tuple[str, int], int] = {}
    for path in headers:
        if found := _SHARD.fullmatch(path):
            row = (found[1], int(found[2]))
            rows[row] = rows.get(row, 0) + 1
    for (name, announced), there in rows.items():
        if there != announced:
            yield f"{shown(name)} is said to have {announced} files, and {there} are here"
