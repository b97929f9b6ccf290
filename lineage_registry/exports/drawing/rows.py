"""Heights: straight lines where possible (Brandes and Koepf, Fast and Simple Coordinates, 2001).

Four drafts are made - looking left or right, packing up or down - and each vertex takes the
middle of what they say. Strong links are made straight before others.
"""

from collections.abc import Sequence
from itertools import pairwise

from lineage_registry.exports.drawing.model import Metrics
from lineage_registry.exports.drawing.ranks import Layers

_Rows = list[list[int]]


def heights(layers: Layers, metrics: Metrics) -> list[int]:
    """Return the y of the middle of each vertex; the topmost edge is at 0."""
    half = [
        (metrics.height + metrics.row_gap) / 2 if vertex < layers.real else metrics.lane / 2
        for vertex in range(len(layers.rank))
    ]
    blocked = _crossing_stand_ins(layers)
    drafts = []
    for leftwards in (True, False):
        for upwards in (True, False):
            draft = _draft(layers, half, blocked, leftwards=leftwards, upwards=upwards)
            drafts.append(draft if upwards else [-y for y in draft])
    return _middle(_same_frame(drafts, half), half)


def _draft(
    layers: Layers,
    half: Sequence[float],
    blocked: set[tuple[int, int]],
    *,
    leftwards: bool,
    upwards: bool,
) -> list[float]:
    rows = layers.rows if leftwards else layers.rows[::-1]
    rows = rows if upwards else [row[::-1] for row in rows]
    near = _close(layers, layers.left if leftwards else layers.right)
    root = _blocks(rows, near, layers.strong, blocked)
    return _packed(rows, root, half)


def _close(layers: Layers, near: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Return what each vertex may stand level with.

    Strong links come first; a node keeps to nodes, not to the ends of long links, and leaves the
    level of a node with a strong link on this side to that link.
    """
    return [
        [v for v in others if _may_be_level(layers, vertex, v)] if vertex < layers.real else others
        for vertex, others in enumerate(near)
    ]


def _may_be_level(layers: Layers, vertex: int, other: int) -> bool:
    strong = layers.strong[other]
    if vertex in strong:
        return True
    rank = layers.rank[vertex]
    return other < layers.real and not any(layers.rank[v] == rank for v in strong)


def _crossing_stand_ins(layers: Layers) -> set[tuple[int, int]]:
    """Return links that cross a line between two stand-ins: those lines stay straight."""
    places, real = layers.positions(), layers.real
    blocked: set[tuple[int, int]] = set()
    for row in layers.rows[1:]:
        inner = [(places[v], places[layers.left[v][0]]) for v in row if _is_inner(layers, v)]
        if not inner:
            continue
        upper, at = -1, 0
        lowers = [*inner, (len(row), 1 << 60)]
        for vertex in row:
            while lowers[at][0] < places[vertex]:
                upper, at = max(upper, lowers[at][1]), at + 1
            if vertex >= real and lowers[at][0] == places[vertex]:
                continue
            for other in layers.left[vertex]:
                if not upper <= places[other] <= lowers[at][1]:
                    blocked.add((other, vertex))
                    blocked.add((vertex, other))
    return blocked


def _is_inner(layers: Layers, vertex: int) -> bool:
    return vertex >= layers.real and layers.left[vertex][0] >= layers.real


def _blocks(
    rows: _Rows,
    near: Sequence[Sequence[int]],
    strong: Sequence[set[int]],
    blocked: set[tuple[int, int]],
) -> list[int]:
    """Return for each vertex the first of those that share its height."""
    count = len(near)
    places = [0] * count
    for row in rows:
        for place, vertex in enumerate(row):
            places[vertex] = place
    root, taken = list(range(count)), [False] * count
    for row in rows:
        lowest = -1
        for vertex in row:
            for other in _candidates(near[vertex], strong[vertex], places):
                if places[other] > lowest and not taken[other] and (other, vertex) not in blocked:
                    taken[other] = True
                    root[vertex] = root[other]
                    lowest = places[other]
                    break
    return root


def _candidates(near: Sequence[int], strong: set[int], places: Sequence[int]) -> list[int]:
    if len(near) <= 1:
        return list(near)
    ordered = sorted(near, key=places.__getitem__)
    half = (len(ordered) - 1) // 2
    medians = ordered[half : half + 1] if len(ordered) % 2 else ordered[half : half + 2]
    return [*(v for v in ordered if v in strong), *medians] if strong else medians


def _packed(rows: _Rows, root: Sequence[int], half: Sequence[float]) -> list[float]:
    """Return heights: every block as near the top as the blocks above it let it."""
    below, degree = _stacked(rows, root, half)
    order = sorted(vertex for vertex, count in degree.items() if not count)
    y = dict.fromkeys(below, 0.0)
    for vertex in order:  # grows while it is read: a block joins once all above it stand
        for other, room in below[vertex].items():
            y[other] = max(y[other], y[vertex] + room)
            degree[other] -= 1
            if not degree[other]:
                order.append(other)
    for vertex in reversed(order):  # then each sinks to what is below it
        if below[vertex]:
            y[vertex] = max(y[vertex], min(y[o] - room for o, room in below[vertex].items()))
    return [y[vertex] for vertex in root]


def _stacked(
    rows: _Rows, root: Sequence[int], half: Sequence[float]
) -> tuple[dict[int, dict[int, float]], dict[int, int]]:
    """Return for each block those right below it, how far, and how many are above it."""
    below: dict[int, dict[int, float]] = {vertex: {} for vertex in sorted(set(root))}
    degree = dict.fromkeys(below, 0)
    for row in rows:
        for upper, lower in pairwise(row):
            a, b, room = root[upper], root[lower], half[upper] + half[lower]
            if b not in below[a]:
                degree[b] += 1
            below[a][b] = max(room, below[a].get(b, 0.0))
    return below, degree


def _same_frame(drafts: list[list[float]], half: Sequence[float]) -> list[list[float]]:
    """Shift the drafts onto the smallest of them: those packed up by their top, others below."""
    frames = []
    for draft in drafts:
        top = min((y - h for y, h in zip(draft, half, strict=True)), default=0.0)
        bottom = max((y + h for y, h in zip(draft, half, strict=True)), default=0.0)
        frames.append((top, bottom))
    smallest = min(frames, key=lambda frame: frame[1] - frame[0])
    shifted = []
    for number, (draft, (top, bottom)) in enumerate(zip(drafts, frames, strict=True)):
        shift = smallest[0] - top if number % 2 == 0 else smallest[1] - bottom
        shifted.append([y + shift for y in draft])
    return shifted


def _middle(drafts: list[list[float]], half: Sequence[float]) -> list[int]:
    middles = []
    for ys in zip(*drafts, strict=True):
        _, second, third, _ = sorted(ys)
        middles.append((second + third) / 2)
    top = min((y - h for y, h in zip(middles, half, strict=True)), default=0.0)
    return [round(y - top) for y in middles]
