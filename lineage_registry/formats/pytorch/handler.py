"""Checkpoints of PyTorch, `.pt` and `.pth`: weights only."""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import InvalidInputError, UnreadableArtifactError
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.naming import named
from lineage_registry.formats.options import torch_device
from lineage_registry.formats.pytorch.checkpoint import Checkpoint
from lineage_registry.formats.pytorch.export_form import read_export
from lineage_registry.formats.pytorch.legacy_form import read_legacy
from lineage_registry.formats.pytorch.programs import (
    PROGRAM,
    exported,
    load_program,
    save_program,
)
from lineage_registry.formats.pytorch.script_form import read_script
from lineage_registry.formats.pytorch.stored import stored_tensors
from lineage_registry.formats.pytorch.zip_form import read_zip
from lineage_registry.formats.reading import notes, plain
from lineage_registry.formats.requirements import require
from lineage_registry.formats.sniffing.files import disagreement, kind_of, of_kinds
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
from lineage_registry.ports.filesets import FileSet, LocalFiles, once_each, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler, ensure_loadable
from lineage_registry.ports.tensors import StoredTensor

_FILE = "model.pt"
_READERS: dict[FileKind, Callable[[BinaryIO, int], Checkpoint]] = {
    FileKind.TORCH_ZIP: read_zip,
    FileKind.TORCH_LEGACY: read_legacy,
    FileKind.TORCHSCRIPT: read_script,
    FileKind.TORCH_EXPORT: read_export,
}


class PyTorchHandler(FormatHandler):
    """Saves a state dict, a module's state dict, a checkpoint or a program of `torch.export`.

    Loads with `weights_only=True`, to the `device` (or `map_location`) that is named, mapped from
    the file with `mmap`. A module with `example_inputs` is saved as a program: the graph with its
    signature, which loads without the module's class.

    There is no way around that, and none is tried when it fails. What it saves it inspects, and
    refuses to keep if it could not be loaded again in the same way. Dictionaries of tensors and
    modules go to safetensors unless this format is asked for by name.
    """

    name: ClassVar[str] = "pytorch"
    classes: ClassVar[tuple[str, ...]] = (PROGRAM,)
    load_options: ClassVar[frozenset[str]] = frozenset({"file", "map_location", "device", "mmap"})
    save_options: ClassVar[frozenset[str]] = frozenset({"example_inputs", "dynamic_shapes"})
    kinds: ClassVar[tuple[str, ...]] = tuple(kind.value for kind in _READERS)

    def _claim(self, obj: object) -> int | None:
        loose = isinstance(obj, dict | list | tuple) and holds_tensors(obj)
        return 0 if loose and not is_flat(obj, TORCH_TENSOR) else super()._claim(obj)

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, _weights(files))

    def _inspect(self, files: FileSet) -> Inspection:
        weights = _weights(files)
        if not weights:
            raise UnreadableArtifactError("there is no PyTorch checkpoint")
        found = once_each(files, weights, lambda path: _checkpoint(files, path))
        verdict, reasons = _worst(found)
        extra = unexplained(files, weights)
        if verdict is Verdict.SAFE and extra:
            verdict, reasons = Verdict.NOT_INSPECTABLE, extra
        asked = {".".join(names) for checkpoint in found for names in checkpoint.asked}
        fields = dict(found[0].fields)
        return Inspection(
            format=self.name,
            kind=kind_of(files, weights[0]).value,
            verdict=verdict,
            reasons=reasons,
            warnings=tuple(filter(None, (disagreement(files, path) for path in weights))),
            bytes=total_size(files),
            globals=tuple(sorted(map(plain, asked))),
            metadata=notes({**found[0].notes, **fields.pop("notes", {})}),
            **fields,
            **counted([checkpoint.census for checkpoint in found]),
        )

    def _load(self, folder: Path, **options: object) -> object:
        torch = require("torch", extra="torch")
        files = LocalFiles(folder)
        path = chosen(_weights(files), options.get("file"))
        place = files.place(path)
        if kind_of(files, path) is FileKind.TORCH_EXPORT:
            return load_program(place)
        mmap = bool(options.get("mmap", False)) and kind_of(files, path) is FileKind.TORCH_ZIP
        # By the suffix of safetensors, the library takes it for such.
        with named(place, _FILE) as fit:
            return torch.load(fit, weights_only=True, map_location=_device(options), mmap=mmap)

    def _load_trusted(self, folder: Path, **options: object) -> object:
        torch = require("torch", extra="torch")
        files = LocalFiles(folder)
        path = chosen(_weights(files), options.get("file"))
        device = _device(options)
        if kind_of(files, path) is FileKind.TORCH_EXPORT:
            return load_program(files.place(path), trusted=True)
        if kind_of(files, path) is FileKind.TORCHSCRIPT:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return torch.jit.load(files.place(path), map_location=device)
        # Somebody said, with a reason, to trust it.
        with named(files.place(path), _FILE) as fit:
            return torch.load(fit, weights_only=False, map_location=device)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        torch = require("torch", extra="torch")
        if options.get("example_inputs") is not None:
            obj = exported(torch, obj, options)
        if isinstance(obj, torch.export.ExportedProgram):
            save_program(obj, folder)
            return
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


def _device(options: dict[str, object]) -> Any:
    given = options.get("map_location")
    torch = require("torch", extra="torch")
    if given is not None and not isinstance(given, str | int | torch.device):
        return given
    option = "device" if given is None else "map_location"
    return torch_device(option, options.get("device", "cpu") if given is None else given)


def _weights(files: FileSet) -> list[str]:
    return of_kinds(files, *_READERS)


def _checkpoint(files: FileSet, path: str) -> Checkpoint:
    with files.open(path) as stream:
        return _READERS[kind_of(files, path)](stream, files.size(path))


def _worst(found: list[Checkpoint]) -> tuple[Verdict, tuple[str, ...]]:
    verdicts: list[Any] = [checkpoint.verdict() for checkpoint in found]
    for verdict in (Verdict.REFUSED, Verdict.NEEDS_TRUST):
        reasons = [reason for each, why in verdicts if each is verdict for reason in why]
        if reasons:
            return verdict, tuple(reasons)
    return Verdict.SAFE, ()
