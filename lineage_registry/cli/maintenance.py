"""The upkeep of a registry: what to rebuild, to guard, to clear away."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows, note_cut
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import Cell, Line
from lineage_registry.cli.walks import EdgeKinds, NodeKinds, NoInferred

_VERSIONS: Final[Mapping[str, Literal["model_version", "dataset_version"]]] = {
    "model-version": "model_version",
    "dataset-version": "dataset_version",
}


def rebuild_plan(
    reference: a.References,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="REF", help="Only what this needs; repeatable."),
    ] = None,
    pinned: Annotated[
        list[str] | None,
        typer.Option("--pinned", metavar="REF", help="Stays as it is; repeatable."),
    ] = None,
    cost: Annotated[bool, typer.Option("--cost", help="Say how long it takes.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Rebuild deleted ones, too.")] = False,
    no_inferred: NoInferred = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """Say what to make again after something changed: what can be done at once, and why."""
    from lineage_registry.cli import maintenance_views as views

    with registry() as opened:
        found = opened.rebuild_plan(
            *reference,
            target=target or None,
            pinned=pinned or (),
            cost=cost,
            deleted=deleted,
            inferred=not no_inferred,
            limit=limit,
            as_of=as_of,
        )
    output.emit(found, lambda: views.rebuild_plan(found))
    note_cut(truncated=found.truncated)


def hot_list(
    *,
    node_kind: NodeKinds = None,
    edge_kind: EdgeKinds = None,
    direction: Annotated[
        Literal["downstream", "upstream"],
        typer.Option(help="Count effects, or causes: what depends on most things."),
    ] = "downstream",
    transitive: Annotated[
        bool, typer.Option("--transitive", help="Count what is behind the neighbours, too.")
    ] = False,
    deleted: a.Deleted = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List what most things depend on directly: data and models to guard."""
    from lineage_registry.cli import maintenance_views as views

    with registry() as opened:
        found = opened.hot_list(
            node_kinds=parsing.as_kinds(node_kind, upper=False),
            edge_kinds=parsing.as_kinds(edge_kind, upper=True),
            direction=direction,
            transitive=transitive,
            deleted=deleted,
            limit=limit,
            as_of=as_of,
        )
    output.emit(found, lambda: views.hot_list(found))


def same_weights(
    of: Annotated[
        str, typer.Argument(metavar="REF", help="A version, or a digest of tensors, sha256:...")
    ],
    *,
    deleted: a.Deleted = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """List the versions that hold the same tensors, in whatever format."""
    from lineage_registry.cli import lineage_views as views

    with registry() as opened:
        found = opened.same_weights(of, deleted=deleted, limit=limit, as_of=as_of)
    none = "nothing else holds the same tensors"
    if found.weights is None:
        none = f"no digest of tensors is known of {found.of}"
    output.emit(found, lambda: views.nodes(found.nodes) if found.nodes else [Line(Cell(none))])
    note_cut(truncated=found.truncated)


@takes("wanted", Wanted)
def orphans(
    kind: Annotated[
        Literal["model-version", "dataset-version"],
        typer.Argument(metavar="[KIND]", help="model-version (if left out), dataset-version."),
    ] = "model-version",
    *,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """List versions that no run made and that have no parent, oldest first."""
    from lineage_registry.cli import maintenance_views as views

    with registry() as opened:
        found = opened.orphans(_VERSIONS[kind], deleted=deleted, as_of=as_of)
        emit_rows(found, views.unlinked, wanted)


@takes("wanted", Wanted)
def unused(
    kind: Annotated[
        Literal["dataset-version", "model-version", "run"],
        typer.Argument(metavar="[KIND]", help="dataset-version (if left out), model-version, run."),
    ] = "dataset-version",
    *,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """List things that nothing comes from, and why to keep them all the same."""
    from lineage_registry.cli import maintenance_views as views

    with registry() as opened:
        what = "run" if kind == "run" else _VERSIONS[kind]
        found = opened.unused(what, deleted=deleted, as_of=as_of)
        emit_rows(found, views.unlinked, wanted)
