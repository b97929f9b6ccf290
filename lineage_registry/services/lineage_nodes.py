"""The nodes of an answer as people read them."""

from collections.abc import Mapping

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import LineageNode
from lineage_registry.domain.references import SPACES
from lineage_registry.domain.resolution import VERSION_KINDS
from lineage_registry.domain.view import Column, GraphView, Origin

_MODELS, _RUNS = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.RUN})
_VERSIONS = frozenset(VERSION_KINDS.values())
_NAMED = frozenset({NodeKind.MODEL, NodeKind.DATASET, NodeKind.DEPLOYMENT})
_SHOWN = (
    (Column(Origin.OWNER_VALUE, "name", _VERSIONS),),
    (
        Column(Origin.FACT, "number", _VERSIONS),
        Column(Origin.FACT, "run_id", _RUNS),
        Column(Origin.VALUE, "name", _NAMED),
    ),
    (Column(Origin.FACT, "label", _VERSIONS), Column(Origin.FACT, "name", _RUNS)),
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.VALUE, "rolled_back", _MODELS), Column(Origin.VALUE, "status", _RUNS)),
)


def describe_nodes(
    view: GraphView, distances: Mapping[int, int], *, deleted: bool = True
) -> list[LineageNode]:
    """Describe the nodes of an answer, in order.

    Args:
        view: Where to read.
        distances: The nodes and how far they are.
        deleted: Whether nodes other than the starts (at distance 0) may be deleted ones.
    """
    make = tuple.__new__  # half the time of the class itself; an answer has thousands of nodes
    told: list[LineageNode] = []
    for kind, (id_, _, name, key, title, stage, state) in view.table(distances.keys(), _SHOWN):
        if kind in _VERSIONS:
            reference = f"{SPACES[kind]}:/{name}/{key}"
            status = "rolled_back" if state else None
        else:
            reference = f"{SPACES[kind]}:/{key}"
            status = None if state == "finished" else state
        told.append(make(LineageNode, (id_, reference, kind, distances[id_], stage, status, title)))
    return _marked_deleted(view, told, everywhere=deleted)


def _marked_deleted(
    view: GraphView, told: list[LineageNode], *, everywhere: bool
) -> list[LineageNode]:
    maybe = [(node.id, "deleted") for node in told if everywhere or not node.distance]
    gone = view.values(maybe)
    if not gone:
        return told
    return [
        node._replace(status="deleted") if (node.id, "deleted") in gone else node for node in told
    ]
