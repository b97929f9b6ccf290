"""Lists: how much of one is printed, and where it goes on."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from lineage_registry.cli import arguments as a
from lineage_registry.cli import output
from lineage_registry.cli.options import options
from lineage_registry.cli.views import View
from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lineage_registry.ports.commands import Page
    from lineage_registry.registry.rows import Rows

T = TypeVar("T", bound="BaseModel")
_DEFAULT_ROWS = 100


class Wanted(NamedTuple):
    """Which part of a list is wanted.

    Attributes:
        limit: Rows at most; None is 100, and everything with `--jsonl`.
        cursor: Where to go on.
        everything: Whether there is no limit.
    """

    limit: a.Limit = None
    cursor: a.Cursor = None
    everything: a.Everything = False


def emit_rows(rows: "Rows[T]", view: Callable[[list[T]], View], wanted: Wanted) -> None:
    """Print a part of a list, and say where it goes on.

    Raises:
        InvalidInputError: The options contradict each other, or the cursor is none.
    """
    if wanted.everything and wanted.limit is not None:
        raise InvalidInputError("give --limit or --all, not both")
    if options().jsonl:
        _stream(rows.pages(None if wanted.everything else wanted.limit, wanted.cursor))
        return
    limit = None if wanted.everything else wanted.limit or _DEFAULT_ROWS
    pages = list(rows.pages(limit, wanted.cursor))
    found, following = [row for page in pages for row in page.items], pages[-1].next_cursor
    if options().json:
        output.emit_json(
            {
                "items": [row.model_dump(mode="json") for row in found],
                "next_cursor": following,
                "revision": pages[-1].revision,
            }
        )
        return
    if found:
        output.show(view(found))
    else:
        output.note("nothing found")
    _note_rest(following)


def note_cut(*, truncated: bool) -> None:
    """Say that a limit left something out, if it did."""
    if truncated:
        output.note("not complete: raise --limit")


def note_page(cursor: str | None) -> None:
    """Say how to go on behind a page, if there is more."""
    if cursor is not None:
        output.note(f"there is more: raise --limit, or go on with --cursor {cursor}")


def _stream(pages: "Iterator[Page[T]]") -> None:
    following = None
    for page in pages:
        for row in page.items:
            output.write(row.model_dump_json() + "\n")
        following = page.next_cursor
    _note_rest(following)


def _note_rest(cursor: str | None) -> None:
    if cursor is not None:
        output.note(f"there is more: --cursor {cursor} goes on, --all shows everything")
