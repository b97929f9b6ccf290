"""Audit: the trail, the report, validation, status."""

from pathlib import Path
from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.session import registry, settings
from lineage_registry.cli.words import size
from lineage_registry.cli.writing import write_file
from lineage_registry.errors import InvalidInputError

_FINDINGS = 5


@takes("wanted", Wanted)
def events(
    *,
    subject: Annotated[
        str | None, typer.Argument(metavar="REF", help="Only what is about this.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Only what this actor did.")
    ] = None,
    type: Annotated[  # noqa: A002 - the word users know
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only these, like stage.moved; repeatable."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="At or after this date or time.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Before this date or time.")
    ] = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Newest first.")] = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """Show the audit trail: who did what, when and why; oldest first."""
    from lineage_registry.cli import audit_views as views

    with registry() as opened:
        found = opened.events(
            subject=subject,
            by=by,
            type=type,
            since=since,
            until=until,
            newest_first=newest_first,
            as_of=as_of,
        )
        emit_rows(found, views.events, wanted)


def report(
    version: a.VersionRef,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="report.html or report.json; - too."),
    ] = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not read the files again.")
    ] = False,
    as_of: a.AsOf = None,
) -> None:
    """Write the audit report of a version; without --output, print it in short."""
    from lineage_registry import reports
    from lineage_registry.cli import audit_views as views

    write = reports.audit_json
    if file is not None and file.suffix.lower() in {".html", ".htm"}:
        write = reports.audit_html
    elif file is not None and str(file) != "-" and file.suffix.lower() != ".json":
        raise InvalidInputError(
            f"a report has no form {file.suffix!r}", hint="end the file name with .html or .json"
        )
    with registry() as opened:
        found = opened.audit_report(version, verify=not no_verify, as_of=as_of)
    if file is None:
        output.emit(found, lambda: views.report(found))
        return
    data = write(found).encode()
    write_file(file, data)
    if str(file) != "-":
        output.note(f"wrote {file}: {size(len(data))}")


def validate(
    *,
    bytes: Annotated[  # noqa: A002 - the word users know
        bool,
        typer.Option("--bytes", help="Read every file again and compare digests, of tensors too."),
    ] = False,
) -> None:
    """Check the whole registry: log against graph, edges, bytes. Exits with 5 on findings."""
    from lineage_registry.cli import audit_views as views

    with registry() as opened:
        found = opened.validate(bytes=bytes)
    output.emit(found, lambda: views.validation(found))
    for hint in sorted({each.hint for each in found.findings if each.hint}):
        output.note(hint)
    if not found.ok:
        raise typer.Exit(_FINDINGS)


def status() -> None:
    """Say what answers here, after asking graph store and artifact store."""
    from lineage_registry.cli import audit_views as views
    from lineage_registry.cli.setup import masked

    url = masked(settings().url)
    with registry() as opened:
        found = opened.status()
    output.emit(found, lambda: views.status(found, url))
