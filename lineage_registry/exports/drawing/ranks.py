"""Ranks: how far right each node stands, and the stand-ins that long links pass through."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from lineage_registry.exports.drawing.model import Link

_STAND_INS_PER_NODE = 4
_STAND_INS_AT_LEAST = 4_000


@dataclass(slots=True)
class Layers:
    """A graph in which every line goes from one rank to the next.

    Attributes:
        real: How many of the vertices are nodes; those after them are stand-ins.
        rank: Rank of each vertex.
        left: For each vertex those it is linked with on the rank before.
        right: The same on the rank after.
        strong: For each vertex its strong neighbour on the rank before, if it has one.
        through: For each link the stand-ins it passes.
        rows: For each rank its vertices from top to bottom.
    """

    real: int
    rank: list[int]
    left: list[list[int]] = field(default_factory=list)
    right: list[list[int]] = field(default_factory=list)
    strong: list[set[int]] = field(default_factory=list)
    through: list[list[int]] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)

    def positions(self) -> list[int]:
        """Return for each vertex its place in its row."""
        places = [0] * len(self.rank)
        for row in self.rows:
            for place, vertex in enumerate(row):
                places[vertex] = place
        return places


def ranks_of(count: int, links: Sequence[Link]) -> list[int]:
    """Return ranks such that ranked links go right; links that close a cycle may go left."""
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for begin, end in sorted({(link.begin, link.end) for link in links if link.ranked}):
        if begin != end:
            after[begin].append(end)
            before[end].append(begin)
    order = _topological(after, before)
    place = {vertex: i for i, vertex in enumerate(order)}
    rank = [0] * count
    for vertex in order:
        for end in after[vertex]:
            if place[end] > place[vertex]:
                rank[end] = max(rank[end], rank[vertex] + 1)
    for vertex in reversed(order):
        if after[vertex] and not before[vertex]:
            rank[vertex] = min(rank[end] for end in after[vertex]) - 1
    lowest = min(rank, default=0)
    return [r - lowest for r in rank]


def _topological(after: list[list[int]], before: list[list[int]]) -> list[int]:
    degree = [len(ends) for ends in before]
    ready = deque(vertex for vertex, count in enumerate(degree) if not count)
    order: list[int] = []
    done = [False] * len(after)
    unsure = iter(range(len(after)))
    while len(order) < len(after):
        # With a cycle nothing is ready: the first node that is left breaks it.
        vertex = ready.popleft() if ready else next(v for v in unsure if not done[v])
        if done[vertex]:
            continue
        done[vertex] = True
        order.append(vertex)
        for end in after[vertex]:
            degree[end] -= 1
            if not degree[end] and not done[end]:
                ready.append(end)
    return order


def layers_of(count: int, links: Sequence[Link]) -> Layers:
    """Return the layered graph, its rows in a first order that keeps families together."""
    layers = Layers(count, ranks_of(count, links), through=[[] for _ in links])
    for _ in range(count):
        _grow(layers)
    rank = layers.rank
    budget = max(_STAND_INS_AT_LEAST, _STAND_INS_PER_NODE * count)
    spans = [(rank[link.end] - rank[link.begin], i) for i, link in enumerate(links)]
    for span, i in sorted(spans):
        # Where the budget ends the longest links get no lane of their own, only a curve.
        if span < 1 or not links[i].ranked or budget < span - 1:
            continue
        budget -= span - 1
        _thread(layers, links[i], layers.through[i])
    _first_rows(layers)
    return layers


def _grow(layers: Layers) -> None:
    layers.left.append([])
    layers.right.append([])
    layers.strong.append(set())


def _thread(layers: Layers, link: Link, through: list[int]) -> None:
    at = link.begin
    for rank in range(layers.rank[link.begin] + 1, layers.rank[link.end]):
        stand_in = len(layers.rank)
        layers.rank.append(rank)
        _grow(layers)
        _join(layers, at, stand_in, strong=link.strong)
        through.append(stand_in)
        at = stand_in
    _join(layers, at, link.end, strong=link.strong)


def _join(layers: Layers, begin: int, end: int, *, strong: bool) -> None:
    layers.right[begin].append(end)
    layers.left[end].append(begin)
    if strong:
        layers.strong[end].add(begin)
        layers.strong[begin].add(end)


def _first_rows(layers: Layers) -> None:
    rank, right = layers.rank, layers.right
    layers.rows = [[] for _ in range(max(rank, default=-1) + 1)]
    seen = [False] * len(rank)
    for source in (v for v in range(layers.real) if not layers.left[v]):
        stack = [source]
        while stack:
            vertex = stack.pop()
            if not seen[vertex]:
                seen[vertex] = True
                layers.rows[rank[vertex]].append(vertex)
                stack.extend(reversed(right[vertex]))
