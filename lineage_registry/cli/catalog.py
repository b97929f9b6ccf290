"""Models and datasets: create, list, show, update, delete, restore."""

from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.asking import before_delete
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.session import how, registry

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]


def create(
    context: typer.Context,
    name: Name,
    *,
    description: a.Description = None,
    owner: a.Owner = None,
    tag: a.Tags = None,
) -> None:
    """Create a model or dataset; registering a version does so, too."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        make = opened.create_dataset if a.of_datasets(context) else opened.create_model
        made = make(
            name, description=description, owner=owner, tags=parsing.pairs(tag, "tag"), **how()
        )
    output.emit(made, lambda: views.family(made))


@takes("wanted", Wanted)
def list_all(
    context: typer.Context,
    *,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Only names with this in them.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those of this owner.")
    ] = None,
    tag: a.WithTag = None,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """List models or datasets, oldest first."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        ask = opened.datasets if a.of_datasets(context) else opened.models
        found = ask(text=text, owner=owner, tag=tag, deleted=deleted, as_of=as_of)
        emit_rows(found, views.families, wanted)


def show(context: typer.Context, name: Name, *, as_of: a.AsOf = None) -> None:
    """Show a model or dataset."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        ask = opened.dataset if a.of_datasets(context) else opened.model
        found = ask(name, as_of=as_of)
    output.emit(found, lambda: views.family(found))


def update(
    context: typer.Context,
    name: Name,
    *,
    new_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="A new name; the old one finds it, too.")
    ] = None,
    description: a.Description = None,
    owner: a.Owner = None,
    tag: a.Tags = None,
    untag: a.Untag = None,
) -> None:
    """Describe, tag or rename a model or dataset; what is left out stays."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        changed = opened.update(
            _reference(context, name),
            new_name=new_name,
            description=description,
            owner=owner,
            tags=parsing.tag_changes(tag, untag),
            **how(),
        )
    output.emit(changed, lambda: views.family(changed))


def delete(
    context: typer.Context,
    name: Name,
    *,
    force: a.Force = False,
    dry_run: a.DryRun = False,
    yes: a.Yes = False,
) -> None:
    """Put a model or dataset and its versions out of sight; nothing is destroyed."""
    from lineage_registry.cli import version_views as views

    reference = _reference(context, name)
    with registry() as opened:
        if not before_delete(opened, reference, dry_run=dry_run, yes=yes):
            return
        gone = opened.delete(reference, force=force, **how())
    output.emit(gone, lambda: views.family(gone))


def restore(context: typer.Context, name: Name) -> None:
    """Bring back a deleted model or dataset with the versions that went with it."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        back = opened.restore(_reference(context, name), **how())
    output.emit(back, lambda: views.family(back))


def _reference(context: typer.Context, name: str) -> str:
    if ":/" in name:
        return name
    return f"datasets:/{name}" if a.of_datasets(context) else f"models:/{name}"
