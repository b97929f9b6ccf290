"""Find models, datasets and their versions."""

from itertools import islice
from typing import Annotated

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import Wanted, emit_rows
from lineage_registry.cli.options import options
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import GAP, Part

_DEFAULT = 100

Among = Annotated[bool, typer.Option("--dataset", help="Among datasets instead of models.")]


def search(
    *,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="In names, and in descriptions of versions."),
    ] = None,
    stage: a.WithStage = None,
    tag: a.WithTag = None,
    metric: a.WithMetric = None,
    param: a.WithParameter = None,
    dataset: Among = False,
    deleted: a.Deleted = False,
    limit: a.Limit = None,
    as_of: a.AsOf = None,
) -> None:
    """Find models or datasets by name, and versions by what is known of them."""
    from lineage_registry.cli import version_views as views

    narrowed = bool(stage or tag or metric or param)
    most = limit or _DEFAULT
    with registry() as opened:
        ask = opened.datasets if dataset else opened.models
        named = ask(text=text, deleted=deleted, as_of=as_of)
        families = [] if narrowed else list(islice(named, most + 1))
        found = opened.search(
            "datasets" if dataset else "models",
            text=text,
            stage=stage,
            tag=tag,
            metric=metric,
            param=param,
            deleted=deleted,
            as_of=as_of,
        )
        # Without anything to look for, the names are the answer.
        versions = list(islice(found, most + 1)) if narrowed or text else []
    more = max(len(families), len(versions)) > most
    families, versions = families[:most], versions[:most]
    if options().jsonl:
        for row in (*families, *versions):
            output.write(row.model_dump_json() + "\n")
        return
    if options().json:
        output.emit_json(
            {
                "families": [each.model_dump(mode="json") for each in families],
                "items": [each.model_dump(mode="json") for each in versions],
                "more": more,
            }
        )
        return
    parts: list[Part] = [*views.families(families)] if families else []
    if versions:
        parts += [GAP] if parts else []
        parts += views.versions(versions)
    output.show(parts)
    if not parts:
        output.note("nothing found")
    if more:
        output.note(f"there are more than {most}: raise --limit, or page with `version search`")


@takes("wanted", Wanted)
def versions(
    *,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="In their descriptions.")
    ] = None,
    stage: a.WithStage = None,
    tag: a.WithTag = None,
    metric: a.WithMetric = None,
    param: a.WithParameter = None,
    dataset: Among = False,
    deleted: a.Deleted = False,
    as_of: a.AsOf = None,
    wanted: Wanted,
) -> None:
    """Find versions of all models, or of all datasets, newest first."""
    from lineage_registry.cli import version_views as views

    with registry() as opened:
        found = opened.search(
            "datasets" if dataset else "models",
            text=text,
            stage=stage,
            tag=tag,
            metric=metric,
            param=param,
            deleted=deleted,
            as_of=as_of,
        )
        emit_rows(found, views.versions, wanted)
