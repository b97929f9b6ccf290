"""What a person sees, before it is drawn: words with a style, tables, fields, lines."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Cell(NamedTuple):
    """Text in a style: `name`, `dim`, `good`, `warn`, `bad`, `data`, `run`, or none."""

    text: str
    style: str = ""


Words = str | Cell | Sequence[Cell]
"""What stands in one place: text, text in a style, or several of those."""


class Line(NamedTuple):
    """A line of its own."""

    words: Words


class Tree(NamedTuple):
    """Lines that are cut rather than wrapped, so that their guides stay in column."""

    lines: Iterable[Sequence[Cell]]


class Fields(NamedTuple):
    """Names and values; rows without a value are left out."""

    rows: Sequence[tuple[str, Words | None]]


class Table(NamedTuple):
    """Rows under headings.

    Attributes:
        wrapped: Columns that give way where there is little room; the last one if left out.
        cut: Columns whose ends may be left out there.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Words | None]]
    wrapped: Sequence[str] = ()
    cut: Sequence[str] = ()


Part = Line | Fields | Table | Tree
View = Sequence[Part]

GAP = Line("")


def cells(words: Words | None) -> list[Cell]:
    """Return the words as a list of cells."""
    if words is None:
        return []
    if isinstance(words, Cell):
        return [words]
    if isinstance(words, str):
        return [Cell(words)]
    return list(words)


def plain(words: Words | None) -> str:
    """Return the words without their styles."""
    return "".join(cell.text for cell in cells(words))
