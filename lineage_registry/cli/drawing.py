"""Views on a terminal, or as plain text where there is none."""

import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal, TextIO

from lineage_registry.cli.columns import GAP, Columns, stand
from lineage_registry.cli.terminal import has_colour
from lineage_registry.cli.views import (
    Cell,
    Fields,
    Line,
    Part,
    Table,
    Tree,
    View,
    Words,
    cells,
    plain,
)
from lineage_registry.exports.words import shown

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

STYLES: Final = {
    "": "",
    "name": "bold",
    "dim": "dim",
    "good": "green",
    "warn": "yellow",
    "bad": "red",
    "data": "cyan",
    "run": "magenta",
}
_ENDLESS: Final = 100_000


def draw(view: View, stream: TextIO) -> None:
    """Write a view to a stream."""
    console = _console(stream)
    for part in view:
        if isinstance(part, Tree):
            _draw_tree(console, part, stream)
        else:
            _print(console, part, stream)


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    colour = has_colour(stream)
    # What is not a terminal is read by programs, which want lines whole.
    endless = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(
        file=stream,
        force_terminal=colour,
        no_color=not colour,
        color_system="auto" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        width=_ENDLESS if endless else None,
    )


def _print(console: "Console", part: Part, stream: TextIO) -> None:
    with console.capture() as captured:
        console.print(_renderable(part, console.width))
    text = captured.get()
    if not console.is_terminal:
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    stream.write(text)


def _renderable(part: Part, room: int) -> "RenderableType":
    if isinstance(part, Fields):
        return _fields(part)
    if isinstance(part, Table):
        return _table(part, room)
    return _text(part.words) if isinstance(part, Line) else ""


def _fields(part: Fields) -> "RenderableType":
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, GAP, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words in part.rows:
        if any(cell.text for cell in cells(words)):
            grid.add_row(name, _text(words))
    return grid


def _table(part: Table, room: int) -> "RenderableType":
    used = [
        place for place in range(len(part.columns)) if any(plain(row[place]) for row in part.rows)
    ]
    given = {*part.wrapped, *part.cut} or {part.columns[used[-1]]}
    wrapped = {place for place in used if part.columns[place] in given}
    columns = stand(part, used, wrapped, room)
    if not columns.below:
        return _grid(part, part.rows, columns, wrapped)
    from rich.console import Group
    from rich.padding import Padding

    parts: list[RenderableType] = []
    for number, row in enumerate(part.rows):
        parts.append(_grid(part, [row], columns, wrapped, headed=not number))
        below = [(part.columns[place], row[place]) for place in columns.below]
        if any(plain(words) for _, words in below):
            parts.append(Padding(_fields(Fields(below)), (0, 0, 0, GAP)))
    return Group(*parts)


def _grid(
    part: Table,
    rows: Sequence[Sequence[Words | None]],
    columns: Columns,
    wrapped: Collection[int],
    *,
    headed: bool = True,
) -> "RenderableType":
    from rich.table import Table as Grid

    padding = (0, GAP, 0, 0)
    grid = Grid(box=None, pad_edge=False, padding=padding, header_style="dim", show_header=headed)
    for place, width in columns.widths.items():
        name = part.columns[place]
        cut = name in part.cut or place not in wrapped
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if cut else "fold"
        grid.add_column(name, no_wrap=place not in wrapped, overflow=overflow, width=width)
    for row in rows:
        grid.add_row(
            *(_text(row[place], cut=part.columns[place] in part.cut) for place in columns.widths)
        )
    return grid


def _draw_tree(console: "Console", part: Tree, stream: TextIO) -> None:
    if not console.is_terminal:
        stream.writelines(_plain(line) + "\n" for line in part.lines)
        return
    for line in part.lines:
        console.print(_text(line), no_wrap=True, overflow="ellipsis", crop=True)


def _plain(line: Iterable[Cell]) -> str:
    return "".join(shown(cell.text) for cell in line).rstrip()


def _text(words: Words | None, *, cut: bool = False) -> "Text":
    from rich.text import Text

    text = Text(no_wrap=True, overflow="ellipsis") if cut else Text()
    for cell in cells(words):
        text.append(shown(cell.text), STYLES[cell.style])
    return text


def error_line(words: Sequence[Cell], stream: TextIO) -> None:
    """Write a line of an error or note without loading what draws tables."""
    colour = has_colour(stream)
    text = "".join(_coloured(cell) if colour else cell.text for cell in words)
    stream.write(text + "\n")


def _coloured(cell: Cell) -> str:
    code = {"bad": "31;1", "warn": "33", "dim": "2", "name": "1"}.get(cell.style)
    return f"\x1b[{code}m{cell.text}\x1b[0m" if code else cell.text


def stdout() -> TextIO:
    """Return the stream that data goes to."""
    return sys.stdout


def stderr() -> TextIO:
    """Return the stream that everything else goes to."""
    return sys.stderr
