"""The answer as one JSON document, for programs."""

import json
from typing import Any, Final

from lineage_registry.domain.lineage import Lineage

SCHEMA: Final = "urn:lineage-registry:lineage:1"
"""Names the shape of the document; the number grows when a reader of the old one would break."""


def document(lineage: Lineage) -> dict[str, Any]:
    """Return the answer as plain JSON values."""
    return {
        "$schema": SCHEMA,
        "query": {
            "starts": list(lineage.starts),
            "direction": lineage.direction,
            "depth": lineage.depth,
        },
        "revision": lineage.revision,
        "as_of": None if lineage.as_of is None else lineage.as_of.isoformat(),
        "depth_reached": lineage.depth_reached,
        "truncated": lineage.truncated,
        "counts": {"nodes": len(lineage.nodes), "edges": len(lineage.edges)},
        "nodes": [node._asdict() for node in lineage.nodes],
        "edges": [edge._asdict() for edge in lineage.edges],
    }


def to_json(lineage: Lineage) -> str:
    """Return the answer as JSON text, one node or edge a line so that two answers can be diffed."""
    whole = document(lineage)
    nodes, edges = _lines(whole.pop("nodes")), _lines(whole.pop("edges"))
    head = json.dumps(whole, ensure_ascii=False, indent=2).removesuffix("\n}")
    return f'{head},\n  "nodes": {nodes},\n  "edges": {edges}\n}}\n'


def _lines(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "[]"
    body = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n    {body}\n  ]"
