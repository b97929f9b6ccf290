"""Batches: JSON Lines in, one result for each."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.session import how, registry
from lineage_registry.cli.views import Cell, Table, View
from lineage_registry.cli.words import ref
from lineage_registry.domain.json_members import unique_members
from lineage_registry.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from lineage_registry.ports.commands import BatchItem

File = Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines; - reads them from stdin.")]
Atomic = Annotated[bool, typer.Option("--atomic", help="All in one commit, or nothing.")]


def register(file: File, *, atomic: Atomic = False) -> None:
    """Register a version for each line, like `{"name": "net", "path": "net.pt"}`.

    Names and values are those of `register` in Python; `path` or `draft` says where the files are,
    `space` is `datasets` for a dataset version. Exits with the code of the first failure.
    """
    items = [_item(row) for row in _rows(file)]
    with registry() as opened, output.transfer("storing") as progress:
        for item in items:
            if "draft" in item:
                item["model"] = opened.draft(str(item.pop("draft")))
        done = opened.register_many(items, atomic=atomic, progress=progress, **how())
    _emit(done, [str(item.get("name", "")) for item in items])


def pull(
    file: File,
    *,
    folder: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Folder of their folders.")
    ] = Path(),
) -> None:
    """Bring the version of each line to a folder of its own, models/NAME-NUMBER, like `"net:3"`."""
    references = _references(file)
    with registry() as opened, output.transfer("fetching") as progress:
        _emit(opened.pull_many(references, folder, progress=progress), references)


def verify(
    file: File,
    *,
    no_read: Annotated[
        bool, typer.Option("--no-read", help="Look at presence and size only.")
    ] = False,
) -> None:
    """Check the files of the version of each line; exits with 5 if one is damaged."""
    references = _references(file)
    with registry() as opened:
        found = opened.verify_many(references, read=not no_read)
    damaged = any(item.value and item.value.state == "damaged" for item in found)
    _emit(found, references, 5 if damaged else 0)


def delete(
    file: File, *, force: a.Force = False, atomic: Atomic = False, yes: a.Yes = False
) -> None:
    """Put the version of each line out of sight; nothing is destroyed."""
    references = _references(file)
    output.confirm(f"delete {len(references):,} versions", yes=yes)
    with registry() as opened:
        done = opened.delete_many(references, force=force, atomic=atomic, **how())
    _emit(done, references)


def _emit(items: "Sequence[BatchItem[Any]]", names: Sequence[str], code: int = 0) -> None:
    from lineage_registry.problems import outcome

    ok = all(item.state == "done" for item in items)
    told = [item.model_dump(mode="json", serialize_as_any=True) for item in items]
    if options().jsonl:
        for row in told:
            output.write(json.dumps(row, ensure_ascii=False) + "\n")
    elif options().json:
        output.emit_json({"ok": ok, "items": told})
    else:
        output.show(_view(items, names))
    failed = next((item.error for item in items if item.error is not None), None)
    if failed is not None:
        raise typer.Exit(int(outcome(failed).exit_code))
    if code:
        raise typer.Exit(code)


def _view(items: "Sequence[BatchItem[Any]]", names: Sequence[str]) -> View:
    styles = {"done": "good", "failed": "bad", "undone": "warn"}
    rows = [
        (
            Cell(str(item.index + 1), "dim"),
            Cell(item.state, styles[item.state]),
            ref(getattr(item.value, "reference", None)) if item.value is not None else name,
            _said(item),
        )
        for item, name in zip(items, names, strict=True)
    ]
    return [Table(("line", "", "version", "what happened"), rows)]


def _said(item: "BatchItem[Any]") -> str:
    if item.error is not None:
        return item.error.message
    return str(getattr(item.value, "state", "")) if item.value is not None else ""


def _item(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise InvalidInputError(
            "a line is no object", hint='write {"name": "net", "path": "net.safetensors"}'
        )
    item = {key: value for key, value in row.items() if key != "path"}
    if row.get("path") is not None:
        item["model"] = Path(str(row["path"]))
    return item


def _references(file: Path) -> list[str]:
    found = []
    for row in _rows(file):
        text = row.get("reference") if isinstance(row, dict) else row
        if not isinstance(text, str):
            raise InvalidInputError("a line names no version", hint='write "net:3"')
        found.append(text)
    return found


def _rows(file: Path) -> list[Any]:
    if str(file) != "-" and not file.is_file():
        raise NotFoundError(f"there is no file {str(file)!r}")
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    rows = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line, object_pairs_hook=unique_members))
            except (ValueError, RecursionError) as error:
                raise InvalidInputError(
                    f"line {number} cannot be read: {error}", hint="each line is one JSON value"
                ) from error
    if not rows:
        raise InvalidInputError("there are no lines to do")
    return rows
