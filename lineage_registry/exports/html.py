"""The answer as one self-contained interactive page: no network, no code but its own."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from lineage_registry.domain.graph import EDGE_RULES, Edge, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.drawing import Point
from lineage_registry.exports.picture import METRICS, Picture, picture
from lineage_registry.exports.shapes import EDGE, LEFT_EDGE, OUTLINES, RIGHT_EDGE
from lineage_registry.exports.words import (
    EDGE_WORDS,
    KIND_WORDS,
    edge_label,
    question,
    role_words,
    shown,
    stage_words,
    status_words,
    truth,
    xml_text,
)

_KINDS: Final = list(NodeKind)
# Above this many numbers the page would be mostly bends: the longest lines go without.
_BENDS: Final = 40_000


def to_html(lineage: Lineage) -> str:
    """Return the answer as one HTML page."""
    assets = files(__package__).joinpath("static")
    body, style, script = (
        assets.joinpath(f"page.{suffix}").read_text("utf-8") for suffix in ("html", "css", "js")
    )
    policy = (
        f"default-src 'none'; script-src '{_source(script)}'; style-src '{_source(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{xml_text(question(lineage))}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'{body}<script id="data" type="application/json">{_data(lineage)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _source(text: str) -> str:
    """Return the text's hash as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(lineage: Lineage) -> str:
    drawn = picture(lineage)
    says = _Says()
    values = {
        "title": question(lineage),
        "facts": truth(lineage),
        "size": [METRICS.width, METRICS.height],
        "extent": [drawn.drawing.width, drawn.drawing.height],
        "kinds": [_kind(kind) for kind in _KINDS],
        "nodes": [
            _node(node, place)
            for node, place in zip(drawn.nodes, drawn.drawing.places, strict=True)
        ],
        "lines": _lines(drawn, says),
        "says": says.rows,
    }
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    # No name can end the element or begin a comment in it.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _kind(kind: NodeKind) -> Mapping[str, Any]:
    return {
        "key": kind.value,
        "words": KIND_WORDS[kind],
        "outline": OUTLINES[kind],
        "left": LEFT_EDGE.get(kind, EDGE),
        "right": RIGHT_EDGE.get(kind, EDGE),
    }


def _node(node: LineageNode, place: Point) -> list[object]:
    row: list[object] = [
        _KINDS.index(node.kind),
        node.id,
        shown(node.reference),
        shown(node.title) if node.title else 0,
        place.x,
        place.y,
        node.distance,
        stage_words(node) or 0,
        status_words(node) or 0,
    ]
    while row[-1] == 0 and len(row) > 7:
        row.pop()
    return row


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


def _lines(drawn: Picture, says: _Says) -> list[list[object]]:
    routes = drawn.drawing.routes
    keep = _short_enough(routes)
    rows: list[list[object]] = []
    for number, line in enumerate(drawn.lines):
        said = [says.number(edge) for edge in line.edges]
        bends = _steps(routes[number]) if number in keep else ()
        spoken: object = said[0] if len(said) == 1 else said
        rows.append([line.cause, line.effect, spoken, *bends])
    return rows


def _steps(route: Sequence[Point]) -> Iterator[int]:
    """Yield the points between the ends, each as its way from the one before: small numbers."""
    for before, point in pairwise(route[:-1]):
        yield point.x - before.x
        yield point.y - before.y


def _short_enough(routes: Sequence[Sequence[Point]]) -> set[int]:
    budget = _BENDS
    keep = set()
    for bends, number in sorted((2 * len(route) - 4, i) for i, route in enumerate(routes)):
        budget -= bends
        if budget < 0:
            break
        keep.add(number)
    return keep
