"""The shape of lineage: common ancestors, paths, ends, order, parts of it."""

import sys
from typing import Annotated, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.session import registry
from lineage_registry.cli.terminal import has_unicode
from lineage_registry.cli.walks import Both, Declared, EdgeKinds, NodeKinds, Through, scope


def paths(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The effect, like clf:3.")],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="The cause, like datasets:/digits/1.")
    ],
    *,
    most: Annotated[
        int | None, typer.Option("-k", metavar="N", min=1, help="Paths to show; 10 if left out.")
    ] = None,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    as_of: a.AsOf = None,
) -> None:
    """Show the shortest ways from a thing to something it comes from, and count all."""
    from lineage_registry.cli import structure_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    with registry() as opened:
        found = opened.paths(source, target, k=most, **within)
    output.emit(found, lambda: views.paths(found))
    if found.other_way:
        output.note(f"it is the other way round: try `paths {target} {source}`")


def common_ancestors(
    reference: a.References,
    *,
    node_kind: NodeKinds = None,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List what several things all come from; the nearest are marked."""
    from lineage_registry.cli import structure_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    kinds = parsing.as_kinds(node_kind, upper=False)
    with registry() as opened:
        found = opened.common_ancestors(*reference, node_kinds=kinds, limit=limit, **within)
    output.emit(found, lambda: views.common_ancestors(found))
    _note_cut(truncated=found.truncated)


def roots(
    reference: a.References,
    *,
    node_kind: NodeKinds = None,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List what some things come from in the end: ancestors without causes."""
    from lineage_registry.cli import structure_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    kinds = parsing.as_kinds(node_kind, upper=False)
    with registry() as opened:
        found = opened.roots(*reference, node_kinds=kinds, limit=limit, **within)
    output.emit(found, lambda: views.ends(found))
    _note_cut(truncated=found.truncated)


def leaves(
    reference: a.References,
    *,
    node_kind: NodeKinds = None,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List what some things end in: descendants without effects."""
    from lineage_registry.cli import structure_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    kinds = parsing.as_kinds(node_kind, upper=False)
    with registry() as opened:
        found = opened.leaves(*reference, node_kinds=kinds, limit=limit, **within)
    output.emit(found, lambda: views.ends(found))
    _note_cut(truncated=found.truncated)


def order(
    reference: a.References,
    *,
    down: Annotated[
        bool, typer.Option("--down", help="The effects instead of the causes.")
    ] = False,
    both: Both = False,
    only: Annotated[
        bool, typer.Option("--only", help="The given things alone, in their order.")
    ] = False,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List a lineage in layers: each thing comes behind all that it comes from."""
    from lineage_registry.cli import structure_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    direction: Literal["upstream", "downstream", "both", "none"] = "upstream"
    if only:
        direction = "none"
    elif both:
        direction = "both"
    elif down:
        direction = "downstream"
    with registry() as opened:
        found = opened.order(*reference, direction=direction, limit=limit, **within)
    output.emit(found, lambda: views.order(found))
    _note_cut(truncated=found.truncated)


def subgraph(
    reference: a.References,
    *,
    edge_kind: EdgeKinds = None,
    deleted: Through = False,
    declared: Declared = False,
    as_of: a.AsOf = None,
) -> None:
    """Draw given things and the edges among them, nothing else."""
    from lineage_registry.cli import lineage_views as views

    within = scope(edge_kind, as_of, deleted=deleted, declared=declared)
    with registry() as opened:
        found = opened.subgraph(*reference, **within)
    charset: Literal["unicode", "ascii"] = "unicode" if has_unicode(sys.stdout) else "ascii"
    output.emit(found, lambda: views.lineage(found, charset))


def _note_cut(*, truncated: bool) -> None:
    if truncated:
        output.note("not complete: raise --limit")
