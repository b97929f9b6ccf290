"""Cursors of lineage: where a page ended, in which answer, and what was left then."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from lineage_registry.domain.graph import NodeKind
from lineage_registry.errors import InvalidQueryError
from lineage_registry.ports.commands import GetLineage
from lineage_registry.services.paging import not_a_cursor, pack, unpack

_KINDS: Final = tuple(NodeKind)
_MOST: Final = 2**40
_DIGITS: Final = 32


class LineageCursor(NamedTuple):
    """Where a page ended.

    Attributes:
        revision: The revision that all pages are true of.
        last: The last node of the page.
        given: How many nodes the pages had so far, without the starts.
        omitted: How many nodes of each kind lay beyond the page; None if not counted.
    """

    revision: int
    last: int
    given: int
    omitted: Mapping[NodeKind, int] | None


def write_cursor(command: GetLineage, cursor: LineageCursor) -> str:
    """Return the text of a cursor, which fits this question only."""
    omitted = cursor.omitted
    counts = None if omitted is None else [omitted.get(kind, 0) for kind in _KINDS]
    return pack([_mark(command), cursor.revision, cursor.last, cursor.given, counts])


def read_cursor(command: GetLineage) -> LineageCursor | None:
    """Return what the cursor of a question says.

    Raises:
        InvalidQueryError: It was not made here, or for another question.
    """
    if command.cursor is None:
        return None
    try:
        mark, *numbers, counts = unpack(command.cursor)
        revision, last, given = numbers
        omitted = None if counts is None else dict(zip(_KINDS, counts, strict=True))
    except (ValueError, TypeError) as error:
        raise not_a_cursor() from error
    if mark != _mark(command):
        raise InvalidQueryError(
            "the cursor belongs to another question",
            hint="ask for the next page as for the first; only limit may change",
        )
    sound = all(_is_count(number) for number in (*numbers, *(counts or ()))) and given > 0
    if not sound or (counts is not None) != command.count:
        raise not_a_cursor()
    return LineageCursor(revision, last, given, omitted)


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < _MOST


def _mark(command: GetLineage) -> str:
    asked = command.model_copy(update={"cursor": None, "limit": 1})
    return asked.digest()[:_DIGITS]
