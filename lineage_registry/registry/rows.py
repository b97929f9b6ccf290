"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Generic, Self, TypeVar

from lineage_registry.ports.commands import Page

A = TypeVar("A")
B = TypeVar("B")
MAX_PAGE: Final = 1_000


class Rows(Iterator[A], Generic[A]):
    """The rows of a list, asked for page by page while one goes through them.

    All pages are of the revision of the first one, whatever is written meanwhile.
    """

    def __init__(self, ask: Callable[[int | None, str | None], Page[A]]) -> None:
        self._ask = ask
        self._rows = _all(self.pages())

    def page(self, limit: int | None = None, cursor: str | None = None) -> Page[A]:
        """Return one page: `limit` rows, 1,000 at most; 100 if the list was asked for without.

        Its `next_cursor` is the `cursor` to ask for the next one with; None at the end.

        Raises:
            InvalidInputError: There is no page of that size, or the cursor is none.
        """
        return self._ask(limit, cursor)

    def pages(self, limit: int | None = None, cursor: str | None = None) -> Iterator[Page[A]]:
        """Yield page after page, behind `cursor`, until the end or until `limit` rows."""
        left = limit
        while True:
            page = self._ask(None if left is None else min(left, MAX_PAGE), cursor)
            yield page
            cursor = page.next_cursor
            left = None if left is None else left - len(page.items)
            if cursor is None or left == 0:
                return

    def map(self, make: Callable[[A], B]) -> Rows[B]:
        """Return the same list with something made of each row."""

        def ask(limit: int | None, cursor: str | None) -> Page[B]:
            page = self._ask(limit, cursor)
            return Page[B].model_construct(
                items=[make(row) for row in page.items],
                next_cursor=page.next_cursor,
                revision=page.revision,
            )

        return Rows(ask)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> A:
        return next(self._rows)


def _all(pages: Iterator[Page[A]]) -> Iterator[A]:
    for page in pages:
        yield from page.items
