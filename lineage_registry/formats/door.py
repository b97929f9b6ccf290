"""What is looked at in every file that is let in, whichever format the whole is of."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import AmbiguousFormatError, FormatError
from lineage_registry.formats.archives.members import within
from lineage_registry.formats.plain_files import PlainFilesHandler
from lineage_registry.formats.reading import shown
from lineage_registry.formats.sniffing.files import disagreements, kind_of, of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.sniffing.packed import COMPRESSED
from lineage_registry.formats.worst import joined
from lineage_registry.ports.filesets import RememberingFiles, identity
from lineage_registry.ports.formats import HandlerRegistry

_MAY_BRING_CODE: Final = (
    FileKind.PICKLE,
    FileKind.TORCH_ZIP,
    FileKind.TORCH_LEGACY,
    FileKind.TORCH_EXPORT,
    FileKind.TORCHSCRIPT,
    FileKind.KERAS,
    FileKind.HDF5,
    FileKind.SKOPS,
    FileKind.NPZ,
    FileKind.ZIP,
    FileKind.TAR,
    FileKind.MAR,
    *COMPRESSED,
)
_COUNTS = frozenset({Verdict.REFUSED, Verdict.NEEDS_TRUST})
_MAX_LOOKED_AT = 10_000
_MAX_NAMED = 100
_T = TypeVar("_T")


class _OneOf(RememberingFiles):
    """One file of a set, as a set; what is known of it from the whole is not found again."""

    def __init__(self, whole: RememberingFiles, path: str) -> None:
        super().__init__(whole)
        self._whole = whole
        self._path = path

    def paths(self) -> list[str]:
        """Return the name of the file."""
        return [self._path]

    def head(self, path: str, count: int) -> bytes:
        """Return the first bytes of the file, fewer if it is shorter."""
        return self._whole.head(path, count)

    def once(self, key: object, find: Callable[[], _T]) -> _T:
        """Return what `find` found the first time that this key was asked for."""
        of_the_file = isinstance(key, tuple) and self._path in key
        return self._whole.once(key, find) if of_the_file else super().once(key, find)


def look_at_each(
    formats: HandlerRegistry, files: RememberingFiles, found: Inspection
) -> Inspection:
    """Return the inspection with the worst verdict that any of the files deserves.

    A pickle beside good weights, or one that is said to be a plain file, is refused as it would be
    alone. Suffixes that lie are warned of.
    """
    judged = _judged(formats, files, found)
    warnings = dict.fromkeys([*judged.warnings, *disagreements(files)])
    return judged.model_copy(update={"warnings": tuple(warnings)})


def _judged(formats: HandlerRegistry, files: RememberingFiles, found: Inspection) -> Inspection:
    if found.verdict is Verdict.REFUSED:
        return _naming(formats, files, found)
    if len(files.paths()) == 1 and found.format != PlainFilesHandler.name:
        return found
    # The worst kinds first; of an array there is little more than its head to look at.
    paths = sorted(of_kinds(files, *_MAY_BRING_CODE), key=lambda path: _rank(files, path))
    paths = _different(files, paths)
    arrays = _different(files, of_kinds(files, FileKind.NPY))
    each = [_look(formats, files, path) for path in paths[:_MAX_LOOKED_AT]]
    each += [_look(formats, files, path) for path in arrays]
    left_out = max(0, len(paths) - _MAX_LOOKED_AT)
    each.append(_not_looked_at(found, left_out) if left_out else None)
    return joined([found, *(one for one in each if one is not None)])


def _naming(formats: HandlerRegistry, files: RememberingFiles, found: Inspection) -> Inspection:
    """Say before each reason for a refusal which file it is about, if it is about one alone."""
    paths = files.paths()
    if len(paths) == 1:  # outside of archives whoever asks has named it
        owners = dict.fromkeys(found.reasons if within(files) else (), paths[0])
    else:
        owners = _owners(formats, files, frozenset(found.reasons))
    reasons = (f"{shown(owners[one])}: {one}" if one in owners else one for one in found.reasons)
    return found.model_copy(update={"reasons": tuple(reasons)})


def _owners(
    formats: HandlerRegistry, files: RememberingFiles, reasons: frozenset[str]
) -> dict[str, str]:
    """Return for each reason the first file that is refused for it, also alone."""
    suspects = of_kinds(files, *_MAY_BRING_CODE)
    owners: dict[str, str] = {}
    for path in [*dict.fromkeys([*suspects, *files.paths()])][:_MAX_NAMED]:
        if reasons <= owners.keys():
            break
        one = _OneOf(files, path)
        with suppress(FormatError):
            alone = formats.detect(one).inspect(one)
            for reason in reasons.intersection(alone.reasons):
                owners.setdefault(reason, path)
    return owners


def _look(formats: HandlerRegistry, files: RememberingFiles, path: str) -> Inspection | None:
    one = _OneOf(files, path)
    try:
        found = formats.detect(one).inspect(one)
    except AmbiguousFormatError:
        return None
    if found.verdict not in _COUNTS:
        return None
    named = tuple(f"{shown(path)}: {reason}" for reason in found.reasons)
    return found.model_copy(update={"reasons": named})


def _rank(files: RememberingFiles, path: str) -> int:
    return _MAY_BRING_CODE.index(kind_of(files, path))


def _different(files: RememberingFiles, paths: list[str]) -> list[str]:
    """Return one path for each content."""
    first: dict[object, str] = {}
    for path in paths:
        first.setdefault(identity(files, path), path)
    return list(first.values())


def _not_looked_at(found: Inspection, count: int) -> Inspection:
    reason = f"nobody looked into {count} more files that may bring code"
    return Inspection(
        format=found.format, verdict=Verdict.NOT_INSPECTABLE, reasons=(reason,), bytes=found.bytes
    )
