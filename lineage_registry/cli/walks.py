"""The options that say which part of the lineage is asked for."""

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from lineage_registry.cli import parsing
from lineage_registry.errors import InvalidQueryError

if TYPE_CHECKING:
    from lineage_registry.registry import LineageHandle, Registry
    from lineage_registry.registry.structure import Scope

Up = Annotated[int | None, typer.Option("--up", metavar="N", min=0, help="Causes, N edges up.")]
Down = Annotated[
    int | None, typer.Option("--down", metavar="N", min=0, help="Effects, N edges down.")
]
Both = Annotated[bool, typer.Option("--both", help="Causes and effects.")]
Depth = Annotated[
    int | None,
    typer.Option("--depth", metavar="N", min=0, help="Edges to follow; to the end if left out."),
]
EdgeKinds = Annotated[
    list[str] | None,
    typer.Option("--edge-kind", metavar="KIND", help="Follow only these, like derived-from."),
]
NodeKinds = Annotated[
    list[str] | None,
    typer.Option("--node-kind", metavar="KIND", help="Report only these, like model-version."),
]
StopAt = Annotated[
    list[str] | None,
    typer.Option("--stop-at", metavar="REF", help="Report it, but do not go through it."),
]
Declared = Annotated[bool, typer.Option("--declared", help="Follow only what was declared.")]
Through = Annotated[bool, typer.Option("--deleted", help="Go through deleted things, too.")]


def scope(
    edge_kind: list[str] | None, as_of: str | None, *, deleted: bool, declared: bool
) -> "Scope":
    """Return which part of the graph a question about its shape is about."""
    return {
        "edge_kinds": parsing.as_kinds(edge_kind, upper=True),
        "deleted": deleted,
        "inferred": not declared,
        "as_of": as_of,
    }


class Walk(NamedTuple):
    """Which part of the lineage is asked for."""

    up: int | None
    down: int | None
    depth: int | None
    edge_kinds: list[str] | None
    node_kinds: list[str] | None
    stop_at: list[str] | None
    limit: int | None
    as_of: str | None
    both: bool
    deleted: bool


def asked(opened: "Registry", references: list[str], walk: Walk) -> "LineageHandle":
    """Ask for that part.

    Raises:
        NotFoundError: A start is not there.
        InvalidQueryError: The options contradict each other.
    """
    direction, depth = _way(walk)
    return opened.lineage(
        *references,
        direction=direction,
        depth=depth,
        edge_kinds=parsing.as_kinds(walk.edge_kinds, upper=True),
        node_kinds=parsing.as_kinds(walk.node_kinds, upper=False),
        stop_at=walk.stop_at or (),
        deleted=walk.deleted,
        limit=walk.limit,
        as_of=walk.as_of,
    )


def _way(walk: Walk) -> tuple[Literal["upstream", "downstream", "both"], int | None]:
    depths = {depth for depth in (walk.up, walk.down, walk.depth) if depth is not None}
    if len(depths) > 1:
        raise InvalidQueryError(
            "the directions have one depth", hint="give --both --depth N, or one direction"
        )
    depth = depths.pop() if depths else None
    if walk.both or (walk.up is not None and walk.down is not None):
        return "both", depth
    return ("upstream" if walk.down is None else "downstream"), depth
