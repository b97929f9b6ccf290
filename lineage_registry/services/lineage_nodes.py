"""The nodes of an answer as people read them."""

from collections.abc import Mapping

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import LineageNode
from lineage_registry.domain.references import SPACES
from lineage_registry.domain.resolution import NAME_COLUMNS, VERSION_KINDS
from lineage_registry.domain.view import Column, GraphView, Origin

_MODELS, _RUNS = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.RUN})
_VERSIONS = frozenset(VERSION_KINDS.values())
_SHOWN = (
    *NAME_COLUMNS,
    (Column(Origin.FACT, "label", _VERSIONS), Column(Origin.FACT, "name", _RUNS)),
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.VALUE, "rolled_back", _MODELS), Column(Origin.VALUE, "status", _RUNS)),
)
_GONE = (*_SHOWN, (Column(Origin.VALUE, "deleted", frozenset(NodeKind)),))
_NEVER_GONE = (*_SHOWN, (Column(Origin.VALUE, "deleted", frozenset()),))
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
    told: list[LineageNode] = []
    rows = view.table(distances.keys(), _GONE if deleted else _NEVER_GONE)
    for kind, (id_, _, name, key, title, stage, state, gone) in rows:
        if kind in _VERSIONS:
            reference = f"{_PREFIXES[kind]}{name}/{key}"
            status = "rolled_back" if state else None
        else:
            reference = f"{_PREFIXES[kind]}{key}"
            status = None if state == "finished" else state
        if gone:
            status = "deleted"
        told.append(make(LineageNode, (id_, reference, kind, distances[id_], stage, status, title)))
    return told
