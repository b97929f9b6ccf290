"""The whole drawing: connected parts laid out one by one, then packed beside each other."""

from collections.abc import Sequence
from math import sqrt

from lineage_registry.exports.drawing.model import Drawing, Link, Metrics, Point
from lineage_registry.exports.drawing.place import Part, place

_ASPECT = 1.7


def layout(count: int, links: Sequence[Link], metrics: Metrics | None = None) -> Drawing:
    """Return where `count` nodes and their links stand; the same input gives the same drawing."""
    metrics = metrics or Metrics()
    places = [Point(0, 0)] * count
    routes: list[Sequence[Point]] = [()] * len(links)
    parts = _parts(count, links)
    drawn = [_drawn(nodes, numbers, links, metrics) for nodes, numbers in parts]
    corners, width, height = _packed(drawn, metrics)
    for (nodes, numbers), part, corner in zip(parts, drawn, corners, strict=True):
        for node, at in zip(nodes, part.places, strict=True):
            places[node] = Point(at.x + corner.x, at.y + corner.y)
        for number, route in zip(numbers, part.routes, strict=True):
            routes[number] = [Point(x + corner.x, y + corner.y) for x, y in route]
    return Drawing(places, routes, width, height)


def _parts(count: int, links: Sequence[Link]) -> list[tuple[list[int], list[int]]]:
    """Return the connected parts, as their nodes and the numbers of their links."""
    head = list(range(count))
    for link in links:
        a, b = _head(head, link.begin), _head(head, link.end)
        head[max(a, b)] = min(a, b)
    nodes: dict[int, list[int]] = {}
    for node in range(count):
        nodes.setdefault(_head(head, node), []).append(node)
    numbers: dict[int, list[int]] = {first: [] for first in nodes}
    for number, link in enumerate(links):
        numbers[_head(head, link.begin)].append(number)
    return [(nodes[first], numbers[first]) for first in nodes]


def _head(head: list[int], node: int) -> int:
    while head[node] != node:
        head[node] = head[head[node]]
        node = head[node]
    return node


def _drawn(
    nodes: Sequence[int], numbers: Sequence[int], links: Sequence[Link], metrics: Metrics
) -> Part:
    inside = {node: i for i, node in enumerate(nodes)}
    own = [links[number] for number in numbers]
    moved = [link._replace(begin=inside[link.begin], end=inside[link.end]) for link in own]
    return place(len(nodes), moved, metrics)


def _packed(parts: Sequence[Part], metrics: Metrics) -> tuple[list[Point], int, int]:
    """Put the parts on shelves, the first part first, about as wide as a screen is."""
    gap = metrics.part_gap
    area = sum((part.width + gap) * (part.height + gap) for part in parts)
    shelf = max(max((part.width for part in parts), default=0), int(sqrt(area * _ASPECT)))
    corners, x, y, tall, width = [], 0, 0, 0, 0
    for part in parts:
        if x and x + part.width > shelf:
            x, y, tall = 0, y + tall + gap, 0
        corners.append(Point(x, y))
        x += part.width + gap
        width, tall = max(width, x - gap), max(tall, part.height)
    return corners, width, y + tall
