"""What graph tools are told of the answer, its nodes and its edges: flat names and values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lineage_registry.domain.graph import Edge
from lineage_registry.domain.lineage import Lineage, LineageNode

Facts = Mapping[str, Any]

GRAPH_TYPES: Final[Mapping[str, type]] = {
    "direction": str,
    "depth": int,
    "depth_reached": int,
    "truncated": bool,
    "revision": int,
    "as_of": str,
}
NODE_TYPES: Final[Mapping[str, type]] = {
    "reference": str,
    "kind": str,
    "distance": int,
    "stage": str,
    "status": str,
    "title": str,
}
EDGE_TYPES: Final[Mapping[str, type]] = {"kind": str, "role": str, "since": int, "declared": bool}


def graph_facts(lineage: Lineage) -> Facts:
    """Return what holds for the answer as a whole, without what it does not say."""
    at = None if lineage.as_of is None else lineage.as_of.isoformat()
    said = {name: getattr(lineage, name) for name in GRAPH_TYPES if name != "as_of"}
    return _said({**said, "as_of": at})


def node_facts(node: LineageNode) -> Facts:
    """Return what the answer says of a node besides its id."""
    return _said({name: getattr(node, name) for name in NODE_TYPES})


def edge_facts(edge: Edge) -> Facts:
    """Return what the answer says of an edge besides its ends."""
    return _said({name: getattr(edge, name) for name in EDGE_TYPES})


def edge_key(edge: Edge) -> str:
    """Return what tells an edge from others between the same two nodes: `USED/train`."""
    return f"{edge.kind}/{edge.role}"


def keyed_edges(edges: Iterable[Edge]) -> Iterator[tuple[Edge, dict[str, Any]]]:
    """Yield the edges with their facts and keys: they point from effect to cause, as stored."""
    for edge in edges:
        yield edge, {**edge_facts(edge), "key": edge_key(edge)}


def _said(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}
