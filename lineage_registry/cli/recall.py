"""Recall: who used something, and what reached something."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.listing import note_page
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import NoInferred

if TYPE_CHECKING:
    from lineage_registry.registry.asking import UsedScope

Recalled = Annotated[
    list[str] | None,
    typer.Argument(metavar="[REF]...", help="What: datasets:/raw/3, datasets:/raw/3..7, net:2."),
]


class Used(NamedTuple):
    """What counts as used, and which page of the answer is wanted."""

    evaluated: Annotated[
        bool, typer.Option("--evaluated", help="Follow runs that were tested on data, too.")
    ] = False
    no_inferred: NoInferred = False
    limit: a.Nodes = None
    cursor: a.Cursor = None
    as_of: a.AsOf = None

    def scope(self) -> "UsedScope":
        """Return it as the registry takes it."""
        return {
            "evaluated": self.evaluated,
            "inferred": not self.no_inferred,
            "limit": self.limit,
            "cursor": self.cursor,
            "as_of": self.as_of,
        }


@takes("used", Used)
def recall(
    reference: Recalled = None,
    *,
    content: Annotated[
        list[str] | None,
        typer.Option(metavar="DIGEST", help="Who holds this file or manifest; repeatable."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="REF", help="Leave out what used this, too; repeatable."),
    ] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option("--stage", "-s", metavar="STAGE", help="Only in this stage; repeatable."),
    ] = None,
    deployed: Annotated[bool, typer.Option("--deployed", help="Only what serves.")] = False,
    deployment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what this deployment serves.")
    ] = None,
    datasets: Annotated[
        bool, typer.Option("--datasets", help="Name dataset versions, too.")
    ] = False,
    deleted: a.Deleted = False,
    used: Used,
) -> None:
    """List the versions that used something, directly or over others, with the way there."""
    from lineage_registry.cli import recall_views as views

    with registry() as opened:
        found = opened.recall(
            *(reference or ()),
            content=content or (),
            without=without or (),
            # None is a stage, so that an empty text says that there is none to be in.
            stage=[one for one in stage if one] if stage else None,
            deployed=deployed,
            deployment=deployment,
            datasets=datasets,
            deleted=deleted,
            **used.scope(),
        )
    output.emit(found, lambda: views.recall(found))
    note_page(found.next_cursor)


@takes("used", Used)
def exposure(
    reference: a.References,
    *,
    models: Annotated[
        bool, typer.Option("--models", help="Name model versions upstream, too.")
    ] = False,
    used: Used,
) -> None:
    """List what reached a version: data, tags, licences and taints, with the way it came."""
    from lineage_registry.cli import recall_views as views

    with registry() as opened:
        found = opened.exposure(*reference, models=models, **used.scope())
    output.emit(found, lambda: views.exposure(found))
    note_page(found.next_cursor)
