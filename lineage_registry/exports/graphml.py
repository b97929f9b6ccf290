"""The answer as GraphML, for graph tools: flat attributes, parallel edges kept by their ids."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.exports.attributes import (
    EDGE_TYPES,
    GRAPH_TYPES,
    NODE_TYPES,
    Facts,
    edge_facts,
    graph_facts,
    node_facts,
)
from lineage_registry.exports.words import xml_text

_TYPES: Final[Mapping[type, str]] = {str: "string", int: "long", bool: "boolean"}
_KEYS: Final = (
    ("graph", {"starts": str, **GRAPH_TYPES}),
    ("node", NODE_TYPES),
    ("edge", EDGE_TYPES),
)
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
    for scope, keys in _KEYS:
        for name, kind in keys.items():
            said = f'attr.name="{name}" attr.type="{_TYPES[kind]}"'
            yield f'  <key id="{scope}-{name}" for="{scope}" {said}/>'
    yield '  <graph id="lineage" edgedefault="directed">'
    starts = json.dumps(list(lineage.starts), ensure_ascii=False)
    yield "    " + _data("graph", {"starts": starts, **graph_facts(lineage)})
    for node in lineage.nodes:
        yield f'    <node id="n{node.id}">{_data("node", node_facts(node))}</node>'
    for number, edge in enumerate(lineage.edges):
        yield (
            f'    <edge id="e{number}" source="n{edge.source}" target="n{edge.target}">'
            f"{_data('edge', edge_facts(edge))}</edge>"
        )
    yield "  </graph>\n</graphml>"


def _data(scope: str, facts: Facts) -> str:
    return "".join(
        f'<data key="{scope}-{name}">{_text(value)}</data>' for name, value in facts.items()
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return xml_text(str(value))
