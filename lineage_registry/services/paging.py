"""Cursors: where a page ended and at which revision, so that pages join to one list."""

import base64
import json
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from lineage_registry.domain.references import AsOf
from lineage_registry.errors import InvalidQueryError
from lineage_registry.ports.commands import Listing, Page

T = TypeVar("T")


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
        padded = listing.cursor + "=" * (-len(listing.cursor) % 4)
        after, revision = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        return Cursor(int(after), int(revision))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidQueryError(
            "not a cursor of this registry", hint="use next_cursor of the page before as it is"
        ) from error


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as text."""
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")


def as_of(listing: Listing[Any], cursor: Cursor | None) -> AsOf | None:
    """Return the state that a page is about: the cursor's, if there is one."""
    return listing.as_of if cursor is None else cursor.revision


def page(items: Sequence[T], ids: Sequence[int], limit: int, revision: int) -> Page[T]:
    """Return a page; one id more than `limit` was asked for to see whether there is more."""
    cursor = next_cursor(ids, limit, revision)
    return Page[T].model_construct(items=list(items), next_cursor=cursor, revision=revision)


def next_cursor(ids: Sequence[int], limit: int, revision: int) -> str | None:
    """Return what to ask for the rest with, if there are more than `limit` ids."""
    return write_cursor(Cursor(ids[limit - 1], revision)) if len(ids) > limit else None
