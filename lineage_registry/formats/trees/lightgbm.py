"""LightGBM models as text."""

from pathlib import Path
from typing import ClassVar

from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.ranges import Ranges
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.trees import libraries
from lineage_registry.formats.trees.ensemble import Ensemble, number, word, words
from lineage_registry.formats.trees.handler import EnsembleHandler
from lineage_registry.ports.filesets import FileSet

_MAX_HEAD = 8 * 1024 * 1024
_PIECE = 64 * 1024
_END = b"end of trees"
_MAX_TREES = 1_000_000


class LightgbmHandler(EnsembleHandler):
    """Reads what stands before the trees; such files hold no code."""

    name: ClassVar[str] = "lightgbm"
    classes: ClassVar[tuple[str, ...]] = libraries.LIGHTGBM_CLASSES
    load_options: ClassVar[frozenset[str]] = frozenset({"file"})
    file_kinds: ClassVar[tuple[FileKind, ...]] = (FileKind.LIGHTGBM,)
    kinds: ClassVar[tuple[str, ...]] = (FileKind.LIGHTGBM.value,)

    def _model(self, files: FileSet, path: str) -> Ensemble:
        return _model(files, path)

    def _load_file(self, place: Path, options: dict[str, object]) -> object:
        del options
        return libraries.load_lightgbm(place)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        libraries.save_lightgbm(obj, folder)


def _model(files: FileSet, path: str) -> Ensemble:
    size = files.size(path)
    with files.open(path) as stream:
        ranges = Ranges(stream, size)
        head = _head(ranges)
        said = _said(head)
        trees = _trees(ranges, len(head), said)
    names = said.get("feature_names", "").split()
    last = number(said.get("max_feature_idx"))
    features = None if last is None else last + 1
    if features is not None and names and len(names) != features:
        raise UnreadableArtifactError(f"it has {features} features and names {len(names)}")
    return Ensemble(
        kind=FileKind.LIGHTGBM.value,
        architecture="tree",
        trees=trees,
        features=features,
        classes=number(said.get("num_class")),
        objective=word(said.get("objective")),
        producer=word(f"lightgbm (file {said['version']})") if "version" in said else None,
        names=words(names),
    )


def _head(ranges: Ranges) -> bytes:
    """Return what stands before the first tree, with the empty line that ends it."""
    count = _PIECE
    while True:
        head = ranges.at(0, min(count, ranges.size))
        end = head.find(b"\n\n")
        if end >= 0:
            return head[: end + 2]
        if count >= min(ranges.size, _MAX_HEAD):
            raise UnreadableArtifactError("the file is cut off before its first tree")
        count *= 4


def _said(head: bytes) -> dict[str, str]:
    lines = head.decode("utf-8", "backslashreplace").splitlines()
    return {key: text for key, sign, text in (line.partition("=") for line in lines) if sign}


def _trees(ranges: Ranges, start: int, said: dict[str, str]) -> int | None:
    """Return how many trees there are, and see whether they end where they should.

    Raises:
        UnreadableArtifactError: They do not.
    """
    sizes = [number(size) for size in said.get("tree_sizes", "").split()]
    if any(size is None for size in sizes) or len(sizes) > _MAX_TREES:
        raise UnreadableArtifactError("the sizes of its trees are no sizes")
    if not sizes:
        return None
    # Some writers end their lines with two characters; then nothing can be said of places.
    at = start + sum(size for size in sizes if size is not None)
    if at + len(_END) > ranges.size or ranges.at(at, len(_END)) != _END:
        raise UnreadableArtifactError("the trees do not end where their sizes say")
    behind = ranges.at(at, min(ranges.size - at, _MAX_HEAD))
    open_end = b"\nparameters:" in behind and b"\nend of parameters" not in behind
    if open_end or not behind.endswith(b"\n"):
        raise UnreadableArtifactError("the file is cut off behind its trees")
    return len(sizes)
