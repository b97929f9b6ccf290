"""The nodes of an answer as people read them, and the graph that they form."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from lineage_registry.domain.graph import Edge, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode, NodeField
from lineage_registry.domain.node_rows import COLUMNS, NodeRows
from lineage_registry.domain.view import Column, GraphView, Origin

_NEVER_GONE = (*COLUMNS[:-1], (Column(Origin.VALUE, "deleted", frozenset()),))


def describe_nodes(
    view: GraphView, distances: Mapping[int, int], *, deleted: bool = True
) -> list[LineageNode]:
    """Describe the nodes of an answer, in order.

    Args:
        view: Where to read.
        distances: The nodes and how far they are.
        deleted: Whether some of them may be deleted ones; they are looked up and said to be.
    """
    return list(node_rows(view, distances, deleted=deleted))


def node_rows(
    view: GraphView,
    distances: Mapping[int, int],
    *,
    deleted: bool = True,
    known: Iterable[Any] | None = None,
) -> NodeRows:
    """Describe the nodes of an answer that may have very many; each is made when looked at.

    Args:
        view: Where to read.
        distances: The nodes and how far they are.
        deleted: As above.
        known: Their table of `node_columns`, if it was read already.
    """
    if known is None:
        known = view.table(distances.keys(), node_columns(deleted=deleted))
    return NodeRows(known, distances)


def node_columns(*, deleted: bool) -> tuple[tuple[Column, ...], ...]:
    """Return what to read of nodes to describe them, of which some may be deleted ones."""
    return COLUMNS if deleted else _NEVER_GONE


def graph_of(
    view: GraphView,
    starts: Iterable[object],
    nodes: Sequence[LineageNode],
    edges: Iterable[Edge],
    *,
    direction: Literal["upstream", "downstream", "both"] = "upstream",
    depth: int | None = None,
    truncated: bool = False,
    omitted: Mapping[NodeKind, int] | None = None,
    has_more: Mapping[int, int] | None = None,
) -> Lineage:
    """Return nodes that were found otherwise than by one walk as a graph, its edges in order.

    Args:
        view: What it is true of.
        starts: What was asked about, as references or text.
        nodes: In order of (distance, id).
        edges: Edges among them.
        direction: To which side of the starts they lie.
        depth: How far was asked for; None is all the way.
        truncated: Whether a limit left something out.
        omitted: How many nodes of each kind that is, if counted.
        has_more: How many neighbours of a node are not among the nodes, if counted.
    """
    # What was read needs no checking; an answer has thousands of nodes.
    return Lineage.model_construct(
        starts=[str(start) for start in starts],
        direction=direction,
        depth=depth,
        nodes=nodes,
        edges=sorted(edges, key=lambda edge: edge[:4]),
        depth_reached=max((node.distance for node in nodes), default=0),
        truncated=truncated,
        truncated_by="limit" if truncated else None,
        omitted=omitted,
        has_more=has_more,
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def masked(nodes: Sequence[LineageNode], fields: Collection[str]) -> list[LineageNode]:
    """Leave out what was not asked for."""
    unasked: dict[str, Any] = {name: None for name in get_args(NodeField) if name not in fields}
    return [node._replace(**unasked) for node in nodes]
