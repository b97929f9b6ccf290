"""One connected part placed: rows become columns, tall columns become blocks, long parts wrap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import ceil, sqrt
from typing import NamedTuple

from lineage_registry.exports.drawing.model import Link, Metrics, Point
from lineage_registry.exports.drawing.order import untangle
from lineage_registry.exports.drawing.ranks import Layers, layers_of
from lineage_registry.exports.drawing.rows import heights

_ASPECT = 1.7
_TALL = 48  # nodes of a rank that still stand in one column
_SHORT = 8  # ranks that always stand in one band
_LONG = 26  # ranks that are wrapped wherever they are cut
_STEP = 8  # between lines that turn to the next band
_TURNS = 12  # lines that find a place of their own there


class _Lane(NamedTuple):
    """Where a link passes a vertex: level from `left` to `right`."""

    left: int
    right: int
    y: int
    band: int


class _Turn(NamedTuple):
    """How a link gets from the end of one band to the begin of another: out, down to y, back."""

    out: int
    y: int
    back: int


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
    passing: list[int] = field(default_factory=list)  # links between each rank and the next


def place(count: int, links: Sequence[Link], metrics: Metrics) -> Part:
    """Return one connected part, placed and routed."""
    layers = layers_of(count, links)
    untangle(layers)
    widest = max((_reals(layers, row) for row in layers.rows), default=0)
    grid = _columns(layers, metrics) if widest <= _TALL else _blocks(layers, metrics)
    grid.passing = _passing(layers, links)
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
    if ranks <= _SHORT or width < 3 * _ASPECT * height:
        return [0] * ranks
    count = max(1, round(sqrt(width / (_ASPECT * (height + metrics.part_gap)))))
    least, most = (12, max(grid.passing)) if ranks > _LONG else (_SHORT // 2 + 1, _TURNS)
    per_band = max(least, ceil(ranks / count))
    return _cut(ranks, per_band, grid.passing, most)


def _passing(layers: Layers, links: Sequence[Link]) -> list[int]:
    """Return how many links pass each gap between a rank and the next."""
    change = [0] * (len(layers.rows) + 1)
    for link in links:
        low, high = sorted((layers.rank[link.begin], layers.rank[link.end]))
        change[low] += 1
        change[high] -= 1
    return list(accumulate(change))


def _cut(ranks: int, per_band: int, passing: Sequence[int], most: int) -> list[int]:
    """Cut near every `per_band` ranks, where the fewest links pass; nowhere if too many do."""
    bands: list[int] = []
    slack = min(2, per_band // 4)
    while ranks - len(bands) > per_band + slack:
        begin = len(bands)
        ends = range(begin + per_band - slack, begin + per_band + slack + 1)
        end = min(ends, key=lambda end: (passing[end - 1], abs(end - begin - per_band)))
        if passing[end - 1] > most:
            return [0] * ranks
        bands += [(bands[-1] + 1 if bands else 0)] * (end - begin)
    last = bands[-1] + 1 if bands else 0
    return bands + [last] * (ranks - len(bands))


def _finished(layers: Layers, links: Sequence[Link], grid: _Grid, metrics: Metrics) -> Part:
    tops = _wrap(layers, grid, metrics)
    half = metrics.height // 2
    places = [Point(grid.x[v], grid.y[v] - half) for v in range(layers.real)]
    right = max((place.x + metrics.width for place in places), default=0)
    passed = [
        _lanes(layers, link, through, grid, metrics)
        for link, through in zip(links, layers.through, strict=True)
    ]
    turns = _turns(passed, tops, right + metrics.rank_gap // 2, metrics)
    routes = [_route(lanes, turns[number], metrics) for number, lanes in enumerate(passed)]
    part = Part(places, routes)
    _shift_to_corner(part, metrics)
    return part


def _turns(
    passed: Sequence[Sequence[_Lane]], tops: Sequence[int], far: int, metrics: Metrics
) -> list[dict[int, _Turn]]:
    """Return for each link how it turns into each band that it reaches from another.

    The lowest line turns first, inside of those above it, so that they do not cross.
    """
    found: list[dict[int, _Turn]] = [{} for _ in passed]
    into: dict[int, list[tuple[int, int]]] = {}
    for number, lanes in enumerate(passed):
        for before, lane in pairwise(lanes):
            if before.band != lane.band:
                into.setdefault(lane.band, []).append((-before.y, number))
    for band, turning in into.items():
        step = _STEP if len(turning) <= _TURNS else 0
        y = tops[band] - metrics.part_gap // 2 - step * (len(turning) - 1)
        for place, (_, number) in enumerate(sorted(turning)):
            back = -metrics.rank_gap // 2 - step * (len(turning) - 1 - place)
            found[number][band] = _Turn(far + step * place, y + step * place, back)
    return found


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
        if band:
            at += metrics.part_gap + _room(grid.passing[ranks[0] - 1])
        tops.append(at)
        for vertex in vertices:
            grid.x[vertex] -= first_x
            grid.y[vertex] += at - lowest
        for rank in ranks:
            grid.left[rank] -= first_x
            grid.right[rank] -= first_x
        at += highest - lowest
    return tops


def _room(turning: int) -> int:
    """Return what so many lines need to turn side by side; more than that share one place."""
    return _STEP * turning if turning <= _TURNS else 0


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


def _route(lanes: Sequence[_Lane], turns: Mapping[int, _Turn], metrics: Metrics) -> list[Point]:
    first = lanes[0]
    points = _leaving(first, metrics)
    for before, lane in pairwise(lanes):
        if before.band != lane.band:
            out, y, back = turns[lane.band]
            points += [Point(out, before.y), Point(out, y), Point(back, y), Point(back, lane.y)]
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
