"""The answer as two tables: its nodes and its edges."""

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.tables import Table
from lineage_registry.exports.attributes import EDGE_TYPES, NODE_TYPES
from lineage_registry.exports.csv_table import csv_text
from lineage_registry.exports.markdown import heading, markdown_table
from lineage_registry.exports.words import question, truth


def node_table(lineage: Lineage) -> Table:
    """Return a row for each node; `id` is what the table of edges names it by."""
    rows = [(node.id, *(getattr(node, name) for name in NODE_TYPES)) for node in lineage.nodes]
    return Table(("id", *NODE_TYPES), rows)


def edge_table(lineage: Lineage) -> Table:
    """Return a row for each edge, from effect (`source`) to cause (`target`)."""
    named = {node.id: node.reference for node in lineage.nodes}
    columns = ("source", "target", *EDGE_TYPES, "source_reference", "target_reference")
    rows = [
        (
            edge.source,
            edge.target,
            *(getattr(edge, name) for name in EDGE_TYPES),
            named[edge.source],
            named[edge.target],
        )
        for edge in lineage.edges
    ]
    return Table(columns, rows)


def to_csv_nodes(lineage: Lineage) -> str:
    """Return the nodes of the answer as CSV."""
    return csv_text(node_table(lineage))


def to_csv_edges(lineage: Lineage) -> str:
    """Return the edges of the answer as CSV: an edge list."""
    return csv_text(edge_table(lineage))


def to_markdown(lineage: Lineage) -> str:
    """Return the answer as Markdown: what was asked, nodes and edges as tables."""
    parts = [
        heading(1, question(lineage)),
        f"{truth(lineage)}\n",
        heading(2, "Nodes"),
        markdown_table(node_table(lineage)),
        heading(2, "Edges"),
        markdown_table(edge_table(lineage)),
    ]
    return "\n".join(parts)
