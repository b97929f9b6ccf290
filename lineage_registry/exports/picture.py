"""What a picture of the answer shows, before it is drawn: nodes, lines, and where they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from lineage_registry.domain.graph import EDGE_RULES, Edge, EdgeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.drawing import Drawing, Link, Metrics, layout

METRICS: Final = Metrics()

# Of several edges between the same two nodes the first of these gives the line its look.
_FIRST: Final = {
    kind: place
    for place, kind in enumerate(
        (
            EdgeKind.DERIVED_FROM,
            EdgeKind.GENERATED_BY,
            EdgeKind.USED,
            EdgeKind.SERVES,
            EdgeKind.DEPENDS_ON,
            EdgeKind.EVALUATED_ON,
            EdgeKind.CHILD_OF,
            EdgeKind.SIBLING_OF,
            EdgeKind.READ_BACK,
        )
    )
}


class Line(NamedTuple):
    """One line of the picture: all edges from one node to another.

    Attributes:
        cause: Position of the node it comes from.
        effect: Position of the node it leads to.
        edges: The edges it stands for; the first gives its look.
    """

    cause: int
    effect: int
    edges: Sequence[Edge]


@dataclass(frozen=True, slots=True)
class Picture:
    """Nodes, lines and their drawing; `drawing.routes` are in the order of `lines`."""

    nodes: Sequence[LineageNode]
    lines: Sequence[Line]
    drawing: Drawing


def picture(lineage: Lineage, metrics: Metrics = METRICS) -> Picture:
    """Return the answer laid out: causes left, effects right."""
    lines = lines_of(lineage)
    drawing = layout(len(lineage.nodes), [_link(line) for line in lines], metrics)
    return Picture(lineage.nodes, lines, drawing)


def lines_of(lineage: Lineage) -> list[Line]:
    """Return all lines of the answer, each for all edges between two of its nodes."""
    place = {node.id: i for i, node in enumerate(lineage.nodes)}
    between: dict[tuple[int, int], list[Edge]] = {}
    for edge in lineage.edges:
        between.setdefault((place[edge.target], place[edge.source]), []).append(edge)
    return [
        Line(cause, effect, sorted(edges, key=lambda edge: _FIRST[edge.kind]))
        for (cause, effect), edges in between.items()
    ]


def _link(line: Line) -> Link:
    kinds = {edge.kind for edge in line.edges}
    return Link(
        line.cause,
        line.effect,
        strong=EdgeKind.DERIVED_FROM in kinds,
        ranked=any(EDGE_RULES[kind].lineage for kind in kinds) or EdgeKind.CHILD_OF in kinds,
    )
