"""Labels beside lines, where there is room for them and nowhere else."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from lineage_registry.exports.drawing import Point
from lineage_registry.exports.picture import METRICS, Line, Picture
from lineage_registry.exports.shapes import fitted, text_width
from lineage_registry.exports.words import edge_label

SIZE: Final = 10.5
_MAX_LINES: Final = 1_500
_ROOM: Final = METRICS.rank_gap - 4
_STEEP: Final = 4
_ARROW: Final = 16  # of a line, its label leaves at least this to see
_CELL: Final = 128
_TRIES: Final = (0.5, 0.62, 0.38, 0.74, 0.26)


class Label(NamedTuple):
    """A text and the middle of where it stands."""

    text: str
    x: int
    y: int


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def labels(picture: Picture) -> Iterator[Label]:
    """Yield the labels that find a free place on their own line."""
    if len(picture.lines) > _MAX_LINES:
        return
    taken: defaultdict[tuple[int, int], list[_Box]] = defaultdict(list)
    for x, y in picture.drawing.places:
        _take(taken, _Box(x, y - 8, x + METRICS.width, y + METRICS.height))
    for line, route in zip(picture.lines, picture.drawing.routes, strict=True):
        text = fitted(label_of(line), SIZE, _ROOM)
        half = text_width(text, SIZE) / 2
        for x, y in _spots(route, half):
            box = _Box(x - half, y - 7, x + half, y + 7)
            if _is_free(taken, box):
                _take(taken, box)
                yield Label(text, x, y)
                break


def label_of(line: Line) -> str:
    """Return what a line is called: each different edge once."""
    return ", ".join(dict.fromkeys(edge_label(edge) for edge in line.edges))


def _spots(route: Sequence[Point], half: float) -> Iterator[Point]:
    """Yield places on the line: its last curve first, where it comes to its effect."""
    for here, there in reversed(list(pairwise(route))):
        across = there.x - here.x
        if across < 2 * half + _ARROW or abs(there.y - here.y) > _STEEP * across:
            continue
        for share in _TRIES:
            ease = share * share * (3 - 2 * share)
            x, y = here.x + share * across, here.y + ease * (there.y - here.y)
            yield Point(round(x), round(y))


def _cells(box: _Box) -> Iterator[tuple[int, int]]:
    for column in range(int(box.left // _CELL), int(box.right // _CELL) + 1):
        for row in range(int(box.top // _CELL), int(box.bottom // _CELL) + 1):
            yield column, row


def _take(taken: defaultdict[tuple[int, int], list[_Box]], box: _Box) -> None:
    for cell in _cells(box):
        taken[cell].append(box)


def _is_free(taken: defaultdict[tuple[int, int], list[_Box]], box: _Box) -> bool:
    return not any(
        other.left < box.right
        and box.left < other.right
        and other.top < box.bottom
        and box.top < other.bottom
        for cell in _cells(box)
        for other in taken.get(cell, ())
    )
