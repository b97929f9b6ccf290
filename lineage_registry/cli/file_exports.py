"""A version's files in one piece."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.session import registry


def export_files(
    version: a.VersionRef,
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="A folder, or a file like net.tar or net.zip.")
    ],
    *,
    form: Annotated[
        Literal["folder", "tar", "zip"] | None,
        typer.Option("--form", help="What to write; told by the suffix if left out."),
    ] = None,
    as_of: a.AsOf = None,
) -> None:
    """Write a version's files into a folder, a tar or a zip, verified; the same bytes each time."""
    from lineage_registry.cli import version_views as views

    with registry() as opened, output.transfer("writing") as progress:
        files = opened.files(version, as_of=as_of)
        opened.export_files(version, target, form=form, as_of=as_of, progress=progress)
    output.emit(files, lambda: views.files(files))
    output.done(f"verified and written to {target}")
