"""Stages, aliases, rollback and their history."""

from typing import Annotated, NamedTuple

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.views import Cell, Line
from lineage_registry.cli.words import ref, short
from lineage_registry.cli.words import stage as stage_cell

StageName = Annotated[
    str, typer.Argument(metavar="STAGE", help="Like Production; `stage list` shows them.")
]
AliasName = Annotated[str, typer.Argument(metavar="ALIAS", help="Like champion.")]


class Pointer(NamedTuple):
    """Which stage or alias of a model is meant."""

    stage: Annotated[
        str | None,
        typer.Option("--stage", "-s", metavar="STAGE", help="Which stage; Production if left out."),
    ] = None
    alias: Annotated[
        str | None, typer.Option("--alias", "-a", metavar="ALIAS", help="Which alias instead.")
    ] = None


def promote(
    version: a.ModelVersion,
    stage: StageName,
    *,
    no_archive: Annotated[
        bool, typer.Option("--no-archive", help="Do not archive the versions in that stage now.")
    ] = False,
    force: a.ForceTaint = False,
) -> None:
    """Bring a model version into a stage; those in it are archived."""
    with registry() as opened:
        moved = opened.promote(version, stage, archive=not no_archive, force=force, **how())
    output.emit(
        moved, lambda: [Line([ref(moved.reference), Cell(" is in "), stage_cell(moved.stage)])]
    )


@takes("pointer", Pointer)
def rollback(
    name: a.ModelName,
    *,
    dry_run: a.DryRun = False,
    force: a.ForceTaint = False,
    pointer: Pointer,
) -> None:
    """Let a stage or alias name again what it named before; the version left is marked."""
    from lineage_registry.cli import audit_views as views

    with registry() as opened:
        answer = opened.rollback(
            name,
            stage=pointer.stage,
            alias=pointer.alias,
            dry_run=dry_run,
            force=force,
            **how(),
        )
    output.emit(answer, lambda: views.rollback(answer))


def history(
    name: a.Family,
    *,
    stage: a.WithStage = None,
    alias: Annotated[
        str | None, typer.Option("--alias", "-a", metavar="ALIAS", help="Only this alias.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="Moves at most; 100 if left out."),
    ] = None,
    as_of: a.AsOf = None,
) -> None:
    """Show who moved stages and aliases, when and why, newest first."""
    from lineage_registry.cli import audit_views as views

    with registry() as opened:
        found = opened.history(name, stage=stage, alias=alias, limit=limit, as_of=as_of)
    output.emit(found, lambda: views.history(found))
    if found.truncated:
        output.note("not complete: raise --limit")


def set_alias(version: a.VersionRef, alias: AliasName) -> None:
    """Let an alias name a version."""
    with registry() as opened:
        found = opened.set_alias(version, _bare(alias), **how())
    named = f"{found.reference}/{found.aliases.get(_bare(alias), '')}"
    output.emit(
        found,
        lambda: [Line([Cell(f"{short(found.reference)}@{_bare(alias)} is "), ref(named)])],
    )


def list_aliases(name: a.Family, *, as_of: a.AsOf = None) -> None:
    """List the aliases of a model or dataset."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        ask = opened.dataset if name.startswith("datasets:/") else opened.model
        found = ask(name, as_of=as_of)
    output.emit(found, lambda: views.aliases(found))


def remove_alias(name: a.Family, alias: AliasName) -> None:
    """Take an alias away."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        found = opened.remove_alias(name, _bare(alias), **how())
    output.emit(found, lambda: views.aliases(found))


def list_stages(*, as_of: a.AsOf = None) -> None:
    """List the stages that versions can be in."""
    from lineage_registry.ports.commands import GetStages

    with registry() as opened:
        found = opened.sender.ask(GetStages, as_of=as_of)
    output.emit(
        found,
        lambda: [
            Line(
                [
                    stage_cell(name) if name != "None" else Cell(name),
                    Cell(" guarded" if name in found.guarded else "", "dim"),
                ]
            )
            for name in found.stages
        ],
    )


def configure_stages(
    stages: Annotated[list[str], typer.Argument(metavar="STAGE...", help="All of them, in order.")],
    *,
    guarded: Annotated[
        list[str] | None,
        typer.Option(metavar="STAGE", help="Takes nothing critically tainted; repeatable."),
    ] = None,
    no_guarded: Annotated[bool, typer.Option("--no-guarded", help="No stage is guarded.")] = False,
) -> None:
    """Set the stages that versions can be in."""
    from lineage_registry.ports.commands import ConfigureStages

    with registry() as opened:
        chosen = [] if no_guarded else guarded
        found = opened.sender.write(ConfigureStages, how(), stages=stages, guarded=chosen)
    output.emit(found, lambda: [Line(name) for name in found.stages])


def _bare(alias: str) -> str:
    return alias.removeprefix("@")
