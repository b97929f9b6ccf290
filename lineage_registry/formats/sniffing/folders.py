"""Which kind of folder something is, from the files that only such a folder has together."""

import json
import re
from typing import Any

from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind, FolderKind
from lineage_registry.ports.filesets import FileSet, RememberingFiles, remembering

MAX_JSON = 16 * 1024 * 1024
_MAX_VALUES = 1_000_000
_HEAD = 4096
_SENTENCES = "sentence_transformers."
_MLMODEL = re.compile(rb"^[a-z_]+:", re.MULTILINE)
_SAVED_MODEL = re.compile(rb"\A(\x12|\x08[\0-\x7f](\x12|\Z))")
"""A SavedModel message: its version, if it says one, and its first graph."""
_SAVED_MODEL_TEXT = re.compile(rb"saved_model_schema_version|meta_graphs")


def folder_kind(files: FileSet) -> FolderKind | None:
    """Return what the files are together; None if they are only some files."""
    seen = remembering(files)
    return seen.once("folder", lambda: _kind(seen))


def json_file(files: FileSet, path: str) -> dict[str, Any] | None:
    """Return the object in a JSON file; None if there is no such file, or no object in it."""
    found = any_json(files, path)
    return found if isinstance(found, dict) else None


def any_json(files: FileSet, path: str) -> Any:
    """Return what a JSON file holds; None if it is not there, or too large, or broken."""
    seen = remembering(files)
    return seen.once(("json", path), lambda: _json(seen, path))


def _kind(files: RememberingFiles) -> FolderKind | None:
    there = set(files.paths())

    def has(name: str, *keys: str) -> bool:
        content = json_file(files, name) if name in there else None
        return content is not None and any(key in content for key in keys)

    rules = (
        (FolderKind.MLFLOW, _begins(files, "MLmodel", _MLMODEL)),
        (
            FolderKind.TF_SAVED_MODEL,
            _begins(files, "saved_model.pb", _SAVED_MODEL)
            or _begins(files, "saved_model.pbtxt", _SAVED_MODEL_TEXT),
        ),
        (FolderKind.COREML_PACKAGE, has("Manifest.json", "itemInfoEntries")),
        (FolderKind.DIFFUSERS, has("model_index.json", "_class_name")),
        (FolderKind.SENTENCE_TRANSFORMERS, _is_row_of_modules(files)),
        (FolderKind.PEFT_ADAPTER, has("adapter_config.json", "peft_type")),
        (FolderKind.TRANSFORMERS, has("config.json", "model_type", "architectures")),
        (FolderKind.NEMO, "model_config.yaml" in there and "model_weights.ckpt" in there),
        (FolderKind.SHARDED_SAFETENSORS, _is_sharded(files)),
    )
    return next((kind for kind, holds in rules if holds), None)


def _begins(files: RememberingFiles, path: str, beginning: re.Pattern[bytes]) -> bool:
    """Tell whether there is such a file and it begins as it should; its name alone says nothing."""
    return path in files.paths() and bool(beginning.search(files.head(path, _HEAD)))


def _is_row_of_modules(files: RememberingFiles) -> bool:
    """Tell whether there are modules of sentence-transformers; versions before 2 say no more."""
    rows = any_json(files, "modules.json")
    rows = rows if isinstance(rows, list) else []
    kinds = [row.get("type") for row in rows if isinstance(row, dict)]
    named = any(isinstance(kind, str) and kind.startswith(_SENTENCES) for kind in kinds)
    return named or (bool(kinds) and "config_sentence_transformers.json" in files.paths())


def _is_sharded(files: RememberingFiles) -> bool:
    return any(path.endswith(".safetensors.index.json") for path in files.paths()) and bool(
        of_kinds(files, FileKind.SAFETENSORS)
    )


def _json(files: RememberingFiles, path: str) -> Any:
    if path not in files.paths() or files.size(path) > MAX_JSON:
        return None
    with files.open(path) as stream:
        data = stream.read(MAX_JSON)
    # Each value takes a comma or a bracket: this bounds the memory, whatever the file holds.
    if data.count(b",") + data.count(b"[") + data.count(b"{") > _MAX_VALUES:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
