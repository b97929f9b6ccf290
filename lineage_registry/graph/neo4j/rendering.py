"""Rows of answers, turned into the words of the domain."""

import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from lineage_registry.domain.edge_rows import EdgeRows
from lineage_registry.domain.graph import EdgeKind, Interval, Node, NodeKind
from lineage_registry.graph.neo4j.connection import Row
from lineage_registry.graph.neo4j.folding import STILL
from lineage_registry.ports.graph import Recorded

_EDGE_KINDS = {kind.value: kind for kind in EdgeKind}
_NODE_KINDS = {kind.value: kind for kind in NodeKind}


def recorded_from(row: Row) -> Recorded:
    """Return an event as it lies in the log."""
    return Recorded(**{**row, "body": bytes(row["body"]), "leaf": bytes(row["leaf"])})


def node_from(row: Sequence[Any]) -> Node:
    """Return a node of `[id, kind, owner, since, facts, values]`."""
    number, kind, owner, since, facts, values = row
    return Node(number, _NODE_KINDS[kind], owner, since, json.loads(facts), dict(values))


def interval_from(row: Row, revision: int) -> Interval:
    """Return an interval as a revision sees it."""
    until = row["until"]
    open_then = until == STILL or until > revision
    return Interval(row["since"], None if open_then else until, row["value"])


def edges_from(rows: Iterable[Sequence[Any]]) -> EdgeRows:
    """Return the edges of rows `[source, kind, target, role, since, declared]`, in order."""
    return EdgeRows(sorted(rows, key=itemgetter(0, 1, 2, 3)), _EDGE_KINDS)
