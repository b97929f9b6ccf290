"""An answer about lineage that can be drawn, written and taken into networkx."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lineage_registry import exports
from lineage_registry.domain.graph import Edge
from lineage_registry.domain.lineage import Lineage
from lineage_registry.registry.exporting import write_answer

if TYPE_CHECKING:
    import networkx as nx


_EDGE_ATTRIBUTES = ("kind", "role", "since", "declared")


class LineageHandle(Lineage):
    """Nodes and edges around some starts, which can be drawn and written."""

    @classmethod
    def of(cls, answer: Lineage) -> Self:
        """Give an answer these methods."""
        handle = cls.__new__(cls)
        handle.__setstate__(answer.__getstate__())  # a tenth of the time of making it anew
        return handle

    def tree(self) -> str:
        """Draw the answer as indented text."""
        return exports.export(self, "tree").decode()

    def export(self, path: str | Path, format: str | None = None) -> Path:  # noqa: A002
        """Write the answer to a file; the suffix says how, unless `format` does.

        Raises:
            InvalidQueryError: There is no such format.
        """
        return write_answer(self, path, format)

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """Return the answer as a graph of networkx; edges point from effect to cause.

        The key of an edge is its kind and role; parallel edges stay apart.
        """
        import networkx as nx  # noqa: PLC0415 - light import

        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        for node in self.nodes:
            graph.add_node(node.id, **node._asdict())
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, **_attributes(edge))
        return graph

    def _repr_html_(self) -> str:
        return exports.export(self, "svg").decode()


def _attributes(edge: Edge) -> dict[str, Any]:
    said = edge._asdict()
    return {"key": (edge.kind, edge.role), **{name: said[name] for name in _EDGE_ATTRIBUTES}}
