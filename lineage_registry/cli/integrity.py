"""Integrity and statistics."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import Cell, Fields, Table, View, Words
from lineage_registry.cli.words import plural, ref, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_registry.ports.commands import Statistics, VersionCheck

_FINDINGS = 5
_STATES = {"verified": "good", "present": "good", "damaged": "bad", "no files": "dim"}


@takes("wanted", Wanted)
def verify(
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REF]...", help="Versions, models, datasets; all if left out."),
    ] = None,
    *,
    models: Annotated[bool, typer.Option("--models", help="Only versions of models.")] = False,
    datasets: Annotated[
        bool, typer.Option("--datasets", help="Only versions of datasets.")
    ] = False,
    no_read: Annotated[
        bool, typer.Option("--no-read", help="Look at presence and size only.")
    ] = False,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    repair: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="File or folder with right bytes for what is damaged."),
    ] = None,
    wanted: Wanted,
) -> None:
    """Check the files of versions, reading every byte; exits with 5 if one is damaged.

    --repair puts right files, known by their bytes, in the place of what is missing or different.
    Without --limit it goes to the end. --cursor takes a check up again that was stopped.
    """
    space = {(True, False): "models", (False, True): "datasets"}.get((models, datasets))
    damaged, hint = 0, None

    def seen(row: "VersionCheck") -> "VersionCheck":
        nonlocal damaged, hint
        damaged += row.state == "damaged"
        hint = row.hint or hint
        if progress is not None:
            progress(row.reference, row.bytes, row.bytes)
        return row

    whole = wanted if wanted.limit is not None else wanted._replace(everything=True)
    with registry() as opened, output.transfer("verifying") as progress:
        rows = opened.verify(
            *(references or ()),
            space=space,  # type: ignore[arg-type]
            read=not no_read,
            deleted=deleted,
            as_of=as_of,
            repair=repair,
            progress=progress,
        )
        emit_rows(rows.map(seen), _checks, whole)
    if hint is not None:
        output.note(hint)
    if damaged:
        raise typer.Exit(_FINDINGS)


def statistics(
    *,
    no_stored: Annotated[
        bool, typer.Option("--no-stored", help="Do not read the lists of files: quicker.")
    ] = False,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
) -> None:
    """Say how much there is, by kind, format, stage and owner, and what storing once saves."""
    with registry() as opened:
        found = opened.statistics(stored=not no_stored, deleted=deleted, as_of=as_of)
    output.emit(found, lambda: _statistics(found))


def _checks(rows: "Sequence[VersionCheck]") -> View:
    return [
        Table(
            ("version", "state", "files", "size", "what is wrong"),
            [
                (
                    ref(one.reference),
                    Cell(one.state, _STATES[one.state]),
                    f"{one.files:,}",
                    size(one.bytes),
                    _wrong(one),
                )
                for one in rows
            ],
        )
    ]


def _wrong(one: "VersionCheck") -> Cell:
    said = [f"{each.path or 'its list of files'} is {each.state}" for each in one.problems[:3]]
    left = len(one.problems) - len(said)
    if left or one.truncated:
        said.append(f"and {left:,}{' or more' if one.truncated else ''} others")
    return Cell(", ".join(said), "bad")


def _statistics(one: "Statistics") -> View:
    stored = "" if one.stored_bytes is None else f"{size(one.stored_bytes)} in "
    rows: list[tuple[str, Words | None]] = [
        ("versions", f"{one.versions:,}"),
        ("files", f"{one.files:,}, {size(one.bytes)}"),
        ("stored", "" if one.blobs is None else f"{stored}{plural(one.blobs, 'blob')}"),
        ("saved", "" if one.saved_bytes is None else size(one.saved_bytes)),
        ("unread", Cell(plural(one.unread, "list") if one.unread else "", "bad")),
    ]
    table = Table(
        ("by", "name", "count", "size"),
        [
            (
                Cell(each.by, "dim"),
                (each.name or "-").replace("_", " "),
                f"{each.count:,}",
                size(each.bytes) if each.bytes else "",
            )
            for each in one.groups
        ],
    )
    return [Fields(rows), table]
