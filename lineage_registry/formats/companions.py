"""The files that lie beside a model's weights: which of them nobody needs to look into."""

from pathlib import PurePosixPath

from lineage_registry.formats.reading import shown
from lineage_registry.ports.filesets import FileSet

_DATA_SUFFIXES = frozenset({".json", ".txt", ".md", ".csv", ".yaml", ".yml", ".toml", ".license"})
_DATA_NAMES = frozenset({"LICENSE", "NOTICE", "README", ".gitattributes"})
_MAX_TEXT = 64 * 1024 * 1024
_PIECE = 64 * 1024


def unexplained(files: FileSet, weights: list[str]) -> tuple[str, ...]:
    """Return a sentence for each file beside the weights that is not plain text data."""
    others = [path for path in files.paths() if path not in set(weights)]
    return tuple(
        f"{shown(path)}: nobody looked inside" for path in others if not _is_text_data(files, path)
    )


def _is_text_data(files: FileSet, path: str) -> bool:
    name = PurePosixPath(path)
    if name.suffix.lower() not in _DATA_SUFFIXES and name.name not in _DATA_NAMES:
        return False
    if files.size(path) > _MAX_TEXT:
        return False
    with files.open(path) as stream:
        piece = stream.read(_PIECE)
    return b"\0" not in piece and not piece.startswith((b"\x80", b"PK"))
