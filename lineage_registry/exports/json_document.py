"""The answer as one JSON document, for programs."""

import json
from collections.abc import Iterator
from typing import Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.exports.lineage_text import edge_lines, node_lines

SCHEMA: Final = "urn:lineage-registry:lineage:1"
"""Names the shape of the document; the number grows when a reader of the old one would break."""


_QUERY: Final = ("starts", "direction", "depth", "depth_unit", "fields")


def json_chunks(lineage: Lineage) -> Iterator[str]:
    """Yield the answer as JSON text, one node or edge a line so that two answers can be diffed.

    docs/schemas/lineage-1.json describes it. What an answer says beyond that comes along under the
    names of its fields.
    """
    said = lineage.model_dump(mode="json", exclude={"nodes", "edges"})
    query = {name: said.pop(name) for name in _QUERY}
    counts = {
        "nodes": len(lineage.nodes),
        "edges": len(lineage.edges) if lineage.with_edges else None,
    }
    head = {"$schema": SCHEMA, "query": query, **said, "counts": counts}
    yield json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}")
    yield ',\n  "nodes": '
    yield from node_lines(lineage)
    yield ',\n  "edges": '
    yield from edge_lines(lineage) if lineage.with_edges else ("null",)
    yield "\n}\n"
