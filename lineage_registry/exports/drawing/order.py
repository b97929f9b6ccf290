"""Order within the rows: fewer crossings, by sweeps that look one rank to the side."""

from collections.abc import Sequence

from lineage_registry.exports.drawing.ranks import Layers

_SWEEPS = 12
_NEAR = 5
_WORK = 60_000  # vertices times sweeps: a bound on time, a tenth of a second or two


def untangle(layers: Layers) -> None:
    """Reorder the rows so that few lines cross; the best of all sweeps stays."""
    if all(len(row) <= 1 for row in layers.rows):
        return
    sweeps = max(3, min(_SWEEPS, _WORK // max(1, len(layers.rank))))
    places = layers.positions()
    best, fewest = [list(row) for row in layers.rows], crossings(layers, places)
    for sweep in range(sweeps):
        if not fewest:
            break
        _sweep(layers, places, forward=sweep % 2 == 0)
        count = crossings(layers, places)
        if count < fewest:
            best, fewest = [list(row) for row in layers.rows], count
    layers.rows = best


def _sweep(layers: Layers, places: list[int], *, forward: bool) -> None:
    beside = layers.left if forward else layers.right
    for row in layers.rows if forward else reversed(layers.rows):
        if len(row) < 2:
            continue
        keys = {}
        for vertex in row:
            near = beside[vertex]
            want = _pull(near, places, layers.real) if near else places[vertex]
            keys[vertex] = (want, places[vertex])
        row.sort(key=keys.__getitem__)
        for place, vertex in enumerate(row):
            places[vertex] = place


def _pull(near: Sequence[int], places: Sequence[int], real: int) -> float:
    """Return where its neighbours want a vertex; near ones count more than ends of long links."""
    total = weight = 0
    for vertex in near:
        share = _NEAR if vertex < real else 1
        total += share * places[vertex]
        weight += share
    return total / weight


def crossings(layers: Layers, places: Sequence[int]) -> int:
    """Return how many pairs of lines cross between neighbouring ranks."""
    total = 0
    for row, after in zip(layers.rows, layers.rows[1:], strict=False):
        if len(row) > 1 and len(after) > 1:
            ends = [
                place for v in row for place in sorted([places[end] for end in layers.right[v]])
            ]
            total += _inversions(ends, len(after))
    return total


def _inversions(ends: Sequence[int], size: int) -> int:
    """Count with a Fenwick tree the pairs that stand in the wrong order."""
    tree = [0] * (size + 1)
    total = 0
    for seen, end in enumerate(ends):
        at, not_after = end + 1, 0
        while at:
            not_after += tree[at]
            at &= at - 1
        total += seen - not_after
        at = end + 1
        while at <= size:
            tree[at] += 1
            at += at & -at
    return total
