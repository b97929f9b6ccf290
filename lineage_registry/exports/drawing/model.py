"""What goes into a drawing and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A place in the drawing; y grows downwards."""

    x: int
    y: int


class Link(NamedTuple):
    """A line to draw from one node to another, both by their position in the input.

    Attributes:
        strong: Whether it should be straight before others: the spine of a family.
        ranked: Whether its end must stand right of its begin.
    """

    begin: int
    end: int
    strong: bool = False
    ranked: bool = True


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes, in the drawing's units."""

    width: int = 188
    height: int = 44
    row_gap: int = 24
    rank_gap: int = 100
    lane: int = 16
    part_gap: int = 56


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything stands.

    Attributes:
        places: Top left corner of each node.
        routes: For each link the points its line passes, both ends included. Between two points
            of the same x or y it is straight, else a curve that begins and ends level.
    """

    places: Sequence[Point]
    routes: Sequence[Sequence[Point]]
    width: int
    height: int
