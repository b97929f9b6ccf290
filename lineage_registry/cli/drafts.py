"""Drafts: files collected for a version that is not registered yet; what folders hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lineage_registry.cli import output
from lineage_registry.cli.composing import takes
from lineage_registry.cli.picking import FollowLinks, Picked
from lineage_registry.cli.session import registry
from lineage_registry.cli.views import GAP, Cell, Line, Part, Table, View
from lineage_registry.cli.words import minute, plural, size
from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_registry.ports.commands import Draft, DraftContent
    from lineage_registry.ports.scanning import Scan, SkippedFile
    from lineage_registry.registry.drafts import Added

Name = Annotated[str, typer.Argument(metavar="DRAFT", help="Name of the draft.")]


@takes("picked", Picked)
def add(
    name: Name,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files and folders.")
    ] = None,
    *,
    below: Annotated[
        str,
        typer.Option("--into", metavar="FOLDER", help="A folder of the draft to put them into."),
    ] = "",
    version: Annotated[
        str | None,
        typer.Option("--from-version", metavar="REF", help="First the files of a version."),
    ] = None,
    move: Annotated[
        bool, typer.Option("--move", help="Remove each file once the draft has it, verified.")
    ] = False,
    follow_links: FollowLinks = False,
    picked: Picked,
) -> None:
    """Put files and folders into a draft; the first ones make it."""
    if not paths and version is None:
        raise InvalidInputError("there is nothing to add", hint="name files or folders")
    with registry() as opened, output.transfer("storing") as progress:
        draft = opened.draft(name)
        done: list[Draft] = [] if version is None else [draft.add_version(version)]
        done += [
            draft.add(
                path,
                into=below,
                include=picked.include or (),
                exclude=picked.exclude or (),
                move=move,
                follow_links=follow_links,
                progress=progress,
            )
            for path in paths or ()
        ]
    made = _summed(done)
    output.emit(made, lambda: [_line(made), *_added(made)])


def remove(
    name: Name,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files or folders of the draft.")
    ],
) -> None:
    """Take files, or folders with all that is in them, out of a draft."""
    with registry() as opened:
        left = opened.draft(name).remove(*paths)
    output.emit(left, lambda: [_line(left)])


def show(
    name: Name,
    *,
    registered_with: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="If it is gone: what was registered with this --key."),
    ] = None,
) -> None:
    """Show a draft with its files: size, times, type, digest."""
    with registry() as opened:
        found = opened.draft(name).content(registered_with=registered_with)
    output.emit(found, lambda: _content(found))


def inspect(
    name: Name,
    *,
    format: Annotated[  # noqa: A002 - the word users know
        str | None, typer.Option("--format", metavar="NAME", help="Format; found if left out.")
    ] = None,
) -> None:
    """Say what the files of a draft hold and whether they are safe, as `lreg inspect`."""
    from lineage_registry.cli.files import tell

    with registry() as opened:
        found = opened.draft(name).inspect(format=format)
    tell(found, name)


def list_all() -> None:
    """List the drafts."""
    from lineage_registry.ports.commands import Drafts

    with registry() as opened:
        found = Drafts(drafts=opened.drafts())
    output.emit(found, lambda: _drafts(found.drafts))


def discard(
    name: Name,
    *,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="TEXT", help="Only if it is as `show --json` said."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Throw a draft away; registered versions are not touched."""
    output.confirm(f"discard the draft {name}", yes=yes)
    with registry() as opened:
        gone = opened.draft(name).discard(state=state)
    output.emit(gone, lambda: [_line(gone)])


@takes("picked", Picked)
def scan(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file or folder.")],
    *,
    sort: Annotated[
        Literal["name", "time", "size"],
        typer.Option(help="By name, newest first, or largest first."),
    ] = "name",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    follow_links: FollowLinks = False,
    picked: Picked,
) -> None:
    """List the files of a folder here with size, time and type, as `draft add` would take them."""
    from lineage_registry.ports.scanning import scan as look

    found = look(
        path,
        include=picked.include or (),
        exclude=picked.exclude or (),
        sort=sort,
        reverse=reverse,
        follow_links=follow_links,
    )
    output.emit(found, lambda: _scan(found))


def _summed(done: "Sequence[Draft]") -> "Added":
    from lineage_registry.ports.commands import Draft
    from lineage_registry.registry.drafts import Added

    adds = [one for one in done if isinstance(one, Added)]
    return Added(
        **{field: getattr(done[-1], field) for field in Draft.model_fields},
        added=sum(one.added for one in adds),
        added_bytes=sum(one.added_bytes for one in adds),
        moved=sum(one.moved for one in adds),
        skipped=[skipped for one in adds for skipped in one.skipped],
    )


def _line(one: "Draft") -> Line:
    said = f"  {plural(one.files, 'file')}, {size(one.size)}"
    return Line([Cell(one.name, "name"), Cell(said)])


def _added(one: "Added") -> list[Part]:
    told = f"added {plural(one.added, 'file')}, {size(one.added_bytes)}"
    if one.moved:
        told += f"; {plural(one.moved, 'file')} moved"
    return [Line(Cell(told, "dim")), *_skipped(one.skipped)]


def _skipped(skipped: "Sequence[SkippedFile]") -> list[Part]:
    if not skipped:
        return []
    rows = [(one.path, Cell(one.reason, "warn")) for one in skipped]
    return [GAP, Table(("skipped", "because"), rows)]


def _content(one: "DraftContent") -> View:
    rows = [
        (
            file.path,
            size(file.size),
            "" if file.modified_at is None else minute(file.modified_at),
            minute(file.added_at),
            file.media_type,
            Cell(file.digest, "dim"),
        )
        for file in one.listed
    ]
    columns = ("file", "size", "changed (UTC)", "added (UTC)", "type", "digest")
    return [_line(one), Table(columns, rows, cut=("digest",))]


def _drafts(drafts: "Sequence[Draft]") -> View:
    if not drafts:
        return [Line(Cell("there are no drafts", "dim"))]
    rows = [
        (
            Cell(one.name, "name"),
            f"{one.files:,}",
            size(one.size),
            one.created_by,
            minute(one.changed_at),
            minute(one.expires_at),
        )
        for one in drafts
    ]
    columns = ("draft", "files", "size", "by", "changed (UTC)", "kept until (UTC)")
    return [Table(columns, rows)]


def _scan(one: "Scan") -> View:
    rows = [
        (file.path, size(file.size), minute(file.modified_at), file.media_type)
        for file in one.files
    ]
    said = f"{plural(len(one.files), 'file')}, {size(one.bytes)}"
    return [
        Table(("file", "size", "changed (UTC)", "type"), rows),
        Line(Cell(said, "dim")),
        *_skipped(one.skipped),
    ]
