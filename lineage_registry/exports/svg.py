"""The answer as an SVG picture: no script, nothing from elsewhere, light and dark."""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Final

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.drawing import Point
from lineage_registry.exports.labels import labels
from lineage_registry.exports.picture import METRICS, Line, Picture, picture
from lineage_registry.exports.shapes import (
    EDGE,
    LEFT_EDGE,
    OUTLINES,
    RIGHT_EDGE,
    fitted,
    path_data,
    text_width,
)
from lineage_registry.exports.words import (
    EDGE_WORDS,
    KIND_WORDS,
    edge_sentence,
    headline,
    node_sentence,
    question,
    short_name,
    stage_words,
    status_words,
    truth,
    xml_text,
)

_MARGIN: Final = 32
_HEAD: Final = 78
_KEYS: Final = 26
_BAD: Final = frozenset({"failed", "rolled_back", "deleted"})


def to_svg(lineage: Lineage) -> str:
    """Return the answer as one SVG document."""
    return "\n".join(_lines(lineage, picture(lineage))) + "\n"


def _lines(lineage: Lineage, drawn: Picture) -> Iterator[str]:
    width, height, legend = _frame(lineage, drawn)
    title, facts = question(lineage), truth(lineage)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lg" role="img" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f"<title>{xml_text(title)}</title><desc>{xml_text(facts)}</desc>"
    yield f"<style>\n{files(__package__).joinpath('static/picture.css').read_text('utf-8')}</style>"
    yield "<defs>" + "".join(_definitions(drawn)) + "</defs>"
    yield f'<rect class="bg" width="{width}" height="{height}"/>'
    room = width - 2 * _MARGIN
    yield f'<text class="title" x="{_MARGIN}" y="38">{xml_text(fitted(title, 17, room))}</text>'
    yield f'<text class="truth" x="{_MARGIN}" y="58">{xml_text(fitted(facts, 11, room))}</text>'
    yield f'<g transform="translate({_MARGIN} {_HEAD})">'
    for line, route in zip(drawn.lines, drawn.drawing.routes, strict=True):
        yield _line(line, route, drawn.nodes)
    for node, place in zip(drawn.nodes, drawn.drawing.places, strict=True):
        yield _node(node, place)
    for label in labels(drawn):
        yield f'<text class="label" x="{label.x}" y="{label.y + 4}">{xml_text(label.text)}</text>'
    yield "</g>"
    yield from legend
    yield "</svg>"


def _frame(lineage: Lineage, drawn: Picture) -> tuple[int, int, list[str]]:
    """Return width and height of the picture, and its legend, which needs some of both."""
    words = max(text_width(question(lineage), 17), text_width(truth(lineage), 11))
    width = max(drawn.drawing.width, min(round(words), 720), 420) + 2 * _MARGIN
    top = _HEAD + drawn.drawing.height + 24
    keys, rows = _legend(drawn, top, width)
    return width, top + rows * _KEYS + 14, keys


def _definitions(drawn: Picture) -> Iterator[str]:
    for kind in sorted({node.kind for node in drawn.nodes}):
        yield f'<path id="lg-{kind}" d="{OUTLINES[kind]}"/>'
    for edge in sorted({line.edges[0].kind for line in drawn.lines}):
        yield (
            f'<marker id="lg-{edge}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path class="tip t-{edge}" d="M0 0.5L8 4L0 7.5Z"/></marker>'
        )


def _line(line: Line, route: Sequence[Point], nodes: Sequence[LineageNode]) -> str:
    cause, effect = nodes[line.cause], nodes[line.effect]
    said = "\n".join(edge_sentence(edge, effect, cause) for edge in line.edges)
    kind = line.edges[0].kind
    return (
        f'<path class="e {kind}" d="{path_data(route)}" marker-end="url(#lg-{kind})">'
        f"<title>{xml_text(said)}</title></path>"
    )


def _node(node: LineageNode, place: Point) -> str:
    left, right = LEFT_EDGE.get(node.kind, EDGE), RIGHT_EDGE.get(node.kind, EDGE)
    room = METRICS.width - left - right
    drop = 3 if node.kind in {NodeKind.DATASET, NodeKind.DATASET_VERSION} else 0
    below = KIND_WORDS[node.kind]
    if node.title and node.title != short_name(node):
        below = f"{below} {short_name(node)}"
    marks = ["n", node.kind]
    marks += ["start"] if node.distance == 0 else []
    marks += ["deleted"] if node.status == "deleted" else []
    use = f'<use href="#lg-{node.kind}"/>'
    halo = f'<use class="halo" href="#lg-{node.kind}"/>' if node.distance == 0 else ""
    return (
        f'<g class="{" ".join(marks)}" transform="translate({place.x} {place.y})">'
        f"<title>{xml_text(node_sentence(node))}</title>{halo}{use}"
        f'<text class="name" x="{left}" y="{20 + drop}">'
        f"{xml_text(fitted(headline(node), 14.4, room))}</text>"
        f'<text class="sub" x="{left}" y="{35 + drop}">{xml_text(fitted(below, 11, room))}</text>'
        f"{''.join(_badges(node))}</g>"
    )


def _badges(node: LineageNode) -> Iterator[str]:
    """Yield the marks that stand on the node's upper edge, from the right."""
    at = METRICS.width - RIGHT_EDGE.get(node.kind, EDGE) + 4
    for words, look in _marks(node):
        text = fitted(words, 10, 72)
        width = round(text_width(text, 10)) + 14
        at -= width
        yield (
            f'<g class="badge {look}"><rect x="{at}" y="-10" width="{width}" height="15" rx="7.5"/>'
            f'<text x="{at + width / 2}" y="1.2">{xml_text(text)}</text></g>'
        )
        at -= 4


def _marks(node: LineageNode) -> Iterator[tuple[str, str]]:
    stage, status = stage_words(node), status_words(node)
    if stage:
        known = stage.lower() if stage.lower() in {"production", "staging"} else ""
        yield stage, f"stage {known}".strip()
    if status:
        yield status, "status bad" if node.status in _BAD else "status"
    if node.distance == 0:
        yield "start", "first"


def _legend(drawn: Picture, top: int, width: int) -> tuple[list[str], int]:
    """Return the keys of what the picture really shows, and how many rows they take."""
    keys, x, row = [], _MARGIN, 1
    for draw, text in _keys(drawn):
        wide = 40 + round(text_width(text, 11)) + 22
        if x + wide > width and x > _MARGIN:
            x, row = _MARGIN, row + 1
        y = top + (row - 1) * _KEYS
        keys.append(
            f'<g transform="translate({x} {y})">{draw}'
            f'<text class="key" x="40" y="12">{xml_text(text)}</text></g>'
        )
        x += wide
    return keys, row


def _keys(drawn: Picture) -> Iterator[tuple[str, str]]:
    used = {node.kind for node in drawn.nodes}
    for kind in (kind for kind in NodeKind if kind in used):
        card = f'<use href="#lg-{kind}" transform="scale(.17 .36)"/>'
        yield f'<g class="n {kind} small">{card}</g>', KIND_WORDS[kind]
    lines = {line.edges[0].kind for line in drawn.lines}
    for edge in (kind for kind in EdgeKind if kind in lines):
        yield (
            f'<path class="e {edge}" d="M0 8H32" marker-end="url(#lg-{edge})"/>',
            EDGE_WORDS[edge].flow,
        )
    if lines:
        yield "", "arrows run from cause to effect"
