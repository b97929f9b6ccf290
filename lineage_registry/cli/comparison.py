"""Comparison: two versions, causes with their newer ones, then with now, known with needed."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output, parsing
from lineage_registry.cli.listing import note_cut, note_page
from lineage_registry.cli.session import registry
from lineage_registry.cli.walks import EdgeKinds

if TYPE_CHECKING:
    from lineage_registry.ports.commands import Staleness
    from lineage_registry.registry import Registry

_GATE = 7
_PAGE = 1_000
NewestFirst = Annotated[bool, typer.Option("--newest-first", help="Last change first.")]


def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A version, like clf:2.")],
    after: Annotated[
        str, typer.Argument(metavar="AFTER", help="Another one, or the same with ?as_of=WHEN.")
    ],
    *,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Compare deleted things, too.")
    ] = False,
    no_files: Annotated[bool, typer.Option("--no-files", help="Leave the files out.")] = False,
    limit: a.Nodes = None,
    as_of: a.AsOf = None,
) -> None:
    """Show what differs between two versions: causes, values, files."""
    from lineage_registry.cli import comparison_views as views

    with registry() as opened:
        found = opened.diff(
            before, after, deleted=deleted, files=not no_files, limit=limit, as_of=as_of
        )
    output.emit(found, lambda: views.diff(found))
    note_cut(truncated=found.truncated)


def staleness(
    reference: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REF]...", help="Which; every version of all models if left out."),
    ] = None,
    *,
    dataset: Annotated[
        bool, typer.Option("--dataset", help="Every dataset version, instead of models.")
    ] = False,
    stage: a.WithStage = None,
    edge_kind: EdgeKinds = None,
    fail_on: Annotated[
        Literal["any", "direct"] | None,
        typer.Option(help="Exit with 7 if a cause, or a direct one, is stale: a gate."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="Versions to look at; all if left out."),
    ] = None,
    cursor: a.Cursor = None,
    as_of: a.AsOf = None,
) -> None:
    """List versions whose causes have newer versions, and how far behind they are."""
    from lineage_registry.cli import comparison_views as views

    options: dict[str, Any] = {
        "space": "datasets" if dataset else "models",
        "stage": stage,
        "edge_kinds": parsing.as_kinds(edge_kind, upper=True),
        "as_of": as_of,
    }
    with registry() as opened:
        found = _checked(opened, reference or [], options, limit, cursor)
    output.emit(found, lambda: views.stale(found))
    note_page(found.next_cursor)
    if found.truncated:
        output.note("not complete: the ancestry is too large; ask about fewer versions")
    hits = [one for each in found.stale for one in each.causes if one.direct or fail_on == "any"]
    if fail_on is not None and hits:
        output.note(f"--fail-on {fail_on}: {len(hits):,} stale")
        raise typer.Exit(_GATE)


def _checked(
    opened: "Registry",
    references: list[str],
    options: dict[str, Any],
    limit: int | None,
    cursor: str | None,
) -> "Staleness":
    """Ask page by page, and join the pages."""
    if limit is not None:
        return opened.staleness(*references, limit=limit, cursor=cursor, **options)
    found = opened.staleness(*references, limit=_PAGE, cursor=cursor, **options)
    while found.next_cursor is not None:
        page = opened.staleness(*references, limit=_PAGE, cursor=found.next_cursor, **options)
        found = _joined(found, page)
    return found


def _joined(one: "Staleness", other: "Staleness") -> "Staleness":
    joined = {
        "checked": one.checked + other.checked,
        "stale": [*one.stale, *other.stale],
        "truncated": one.truncated or other.truncated,
    }
    return other.model_copy(update=joined)


def lineage_history(
    reference: a.Reference,
    *,
    newest_first: NewestFirst = False,
    limit: a.Limit = None,
    cursor: a.Cursor = None,
    as_of: a.AsOf = None,
) -> None:
    """Show what happened to what a thing comes from: when, who, why, what."""
    from lineage_registry.cli import comparison_views as views

    with registry() as opened:
        found = opened.lineage_history(
            reference, newest_first=newest_first, limit=limit, cursor=cursor, as_of=as_of
        )
    output.emit(found, lambda: views.lineage_history(found))
    note_page(found.next_cursor)
    if found.truncated:
        output.note("not complete: the ancestry is too large to watch all of it")


def reproducibility(reference: a.Reference, *, limit: a.Nodes = None, as_of: a.AsOf = None) -> None:
    """Say what is known of how a thing was made, and what is missing."""
    from lineage_registry.cli import comparison_views as views

    with registry() as opened:
        found = opened.reproducibility(reference, limit=limit, as_of=as_of)
    output.emit(found, lambda: views.reproducibility(found))
    note_cut(truncated=found.truncated)


def deletion_preview(
    reference: a.Reference, *, limit: a.Nodes = None, as_of: a.AsOf = None
) -> None:
    """Say what would stop the delete of a thing, and what it would strand; nothing is done."""
    from lineage_registry.cli import comparison_views as views

    with registry() as opened:
        found = opened.deletion_preview(reference, limit=limit, as_of=as_of)
    output.emit(found, lambda: views.deletion(found))
    note_cut(truncated=found.truncated)
