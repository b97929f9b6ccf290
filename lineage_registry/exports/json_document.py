"""The answer as one JSON document, for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineage_registry.domain.lineage import Lineage, edge_objects, node_objects

SCHEMA: Final = "urn:lineage-registry:lineage:1"
"""Names the shape of the document; the number grows when a reader of the old one would break."""


_QUERY: Final = ("starts", "direction", "depth", "depth_unit", "fields")


def document(lineage: Lineage) -> dict[str, Any]:
    """Return the answer as plain JSON values, as docs/schemas/lineage-1.json describes them.

    What an answer says beyond that comes along under the names of its fields.
    """
    said = lineage.model_dump(mode="json", exclude={"nodes", "edges"})
    query = {name: said.pop(name) for name in _QUERY}
    return {
        "$schema": SCHEMA,
        "query": query,
        **said,
        "counts": {"nodes": len(lineage.nodes), "edges": len(lineage.edges)},
        "nodes": node_objects(lineage.nodes, lineage.fields),
        "edges": edge_objects(lineage.edges),
    }


def to_json(lineage: Lineage) -> str:
    """Return the answer as JSON text, one node or edge a line so that two answers can be diffed."""
    whole = document(lineage)
    nodes, edges = _lines(whole.pop("nodes")), _lines(whole.pop("edges"))
    head = json.dumps(whole, ensure_ascii=False, indent=2).removesuffix("\n}")
    return f'{head},\n  "nodes": {nodes},\n  "edges": {edges}\n}}\n'


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write flat objects, one a line, in one go: one by one takes three times as long.

    Inside a text a quote is escaped, so what stands between two objects occurs nowhere else.
    """
    if not rows:
        return "[]"
    body = json.dumps(rows, ensure_ascii=False)[1:-1].replace('}, {"', '},\n    {"')
    return f"[\n    {body}\n  ]"
