"""The nodes of an answer as people read them, and the graph that they form."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from lineage_registry.domain.graph import Edge, NodeKind, Scalar
from lineage_registry.domain.lineage import Lineage, LineageNode, NodeField
from lineage_registry.domain.references import SPACES
from lineage_registry.domain.resolution import NAME_COLUMNS, VERSIONS
from lineage_registry.domain.view import Column, GraphView, Origin

_MODELS, _RUNS = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.RUN})
_SHOWN = (
    *NAME_COLUMNS,
    (Column(Origin.FACT, "label", VERSIONS), Column(Origin.FACT, "name", _RUNS)),
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.VALUE, "rolled_back", _MODELS), Column(Origin.VALUE, "status", _RUNS)),
)
_GONE = (*_SHOWN, (Column(Origin.VALUE, "deleted", frozenset(NodeKind)),))
_NEVER_GONE = (*_SHOWN, (Column(Origin.VALUE, "deleted", frozenset()),))
_UNMARKED = (None, "finished", False)
_PREFIXES = {kind: f"{space}:/" for kind, space in SPACES.items()}


def describe_nodes(
    view: GraphView, distances: Mapping[int, int], *, deleted: bool = True
) -> list[LineageNode]:
    """Describe the nodes of an answer, in order.

    Args:
        view: Where to read.
        distances: The nodes and how far they are.
        deleted: Whether some of them may be deleted ones; they are looked up and said to be.
    """
    make = tuple.__new__  # half the time of the class itself; an answer has thousands of nodes
    prefixes = _PREFIXES
    return [
        make(
            LineageNode,
            (
                id_,
                f"{prefixes[kind]}{key}" if name is None else f"{prefixes[kind]}{name}/{key}",
                kind,
                distances[id_],
                stage,
                _status(kind, state, gone) if gone or state not in _UNMARKED else None,
                title,
            ),
        )
        for kind, (id_, _, name, key, title, stage, state, gone) in view.table(
            distances.keys(), _GONE if deleted else _NEVER_GONE
        )
    ]


def _status(kind: NodeKind, state: Scalar, gone: Scalar | None) -> str:
    """Return the mark; `state` says of a version that it was rolled back, of a run its status."""
    if gone:
        return "deleted"
    return "rolled_back" if kind in VERSIONS else str(state)


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
