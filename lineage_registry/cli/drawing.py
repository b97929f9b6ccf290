"""Views on a terminal, or as plain text where there is none."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from lineage_registry.cli.terminal import has_colour
from lineage_registry.cli.views import Cell, Fields, Line, Part, Table, Tree, View, Words, cells
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
_GAP: Final = 2


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
        console.print(_renderable(part))
    text = captured.get()
    if not console.is_terminal:
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    stream.write(text)


def _renderable(part: Part) -> "RenderableType":
    if isinstance(part, Fields):
        return _fields(part)
    if isinstance(part, Table):
        return _table(part)
    return _text(part.words) if isinstance(part, Line) else ""


def _fields(part: Fields) -> "RenderableType":
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words in part.rows:
        if any(cell.text for cell in cells(words)):
            grid.add_row(name, _text(words))
    return grid


def _table(part: Table) -> "RenderableType":
    from rich.table import Table as Grid

    used = [
        place for place in range(len(part.columns)) if any(cells(row[place]) for row in part.rows)
    ]
    grid = Grid(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    given = {*part.wrapped, *part.cut} or {part.columns[used[-1]]}
    for place in used:
        name = part.columns[place]
        cut = name in part.cut or name not in given
        grid.add_column(name, no_wrap=name not in given, overflow="ellipsis" if cut else "fold")
    for row in part.rows:
        grid.add_row(*(_text(row[place], cut=part.columns[place] in part.cut) for place in used))
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
