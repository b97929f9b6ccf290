"""Bytes: download them, look into them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.picking import FollowLinks
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import GAP, Cell, Fields, Line, Part, Table, View, Words
from lineage_registry.cli.words import plural, several, size
from lineage_registry.domain.format_lines import origin_line, ports_line, quantization_line

if TYPE_CHECKING:
    from lineage_registry.domain.formats import Inspection

_MOST_TENSORS = 20
_MOST_NOTES, _MAX_NOTE = 12, 60
_REFUSED = 6
_VERDICTS = {"safe": "good", "needs-trust": "warn", "refused": "bad"}
_WARNINGS = {
    "needs-trust": "loading these files would run code that they name",
    "not-inspectable": "nobody looked into all of these files: that is not the same as safe",
}


def download(
    version: a.VersionRef,
    *,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to; a folder of its name if left out."),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The running run that reads them.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="In which role; base for a model, train for data."),
    ] = None,
    as_of: a.AsOf = None,
) -> None:
    """Write verified copies of a version's files into a folder."""
    from lineage_registry.cli import version_views as views
    from lineage_registry.errors import InvalidInputError

    if role is not None and run is None:
        raise InvalidInputError("a role is one in a run", hint="give --run, too")
    with registry() as opened, output.transfer("fetching") as progress:
        found = opened.version(version, as_of=as_of)
        reader = None if run is None else opened.resume_run(run)
        target = folder or Path(f"{found.name}-{found.number}")
        if target.exists() and not target.is_dir():
            raise InvalidInputError(f"{str(target)!r} is no folder", hint="name another place")
        files = opened.files(found.reference)
        if not files.files:
            raise InvalidInputError(f"{found.reference} has no files")
        opened.download(found.reference, target, progress=progress)
        if reader is not None:
            reader.loaded(found, role)
    output.emit(files, lambda: views.files(files))
    output.done(f"verified and written to {target}")


def inspect(
    what: Annotated[
        str, typer.Argument(metavar="PATH", help="A file or folder, or a version: models:/net/3.")
    ],
    *,
    format: Annotated[  # noqa: A002 - the word users know
        str | None, typer.Option("--format", metavar="NAME", help="Format; found if left out.")
    ] = None,
    digest: Annotated[
        bool, typer.Option("--digest/--no-digest", help="Whether to read all bytes for the digest.")
    ] = True,
    follow_links: FollowLinks = False,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
) -> None:
    """Say what model files hold and whether they are safe, running nothing of theirs.

    Exits with 6 if they would be refused. Files that need trust, and those that nobody can look
    into, are told of on stderr.
    """
    found = _looked(what, format, as_of, digest=digest, follow_links=follow_links, deleted=deleted)
    tell(found, what)


def tell(found: "Inspection", what: str) -> None:
    """Write what was found in files; one that would be refused ends the program with 6."""
    output.emit(found, lambda: _view(found, what))
    verdict = found.verdict.value
    if verdict == "refused":
        if not options().for_programs:
            output.note("these files would be refused")
        raise typer.Exit(_REFUSED)
    if verdict in _WARNINGS:
        output.warn(_WARNINGS[verdict])


def _looked(
    what: str,
    name: str | None,
    as_of: str | None,
    *,
    digest: bool,
    follow_links: bool,
    deleted: bool,
) -> "Inspection":
    from lineage_registry.bootstrap import connect
    from lineage_registry.registry.inspection import REGISTERED
    from lineage_registry.settings import Settings

    if what.startswith(REGISTERED):
        with registry() as opened:
            return opened.inspect(what, as_of=as_of, deleted=deleted)
    with connect(settings=Settings(url="memory://", actor="nobody")) as opened:
        return opened.inspect(what, format=name, digest=digest, follow_links=follow_links)


def _view(found: "Inspection", what: str) -> View:
    parts: list[Part] = [Line(Cell(what, "name")), Fields([*_rows(found), *_said(found)])]
    if found.listed:
        shown = found.listed[:_MOST_TENSORS]
        table = [
            (one.name, one.dtype, " x ".join(map(str, one.shape)) or "scalar") for one in shown
        ]
        parts += [GAP, Table(("tensor", "dtype", "shape"), table)]
        left = (found.tensors or len(found.listed)) - len(shown)
        if left > 0:
            parts.append(Line(Cell(f"and {plural(left, 'more tensor')}", "dim")))
    return parts


def _rows(found: "Inspection") -> Iterator[tuple[str, Words | None]]:
    """Yield what was found out."""
    verdict = found.verdict.value
    kind = (found.kind or "").removeprefix(found.format).removeprefix("-")
    yield "format", f"{found.format}, {kind}" if kind else found.format
    yield "verdict", Cell(verdict.replace("-", " "), _VERDICTS.get(verdict, ""))
    yield "because", several(found.reasons)
    yield "odd", Cell(several(found.warnings), "warn")
    yield "imports", Cell(", ".join(found.globals), "bad")
    own = [code for code in found.custom_code if code not in found.reasons]
    yield "own code", Cell(several(own), "warn")
    yield "architecture", found.architecture
    yield "tensors", "" if found.tensors is None else f"{found.tensors:,}"
    yield "parameters", _parameters(found)
    yield "dtypes", ", ".join(f"{name} {count:,}" for name, count in found.dtypes.items())
    yield "quantized", quantization_line(found.quantization)
    yield "inputs", several([ports_line([port]) for port in found.inputs])
    yield "outputs", several([ports_line([port]) for port in found.outputs])
    yield "opsets", ", ".join(f"{name} {version}" for name, version in found.opsets.items())
    yield "tokenizer", found.tokenizer
    yield "producer", found.producer
    yield "beside it", several(found.external)
    yield "size", size(found.bytes)
    yield "digest", Cell(found.digest or "", "dim")


def _said(found: "Inspection") -> Iterator[tuple[str, Words | None]]:
    """Yield what the files say of themselves, which nobody has checked."""
    yield "licence", found.licence
    yield "made from", several([origin_line(origin) for origin in found.base_models])
    yield "trained on", several(found.datasets)
    said = [f"{key} {_in_a_line(text)}" for key, text in found.metadata.items()]
    for number, note in enumerate(said[:_MOST_NOTES]):
        yield ("" if number else "says of itself"), note
    if len(said) > _MOST_NOTES:
        yield "", Cell(f"and {plural(len(said) - _MOST_NOTES, 'more note')}", "dim")


def _in_a_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_NOTE else f"{line[:_MAX_NOTE]}\N{HORIZONTAL ELLIPSIS}"


def _parameters(found: "Inspection") -> str:
    if found.parameters is None:
        return ""
    apart = {"buffers": found.buffers, "scales": found.scales}
    more = [f"{count:,} {name}" for name, count in apart.items() if count]
    return f"{found.parameters:,}" + (f" and {', '.join(more)}" if more else "")
