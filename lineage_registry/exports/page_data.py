"""What the interactive page knows: every node and line, folded groups, and where they stand."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from lineage_registry.domain.graph import EDGE_RULES, Edge, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.drawing import Drawing, Metrics, Point
from lineage_registry.exports.folding import fold
from lineage_registry.exports.picture import METRICS, Line, lines_of, picture
from lineage_registry.exports.shapes import EDGE, LEFT_EDGE, OUTLINES, RIGHT_EDGE
from lineage_registry.exports.words import (
    EDGE_WORDS,
    KIND_WORDS,
    edge_label,
    headline,
    question,
    role_words,
    shown,
    stage_words,
    status_words,
    truth,
)

_KINDS: Final = list(NodeKind)
# Above this many numbers the page would be mostly bends: the longest lines go without.
_BENDS: Final = 30_000
_CLOSE: Final = Metrics(part_gap=METRICS.row_gap)
"""In a group, nodes that nothing joins stand as near as those of one rank."""


class _Drawn(NamedTuple):
    """A line between two things of the page, by their numbers, and the way it takes."""

    cause: int
    effect: int
    edges: Sequence[Edge]
    route: Sequence[Point]


class _Group(NamedTuple):
    """A folded node, what it stands for, and how that stands when the group is open."""

    node: LineageNode
    place: Point
    members: Sequence[int]
    drawing: Drawing


def page_data(lineage: Lineage) -> Mapping[str, Any]:
    """Return the answer as the page reads it, in few bytes.

    The things of the page are the nodes in their order, then the groups. A node in a group has its
    place in the drawing of that group, which the page puts into the large one where it is open.
    """
    folded = fold(lineage)
    number = {node.id: i for i, node in enumerate(lineage.nodes)}
    outside = picture(folded.lineage)
    groups: list[_Group] = []
    lines: list[_Drawn] = []
    things = dict(number)
    places = [Point(0, 0)] * len(lineage.nodes)
    for node, place in zip(outside.nodes, outside.drawing.places, strict=True):
        if node.id not in folded.members:
            places[number[node.id]] = place
            continue
        part = _part(lineage, folded.members[node.id])
        inside = picture(part, _CLOSE)
        members = [number[each.id] for each in part.nodes]
        for member, at in zip(members, inside.drawing.places, strict=True):
            places[member] = at
        lines += _drawn(inside.lines, inside.drawing.routes, members)
        things[node.id] = len(number) + len(groups)
        groups.append(_Group(node, place, members, inside.drawing))
    seen = [things[node.id] for node in outside.nodes]
    lines += _drawn(outside.lines, outside.drawing.routes, seen)
    lines += _hidden(lineage, lines)
    schemes, says = _schemes(lineage.nodes), _Says()
    more = lineage.has_more or {}
    return {
        "title": question(lineage),
        "facts": truth(lineage),
        "size": [METRICS.width, METRICS.height],
        "extent": [outside.drawing.width, outside.drawing.height],
        "kinds": [_kind(kind, schemes.get(kind, "")) for kind in _KINDS],
        "nodes": [
            _node(node, place, schemes[node.kind], more.get(node.id, 0))
            for node, place in zip(lineage.nodes, places, strict=True)
        ],
        "groups": [_group(group) for group in groups],
        "lines": _rows(lines, says),
        "says": says.rows,
    }


def _part(lineage: Lineage, ids: Sequence[int]) -> Lineage:
    """Return some nodes of an answer and the edges among them."""
    wanted = set(ids)
    nodes = [node for node in lineage.nodes if node.id in wanted]
    edges = [edge for edge in lineage.edges if edge.source in wanted and edge.target in wanted]
    return lineage.model_copy(update={"nodes": nodes, "edges": edges})


def _drawn(
    lines: Sequence[Line], routes: Sequence[Sequence[Point]], numbers: Sequence[int]
) -> Iterator[_Drawn]:
    for line, route in zip(lines, routes, strict=True):
        yield _Drawn(numbers[line.cause], numbers[line.effect], line.edges, route)


def _hidden(lineage: Lineage, lines: Sequence[_Drawn]) -> list[_Drawn]:
    """Return the lines that a group stands for: no drawing has them."""
    known = {(line.cause, line.effect) for line in lines}
    return [
        _Drawn(line.cause, line.effect, line.edges, ())
        for line in lines_of(lineage)
        if (line.cause, line.effect) not in known
    ]


def _schemes(nodes: Sequence[LineageNode]) -> Mapping[NodeKind, str]:
    """Return how references of each kind begin; each need not say it again."""
    found: dict[NodeKind, str] = {}
    for node in nodes:
        scheme, separator, _ = node.reference.partition(":/")
        found.setdefault(node.kind, shown(scheme + separator) if separator else "")
    return found


def _kind(kind: NodeKind, scheme: str) -> Mapping[str, Any]:
    return {
        "key": kind.value,
        "words": KIND_WORDS[kind],
        "scheme": scheme,
        "outline": OUTLINES[kind],
        "left": LEFT_EDGE.get(kind, EDGE),
        "right": RIGHT_EDGE.get(kind, EDGE),
    }


def _node(node: LineageNode, place: Point, scheme: str, more: int) -> list[object]:
    reference = shown(node.reference)
    row: list[object] = [
        _KINDS.index(node.kind),
        node.id,
        # A tab, which no text that is shown has, says that the reference is whole.
        reference.removeprefix(scheme) if reference.startswith(scheme) else f"\t{reference}",
        headline(node) if node.title else 0,
        place.x,
        place.y,
        node.distance,
        stage_words(node) or 0,
        status_words(node) or 0,
        more,
    ]
    while row[-1] == 0 and len(row) > 7:
        row.pop()
    return row


def _group(group: _Group) -> list[object]:
    return [
        _KINDS.index(group.node.kind),
        headline(group.node),
        stage_words(group.node) or 0,
        *group.place,
        group.drawing.width,
        group.drawing.height,
        [after - before for before, after in pairwise(chain([0], group.members))],
    ]


class _Says:
    """What edges say, each different one once: they are few, the edges are many."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, str | bool]] = []
        self._known: dict[tuple[str, str, bool], int] = {}

    def number(self, edge: Edge) -> int:
        key = (edge.kind, edge.role, edge.declared)
        if key not in self._known:
            words = EDGE_WORDS[edge.kind]
            role = f" ({role_words(edge)})" if role_words(edge) else ""
            inferred = "" if edge.declared else " [inferred]"
            self._known[key] = len(self.rows)
            self.rows.append(
                {
                    "kind": edge.kind.value,
                    "label": edge_label(edge),
                    "flow": words.flow,
                    "lineage": EDGE_RULES[edge.kind].lineage,
                    "up": words.up + role + inferred,
                    "down": words.down + role + inferred,
                }
            )
        return self._known[key]


def _rows(lines: Sequence[_Drawn], says: _Says) -> list[list[object]]:
    keep = _short_enough(lines)
    rows: list[list[object]] = []
    for at, line in enumerate(lines):
        said: tuple[object, object] = (
            [says.number(edge) for edge in line.edges],
            [edge.since for edge in line.edges],
        )
        if len(line.edges) == 1:
            said = says.number(line.edges[0]), line.edges[0].since
        rows.append([line.cause, line.effect, *said, *(_steps(line.route) if at in keep else ())])
    return rows


def _steps(route: Sequence[Point]) -> Iterator[int]:
    """Yield the points between the ends, each as its way from the one before: small numbers."""
    for before, point in pairwise(route[:-1]):
        yield point.x - before.x
        yield point.y - before.y


def _short_enough(lines: Sequence[_Drawn]) -> set[int]:
    budget = _BENDS
    keep = set()
    bends = ((max(0, 2 * len(line.route) - 4), at) for at, line in enumerate(lines))
    for count, at in sorted(bends):
        budget -= count
        if budget < 0:
            break
        keep.add(at)
    return keep
