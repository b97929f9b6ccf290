"""Folders brought to what versions hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.picking import Picked
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import Cell, Line, Table, View
from lineage_registry.cli.words import plural, ref, size
from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_registry.registry.pulling import Pulled

_STYLES = {"fetched": "good", "updated": "warn", "deleted": "bad"}


@takes("picked", Picked)
def pull(
    version: a.VersionRef,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files or folders of it; everything if left out."),
    ] = None,
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove what the version does not have.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Read what is there again, whatever is known of it.")
    ] = False,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The running run that reads it.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="In which role; base for a model, train for data."),
    ] = None,
    dry_run: a.DryRun = False,
    yes: a.Yes = False,
    as_of: a.AsOf = None,
    picked: Picked,
) -> None:
    """Bring a folder to what a version holds, fetching only what is missing or different.

    `--delete` leaves hidden files, links and a registry's files alone.
    """
    if role is not None and run is None:
        raise InvalidInputError("a role is one in a run", hint="give --run, too")
    with registry() as opened:
        reader = None if run is None else opened.resume_run(run)

        def pulled(*, really: bool) -> "Pulled":
            with output.transfer("fetching") as progress:
                return opened.pull(
                    version,
                    folder,
                    *(paths or ()),
                    include=picked.include or (),
                    exclude=picked.exclude or (),
                    delete=delete,
                    check=check,
                    dry_run=not really,
                    as_of=as_of,
                    progress=progress,
                )

        if delete and not dry_run and not yes:
            planned = pulled(really=False)
            if planned.deleted:
                many = plural(planned.deleted, "file")
                output.confirm(f"remove {many} from {folder}", yes=False)
        done = pulled(really=not dry_run)
        if reader is not None and not dry_run:
            reader.loaded(opened.version(done.reference), role)
    output.emit(done, lambda: _view(done))


def _view(one: "Pulled") -> View:
    changed = [file for file in one.files if file.action != "kept"]
    rows = [
        (Cell(file.action, _STYLES.get(file.action, "")), file.path, size(file.size))
        for file in changed
    ]
    counts = (
        f"{one.fetched:,} fetched, {one.updated:,} updated, {one.kept:,} kept, "
        f"{one.deleted:,} deleted; {size(one.bytes)}"
    )
    would = "would bring " if one.dry_run else ""
    line = Line([Cell(would, "dim"), ref(one.reference), Cell(f" to {one.folder}: {counts}")])
    return [*([Table(("action", "file", "size"), rows)] if rows else []), line]
