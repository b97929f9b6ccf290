"""Sets of things, written in a line."""

from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import Part, note_left_out


@takes("part", Part)
def select(
    selector: Annotated[
        str,
        typer.Argument(metavar="SELECTOR", help="Like '+clf@champion & kind:dataset & tag:pii'."),
    ],
    *,
    limit: a.Nodes = None,
    part: Part,
) -> None:
    """List what a selector means: references, + around them, filters, and & | - between."""
    from lineage_registry.cli import lineage_views as views

    with registry() as opened:
        found = opened.select(selector, limit=limit, **part.scope())
    output.emit(found, lambda: views.nodes(found.nodes))
    if not found.nodes:
        output.note("nothing found")
    note_left_out(found)
