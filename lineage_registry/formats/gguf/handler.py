"""GGUF files: quantised models with their tokenizer and settings in one file."""

from collections.abc import Iterator
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Origin, Quantization, Verdict
from lineage_registry.errors import UnreadableArtifactError
from lineage_registry.formats.census import Census
from lineage_registry.formats.chat_templates import dangerous_in_template
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.gguf.header import Header, Many, read_header
from lineage_registry.formats.gguf.types import FILE_TYPES, BlockType
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes, plain
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import confidence, counted
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.handlers import Confidence, InspectOnlyHandler

_TEMPLATE = "tokenizer.chat_template"
_MAX_ORIGINS = 20


class GgufHandler(InspectOnlyHandler):
    """Reads the header of GGUF files; what is in it are values, names and shapes, and no code.

    But a chat template is a program, and one that reaches beyond the chat needs trust.
    """

    name: ClassVar[str] = "gguf"
    kinds: ClassVar[tuple[str, ...]] = (FileKind.GGUF.value,)

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, of_kinds(files, FileKind.GGUF))

    def _inspect(self, files: FileSet) -> Inspection:
        paths = of_kinds(files, FileKind.GGUF)
        if not paths:
            raise UnreadableArtifactError("there is no GGUF file")
        headers = [_header(files, path) for path in paths]
        values = headers[0].values
        code = [danger for header in headers for danger in _dangers(header)]
        extra = unexplained(files, paths)
        verdict = Verdict.NOT_INSPECTABLE if extra else Verdict.SAFE
        return Inspection(
            format=self.name,
            kind=FileKind.GGUF.value,
            verdict=Verdict.NEEDS_TRUST if code else verdict,
            reasons=tuple(code) or extra,
            warnings=tuple(_warnings(headers)),
            bytes=total_size(files),
            metadata=notes(_said(headers[0])),
            architecture=_text(values.get("general.architecture")),
            producer=_text(values.get("general.quantized_by")),
            tokenizer=_tokenizer(values),
            quantization=_quantization(headers),
            custom_code=tuple(code),
            licence=_text(values.get("general.license")),
            base_models=tuple(_origins(values)),
            datasets=tuple(_datasets(values)),
            **counted([_census(header) for header in headers]),
        )


def _header(files: FileSet, path: str) -> Header:
    with files.open(path) as stream:
        return read_header(stream, files.size(path))


def _census(header: Header) -> Census:
    census = Census()
    for entry in header.entries:
        census.see(entry.name, entry.type.name, entry.shape)
        census.count(entry.type.name, entry.elements)
    return census


def _dangers(header: Header) -> Iterator[str]:
    for key, value in header.values.items():
        if key.startswith(_TEMPLATE) and isinstance(value, str):
            danger = dangerous_in_template(value)
            if danger is not None:
                yield f"{plain(key)} reaches beyond the chat: {danger}"


def _warnings(headers: list[Header]) -> Iterator[str]:
    parts = headers[0].values.get("split.count")
    if isinstance(parts, int) and parts > 1 and parts != len(headers):
        yield f"it is one of {parts} files, and {len(headers)} of them are here"


def _said(header: Header) -> dict[str, str]:
    """Return all values, each in a line: lists by their length, templates by theirs."""
    said = {"gguf_version": str(header.version)}
    for key, value in header.values.items():
        if isinstance(value, Many):
            said[key] = f"{value.count:,} values"
        elif key.startswith(_TEMPLATE):
            said[key] = f"{len(value):,} characters" if isinstance(value, str) else "?"
        else:
            said[key] = str(value)
    return said


def _quantization(headers: list[Header]) -> Quantization | None:
    common: dict[BlockType, int] = {}
    for entry in (entry for header in headers for entry in header.entries):
        common[entry.type] = common.get(entry.type, 0) + entry.elements
    if not any(kind.quantized for kind in common):
        return None
    most = max(common, key=lambda kind: (kind.quantized, common[kind], kind.name))
    declared = headers[0].values.get("general.file_type")
    name = FILE_TYPES.get(declared) if isinstance(declared, int) else None
    return Quantization(method=name or most.name, bits=most.bits)


def _tokenizer(values: dict[str, Any]) -> str | None:
    kind, words = values.get("tokenizer.ggml.model"), values.get("tokenizer.ggml.tokens")
    if kind is None:
        return None
    size = f", {words.count:,} words" if isinstance(words, Many) else ""
    return f"{bounded(str(kind), MAX_SHOWN)}{size}"


def _origins(values: dict[str, Any]) -> Iterator[Origin]:
    quantized = "quantized" if "general.quantized_by" in values else None
    for number in range(_MAX_ORIGINS):
        start = f"general.base_model.{number}."
        name = _text(values.get(f"{start}repo_url")) or _text(values.get(f"{start}name"))
        if name is not None:
            yield Origin(name=name.removeprefix("https://huggingface.co/"), relation=quantized)


def _datasets(values: dict[str, Any]) -> Iterator[str]:
    listed = values.get("general.datasets")
    if isinstance(listed, Many):
        yield from (bounded(name, MAX_SHOWN) for name in listed.first if isinstance(name, str))
    for number in range(_MAX_ORIGINS):
        start = f"general.dataset.{number}."
        name = _text(values.get(f"{start}repo_url")) or _text(values.get(f"{start}name"))
        if name is not None:
            yield name.removeprefix("https://huggingface.co/")


def _text(value: Any) -> str | None:
    return bounded(value, MAX_SHOWN) if isinstance(value, str) and value else None
