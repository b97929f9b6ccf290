"""What somebody must write to teach the registry a model format."""

import errno
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import ClassVar, final

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.formats import Inspection, Verdict
from lineage_registry.errors import (
    FormatError,
    InvalidInputError,
    RegistryError,
    StorageFullError,
    UnreadableArtifactError,
    UnsafeArtifactError,
)
from lineage_registry.ports.filesets import FileSet, LocalFiles, total_size
from lineage_registry.ports.tensors import StoredTensor, digest_of_tensors

_SHOWN = 5
_SMALL = 16 * 1024 * 1024
_TRUST_OR_WEIGHTS = (
    "say trust='why you trust it', or --trust, which is logged; or register the weights alone,"
    " as safetensors"
)


class Confidence(IntEnum):
    """How sure a handler is, from what the files hold, that they are of its format."""

    NONE = 0
    ANYTHING = 1
    """It takes whatever nobody else takes."""
    SOME_FILES = 2
    """Some of the files are of its format, beside others."""
    ALL_FILES = 3
    """All files are of its format, or belong to it."""
    WHOLE_LAYOUT = 4
    """The folder as a whole is laid out as only its format is."""


class FormatHandler(ABC):
    """Reads and writes the models of one format.

    The public methods hold the promises, an author writes the underscored ones. Looking (`detect`,
    `inspect`) runs nothing of what the files hold and imports no framework; `load` looks first.

    Attributes:
        name: What users write to ask for the format.
        classes: Dotted names of the classes it saves; the nearest one in an object's line of
            descent decides, so that no library is imported to find out.
        load_options: Names of the options that `load` takes.
        save_options: Names of the options that `save` takes.
        kinds: Names of the kinds of files it reads, for who asks what is known.
        takes_links: Whether `load` may be given links to files; some libraries refuse them.
    """

    name: ClassVar[str]
    classes: ClassVar[tuple[str, ...]] = ()
    load_options: ClassVar[frozenset[str]] = frozenset()
    save_options: ClassVar[frozenset[str]] = frozenset()
    kinds: ClassVar[tuple[str, ...]] = ()
    takes_links: ClassVar[bool] = True

    @final
    def detect(self, files: FileSet) -> Confidence:
        """Return how sure it is, by content and never by suffix, that it can read the files.

        Raises:
            FormatError: The handler failed on the files.
        """
        with translated(f"detect {self.name}"):
            return self._detect(files)

    @final
    def inspect(self, files: FileSet) -> Inspection:
        """Return what the files say of themselves; nothing in them is executed.

        Broken and hostile files are an answer too: their verdict is `refused`.
        """
        try:
            with translated(f"inspect {self.name}"):
                return self._inspect(files)
        except FormatError as error:
            return Inspection(
                format=self.name,
                verdict=Verdict.REFUSED,
                reasons=(error.message,),
                broken=not isinstance(error, UnsafeArtifactError),
                bytes=total_size(files),
            )

    @final
    def weights(self, files: FileSet) -> Digest | None:
        """Return the digest of the tensors in the files, reading all their bytes.

        Equal tensors of equal names have the same digest in every format, whatever else the files
        hold. None if the files hold no tensors that can be read without their framework.

        Raises:
            UnreadableArtifactError: The files are broken.
            UnsafeArtifactError: They break a rule.
        """
        with translated(f"read the tensors of {self.name}"):
            return digest_of_tensors(self._tensors(files), 2 * total_size(files) + _SMALL)

    @final
    def claim(self, obj: object) -> int | None:
        """Return how far up the object's line of descent this handler's class is; None if nowhere.

        0 is the object's own class.
        """
        return self._claim(obj)

    @final
    def load(self, folder: Path, *, trusted: bool = False, **options: object) -> object:
        """Return the model that the folder holds.

        Args:
            folder: Where its files lie.
            trusted: Whether code that the files name may run, if they name any. Somebody must
                have said so, with a reason; nothing here decides it.
            options: Those that the format knows.

        Raises:
            UnsafeArtifactError: Loading would run code that the files name.
            UnreadableArtifactError: The files are broken.
            NotInstalledError: The library of the format is missing.
            InvalidInputError: An option is unknown or cannot be used.
        """
        _check_options(self.name, "load", options, self.load_options)
        inspection = self.inspect(LocalFiles(folder))
        ensure_loadable(inspection, trusted=trusted)
        with translated(f"load {self.name}"):
            if inspection.verdict is Verdict.NEEDS_TRUST:
                return self._load_trusted(folder, **options)
            return self._load(folder, **options)

    @final
    def save(self, obj: object, folder: Path, **options: object) -> None:
        """Write the model into the folder, as files that `load` reads.

        Raises:
            InvalidInputError: The object or an option cannot be used.
            FormatError: The object cannot be written so that it loads safely again.
            NotInstalledError: The library of the format is missing.
            StorageFullError: There is no room left.
        """
        _check_options(self.name, "save", options, self.save_options)
        with translated(f"save {self.name}"):
            self._save(obj, folder, **options)

    def _claim(self, obj: object) -> int | None:
        line = line_of_descent(obj)
        return min((line.index(name) for name in self.classes if name in line), default=None)

    def _tensors(self, files: FileSet) -> Iterable[StoredTensor]:
        """Return the model's weights alone; none if they cannot be told."""
        del files
        return ()

    @abstractmethod
    def _detect(self, files: FileSet) -> Confidence: ...

    @abstractmethod
    def _inspect(self, files: FileSet) -> Inspection: ...

    @abstractmethod
    def _load(self, folder: Path, **options: object) -> object: ...

    @abstractmethod
    def _save(self, obj: object, folder: Path, **options: object) -> None: ...

    def _load_trusted(self, folder: Path, **options: object) -> object:
        """Load files that run code of theirs; whoever calls has decided to trust them."""
        del folder, options
        raise UnsafeArtifactError(
            f"there is no way to load {self.name} files that run code, trusted or not",
            hint="use download(), and load them with the library that wrote them",
            format=self.name,
        )


class InspectOnlyHandler(FormatHandler):
    """Looks into files that only their own tools load and write."""

    def _load(self, folder: Path, **options: object) -> object:
        del folder, options
        raise InvalidInputError(
            f"{self.name} files are looked into, not loaded",
            hint="use download() to get them",
            format=self.name,
        )

    def _save(self, obj: object, folder: Path, **options: object) -> None:
        del obj, folder, options
        raise InvalidInputError(
            f"{self.name} files are written by their own tools",
            hint="register the files that they write",
            format=self.name,
        )


def line_of_descent(obj: object) -> list[str]:
    """Return the dotted names of an object's classes, its own first."""
    return [f"{cls.__module__}.{cls.__qualname__}" for cls in type(obj).__mro__]


def ensure_storable(inspection: Inspection) -> None:
    """Return only if files of this verdict may be kept.

    Raises:
        UnsafeArtifactError: They are dangerous, or break a limit.
        UnreadableArtifactError: They are broken.
    """
    if inspection.verdict is not Verdict.REFUSED:
        return
    why = _why(inspection)
    if inspection.broken:
        raise UnreadableArtifactError(
            f"the {inspection.format} files are broken: {why}",
            hint="write the files again, or fetch them again from where they came",
            format=inspection.format,
            reasons=list(inspection.reasons),
        )
    raise UnsafeArtifactError(
        f"the {inspection.format} files are refused: {why}",
        hint="do not load these files; ask their author for safetensors",
        format=inspection.format,
        reasons=list(inspection.reasons),
    )


def ensure_loadable(inspection: Inspection, *, trusted: bool = False) -> None:
    """Return only if files of this verdict may be loaded.

    Args:
        inspection: What was found in them.
        trusted: Whether code that they name may run.

    Raises:
        UnsafeArtifactError: Loading would run code that the files name.
        UnreadableArtifactError: The files are broken.
    """
    ensure_storable(inspection)
    if inspection.verdict is not Verdict.NEEDS_TRUST or trusted:
        return
    raise UnsafeArtifactError(
        f"loading the {inspection.format} files would run code: {_why(inspection)}",
        hint=_TRUST_OR_WEIGHTS,
        format=inspection.format,
        reasons=list(inspection.reasons),
        globals=list(inspection.globals),
    )


def _why(inspection: Inspection) -> str:
    shown = "; ".join(inspection.reasons[:_SHOWN]) or "no reason given"
    more = len(inspection.reasons) - _SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown


def _check_options(name: str, verb: str, options: dict[str, object], known: frozenset[str]) -> None:
    if unknown := sorted(options.keys() - known):
        raise InvalidInputError(
            f"format {name!r} has no {verb} option {unknown[0]!r}",
            hint=f"it takes: {', '.join(sorted(known)) or 'none'}",
            format=name,
            option=unknown[0],
        )


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Let package errors pass and turn every other failure into one.

    Raises:
        StorageFullError: The disk is full.
        UnreadableArtifactError: A library choked on the files.
    """
    try:
        yield
    except RegistryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(f"cannot {doing}: the disk is full") from error
        text = f"{type(error).__name__}: {error}"[:500]
        raise UnreadableArtifactError(f"cannot {doing}: {text}") from error
