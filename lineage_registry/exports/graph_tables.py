"""The answer as two tables: its nodes and its edges."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.streams import batches, references_of
from lineage_registry.domain.tables import Table
from lineage_registry.exports.attributes import EDGE_TYPES, NODE_TYPES
from lineage_registry.exports.csv_table import Row, csv_chunks
from lineage_registry.exports.markdown import heading, markdown_table
from lineage_registry.exports.words import question, truth

_NODES: Final = ("id", *NODE_TYPES)
_EDGES: Final = ("source", "target", *EDGE_TYPES, "source_reference", "target_reference")


def node_table(lineage: Lineage) -> Table:
    """Return a row for each node; `id` is what the table of edges names it by."""
    return Table(_NODES, list(chain.from_iterable(_node_rows(lineage))))


def edge_table(lineage: Lineage) -> Table:
    """Return a row for each edge, from effect (`source`) to cause (`target`)."""
    return Table(_EDGES, list(chain.from_iterable(_edge_rows(lineage))))


def csv_node_chunks(lineage: Lineage) -> Iterator[str]:
    """Yield the nodes of the answer as CSV."""
    return csv_chunks(_NODES, _node_rows(lineage))


def csv_edge_chunks(lineage: Lineage) -> Iterator[str]:
    """Yield the edges of the answer as CSV: an edge list."""
    return csv_chunks(_EDGES, _edge_rows(lineage))


def _node_rows(lineage: Lineage) -> Iterator[list[Row]]:
    for part in batches(lineage.nodes):
        yield [(node.id, *(getattr(node, name) for name in NODE_TYPES)) for node in part]


def _edge_rows(lineage: Lineage) -> Iterator[list[Row]]:
    references = references_of(lineage.nodes)
    for part in batches(lineage.edges):
        named = references(end for edge in part for end in (edge.source, edge.target))
        yield [
            (
                edge.source,
                edge.target,
                *(getattr(edge, name) for name in EDGE_TYPES),
                named[edge.source],
                named[edge.target],
            )
            for edge in part
        ]


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
