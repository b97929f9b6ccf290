"""Deployments: set, show, list, delete."""

from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.asking import before_delete
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.session import how, registry


def put(
    name: a.DeploymentName,
    version: a.ModelVersion,
    *,
    environment: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where it runs, like eu-prod.")
    ] = None,
    owner: a.Owner = None,
    force: a.ForceTaint = False,
) -> None:
    """Let a deployment serve a model version; it is made if there is none of this name."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        made = opened.deploy(
            name, version, environment=environment, owner=owner, force=force, **how()
        )
    output.emit(made, lambda: views.deployment(made))


def show(name: a.DeploymentName, *, as_of: a.AsOf = None) -> None:
    """Show a deployment."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        found = opened.deployment(_name(name), as_of=as_of)
    output.emit(found, lambda: views.deployment(found))


@takes("wanted", Wanted)
def list_all(
    *,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """List deployments, oldest first."""
    from lineage_registry.cli import run_views as views

    with registry() as opened:
        found = opened.deployments(deleted=deleted, as_of=as_of)
        emit_rows(found, views.deployments, wanted)


def delete(name: a.DeploymentName, *, dry_run: a.DryRun = False, yes: a.Yes = False) -> None:
    """Put a deployment out of sight: it serves no more."""
    from lineage_registry.cli import run_views as views

    reference = f"deployments:/{_name(name)}"
    with registry() as opened:
        if not before_delete(opened, reference, dry_run=dry_run, yes=yes):
            return
        gone = opened.delete_deployment(_name(name), **how())
    output.emit(gone, lambda: views.deployment(gone))


def _name(text: str) -> str:
    return text.removeprefix("deployments:/")
