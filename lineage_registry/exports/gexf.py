"""The answer as GEXF 1.3, for Gephi: typed attributes, parallel edges kept by their ids."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.exports.attributes import (
    EDGE_TYPES,
    NODE_TYPES,
    Facts,
    edge_facts,
    edge_key,
    node_facts,
)
from lineage_registry.exports.words import edge_label, headline, question, truth, xml_text

_TYPES: Final[Mapping[type, str]] = {str: "string", int: "long", bool: "boolean"}


def to_gexf(lineage: Lineage) -> str:
    """Return the answer as GEXF; edges point from effect to cause, as they are stored."""
    return "\n".join(_lines(lineage)) + "\n"


def _lines(lineage: Lineage) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<gexf xmlns="http://gexf.net/1.3" version="1.3">'
    said = f"{xml_text(question(lineage))}: {xml_text(truth(lineage))}"
    yield f"  <meta><creator>lineage-registry</creator><description>{said}</description></meta>"
    yield '  <graph defaultedgetype="directed" mode="static">'
    yield from _declared("node", NODE_TYPES)
    yield from _declared("edge", EDGE_TYPES)
    yield "    <nodes>"
    for node in lineage.nodes:
        label = xml_text(headline(node))
        yield f'      <node id="{node.id}" label="{label}">{_values(node_facts(node))}</node>'
    yield "    </nodes>\n    <edges>"
    for number, edge in enumerate(lineage.edges):
        yield (
            f'      <edge id="e{number}" source="{edge.source}" target="{edge.target}" '
            f'kind="{xml_text(edge_key(edge))}" label="{xml_text(edge_label(edge))}">'
            f"{_values(edge_facts(edge))}</edge>"
        )
    yield "    </edges>\n  </graph>\n</gexf>"


def _declared(scope: str, types: Mapping[str, type]) -> Iterator[str]:
    yield f'    <attributes class="{scope}">'
    for name, kind in types.items():
        yield f'      <attribute id="{name}" title="{name}" type="{_TYPES[kind]}"/>'
    yield "    </attributes>"


def _values(facts: Facts) -> str:
    said = "".join(
        f'<attvalue for="{name}" value="{_value(value)}"/>' for name, value in facts.items()
    )
    return f"<attvalues>{said}</attvalues>"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else xml_text(str(value))
