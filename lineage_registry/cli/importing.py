"""Rows from elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from lineage_registry.cli import output
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.views import Line
from lineage_registry.cli.words import plural


def load(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON Lines: .jsonl, .jsonl.gz, or - for stdin.")
    ],
) -> None:
    """Do what rows from elsewhere say: create models, runs and versions with their lineage.

    What was interrupted is done again; rows that are there already are not. `--key` names the
    source, instead of the name of the file.
    """
    with registry() as opened:
        found = opened.import_rows(file, **how())
    said = f"{plural(found.rows, 'row')}, {plural(found.events, 'event')}"
    output.emit(found, lambda: [Line(f"imported {said}; revision {found.revision:,}")])
