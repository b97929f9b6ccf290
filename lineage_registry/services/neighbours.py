"""Neighbours: what one edge of any kind ties to a thing."""

from collections.abc import Mapping

from lineage_registry.domain.graph import Edge, EdgeKind, Node
from lineage_registry.domain.resolution import write_references
from lineage_registry.domain.view import Direction, Walk
from lineage_registry.ports.commands import Context, GetNeighbours, Neighbour, Neighbours
from lineage_registry.services.starts import single_nodes
from lineage_registry.services.workplace import Workplace, read


def get_neighbours(work: Workplace, command: GetNeighbours, _: Context) -> Neighbours:
    """Return the direct neighbours of a thing over edges of every kind.

    Raises:
        InvalidReferenceError: It is a whole model or dataset.
    """
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        (node,) = single_nodes(view, [reference], deleted=command.deleted)
        kinds = EdgeKind if command.edge_kinds is None else command.edge_kinds
        edges: list[Edge] = []
        truncated = False
        for direction in Direction:
            walk = Walk(
                direction,
                depth=1,
                kinds=frozenset(kinds),
                deleted=command.deleted,
                inferred=command.inferred,
                limit=command.limit,
            )
            closure = view.walk([node], walk)
            truncated = truncated or (closure.truncated and len(closure.distances) >= command.limit)
            near = "source" if direction is Direction.UPSTREAM else "target"
            edges.extend(edge for edge in closure.edges if getattr(edge, near) == node)
        nodes = view.nodes(
            {node, *(end for edge in edges for end in edge[0:3:2])}, ("name", "deleted")
        )
        named = write_references(view, nodes)
        return Neighbours(
            reference=named[node],
            neighbours=[_neighbour(node, edge, named, nodes[_other(node, edge)]) for edge in edges],
            truncated=truncated,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _neighbour(node: int, edge: Edge, named: Mapping[int, str], other: Node) -> Neighbour:
    return Neighbour(
        reference=named[other.id],
        kind=other.kind,
        direction="upstream" if edge.source == node else "downstream",
        edge=edge.kind,
        role=edge.role,
        declared=edge.declared,
        deleted="deleted" in other.values,
    )


def _other(node: int, edge: Edge) -> int:
    return edge.target if edge.source == node else edge.source
