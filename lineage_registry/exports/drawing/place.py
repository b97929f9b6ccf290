"""One connected part placed: rows become columns, tall columns become blocks, long parts wrap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, sqrt
from typing import NamedTuple

from lineage_registry.exports.drawing.model import Link, Metrics, Point
from lineage_registry.exports.drawing.order import untangle
from lineage_registry.exports.drawing.ranks import Layers, layers_of
from lineage_registry.exports.drawing.rows import heights

_ASPECT = 1.7
_TALL = 48  # nodes of a rank that still stand in one column
_LONG = 26  # ranks that still stand in one band


class _Lane(NamedTuple):
    """Where a link passes a vertex: level from `left` to `right`."""

    left: int
    right: int
    y: int
    band: int


@dataclass(slots=True)
class Part:
    """A connected part of the drawing, its top left corner at 0."""

    places: list[Point]
    routes: list[list[Point]]
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class _Grid:
    """Where the vertices of a part stand, and its ranks."""

    x: list[int]
    y: list[int]  # the middle
    left: list[int] = field(default_factory=list)  # of each rank
    right: list[int] = field(default_factory=list)
    band: list[int] = field(default_factory=list)


def place(count: int, links: Sequence[Link], metrics: Metrics) -> Part:
    """Return one connected part, placed and routed."""
    layers = layers_of(count, links)
    untangle(layers)
    widest = max((_reals(layers, row) for row in layers.rows), default=0)
    grid = _columns(layers, metrics) if widest <= _TALL else _blocks(layers, metrics)
    grid.band = _bands(layers, grid, metrics)
    return _finished(layers, links, grid, metrics)


def _reals(layers: Layers, row: Sequence[int]) -> int:
    return sum(vertex < layers.real for vertex in row)


def _columns(layers: Layers, metrics: Metrics) -> _Grid:
    y = heights(layers, metrics)
    grid = _Grid([0] * len(y), y)
    at = 0
    for row in layers.rows:
        for vertex in row:
            grid.x[vertex] = at
        grid.left.append(at)
        grid.right.append(at + metrics.width)
        at += metrics.width + metrics.rank_gap
    return grid


def _blocks(layers: Layers, metrics: Metrics) -> _Grid:
    """Place ranks with very many nodes as blocks of several columns, filled row by row.

    Links to an inner column pass between the rows, so no line runs through a node.
    """
    step_x, step_y = metrics.width + metrics.row_gap, metrics.height + metrics.row_gap
    rows_per_rank = max(_TALL // 3, ceil(sqrt(layers.real * step_x / (_ASPECT * step_y))))
    grid = _Grid([0] * len(layers.rank), [0] * len(layers.rank))
    at = 0
    for row in layers.rows:
        columns = max(1, ceil(_reals(layers, row) / rows_per_rank))
        tall = ceil(_reals(layers, row) / columns)
        top, seen = (rows_per_rank - tall) * step_y // 2, 0
        for vertex in row:
            line, column = divmod(seen, columns)
            grid.y[vertex] = top + line * step_y + step_y // 2
            if vertex < layers.real:
                grid.x[vertex] = at + column * step_x
                seen += 1
            else:
                grid.x[vertex], grid.y[vertex] = at, top + line * step_y
        grid.left.append(at)
        grid.right.append(at + (columns - 1) * step_x + metrics.width)
        at = grid.right[-1] + metrics.rank_gap
    return grid


def _bands(layers: Layers, grid: _Grid, metrics: Metrics) -> list[int]:
    """Return for each rank its band: text wraps at the end of a line, and so do long parts."""
    ranks = len(layers.rows)
    width = grid.right[-1] if ranks else 0
    height = max(grid.y) - min(grid.y) + 2 * metrics.height
    if ranks <= _LONG or width < 3 * _ASPECT * height:
        return [0] * ranks
    count = max(1, round(sqrt(width / (_ASPECT * (height + metrics.part_gap)))))
    per_band = max(12, ceil(ranks / count))
    return [rank // per_band for rank in range(ranks)]


def _finished(layers: Layers, links: Sequence[Link], grid: _Grid, metrics: Metrics) -> Part:
    tops = _wrap(layers, grid, metrics)
    half = metrics.height // 2
    places = [Point(grid.x[v], grid.y[v] - half) for v in range(layers.real)]
    right = max((place.x + metrics.width for place in places), default=0)
    margin = metrics.rank_gap // 2
    routes = []
    for link, through in zip(links, layers.through, strict=True):
        lanes = _lanes(layers, link, through, grid, metrics)
        routes.append(_route(lanes, tops, right + margin, metrics))
    part = Part(places, routes)
    _shift_to_corner(part, metrics)
    return part


def _wrap(layers: Layers, grid: _Grid, metrics: Metrics) -> list[int]:
    """Move each band under the one before it; return where the bands begin."""
    tops, at, begin, bands = [0], 0, 0, grid.band
    if not bands or not bands[-1]:
        return tops
    tops = []
    for band in range(bands[-1] + 1):
        ranks = [rank for rank in range(begin, len(bands)) if bands[rank] == band]
        begin = ranks[-1] + 1
        vertices = [vertex for rank in ranks for vertex in layers.rows[rank]]
        first_x = grid.left[ranks[0]]
        lowest = min(grid.y[v] for v in vertices) - metrics.height // 2
        highest = max(grid.y[v] for v in vertices) + metrics.height // 2
        tops.append(at)
        for vertex in vertices:
            grid.x[vertex] -= first_x
            grid.y[vertex] += at - lowest
        for rank in ranks:
            grid.left[rank] -= first_x
            grid.right[rank] -= first_x
        at += highest - lowest + metrics.part_gap
    return tops


def _lanes(
    layers: Layers, link: Link, through: Sequence[int], grid: _Grid, metrics: Metrics
) -> list[_Lane]:
    lanes = []
    for vertex in (link.begin, *through, link.end):
        rank, x = layers.rank[vertex], grid.x[vertex]
        if vertex >= layers.real:
            lane = _Lane(grid.left[rank], grid.right[rank], grid.y[vertex], grid.band[rank])
        else:
            lane = _Lane(x, x + metrics.width, grid.y[vertex], grid.band[rank])
        lanes.append(lane)
    begin, end = link.begin, link.end
    lanes[0] = _way_out(lanes[0], grid.right[layers.rank[begin]])
    lanes[-1:] = _way_in(lanes[-1], grid.left[layers.rank[end]], metrics)
    return lanes


def _way_out(lane: _Lane, edge: int) -> _Lane:
    """Leave a node of an inner column: marked by a right end behind the block's edge."""
    return lane if lane.right == edge else lane._replace(right=edge)


def _way_in(lane: _Lane, edge: int, metrics: Metrics) -> list[_Lane]:
    """Reach a node of an inner column between the rows."""
    if lane.left == edge:
        return [lane]
    between = lane.y - (metrics.height + metrics.row_gap) // 2
    return [_Lane(edge, lane.left - metrics.row_gap, between, lane.band), lane]


def _route(lanes: Sequence[_Lane], tops: Sequence[int], far: int, metrics: Metrics) -> list[Point]:
    first = lanes[0]
    points = _leaving(first, metrics)
    for before, lane in pairwise(lanes):
        if before.band != lane.band:
            turn = tops[lane.band] - metrics.part_gap // 2
            points += [Point(far, before.y), Point(far, turn)]
            points += [Point(-metrics.rank_gap // 2, turn), Point(-metrics.rank_gap // 2, lane.y)]
        points += [Point(lane.left, lane.y), Point(lane.right, lane.y)]
    return _simple(points[:-1])


def _leaving(lane: _Lane, metrics: Metrics) -> list[Point]:
    node_right = lane.left + metrics.width
    if lane.right <= node_right:
        return [Point(lane.right, lane.y)]
    between = lane.y + (metrics.height + metrics.row_gap) // 2
    return [
        Point(node_right, lane.y),
        Point(node_right + metrics.row_gap, between),
        Point(lane.right, between),
    ]


def _simple(points: list[Point]) -> list[Point]:
    """Drop the points in the middle of level stretches."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) >= 2 and kept[-2].y == kept[-1].y == point.y:
            kept.pop()
        kept.append(point)
    return kept


def _shift_to_corner(part: Part, metrics: Metrics) -> None:
    everything = [*part.places, *(point for route in part.routes for point in route)]
    left = min((point.x for point in everything), default=0)
    top = min((point.y for point in everything), default=0)
    part.places = [Point(x - left, y - top) for x, y in part.places]
    part.routes = [[Point(x - left, y - top) for x, y in route] for route in part.routes]
    ends = [Point(x + metrics.width, y + metrics.height) for x, y in part.places]
    reached = [*ends, *(point for route in part.routes for point in route)]
    part.width = max((point.x for point in reached), default=0)
    part.height = max((point.y for point in reached), default=0)
