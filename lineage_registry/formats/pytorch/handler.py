"""Checkpoints of PyTorch, `.pt` and `.pth`: weights only."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import FormatError, InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.containers.stored_zip import LOCAL_MAGIC, read_members
from lineage_registry.formats.pickles.gate import INSTRUCTIONS
from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.legacy_form import MAGIC, read_legacy
from lineage_registry.formats.pytorch.stored import stored_tensors
from lineage_registry.formats.pytorch.zip_form import read_zip
from lineage_registry.formats.reading import head, notes, plain, read_at
from lineage_registry.formats.requirements import require
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import (
    TORCH_TENSOR,
    chosen,
    confidence,
    counted,
    holds_tensors,
    is_flat,
)
from lineage_registry.formats.writing import whole_file
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler, ensure_loadable
from lineage_registry.ports.tensors import StoredTensor

_FILE = "model.pt"
_NAME_AT, _NAME_END = 30, 30 + 512
_TAIL = 64 * 1024
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class PyTorchHandler(FormatHandler):
    """Saves a state dict, a module's state dict or a checkpoint; loads with `weights_only=True`.

    There is no way around that, and none is tried when it fails. What it saves it inspects, and
    refuses to keep if it could not be loaded again in the same way. Dictionaries of tensors and
    modules go to safetensors unless this format is asked for by name.
    """

    name: ClassVar[str] = "pytorch"
    kinds: ClassVar[tuple[str, ...]] = (
        FileKind.TORCH_ZIP.value,
        FileKind.TORCH_LEGACY.value,
        FileKind.PICKLE.value,
    )
    load_options: ClassVar[frozenset[str]] = frozenset({"file", "map_location", "mmap"})

    def _claim(self, obj: object) -> int | None:
        loose = isinstance(obj, dict | list | tuple) and holds_tensors(obj)
        return 0 if loose and not is_flat(obj, TORCH_TENSOR) else None

    def _detect(self, files: FileSet) -> Confidence:
        weights = _weights(files)
        sure = confidence(files, weights)
        checkpoints = any(not _is_bare_pickle(files, path) for path in weights)
        return sure if checkpoints or sure is Confidence.ALL_FILES else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        weights = _weights(files)
        if not weights:
            raise UnreadableArtifactError("there is no PyTorch checkpoint")
        found = [_checkpoint(files, path) for path in weights]
        verdict, reasons = _worst(found)
        extra = unexplained(files, weights)
        if verdict is Verdict.SAFE and extra:
            verdict, reasons = Verdict.NOT_INSPECTABLE, extra
        asked = {".".join(names) for checkpoint in found for names in checkpoint.asked}
        return Inspection(
            format=self.name,
            verdict=verdict,
            reasons=reasons,
            bytes=total_size(files),
            globals=tuple(sorted(map(plain, asked))),
            metadata=notes(found[0].notes),
            **counted([checkpoint.census for checkpoint in found]),
        )

    def _load(self, folder: Path, **options: object) -> object:
        torch = require("torch", extra="torch")
        files = LocalFiles(folder)
        path = chosen(_weights(files), options.get("file"))
        place = files.place(path)
        mmap = bool(options.get("mmap", False)) and _is_zip(files, path)
        return torch.load(
            place, weights_only=True, map_location=options.get("map_location", "cpu"), mmap=mmap
        )

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del options
        torch = require("torch", extra="torch")
        state = obj.state_dict() if isinstance(obj, torch.nn.Module) else obj
        if not isinstance(state, dict | list | tuple | torch.Tensor):
            raise InvalidInputError(
                f"PyTorch checkpoints are not made of a {type(obj).__qualname__}",
                hint="hand in a module, or a dictionary of tensors",
            )
        with whole_file(folder / _FILE) as draft:
            with draft.open("wb") as stream:
                torch.save(state, stream)
            ensure_loadable(self.inspect(LocalFiles(draft)))

    def _tensors(self, files: FileSet) -> Iterable[StoredTensor]:
        for path in _weights(files):
            yield from stored_tensors(files, path, _checkpoint(files, path))


def _weights(files: FileSet) -> list[str]:
    return [path for path in files.paths() if _is_checkpoint(files, path)]


def _is_zip(files: FileSet, path: str) -> bool:
    with files.open(path) as stream:
        return stream.read(len(LOCAL_MAGIC)) == LOCAL_MAGIC


def _is_checkpoint(files: FileSet, path: str) -> bool:
    with files.open(path) as stream:
        first = stream.read(_NAME_END)
        if first.startswith(LOCAL_MAGIC):
            return _first_name(first).endswith(b"data.pkl") or _lists_pickle(
                stream, files.size(path)
            )
    return _is_pickle(first)


def _is_pickle(first: bytes) -> bool:
    # The length of a safetensors header may begin alike; no instruction follows there.
    return first.startswith(_PICKLES) and len(first) > 2 and first[2] in INSTRUCTIONS


def _is_bare_pickle(files: FileSet, path: str) -> bool:
    first = head(files, path, len(MAGIC))
    return not first.startswith((LOCAL_MAGIC, MAGIC))


def _first_name(first: bytes) -> bytes:
    length = int.from_bytes(first[26:28], "little")
    return first[_NAME_AT : _NAME_AT + length]


def _lists_pickle(stream: BinaryIO, size: int) -> bool:
    try:
        return any(member.name.endswith("/data.pkl") for member in read_members(stream, size))
    except FormatError:
        # A directory that cannot be read strictly may still be read by somebody else.
        tail = min(size, _TAIL)
        return b"/data.pkl" in read_at(stream, size - tail, tail, "the zip directory")


def _checkpoint(files: FileSet, path: str) -> Checkpoint:
    size = files.size(path)
    with files.open(path) as stream:
        zipped = stream.read(len(LOCAL_MAGIC)) == LOCAL_MAGIC
        stream.seek(0)
        return read_zip(stream, size) if zipped else read_legacy(stream, size)


def _worst(found: list[Checkpoint]) -> tuple[Verdict, tuple[str, ...]]:
    verdicts: list[Any] = [checkpoint.verdict() for checkpoint in found]
    for verdict in (Verdict.REFUSED, Verdict.NEEDS_TRUST):
        reasons = [reason for each, why in verdicts if each is verdict for reason in why]
        if reasons:
            return verdict, tuple(reasons)
    return Verdict.SAFE, ()
