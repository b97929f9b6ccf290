"""Write the lineage graph to a file."""

from pathlib import Path
from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli.composing import takes
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import Walk, asked, note_beyond
from lineage_registry.cli.words import plural
from lineage_registry.cli.writing import write_answer


@takes("walk", Walk)
def export(
    reference: a.References,
    *,
    file: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Its suffix says how; - is stdout."),
    ] = Path("-"),
    format: Annotated[  # noqa: A002 - the word users know
        str | None,
        typer.Option(
            "--format", "-f", metavar="NAME", help="Like svg, png, pdf, html, json, csv-edges."
        ),
    ] = None,
    walk: Walk,
) -> None:
    """Write the lineage graph to a file: a picture, a page, or data."""
    with registry() as opened:
        found = asked(opened, reference, walk)
    counts = f"{plural(len(found.nodes), 'node')}, {plural(len(found.edges), 'edge')}, "
    write_answer(found, file, format, counts)
    note_beyond(found)
