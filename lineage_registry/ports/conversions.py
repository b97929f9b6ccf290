"""What somebody must write to teach the registry to turn one format into another."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar, NamedTuple, final

from lineage_registry.domain.graph import Derivation, Scalar
from lineage_registry.errors import InvalidInputError, UnsafeArtifactError
from lineage_registry.ports.filesets import LocalFiles, total_size
from lineage_registry.ports.handlers import translated

_MAX_TEXT = 500
_LISTENER: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


def say(step: str) -> None:
    """Say which step of a conversion begins, like `checking parity`, to whoever waits for it."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(step)


class Conversion(NamedTuple):
    """What was done, for the record.

    Attributes:
        tool: What did it, and in which version.
        versions: The libraries that had a part in it.
        options: As they were in force.
        measures: What was measured: `max_error`, ...
        seconds: How long it took.
        size_before: Bytes of the files that it was made from.
        size_after: Bytes of the files that it made.
    """

    tool: str
    versions: Mapping[str, str]
    options: Mapping[str, Scalar]
    measures: Mapping[str, float]
    seconds: float
    size_before: int
    size_after: int

    @property
    def ratio(self) -> float:
        """Size after to size before."""
        return self.size_after / self.size_before if self.size_before else 1.0


class Converter(ABC):
    """Makes files of one format from files of another; the files it reads stay as they are.

    Attributes:
        name: What users ask for.
        sources: Formats that it reads.
        target: Format that it writes.
        derivation: How the result comes from its source.
        options: Names of the options that it takes.
        libraries: Distributions whose versions belong on the record; the first is the tool.
    """

    name: ClassVar[str]
    sources: ClassVar[tuple[str, ...]]
    target: ClassVar[str]
    derivation: ClassVar[Derivation] = Derivation.CONVERTED
    options: ClassVar[frozenset[str]] = frozenset()
    libraries: ClassVar[tuple[str, ...]] = ()

    @final
    def convert(
        self,
        source: Path,
        target: Path,
        *,
        trusted: bool = False,
        listener: Callable[[str], None] | None = None,
        **options: object,
    ) -> Conversion:
        """Write the files that `source` becomes into the folder `target`.

        Args:
            source: Where the files lie.
            target: Where those that it makes go.
            trusted: Whether code that the files name may run. Somebody must have said so, with a
                reason; nothing here decides it.
            listener: Told the name of each step when it begins.
            options: Those that the conversion knows.

        Raises:
            InvalidInputError: An option is unknown, missing or cannot be used.
            UnsafeArtifactError: Reading the files would run code that they name.
            FormatError: The files cannot be converted, or what came out differs too much.
            NotInstalledError: A library is missing.
        """
        if unknown := sorted(options.keys() - self.options):
            raise InvalidInputError(
                f"conversion to {self.name!r} has no option {unknown[0]!r}",
                hint=f"it takes: {', '.join(sorted(self.options)) or 'none'}",
                option=unknown[0],
            )
        began = time.monotonic()
        convert = self._convert_trusted if trusted else self._convert
        token = _LISTENER.set(listener)
        try:
            with translated(f"convert to {self.name}"):
                say("converting")
                measures = convert(source, target, **options)
        finally:
            _LISTENER.reset(token)
        seconds = time.monotonic() - began
        versions = dict(_versions(self.libraries))
        tool = self.libraries[0] if self.libraries else "lineage-registry"
        return Conversion(
            tool=f"{tool} {versions.get(tool, '')}".strip(),
            versions=versions,
            options={key: _scalar(value) for key, value in options.items() if value is not None},
            measures=measures,
            seconds=seconds,
            size_before=total_size(LocalFiles(source)),
            size_after=total_size(LocalFiles(target)),
        )

    @abstractmethod
    def _convert(self, source: Path, target: Path, **options: object) -> Mapping[str, float]:
        """Write the files, and return what was measured."""

    def _convert_trusted(
        self, source: Path, target: Path, **options: object
    ) -> Mapping[str, float]:
        """Convert files that run code of theirs; whoever calls has decided to trust them."""
        del source, target, options
        raise UnsafeArtifactError(
            f"there is no way to convert files that run code to {self.name}, trusted or not",
            hint="register the weights alone, without the files that name code",
        )


def _versions(libraries: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in libraries:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _scalar(value: object) -> Scalar:
    if isinstance(value, str | int | float | bool):
        return value if not isinstance(value, str) else value[:_MAX_TEXT]
    return type(value).__qualname__
