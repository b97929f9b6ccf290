"""Versions: register, list, show, describe, measure, delete, restore, depend."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.asking import before_delete
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.picking import FollowLinks
from lineage_registry.cli.session import how, registry
from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_registry.registry.drafts import DraftHandle

Place = Annotated[
    Path | None,
    typer.Argument(metavar="PATH", help="A file or folder; metadata only if left out."),
]
NewName = Annotated[str, typer.Option("--name", "-n", metavar="NAME", help="Its model or dataset.")]
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from", metavar="REF[:=KIND]", help="A version it derives from, like base:1:=finetune."
    ),
]
Needs = Annotated[
    list[str] | None,
    typer.Option("--needs", metavar="REF[:=ROLE]", help="A version it needs; repeatable."),
]
Sibling = Annotated[
    list[str] | None,
    typer.Option("--sibling", metavar="REF", help="A variant without a parent in common."),
]
Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="The run that made it.")]
Label = Annotated[
    str | None, typer.Option("--label", metavar="TEXT", help="Like 1.2.0; a date for a dataset.")
]
FormatName = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="Format; found if left out.")
]
FromDraft = Annotated[
    str | None, typer.Option("--draft", metavar="NAME", help="A draft that holds its files.")
]
NoCreate = Annotated[
    bool, typer.Option("--no-create", help="Fail if there is no model of this name.")
]


def register(
    context: typer.Context,
    name: NewName,
    *,
    path: Place = None,
    parents: From = None,
    data: a.Data = None,
    needs: Needs = None,
    tested_on: a.TestedOn = None,
    sibling: Sibling = None,
    run: Run = None,
    label: Label = None,
    metric: a.Metrics = None,
    param: a.Parameters = None,
    tag: a.Tags = None,
    description: a.Description = None,
    format: FormatName = None,  # noqa: A002 - the word users know
    draft: FromDraft = None,
    no_create: NoCreate = False,
    follow_links: FollowLinks = False,
) -> None:
    """Register the next version of a model or dataset."""
    from lineage_registry.cli import version_views as views

    content: Path | DraftHandle | None = _content(path)
    if draft is not None and path is not None:
        raise InvalidInputError("give a path or a draft, not both")
    details = {
        "parents": parsing.links(parents),
        "datasets": parsing.links(data),
        "run": parsing.run_reference(run),
        "label": label,
        "description": description,
        "tags": parsing.pairs(tag, "tag"),
        "params": parsing.parameters(param),
        "metrics": parsing.metrics(metric),
        "format": format,
        "create": not no_create,
        "follow_links": follow_links,
        **how(),
    }
    if not a.of_datasets(context):
        details["dependencies"] = parsing.links(needs)
        details["tested_on"] = parsing.links(tested_on)
        details["siblings"] = sibling or []
    with registry() as opened, output.transfer("storing") as progress:
        if draft is not None:
            content = opened.draft(draft)
        send = opened.register_dataset if a.of_datasets(context) else opened.register
        made = send(name, content, progress=progress, **details)  # type: ignore[arg-type]
    output.emit(made, lambda: views.version_line(made))


@takes("wanted", Wanted)
def list_all(
    context: typer.Context,
    name: a.Family,
    *,
    stage: a.WithStage = None,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """List the versions of a model or dataset, newest first."""
    from lineage_registry.cli import version_views as views

    reference = f"datasets:/{name}" if a.of_datasets(context) and ":/" not in name else name
    with registry() as opened:
        found = opened.versions(reference, stage=stage, deleted=deleted, as_of=as_of)
        emit_rows(found, views.versions, wanted)


def show(version: a.VersionRef, *, deleted: a.Deleted = False, as_of: a.AsOf = None) -> None:
    """Show a version."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        found = opened.version(version, as_of=as_of, deleted=deleted)
    output.emit(found, lambda: views.version(found))


def files(version: a.VersionRef, *, deleted: a.Deleted = False, as_of: a.AsOf = None) -> None:
    """List the files of a version."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        found = opened.files(version, deleted=deleted, as_of=as_of)
    output.emit(found, lambda: views.files(found))


def update(
    version: a.VersionRef,
    *,
    description: a.Description = None,
    tag: a.Tags = None,
    untag: a.Untag = None,
) -> None:
    """Describe or tag a version; what is left out stays."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        changed = opened.update_version(
            version, description=description, tags=parsing.tag_changes(tag, untag), **how()
        )
    output.emit(changed, lambda: views.version(changed))


def measure(version: a.VersionRef, *, metric: a.Metrics = None, step: a.Step = 0) -> None:
    """Add measurements to a version."""
    from lineage_registry.cli import version_views as views

    found = parsing.metrics(metric)
    if not found:
        raise InvalidInputError("there is nothing to add", hint="like -m accuracy=0.93")
    with registry() as opened:
        changed = opened.log_version_metrics(version, found, step, **how())
    output.emit(changed, lambda: views.version(changed))


def delete(
    version: a.VersionRef,
    *,
    force: a.Force = False,
    dry_run: a.DryRun = False,
    yes: a.Yes = False,
) -> None:
    """Put a version out of sight; nothing is destroyed."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        if not before_delete(opened, version, dry_run=dry_run, yes=yes):
            return
        gone = opened.delete_version(version, force=force, **how())
    output.emit(gone, lambda: views.version(gone))


def trust(version: a.VersionRef) -> None:
    """Record that you trust a version whose files name code; needs --reason, loads nothing."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        trusted = opened.trust(version, **how())
    output.emit(trusted, lambda: views.version(trusted))


def restore(version: a.VersionRef) -> None:
    """Bring back a deleted version."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        back = opened.restore_version(version, **how())
    output.emit(back, lambda: views.version(back))


def depend(
    version: a.ModelVersion,
    on: Annotated[str, typer.Argument(metavar="ON", help="The version it needs.")],
    *,
    role: a.Role = None,
) -> None:
    """Record that a model version needs another version; refused if that comes from it."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        changed = opened.add_dependency(version, on, role, **how())
    output.emit(changed, lambda: views.version(changed))


def undepend(
    version: a.ModelVersion,
    on: Annotated[str, typer.Argument(metavar="ON", help="The version it needs no more.")],
    *,
    role: a.Role = None,
) -> None:
    """End a dependency; it stays visible as of earlier revisions."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        changed = opened.remove_dependency(version, on, role, **how())
    output.emit(changed, lambda: views.version(changed))


def _content(path: Path | None) -> Path | None:
    if path is not None and str(path) == "-":
        raise InvalidInputError(
            "a version cannot be read from stdin", hint="write it to a file or folder first"
        )
    return path
