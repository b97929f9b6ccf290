"""The answer as JSON for graph libraries: node-link as networkx has it, and Cytoscape."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.streams import batches
from lineage_registry.exports.attributes import graph_facts, keyed_edges, node_facts
from lineage_registry.exports.words import headline


def node_link_chunks(lineage: Lineage) -> Iterator[str]:
    """Yield the answer as `networkx.node_link_data(graph, edges="edges")` writes it.

    Edges point from effect to cause; `key` tells edges between the same two nodes apart.
    """
    head = _text({"directed": True, "multigraph": True, "graph": _facts(lineage)})
    nodes = (
        [{**node_facts(node), "id": node.id} for node in part] for part in batches(lineage.nodes)
    )
    edges = (
        [
            {**facts, "source": edge.source, "target": edge.target}
            for edge, facts in keyed_edges(part)
        ]
        for part in batches(lineage.edges)
    )
    yield head.removesuffix("\n}\n")
    yield ',\n "nodes": '
    yield from _array(nodes)
    yield ',\n "edges": '
    yield from _array(edges)
    yield "\n}\n"


def _array(parts: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Yield a JSON array as it is written inside an object."""
    lead = "["
    for part in filter(None, parts):
        written = json.dumps([part], ensure_ascii=False, indent=1)
        yield lead + written.removeprefix("[\n [").removesuffix("\n ]\n]")
        lead = ","
    yield "[]" if lead == "[" else "\n ]"


def to_cytoscape(lineage: Lineage) -> str:
    """Return the answer as Cytoscape and Cytoscape.js read it; edges point from effect to cause."""
    return _text(
        {
            "data": _facts(lineage),
            "directed": True,
            "multigraph": True,
            "elements": {
                "nodes": [
                    {
                        "data": {
                            **node_facts(node),
                            "id": str(node.id),
                            "value": node.id,
                            "name": headline(node),
                        }
                    }
                    for node in lineage.nodes
                ],
                "edges": [
                    {"data": {**facts, "id": f"e{i}", "source": edge.source, "target": edge.target}}
                    for i, (edge, facts) in enumerate(keyed_edges(lineage.edges))
                ],
            },
        }
    )


def _facts(lineage: Lineage) -> dict[str, Any]:
    return {"starts": list(lineage.starts), **graph_facts(lineage)}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
