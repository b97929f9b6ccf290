"""Which kind one file is, from its first bytes and, for a zip, the names in its directory."""

import io
import re
from collections.abc import Callable
from itertools import islice
from pathlib import PurePosixPath

from lineage_registry.errors import FormatError
from lineage_registry.formats.containers.zip_names import names_in_zip
from lineage_registry.formats.pickles.gate import INSTRUCTIONS
from lineage_registry.formats.pickles.marks import runs_as_pickle
from lineage_registry.formats.safetensors.header import looks_like_header
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.ports.filesets import FileSet, RememberingFiles, remembering

_HEAD = 4096
_MAX_SAID = 20
_MAGIC: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"GGUF", FileKind.GGUF),
    *((0, magic, FileKind.GGML) for magic in (b"lmgg", b"tjgg", b"fmgg", b"algg")),
    (0, b"\x89HDF\r\n\x1a\n", FileKind.HDF5),
    (0, b"\x93NUMPY", FileKind.NPY),
    (0, b"CBM1", FileKind.CATBOOST),
    (4, b"TFL3", FileKind.TFLITE),
    (0, bytes.fromhex("80028a0a6cfc9c46f920"), FileKind.TORCH_LEGACY),
    (0, b"\x1f\x8b", FileKind.GZIP),
    (0, b"BZh", FileKind.BZ2),
    (0, b"\xfd7zXZ\0", FileKind.XZ),
    (0, b"\x04\x22\x4d\x18", FileKind.LZ4),
    (0, b"\x28\xb5\x2f\xfd", FileKind.ZSTD),
    (0, b"ZF0x", FileKind.JOBLIB_ZF),
    (257, b"ustar", FileKind.TAR),
    (0, b"tree\nversion=", FileKind.LIGHTGBM),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_PICKLE = re.compile(rb"\x80[\x00-\x05]")
_LONG_START = frozenset({b"X", b"B", b"T", b"\x8d", b"\x8e", b"\x96"})
"""Instructions behind which a long text may hide the rest."""
_DICTIONARIES = frozenset(1 << bits for bits in range(12, 32))
_PMML = re.compile(
    # What was passed over is not tried in other ways: a row of comments has 2^n of them.
    rb"(?:\xef\xbb\xbf)?(?>(?:\s+|<\?[^>]*>|<!--.*?-->)*)<(?:!DOCTYPE\s+)?(?:\w+:)?PMML[\s>]",
    re.DOTALL,
)
_XGBOOST = re.compile(rb'\s*\{\s*"(learner|version)"\s*:')
_CATBOOST = re.compile(rb'"(oblivious_trees|features_info|model_info)"\s*:')

_COMPRESSED = (FileKind.ZLIB, FileKind.GZIP, FileKind.BZ2, FileKind.XZ, FileKind.LZ4)
_WORDS = frozenset(
    {FileKind.TEXT, FileKind.LIGHTGBM, FileKind.JSON, FileKind.EMPTY, FileKind.UNKNOWN}
)
_ZIPS = frozenset(
    {
        FileKind.ZIP,
        FileKind.TORCH_ZIP,
        FileKind.TORCH_EXPORT,
        FileKind.TORCHSCRIPT,
        FileKind.KERAS,
        FileKind.SKOPS,
        FileKind.NPZ,
        FileKind.MAR,
    }
)
_SUFFIXES: dict[str, frozenset[FileKind]] = {
    ".safetensors": frozenset({FileKind.SAFETENSORS}),
    ".onnx": frozenset({FileKind.ONNX}),
    ".gguf": frozenset({FileKind.GGUF}),
    ".keras": frozenset({FileKind.KERAS}),
    ".h5": frozenset({FileKind.HDF5}),
    ".hdf5": frozenset({FileKind.HDF5}),
    ".tflite": frozenset({FileKind.TFLITE}),
    ".pt2": frozenset({FileKind.TORCH_EXPORT}),
    ".pt": frozenset(
        {FileKind.TORCH_ZIP, FileKind.TORCH_LEGACY, FileKind.TORCHSCRIPT, FileKind.PICKLE}
    ),
    ".pth": frozenset(
        {FileKind.TORCH_ZIP, FileKind.TORCH_LEGACY, FileKind.TORCHSCRIPT, FileKind.PICKLE}
    ),
    **dict.fromkeys((".pkl", ".pickle"), frozenset({FileKind.PICKLE, *_COMPRESSED})),
    ".joblib": frozenset({FileKind.PICKLE, *_COMPRESSED}),
    **dict.fromkeys((".txt", ".md", ".csv"), _WORDS),
    ".npy": frozenset({FileKind.NPY}),
    ".npz": frozenset({FileKind.NPZ}),
    ".mlmodel": frozenset({FileKind.COREML}),
    ".skops": frozenset({FileKind.SKOPS}),
    ".cbm": frozenset({FileKind.CATBOOST}),
    ".ubj": frozenset({FileKind.XGBOOST_UBJ}),
    ".pmml": frozenset({FileKind.PMML}),
    ".mar": frozenset({FileKind.MAR}),
    ".zip": _ZIPS,
    ".tar": frozenset({FileKind.TAR}),
    ".json": frozenset({FileKind.JSON, FileKind.XGBOOST_JSON, FileKind.CATBOOST_JSON}),
}


def kind_of(files: FileSet, path: str) -> FileKind:
    """Return which kind a file is; asked twice of a set that remembers, it is read once."""
    seen = remembering(files)
    return seen.once(("kind", path), lambda: _kind(seen, path))


def of_kinds(files: FileSet, *kinds: FileKind) -> list[str]:
    """Return the files of the set that are of one of these kinds, sorted."""
    seen = remembering(files)
    by_kind = seen.once("kinds", lambda: _by_kind(seen))
    return sorted(path for kind in kinds for path in by_kind.get(kind, ()))


def _by_kind(files: RememberingFiles) -> dict[FileKind, list[str]]:
    # Some twenty handlers ask this of a folder that may have ten thousand files.
    found: dict[FileKind, list[str]] = {}
    files.read_heads(files.paths())
    for path in files.paths():
        found.setdefault(kind_of(files, path), []).append(path)
    return found


def disagreement(files: FileSet, path: str) -> str | None:
    """Return a sentence if the suffix of a file promises another kind than it is, else None."""
    promised = _SUFFIXES.get(PurePosixPath(path).suffix.lower())
    kind = kind_of(files, path)
    if promised is None or kind in promised:
        return None
    return f"{path!a} is {kind.value} by its content, not what its suffix says"


def kind_of_bytes(head: bytes) -> FileKind:
    """Return which kind a file is that begins with these bytes, and is nothing but a stream."""
    kind = _kind_by_head(head, len(head))
    unclear = kind in {FileKind.TEXT, FileKind.UNKNOWN}
    return FileKind.PICKLE if unclear and runs_as_pickle(io.BytesIO(head)) else kind


def disagreements(files: FileSet) -> tuple[str, ...]:
    """Return a sentence for each file whose suffix promises another kind, the first of them."""
    seen = remembering(files)
    return seen.once("disagreements", lambda: _disagreements(seen))


def _disagreements(files: RememberingFiles) -> tuple[str, ...]:
    found = (disagreement(files, path) for path in files.paths())
    return tuple(islice((what for what in found if what is not None), _MAX_SAID))


def _kind(files: RememberingFiles, path: str) -> FileKind:
    head = files.head(path, _HEAD)
    if head.startswith(_ZIP):
        return _kind_of_zip(files, path)
    kind = _kind_by_head(head, files.size(path))
    if kind in {FileKind.TEXT, FileKind.UNKNOWN} and _is_old_pickle(files, path, head):
        return FileKind.PICKLE
    return kind


def _kind_by_head(head: bytes, size: int) -> FileKind:
    if not head:
        return FileKind.EMPTY
    if head.startswith(_ZIP):
        return FileKind.ZIP
    for at, magic, kind in _MAGIC:
        if head.startswith(magic, at):
            return kind
    for looks, kind in _LOOKS:
        if looks(head, size):
            return kind
    return FileKind.TEXT if _is_text(head) else FileKind.UNKNOWN


def _is_old_pickle(files: RememberingFiles, path: str, head: bytes) -> bool:
    """Return whether it is a pickle of the first protocols, which begin without a mark."""
    if not head or head[0] not in INSTRUCTIONS:
        return False
    if runs_as_pickle(io.BytesIO(head)):
        return True
    return len(head) == _HEAD and head[:1] in _LONG_START and _whole_runs(files, path)


def _whole_runs(files: RememberingFiles, path: str) -> bool:
    with files.open(path) as stream:
        return runs_as_pickle(stream)


def _kind_of_zip(files: RememberingFiles, path: str) -> FileKind:
    try:
        with files.open(path) as stream:
            names = names_in_zip(stream, files.size(path))
    except FormatError:
        names = []
    # A directory that cannot be read strictly may still be read by somebody else.
    if not names:
        return _kind_of_broken_zip(files, path)
    return _kind_by_names(names)


def _kind_of_broken_zip(files: RememberingFiles, path: str) -> FileKind:
    size = files.size(path)
    with files.open(path) as stream:
        stream.seek(max(0, size - 64 * 1024))
        tail = stream.read(64 * 1024)
    seen = files.head(path, _HEAD) + tail
    return FileKind.TORCH_ZIP if b"/data.pkl" in seen else FileKind.ZIP


def _kind_by_names(names: list[str]) -> FileKind:
    below = {name.partition("/")[2] or name for name in names}
    tops = {name.partition("/")[0] for name in names}
    rules: tuple[tuple[FileKind, bool], ...] = (
        (
            FileKind.TORCH_EXPORT,
            "archive_format" in below or any(_EXPORTED.fullmatch(name) for name in below),
        ),
        (
            FileKind.TORCHSCRIPT,
            "constants.pkl" in below and any(name.startswith("code/") for name in below),
        ),
        (FileKind.TORCH_ZIP, "data.pkl" in below),
        (
            FileKind.KERAS,
            {"config.json", "metadata.json"} <= tops
            and any(name.endswith(".weights.h5") for name in names),
        ),
        (FileKind.SKOPS, "schema.json" in tops),
        (FileKind.MAR, "MAR-INF" in tops),
        (FileKind.NPZ, all(name.endswith(".npy") for name in names)),
    )
    return next((kind for kind, holds in rules if holds), FileKind.ZIP)


_EXPORTED = re.compile(r"models/[^/]+\.json|serialized_exported_program\.json")


def _is_lzma(head: bytes, _size: int) -> bool:
    """Return whether it begins as the old form of LZMA does: settings, dictionary, length."""
    if len(head) < 13 or head[0] != 0x5D:
        return False
    dictionary = int.from_bytes(head[1:5], "little")
    length = int.from_bytes(head[5:13], "little")
    return dictionary in _DICTIONARIES and (length == (1 << 64) - 1 or length < 1 << 48)


def _is_zlib(head: bytes, _size: int) -> bool:
    return head.startswith(_ZLIB)


def _is_safetensors(head: bytes, _size: int) -> bool:
    return looks_like_header(head[:10])


def _is_pickle(head: bytes, _size: int) -> bool:
    # The length of a safetensors header may begin alike; no instruction follows there.
    return bool(_PICKLE.match(head)) and len(head) > 2 and head[2] in INSTRUCTIONS


def _is_xgboost_ubj(head: bytes, _size: int) -> bool:
    return (
        head.startswith(b"{")
        and b"learner" in head[:64]
        and not head[1:2].isspace()
        and (head[1:2] in b"Li")
    )


def _is_json(head: bytes, _size: int) -> bool:
    return head.lstrip()[:1] in {b"{", b"["} and _is_text(head)


def _is_xgboost(head: bytes, size: int) -> bool:
    return _is_json(head, size) and bool(_XGBOOST.match(head)) and b'"learner' in head


def _is_catboost(head: bytes, size: int) -> bool:
    return _is_json(head, size) and bool(_CATBOOST.search(head))


def _is_pmml(head: bytes, _size: int) -> bool:
    return bool(_PMML.match(head))


def _is_onnx(head: bytes, _size: int) -> bool:
    """Return whether it begins as an ONNX ModelProto does: its version, then a field it has."""
    if len(head) < 4 or head[0] != 0x08 or not 1 <= head[1] <= 30:
        return False
    field, wire = head[2] >> 3, head[2] & 7
    known = (field, wire) in {(2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (7, 2), (8, 2)}
    return known and not _is_coreml(head, _size)


def _is_coreml(head: bytes, _size: int) -> bool:
    """Return whether it begins as a Core ML Model does: its version, then its description.

    ONNX begins alike, but with the name of a tool, where this has a message: of a description, the
    first field is an input (1), and its first field is a name (1).
    """
    if len(head) < 8 or head[0] != 0x08 or not 1 <= head[1] <= 30 or head[2] != 0x12:
        return False
    at = 3
    while at < 8 and head[at] >= 0x80:
        at += 1
    inside = head[at + 1 :]
    return inside[:1] in {b"\x0a", b"\x52"} and b"\x0a" in inside[2:6]


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        # What is cut at the end of the head is no sign of another encoding.
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == _HEAD and error.start > _HEAD - 4
    return True


_LOOKS: tuple[tuple[Callable[[bytes, int], bool], FileKind], ...] = (
    (_is_safetensors, FileKind.SAFETENSORS),
    (_is_pickle, FileKind.PICKLE),
    (_is_zlib, FileKind.ZLIB),
    (_is_lzma, FileKind.LZMA),
    (_is_xgboost_ubj, FileKind.XGBOOST_UBJ),
    (_is_xgboost, FileKind.XGBOOST_JSON),
    (_is_catboost, FileKind.CATBOOST_JSON),
    (_is_pmml, FileKind.PMML),
    (_is_coreml, FileKind.COREML),
    (_is_onnx, FileKind.ONNX),
    (_is_json, FileKind.JSON),
)
