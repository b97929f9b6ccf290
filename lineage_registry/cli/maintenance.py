"""The upkeep of a registry: what to rebuild, to guard, to clear away."""

from typing import Annotated, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import Declared, EdgeKinds, NodeKinds, Through


def rebuild_plan(
    reference: a.References,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="REF", help="Only what this needs; repeatable."),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="REF", help="Stays as it is; repeatable."),
    ] = None,
    cost: Annotated[bool, typer.Option("--cost", help="Say how long it takes.")] = False,
    deleted: Through = False,
    declared: Declared = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """Say what to make again after something changed: what can be done at once, and why."""
    from lineage_registry.cli import maintenance_views as views

    with registry() as opened:
        found = opened.rebuild_plan(
            *reference,
            targets=target or None,
            pinned=pin or (),
            cost=cost,
            deleted=deleted,
            inferred=not declared,
            limit=limit,
            as_of=as_of,
        )
    output.emit(found, lambda: views.rebuild_plan(found))
    if found.truncated:
        output.note("not complete: raise --limit")


def hot_list(
    *,
    node_kind: NodeKinds = None,
    edge_kind: EdgeKinds = None,
    up: Annotated[bool, typer.Option("--up", help="What depends on most things instead.")] = False,
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
            direction="upstream" if up else "downstream",
            transitive=transitive,
            deleted=deleted,
            limit=limit,
            as_of=as_of,
        )
    output.emit(found, lambda: views.hot_list(found))


def orphans(
    *,
    dataset: Annotated[bool, typer.Option("--dataset", help="Of datasets, not of models.")] = False,
    deleted: a.Deleted = False,
    limit: a.Limit = None,
    cursor: a.Cursor = None,
    everything: a.Everything = False,
    as_of: a.AsOf = None,
) -> None:
    """List versions that no run made and that have no parent, oldest first."""
    from lineage_registry.cli import maintenance_views as views

    kind: Literal["model_version", "dataset_version"] = "model_version"
    if dataset:
        kind = "dataset_version"
    with registry() as opened:
        found = opened.orphans(kind, deleted=deleted, as_of=as_of)
        emit_rows(found, views.unlinked, Wanted(limit, cursor, everything))


def unused(
    kind: Annotated[
        Literal["dataset-version", "model-version", "run"],
        typer.Argument(metavar="[KIND]", help="dataset-version (if left out), model-version, run."),
    ] = "dataset-version",
    *,
    deleted: a.Deleted = False,
    limit: a.Limit = None,
    cursor: a.Cursor = None,
    everything: a.Everything = False,
    as_of: a.AsOf = None,
) -> None:
    """List things that nothing comes from, and why to keep them all the same."""
    from lineage_registry.cli import maintenance_views as views

    kinds: dict[str, Literal["dataset_version", "model_version", "run"]] = {
        "dataset-version": "dataset_version",
        "model-version": "model_version",
        "run": "run",
    }
    with registry() as opened:
        found = opened.unused(kinds[kind], deleted=deleted, as_of=as_of)
        emit_rows(found, views.unlinked, Wanted(limit, cursor, everything))
