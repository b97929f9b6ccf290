"""Cursors: where a page ended and at which revision, so that pages join to one list."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from lineage_registry.domain.references import AsOf
from lineage_registry.domain.view import GraphView, Selection
from lineage_registry.errors import InvalidQueryError
from lineage_registry.ports.commands import Listing, Page
from lineage_registry.services.workplace import Workplace

T = TypeVar("T")
_FARTHEST: Final = 2**53


class Cursor(NamedTuple):
    """The last id, position or place of a page and the revision that it is true of."""

    after: int
    revision: int


def read_cursor(listing: Listing[Any]) -> Cursor | None:
    """Return what the cursor of a question says.

    Raises:
        InvalidQueryError: It was not made here.
    """
    if listing.cursor is None:
        return None
    try:
        after, revision = unpack(listing.cursor)
        return Cursor(int(after), int(revision))
    except (ValueError, TypeError) as error:
        raise not_a_cursor() from error


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as text."""
    return pack(cursor)


def place_of(cursor: Cursor | None) -> int:
    """Return how many rows earlier pages had, where that is what a cursor says."""
    return min(max(cursor.after, 0), _FARTHEST) if cursor else 0


def as_of(listing: Listing[Any], cursor: Cursor | None) -> AsOf | None:
    """Return the state that a page is about: the cursor's, if there is one."""
    return listing.as_of if cursor is None else cursor.revision


def page(items: Sequence[T], ids: Sequence[int], limit: int, revision: int) -> Page[T]:
    """Return a page; one id more than `limit` was asked for to see whether there is more."""
    cursor = next_cursor(ids, limit, revision)
    return Page[T].model_construct(items=list(items), next_cursor=cursor, revision=revision)


def listed(
    work: Workplace,
    listing: Listing[Page[T]],
    select: Callable[[GraphView], Selection],
    describe: Callable[[GraphView, Sequence[int]], Sequence[T]],
) -> Page[T]:
    """Return the page of selected nodes that a question asks for, described."""
    cursor = read_cursor(listing)
    with work.ask(as_of(listing, cursor)) as view:
        ids = view.select(select(view), cursor.after if cursor else None, listing.limit + 1)
        return page(describe(view, ids[: listing.limit]), ids, listing.limit, view.revision)


def next_cursor(ids: Sequence[int], limit: int, revision: int) -> str | None:
    """Return what to ask for the rest with, if there are more than `limit` ids."""
    return write_cursor(Cursor(ids[limit - 1], revision)) if len(ids) > limit else None


def pack(values: Sequence[Any]) -> str:
    """Write plain values as the text of a cursor."""
    text = json.dumps(values, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def unpack(cursor: str) -> list[Any]:
    """Return the values in the text of a cursor.

    Raises:
        ValueError: It holds none.
    """
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(values, list):
        raise ValueError("no list")  # noqa: TRY004 - who reads a cursor looks for one error
    return values


def not_a_cursor() -> InvalidQueryError:
    """Return the error for a cursor that was not made here."""
    return InvalidQueryError(
        "not a cursor of this registry", hint="use next_cursor of the page before as it is"
    )
