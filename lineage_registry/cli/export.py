"""Write the lineage graph to a file."""

from pathlib import Path
from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import (
    Both,
    Depth,
    Down,
    EdgeKinds,
    NodeKinds,
    StopAt,
    Through,
    Up,
    Walk,
    asked,
)
from lineage_registry.cli.words import plural
from lineage_registry.cli.writing import write_answer


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
    up: Up = None,
    down: Down = None,
    both: Both = False,
    depth: Depth = None,
    edge_kind: EdgeKinds = None,
    node_kind: NodeKinds = None,
    stop_at: StopAt = None,
    deleted: Through = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """Write the lineage graph to a file: a picture, a page, or data."""
    walk = Walk(up, down, depth, edge_kind, node_kind, stop_at, limit, as_of, both, deleted)
    with registry() as opened:
        found = asked(opened, reference, walk)
    counts = f"{plural(len(found.nodes), 'node')}, {plural(len(found.edges), 'edge')}, "
    write_answer(found, file, format, counts)
    if found.truncated:
        output.note("not complete: cut by its limit or depth")
