"""The shape of lineage: common ancestors, paths, ends, order, parts of it."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import note_cut
from lineage_registry.cli.session import registry
from lineage_registry.cli.terminal import has_unicode
from lineage_registry.cli.walks import Named, Part, note_left_out

if TYPE_CHECKING:
    from lineage_registry.ports.commands import Ends


@takes("part", Part)
def paths(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The effect, like clf:3.")],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="The cause, like datasets:/digits/1.")
    ],
    *,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Paths to show; 10 if left out.")
    ] = None,
    part: Part,
) -> None:
    """Show the shortest ways from a thing to something it comes from, and count all."""
    from lineage_registry.cli import structure_views as views

    with registry() as opened:
        found = opened.paths(source, target, limit=limit, **part.scope())
    output.emit(found, lambda: views.paths(found))
    if found.other_way:
        output.note(f"it is the other way round: try `paths {target} {source}`")


@takes("named", Named)
def common_ancestors(reference: a.References, *, named: Named) -> None:
    """List what several things all come from; the nearest are marked."""
    from lineage_registry.cli import structure_views as views

    with registry() as opened:
        found = opened.common_ancestors(*reference, **named.scope())
    output.emit(found, lambda: views.common_ancestors(found))
    note_cut(truncated=found.truncated)


@takes("named", Named)
def roots(reference: a.References, *, named: Named) -> None:
    """List what some things come from in the end: ancestors without causes."""
    with registry() as opened:
        _emit_ends(opened.roots(*reference, **named.scope()))


@takes("named", Named)
def leaves(reference: a.References, *, named: Named) -> None:
    """List what some things end in: descendants without effects."""
    with registry() as opened:
        _emit_ends(opened.leaves(*reference, **named.scope()))


def _emit_ends(found: "Ends") -> None:
    from lineage_registry.cli import structure_views as views

    output.emit(found, lambda: views.ends(found))
    note_cut(truncated=found.truncated)


@takes("part", Part)
def order(
    reference: a.References,
    *,
    direction: Annotated[
        Literal["upstream", "downstream", "both", "none"],
        typer.Option(help="Causes, effects, or both; none orders the given things alone."),
    ] = "upstream",
    limit: a.Nodes = None,
    part: Part,
) -> None:
    """List a lineage in layers: each thing comes behind all that it comes from."""
    from lineage_registry.cli import structure_views as views

    with registry() as opened:
        found = opened.order(*reference, direction=direction, limit=limit, **part.scope())
    output.emit(found, lambda: views.order(found))
    note_left_out(found)


@takes("part", Part)
def subgraph(
    reference: a.References,
    *,
    part: Part,
) -> None:
    """Draw given things and the edges among them, nothing else."""
    from lineage_registry.cli import lineage_views as views

    with registry() as opened:
        found = opened.subgraph(*reference, **part.scope())
    charset: Literal["unicode", "ascii"] = "unicode" if has_unicode(sys.stdout) else "ascii"
    output.emit(found, lambda: views.lineage(found, charset))
