"""Folders of transformers, PEFT, diffusers and sentence-transformers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from lineage_registry.domain.formats import Inspection, Origin
from lineage_registry.domain.model_cards import Card
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.gguf.handler import GgufHandler
from lineage_registry.formats.huggingface import hub, pretrained
from lineage_registry.formats.huggingface.card import read_card
from lineage_registry.formats.huggingface.code import code_files, own_code
from lineage_registry.formats.huggingface.settings import (
    adapted,
    architecture,
    described,
    quantization,
)
from lineage_registry.formats.huggingface.tokenizers import sentence_piece_files, tokenizer
from lineage_registry.formats.onnx.handler import OnnxHandler
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.reading import notes, plain
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.formats.safetensors.stored import stored_tensors
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.folders import folder_kind
from lineage_registry.formats.sniffing.kinds import FileKind, FolderKind
from lineage_registry.formats.together import look_into
from lineage_registry.ports.filesets import FileSet, remembering, total_size
from lineage_registry.ports.handlers import Confidence, FormatHandler
from lineage_registry.ports.hub import Repository, Wanted
from lineage_registry.ports.tensors import StoredTensor

_FOLDERS = (
    FolderKind.TRANSFORMERS,
    FolderKind.PEFT_ADAPTER,
    FolderKind.DIFFUSERS,
    FolderKind.SENTENCE_TRANSFORMERS,
)


class HuggingFaceHandler(FormatHandler):
    """Reads settings, weights, tokenizer and card of a folder; no library of theirs is imported.

    The weights are judged by the readers of their own formats, and the worst verdict counts. Code
    that the folder brings or names (`auto_map`, a file of Python, ...) needs trust.

    Saving takes a model of transformers, a tokenizer, both as a pair, or a pipeline. Loading gives
    the model; `into` gives the "tokenizer", "both" or a "pipeline". Nothing is ever fetched.
    """

    name: ClassVar[str] = "huggingface"
    classes: ClassVar[tuple[str, ...]] = pretrained.CLASSES
    load_options: ClassVar[frozenset[str]] = pretrained.LOAD_OPTIONS
    save_options: ClassVar[frozenset[str]] = pretrained.SAVE_OPTIONS
    kinds: ClassVar[tuple[str, ...]] = tuple(kind.value for kind in _FOLDERS)

    def __init__(self, readers: Sequence[FormatHandler] = ()) -> None:
        self._readers = readers or (
            SafetensorsHandler(),
            PyTorchHandler(),
            GgufHandler(),
            OnnxHandler(),
        )

    def fetch(self, repository: Repository, wanted: Wanted) -> Path:
        """Return the folder of the cache with a snapshot of a repository; nothing of it is run."""
        return hub.fetch(repository, wanted)

    def card(self, files: FileSet) -> Card:
        """Return what the card of a folder says, and which model it adapts."""
        seen = remembering(files)
        card = read_card(seen)
        return replace(card, base_models=_origins([*adapted(seen), *card.base_models]))

    def _detect(self, files: FileSet) -> Confidence:
        return Confidence.WHOLE_LAYOUT if folder_kind(files) in _FOLDERS else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        seen = remembering(files)
        kind = folder_kind(seen)
        if kind not in _FOLDERS:
            raise UnreadableArtifactError("there is no config.json, or it names no model")
        parts = look_into(seen, self._readers)
        card = self.card(seen)
        code = own_code(seen)
        first = next(iter(parts.inspections), None)
        return Inspection(
            format=self.name,
            kind=kind.value,
            warnings=tuple(
                _warnings(card, [w for each in parts.inspections for w in each.warnings])
            ),
            bytes=total_size(seen),
            globals=tuple(sorted({name for each in parts.inspections for name in each.globals})),
            metadata=notes({**card.notes, **described(seen, kind)}),
            architecture=architecture(seen, kind),
            producer=None if first is None else first.producer,
            tokenizer=tokenizer(seen),
            quantization=quantization(seen) or (first.quantization if first else None),
            custom_code=tuple(map(plain, code)),
            external=tuple(name for each in parts.inspections for name in each.external),
            licence=card.licence,
            base_models=card.base_models,
            datasets=card.datasets,
            **parts.judged(seen, [*sentence_piece_files(seen), *code_files(seen)], code),
            **parts.counts(),
        )

    def _claim(self, obj: object) -> int | None:
        if isinstance(obj, tuple) and len(obj) == 2:
            return super()._claim(obj[0])
        return super()._claim(obj)

    def _load(self, folder: Path, **options: object) -> object:
        return pretrained.load(folder, options)

    def _load_trusted(self, folder: Path, **options: object) -> object:
        return pretrained.load(folder, options, trusted=True)

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        pretrained.save(obj, folder, options)

    def _tensors(self, files: FileSet) -> Iterable[StoredTensor]:
        return stored_tensors(files, of_kinds(files, FileKind.SAFETENSORS))


def _warnings(card: Card, found: list[str]) -> list[str]:
    return [*found, card.problem] if card.problem else found


def _origins(said: list[Origin]) -> tuple[Origin, ...]:
    """Return each origin once, with its relation if any place says it."""
    found: dict[str, Origin] = {}
    for origin in said:
        if origin.name not in found or found[origin.name].relation is None:
            found[origin.name] = origin
    return tuple(found.values())
