"""Sets of things, written in a line."""

from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import Declared, EdgeKinds, Through, scope


def select(
    selector: Annotated[
        str,
        typer.Argument(metavar="SELECTOR", help="Like '+clf@champion & kind:dataset & tag:pii'."),
    ],
    *,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List what a selector means: references, + around them, filters, and & | - between."""
    from lineage_registry.cli import lineage_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    with registry() as opened:
        found = opened.select(selector, limit=limit, **within)
    output.emit(found, lambda: views.nodes(found.nodes))
    if not found.nodes:
        output.note("nothing found")
    if found.truncated:
        output.note("not complete: raise --limit")
