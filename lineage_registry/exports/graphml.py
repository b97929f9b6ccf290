"""The answer as GraphML, for graph tools: flat attributes, parallel edges kept by their ids."""

import json
from collections.abc import Iterator
from typing import Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.exports.words import xml_text

_GRAPH_KEYS: Final = {
    "starts": "string",
    "direction": "string",
    "depth": "long",
    "depth_reached": "long",
    "truncated": "boolean",
    "revision": "long",
    "as_of": "string",
}
_NODE_KEYS: Final = {
    "reference": "string",
    "kind": "string",
    "distance": "long",
    "stage": "string",
    "status": "string",
    "title": "string",
}
_EDGE_KEYS: Final = {"kind": "string", "role": "string", "since": "long", "declared": "boolean"}
_HEAD: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">"""


def to_graphml(lineage: Lineage) -> str:
    """Return the answer as GraphML; edges point from effect to cause, as they are stored."""
    return "\n".join(_lines(lineage)) + "\n"


def _lines(lineage: Lineage) -> Iterator[str]:
    yield _HEAD
    for scope, keys in (("graph", _GRAPH_KEYS), ("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        for name, type_ in keys.items():
            yield (
                f'  <key id="{scope}-{name}" for="{scope}" attr.name="{name}" attr.type="{type_}"/>'
            )
    yield '  <graph id="lineage" edgedefault="directed">'
    yield "    " + _data("graph", _of_the_graph(lineage))
    for node in lineage.nodes:
        facts = {name: getattr(node, name) for name in _NODE_KEYS}
        yield f'    <node id="n{node.id}">{_data("node", facts)}</node>'
    for number, edge in enumerate(lineage.edges):
        facts = {name: getattr(edge, name) for name in _EDGE_KEYS}
        yield (
            f'    <edge id="e{number}" source="n{edge.source}" target="n{edge.target}">'
            f"{_data('edge', facts)}</edge>"
        )
    yield "  </graph>\n</graphml>"


def _of_the_graph(lineage: Lineage) -> dict[str, object]:
    return {
        "starts": json.dumps(list(lineage.starts), ensure_ascii=False),
        "direction": lineage.direction,
        "depth": lineage.depth,
        "depth_reached": lineage.depth_reached,
        "truncated": lineage.truncated,
        "revision": lineage.revision,
        "as_of": None if lineage.as_of is None else lineage.as_of.isoformat(),
    }


def _data(scope: str, facts: dict[str, object]) -> str:
    return "".join(
        f'<data key="{scope}-{name}">{_text(value)}</data>'
        for name, value in facts.items()
        if value is not None
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return xml_text(str(value))
