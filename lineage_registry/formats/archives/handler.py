"""Archives: looked into, member by member, and never unpacked."""

from collections.abc import Callable
from typing import Any, ClassVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import AmbiguousFormatError, UnreadableArtifactError
from lineage_registry.formats.archives.members import Members, opened
from lineage_registry.formats.archives.packages import package_of
from lineage_registry.formats.companions import unexplained
from lineage_registry.formats.containers.limits import MAX_LOOKED_AT
from lineage_registry.formats.plain_files import PlainFilesHandler
from lineage_registry.formats.sniffing.files import disagreement, kind_of, of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.sniffing.packed import COMPRESSED, kind_inside
from lineage_registry.formats.weights import confidence
from lineage_registry.formats.worst import joined
from lineage_registry.ports.filesets import FileSet, RememberingFiles, once_each, total_size
from lineage_registry.ports.handlers import Confidence, InspectOnlyHandler

_KINDS = (FileKind.ZIP, FileKind.TAR, FileKind.MAR)
_ABOUT = frozenset(
    {"tensors", "parameters", "buffers", "scales", "dtypes", "listed", "truncated", "globals"}
    | {"architecture", "inputs", "outputs", "opsets", "producer", "tokenizer", "quantization"}
    | {"custom_code", "licence", "base_models", "datasets"}
)
"""What is true of an archive if it is true of what it holds."""

Look = Callable[[FileSet], Inspection]


class ArchiveHandler(InspectOnlyHandler):
    """Looks into zips and tars, also compressed ones, `.nemo` and `.mar` among them.

    What is said of an archive is what would be said of a folder with its members, and the verdict
    is the worst that one of them gets. Links, devices, names that climb out, two members of one
    name, archives too deep in archives, and what unpacks to too much are refused.
    """

    name: ClassVar[str] = "archive"
    kinds: ClassVar[tuple[str, ...]] = ("zip", "tar", "nemo", "mar")

    def __init__(self, look: Look) -> None:
        self._look = look

    def _detect(self, files: FileSet) -> Confidence:
        # What lies beside weights of a model is no model of its own.
        sure = confidence(files, _archives(files))
        return sure if sure is Confidence.ALL_FILES else Confidence.NONE

    def _inspect(self, files: FileSet) -> Inspection:
        paths = _archives(files)
        if not paths:
            raise UnreadableArtifactError("there is no archive")
        found = once_each(files, paths, lambda path: self._inside(files, path))
        whole = joined(found)
        extra = unexplained(files, paths)
        if whole.verdict is Verdict.SAFE and extra:
            whole = whole.model_copy(update={"verdict": Verdict.NOT_INSPECTABLE, "reasons": extra})
        warnings = filter(None, (disagreement(files, path) for path in paths))
        return whole.model_copy(
            update={
                "format": self.name,
                "bytes": total_size(files),
                "warnings": (*whole.warnings, *warnings),
            }
        )

    def _inside(self, files: FileSet, path: str) -> Inspection:
        with opened(files, path) as members:
            found = self._members(members)
            package = package_of(members)
        kind = package.kind or _kind(files, path)
        about: dict[str, Any] = {name: getattr(found, name) for name in _ABOUT}
        notes = {**found.metadata, **package.notes, "holds": found.format}
        held = Inspection(
            format=self.name,
            kind=kind,
            verdict=found.verdict,
            reasons=found.reasons,
            broken=found.broken,
            warnings=found.warnings,
            bytes=files.size(path),
            metadata=notes,
            **about,
        )
        return joined([held, *package.findings(held)])

    def _members(self, members: Members) -> Inspection:
        paths = members.paths()
        if len(paths) > MAX_LOOKED_AT:
            reason = f"there are more than {MAX_LOOKED_AT} members: nobody looked into them"
            plain = PlainFilesHandler().inspect(members)
            return plain.model_copy(update={"reasons": (reason,)})
        seen = RememberingFiles(members)
        # A member that cannot be read is found out here, once, and not by each handler.
        for path in paths:
            seen.head(path, 1)
        try:
            return self._look(seen)
        except AmbiguousFormatError:
            return PlainFilesHandler().inspect(seen)


def _archives(files: FileSet) -> list[str]:
    packed = [
        path for path in of_kinds(files, *COMPRESSED) if kind_inside(files, path) is FileKind.TAR
    ]
    return sorted([*of_kinds(files, *_KINDS), *packed])


def _kind(files: FileSet, path: str) -> str:
    kind = kind_of(files, path)
    return FileKind.TAR.value if kind in COMPRESSED else kind.value
