"""PMML: models as XML, read without following anything that XML can refer to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar, Never
from xml.parsers import expat

from lineage_registry.domain.formats import Inspection, Port, Verdict
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.reading import MAX_SHOWN, bounded, notes
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.weights import confidence
from lineage_registry.ports.filesets import FileSet, total_size
from lineage_registry.ports.handlers import Confidence, InspectOnlyHandler

_PIECE = 256 * 1024
_MAX_READ = 64 * 1024 * 1024
_MAX_ELEMENTS = 1_000_000
_MAX_DEPTH = 200
_MAX_PORTS = 1_000
_INPUTS, _OUTPUTS = ("active",), ("predicted", "target")


class PmmlHandler(InspectOnlyHandler):
    """Reads fields, the kind of model and who wrote it; PMML holds no code.

    A file that declares a document type is refused: that is where XML defines its entities.
    """

    name: ClassVar[str] = "pmml"
    kinds: ClassVar[tuple[str, ...]] = (FileKind.PMML.value,)

    def _detect(self, files: FileSet) -> Confidence:
        return confidence(files, of_kinds(files, FileKind.PMML))

    def _inspect(self, files: FileSet) -> Inspection:
        paths = of_kinds(files, FileKind.PMML)
        if not paths:
            raise UnreadableArtifactError("there is no PMML file")
        models = [_read(files, path) for path in paths]
        extra = unexplained(files, paths)
        first = models[0]
        return Inspection(
            format=self.name,
            kind=FileKind.PMML.value,
            verdict=Verdict.NOT_INSPECTABLE if extra else Verdict.SAFE,
            reasons=extra,
            warnings=tuple(warning for model in models for warning in model.warnings),
            bytes=total_size(files),
            metadata=notes(first.notes()),
            architecture=first.model,
            inputs=tuple(first.ports(_INPUTS)),
            outputs=tuple(first.ports(_OUTPUTS)),
            producer=first.producer,
        )


@dataclass(slots=True)
class _Pmml:
    """What was met in a file."""

    version: str = ""
    producer: str | None = None
    model: str | None = None
    function: str = ""
    types: dict[str, str] = field(default_factory=dict)
    usage: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def ports(self, usages: tuple[str, ...]) -> list[Port]:
        names = [name for name, usage in self.usage.items() if usage in usages]
        return [Port(name=name, dtype=self.types.get(name)) for name in names]

    def notes(self) -> dict[str, str]:
        said = {
            "pmml_version": self.version,
            "function": self.function,
            "trees": str(self.counts["TreeModel"] or ""),
            "nodes": str(self.counts["Node"] or ""),
        }
        return {key: text for key, text in said.items() if text}


class _Reading:
    """One walk over the elements of a file, none of which is kept."""

    def __init__(self) -> None:
        self.found = _Pmml()
        self._depth = 0
        self._elements = 0

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        return parser

    def _refuse(self, *_: Any) -> Never:
        raise UnsafeArtifactError("the XML declares a document type, where entities are defined")

    def _start(self, tag: str, said: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _MAX_DEPTH:
            raise UnsafeArtifactError(f"the XML nests deeper than {_MAX_DEPTH}")
        if self._elements > _MAX_ELEMENTS:
            raise StopIteration
        name = tag.rpartition(":")[2]
        self._take(name, {key: bounded(text, MAX_SHOWN) for key, text in said.items()})

    def _end(self, _tag: str) -> None:
        self._depth -= 1

    def _take(self, name: str, said: dict[str, str]) -> None:
        found = self.found
        found.counts[name if name in {"TreeModel", "Node"} else ""] += 1
        if name == "PMML":
            found.version = said.get("version", "")
        elif name == "Application":
            version = said.get("version", "").partition(":")[0]
            found.producer = f"{said.get('name', '')} {version}".strip() or None
        elif name == "DataField" and len(found.types) < _MAX_PORTS:
            found.types[said.get("name", "")] = said.get("dataType", "")
        elif self._depth == 2 and "functionName" in said and found.model is None:
            found.model, found.function = name, said["functionName"]
        # The first schema is that of the whole; those of its parts come later.
        elif name == "MiningField" and self._depth == 4 and len(found.usage) < _MAX_PORTS:
            found.usage.setdefault(said.get("name", ""), said.get("usageType", "active"))


def _read(files: FileSet, path: str) -> _Pmml:
    reading = _Reading()
    parser = reading.parser()
    size = files.size(path)
    with files.open(path) as stream:
        try:
            for _ in range(0, min(size, _MAX_READ), _PIECE):
                parser.Parse(stream.read(_PIECE), False)  # noqa: FBT003 - the library's own way
            if size <= _MAX_READ:
                parser.Parse(b"", True)  # noqa: FBT003
                return reading.found
        except expat.ExpatError as error:
            raise UnreadableArtifactError(f"it is not the XML it should be: {error}") from error
        except StopIteration:
            pass
    reading.found.warnings.append("only its beginning was read, it is too large to be parsed")
    return reading.found
