"""Lineage: ancestry, impact, siblings, neighbours, paths."""

import sys
from typing import Annotated, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import note_cut
from lineage_registry.cli.session import registry
from lineage_registry.cli.terminal import has_unicode
from lineage_registry.cli.walks import Depth, NoInferred, Part, Walk, asked, note_beyond

_GATE = 7


@takes("walk", Walk)
def lineage(reference: a.References, *, walk: Walk) -> None:
    """Draw what a thing comes from, as a tree; with --down, what comes from it."""
    from lineage_registry.cli import lineage_views as views

    with registry() as opened:
        found = asked(opened, reference, walk)
    charset: Literal["unicode", "ascii"] = "unicode" if has_unicode(sys.stdout) else "ascii"
    output.emit(found, lambda: views.lineage(found, charset))
    note_beyond(found)


def impact(
    reference: a.References,
    *,
    depth: Depth = None,
    node_kind: Annotated[
        list[str] | None,
        typer.Option("--node-kind", metavar="KIND", help="Count only these, like model-version."),
    ] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage", "-s", metavar="STAGE", help="What counts as Production; repeatable."
        ),
    ] = None,
    deleted: a.Deleted = False,
    no_inferred: NoInferred = False,
    limit: a.Nodes = None,
    fail_on: Annotated[
        Literal["production", "deployments", "any"] | None,
        typer.Option(help="Exit with 7 if it hits this: a gate for pipelines."),
    ] = None,
    as_of: a.AsOf = None,
) -> None:
    """Say what is affected if a thing breaks: counts, Production, deployments, owners."""
    from lineage_registry.cli import lineage_views as views

    with registry() as opened:
        found = opened.impact(
            *reference,
            depth=depth,
            node_kinds=parsing.as_kinds(node_kind, upper=False),
            stage=[one for one in stage if one] if stage else None,
            deleted=deleted,
            inferred=not no_inferred,
            limit=limit,
            as_of=as_of,
        )
    output.emit(found, lambda: views.impact(found))
    note_cut(truncated=found.truncated)
    hits = {
        "production": len(found.production),
        "deployments": len(found.deployments),
        "any": found.total,
    }
    if fail_on is not None and hits[fail_on]:
        output.note(f"--fail-on {fail_on}: {hits[fail_on]:,} hit")
        raise typer.Exit(_GATE)


@takes("part", Part)
def siblings(
    reference: a.VersionRef,
    *,
    cause_kind: Annotated[
        list[str] | None,
        typer.Option(
            "--cause-kind", metavar="KIND", help="Only who shares such a cause, like run."
        ),
    ] = None,
    limit: a.Nodes = None,
    part: Part,
) -> None:
    """List versions that share a direct parent, run or dataset version, and which."""
    from lineage_registry.cli import lineage_views as views

    kinds = parsing.as_kinds(cause_kind, upper=False)
    with registry() as opened:
        found = opened.siblings(reference, cause_kinds=kinds, limit=limit, **part.scope())
    output.emit(found, lambda: views.siblings(found))
    note_cut(truncated=found.truncated)


@takes("part", Part)
def neighbours(reference: a.Reference, *, limit: a.Nodes = None, part: Part) -> None:
    """List what one edge of any kind ties to a thing."""
    from lineage_registry.cli import lineage_views as views

    with registry() as opened:
        found = opened.neighbours(reference, limit=limit, **part.scope())
    output.emit(found, lambda: views.neighbours(found))
    note_cut(truncated=found.truncated)
