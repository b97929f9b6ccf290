"""Versions in other formats: made on this machine, registered beside what they came from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack, cast

from lineage_registry.domain.graph import Derivation, Scalar
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports import commands as c
from lineage_registry.ports.conversions import Conversion
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.handles import VersionHandle
from lineage_registry.registry.sending import How, check_keywords
from lineage_registry.registry.transfers import Progress, Steps, fetched
from lineage_registry.registry.trusting import trusted

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry


class Convertible(NamedTuple):
    """What a version can be turned into.

    Attributes:
        to: What to ask for.
        format: Format of the result.
        derivation: How the result comes from its source: converted, quantized.
        options: Names of the options that it takes.
    """

    to: str
    format: str
    derivation: Derivation
    options: tuple[str, ...]


class Conversions(Asker):
    """How a registry turns versions into other formats.

    Here and behind a server the work is done on the client's machine: a server loads no model.
    """

    def conversions(self, reference: str) -> list[Convertible]:
        """Return what the files of a version can be turned into, by name.

        Raises:
            NotFoundError: There is no such version.
        """
        registry = cast("Registry", self)
        found = registry.formats.conversions(registry.version(reference).format or "")
        return [
            Convertible(one.name, one.target, one.derivation, tuple(sorted(one.options)))
            for one in found
        ]

    def convert(
        self,
        reference: str,
        to: str,
        *,
        name: str | None = None,
        label: str | None = None,
        tags: Mapping[str, str] | None = None,
        progress: Progress | None = None,
        options: Mapping[str, Any] | None = None,
        trust: str | None = None,
        **how: Unpack[How],
    ) -> VersionHandle:
        """Turn a version into another format and register what comes out; the version stays.

        The new version derives from the old one, and a run says how it was made: tool, versions of
        the libraries, options, duration, sizes, and what was measured (`max_error`). Its metrics
        hold the measured values, too.

        Args:
            reference: The version.
            to: `safetensors`, `onnx`, `onnx-int8`, `huggingface`, ...; `conversions` lists them.
            name: The model that the result becomes a version of; `NAME-TO` if left out.
            label: A semantic version for it.
            tags: Keys and texts.
            progress: Told about the fetch and the upload, and which step begins and ends: reading,
                converting, checking parity, storing.
            options: What the conversion takes: `{"dtype": "float16"}`.
            trust: Why code that its files name may run while they are read; it is in the log
                before it runs.
            **how: reason, key, if_match.

        Raises:
            NotFoundError: There is no such version, or its bytes are gone.
            UnknownFormatError: Its format cannot be turned into that.
            UnsafeArtifactError: Reading its files would run code, and nobody trusts them.
            FormatError: The files cannot be converted, or what came out differs too much.
            NotInstalledError: A library is missing.
        """
        check_keywords(how)
        registry = cast("Registry", self)
        version = registry.version(reference)
        files = registry.files(version.reference)
        if files.format is None or not files.files:
            raise InvalidInputError(f"{version.reference} has no files to convert")
        converter = registry.formats.converter(files.format, to)
        steps = Steps(progress)
        with _folders(registry, files, progress) as (source, target):
            steps.begin("reading")
            handler = registry.formats.by_name(files.format)
            allowed = trusted(registry, version.reference, handler, source, trust)
            with registry.run(
                f"convert to {to}",
                params={"conversion": to, "source_format": files.format},
                inputs=[(version.reference, "source")],
            ) as run:
                done = converter.convert(
                    source, target, trusted=allowed, listener=steps.begin, **(options or {})
                )
                run.log_params(**_params(done))
                run.log_metrics(_metrics(done))
                steps.begin("storing")
                made = registry.register(
                    name or f"{version.name}-{to}",
                    target,
                    format=converter.target,
                    parents=[(version.reference, converter.derivation.value)],
                    run=run.reference,
                    label=label,
                    tags=tags,
                    metrics=done.measures,
                    progress=progress,
                    **how,
                )
            steps.end()
            return made


@contextmanager
def _folders(
    registry: Registry, files: c.Files, progress: Progress | None
) -> Iterator[tuple[Path, Path]]:
    """Give the version's files, and an empty folder."""
    handler = registry.formats.by_name(str(files.format))
    with (
        fetched(
            registry.artifacts, files, progress, registry.cache, links=handler.takes_links
        ) as source,
        tempfile.TemporaryDirectory(prefix="lineage-registry-") as target,
    ):
        yield source, Path(target)


def _params(done: Conversion) -> dict[str, Scalar]:
    versions = {f"version/{name}": number for name, number in done.versions.items()}
    options = {f"option/{name}": value for name, value in done.options.items()}
    return {"tool": done.tool, **versions, **options}


def _metrics(done: Conversion) -> dict[str, float]:
    sizes = {"size_before": float(done.size_before), "size_after": float(done.size_after)}
    return {**done.measures, **sizes, "size_ratio": done.ratio, "seconds": done.seconds}
