"""Garbage: what nothing names."""

from typing import TYPE_CHECKING, Annotated

import typer

from lineage_registry.cli import output
from lineage_registry.cli.listing import note_cut
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.times import duration
from lineage_registry.cli.views import GAP, Cell, Fields, Part, Table, View
from lineage_registry.cli.words import minute, plural, size

if TYPE_CHECKING:
    from lineage_registry.ports.commands import Garbage, Tally


def collect(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Remove it; else only say what would go.")
    ] = False,
    grace: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Leave younger blobs alone: 12h, 7d; 2d if left out."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="Blobs to list at most.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Although the registry names nothing in its store.")
    ] = False,
) -> None:
    """Say which blobs no version names and no pin keeps; with --yes, remove them."""
    with registry() as opened:
        found = opened.collect_garbage(
            dry_run=not yes,
            grace=None if grace is None else duration(grace),
            limit=limit,
            force=force,
            **how(),
        )
    output.emit(found, lambda: _view(found))
    note_cut(truncated=found.truncated)
    if found.dry_run and (found.removed.count or found.uploads.count):
        output.done("nothing was removed: give --yes")


def _view(one: "Garbage") -> View:
    verb = "would go" if one.dry_run else "removed"
    parts: list[Part] = []
    if one.unnamed:
        rows = [
            (Cell(each.digest, "name"), size(each.size), minute(each.stored_at), each.kept or verb)
            for each in one.unnamed
        ]
        parts += [Table(("no version names", "size", "stored", ""), rows), GAP]
    return [
        *parts,
        Fields(
            [
                (verb, _said(one.removed, "blob")),
                ("unfinished uploads", _said(one.uploads, "upload")),
                ("kept: a version names them", _said(one.named, "blob")),
                ("kept: a pin", _said(one.pinned, "blob")),
                ("kept: young", _said(one.young, "blob")),
            ]
        ),
    ]


def _said(tally: "Tally", what: str) -> str:
    return f"{plural(tally.count, what)}, {size(tally.bytes)}"
