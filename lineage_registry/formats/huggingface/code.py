"""Where a folder brings or names code of its own, which its libraries would import and run."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from lineage_registry.formats.chat_templates import dangerous_in_template
from lineage_registry.formats.reading import shown
from lineage_registry.formats.sniffing.folders import any_json
from lineage_registry.ports.filesets import FileSet, RememberingFiles, remembering

_SETTINGS = re.compile(
    r".*config[^/]*\.json|model_index\.json|modules\.json|.*processor[^/]*\.json|chat_template\.json"
)
_CODE_SUFFIXES = (".py", ".pyc", ".so", ".dll", ".dylib", ".pyd")
_MAX_DEPTH = 16
_MAX_FOUND = 100
_MAX_TEMPLATE = 1024 * 1024
_LIBRARY = re.compile(r"[a-z][a-z0-9_]*")
"""Diffusers itself, its sisters, or one of its own folders of pipelines; more is an import."""
_CUSTOM = frozenset({"custom_pipeline", "custom_pipelines", "custom_generate"})
_TELLING = _CUSTOM | {
    *("auto_map", "trust_remote_code", "parent_library", "_class_name", "chat_template"),
    *("attn_implementation", "_attn_implementation", "_attn_implementation_internal"),
}
_OWN_LIBRARIES = ("transformers.", "diffusers.", "peft.", "sentence_transformers.", "torch.")


def settings_files(files: FileSet) -> list[str]:
    """Return the files of a folder that libraries read settings from."""
    return [path for path in files.paths() if _SETTINGS.fullmatch(PurePosixPath(path).name)]


def code_files(files: FileSet) -> list[str]:
    """Return the files of a folder that are programs, by the names that loaders look for."""
    return [path for path in files.paths() if path.lower().endswith(_CODE_SUFFIXES)]


def own_code(files: FileSet) -> list[str]:
    """Return a sentence for each place where the folder brings or names code."""
    seen = remembering(files)
    found = [f"{shown(path)} is code" for path in code_files(seen)]
    for path in settings_files(seen):
        found += [f"{shown(path)}: {what}" for what in _in_settings(seen, path)]
    found += _templates(seen)
    return list(dict.fromkeys(found))[:_MAX_FOUND]


def _in_settings(files: RememberingFiles, path: str) -> Iterator[str]:
    said = any_json(files, path)
    if said is None:
        yield "it cannot be read, so nobody knows what it names"
    elif PurePosixPath(path).name == "modules.json":
        yield from _imported(said)
    elif PurePosixPath(path).name == "model_index.json":
        yield from _components(said)
    yield from _named(said)


def _imported(modules: Any) -> Iterator[str]:
    """Find the classes that a row of sentence-transformers' modules imports."""
    for module in modules if isinstance(modules, list) else []:
        kind = module.get("type") if isinstance(module, dict) else None
        if not isinstance(kind, str) or not kind.startswith("sentence_transformers."):
            yield f"it imports {shown(kind)}"


def _components(index: Any) -> Iterator[str]:
    """Find the parts of a diffusers pipeline that come from somewhere else."""
    for name, part in index.items() if isinstance(index, dict) else []:
        if not name.startswith("_") and isinstance(part, list) and part:
            library = part[0]
            if isinstance(library, str) and not _LIBRARY.fullmatch(library):
                yield f"its part {shown(name)} comes from {shown(library)}"


def _named(value: Any, depth: int = 0) -> Iterator[str]:
    """Find settings that name code, however deep they lie."""
    if depth > _MAX_DEPTH:
        yield "it nests deeper than any settings"
        return
    if isinstance(value, list):
        for item in value:
            yield from _named(item, depth + 1)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if what := _says(str(key), item):
            yield what
        yield from _named(item, depth + 1)


def _says(key: str, value: Any) -> str | None:
    if key not in _TELLING:
        return None
    rules: tuple[tuple[bool, str], ...] = (
        (key == "auto_map" and bool(value), f"auto_map names {shown(_first(value))}"),
        (
            key == "trust_remote_code" and value not in (False, None),
            "it asks for trust_remote_code",
        ),
        (key == "_attn_implementation_internal" and value is not None, f"it sets {key}"),
        (
            key.endswith("attn_implementation") and "/" in str(value),
            f"it takes attention from {shown(value)}",
        ),
        (key in _CUSTOM and bool(value), f"{shown(key)} names {shown(value)}"),
        (
            key == "parent_library" and not str(value).startswith(_OWN_LIBRARIES),
            f"its base class comes from {shown(value)}",
        ),
        (key == "_class_name" and isinstance(value, list), f"its pipeline is {shown(value)}"),
    )
    if key == "chat_template":
        return _of_template(value)
    return next((what for holds, what in rules if holds), None)


def _first(value: Any) -> Any:
    if isinstance(value, dict):
        return next(iter(value.values()), None)
    return value


def _of_template(value: Any) -> str | None:
    if isinstance(value, str):
        danger = dangerous_in_template(value)
        return f"its chat template reaches beyond the chat: {danger}" if danger else None
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        texts = [item.get("template") if isinstance(item, dict) else item for item in value]
        return next(filter(None, map(_of_template, texts)), None)
    return None


def _templates(files: RememberingFiles) -> Iterator[str]:
    for path in files.paths():
        if path.endswith(".jinja"):
            with files.open(path) as stream:
                text = stream.read(_MAX_TEMPLATE).decode("utf-8", "replace")
            if danger := dangerous_in_template(text):
                yield f"{shown(path)}: the chat template reaches beyond the chat: {danger}"
