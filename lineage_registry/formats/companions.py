"""The files that lie beside a model's weights: which of them nobody needs to look into."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from lineage_registry.formats.reading import shown
from lineage_registry.ports.filesets import FileSet, RememberingFiles, remembering

_DATA_SUFFIXES = frozenset(
    {".json", ".jsonl", ".txt", ".md", ".rst", ".csv", ".tsv", ".yaml", ".yml", ".toml"}
    | {".jinja", ".license", ".gitignore", ".bpe", ".tiktoken", ".model"}
)
_DATA_NAMES = frozenset({"LICENSE", "NOTICE", "README", ".gitattributes", ".gitignore"})
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif"})
_MAX_TEXT = 64 * 1024 * 1024
_HEAD = 4096


def unexplained(files: FileSet, weights: Iterable[str]) -> tuple[str, ...]:
    """Return a sentence for each file beside the weights that is not plain text or a picture."""
    seen = remembering(files)
    strange = seen.once("companions", lambda: _strange(seen))
    known = frozenset(weights)
    return tuple(f"{shown(path)}: nobody looked inside" for path in strange if path not in known)


def _strange(files: RememberingFiles) -> list[str]:
    return [path for path in files.paths() if not _is_plain(files, path)]


def _is_plain(files: RememberingFiles, path: str) -> bool:
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    if suffix in _PICTURE_SUFFIXES:
        return files.head(path, _HEAD).startswith(_PICTURES)
    if suffix not in _DATA_SUFFIXES and name.name not in _DATA_NAMES:
        return False
    if files.size(path) > _MAX_TEXT:
        return False
    piece = files.head(path, _HEAD)
    return b"\0" not in piece and not piece.startswith((b"\x80", b"PK"))
