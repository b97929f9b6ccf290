"""The whole log in a file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import Fields, Line
from lineage_registry.cli.words import plural

_Copy = Annotated[
    Path, typer.Argument(metavar="FILE", help="Ends in .jsonl, .jsonl.gz or .parquet.")
]


def export(
    file: _Copy,
    *,
    as_of: a.AsOf = None,
) -> None:
    """Write a verifiable copy of the log to a file; - is stdout, as JSON Lines.

    The copy is the whole registry but for the bytes of its artifacts.
    """
    from lineage_registry.ports.commands import ExportLog, build
    from lineage_registry.registry.log_files import write_lines

    with registry() as opened:
        if str(file) == "-":
            command = build(ExportLog, {} if as_of is None else {"as_of": as_of})
            write_lines(output.write, opened.sender.commands.export_log(command))
            return
        found = opened.export_log(file, as_of=as_of)
    rows = [("events", f"{found.events:,}"), ("revision", f"{found.revision:,}")]
    output.emit(found, lambda: [Fields([*rows, ("root", found.root)])])


def load(file: _Copy) -> None:
    """Append what a copy holds and the log does not; what was interrupted is done again.

    The registry is empty, or its log is the beginning of the copy.
    """
    with registry() as opened, output.transfer("importing") as progress:
        found = opened.import_log(file, progress=progress)
    header = found.header
    said = f"imported {plural(found.imported, 'event')}; "
    output.emit(found, lambda: [Line(f"{said}revision {header.revision:,}")])
