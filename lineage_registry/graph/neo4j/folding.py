"""Changes, folded into the lists that one statement writes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineage_registry.domain.graph import (
    REGISTRY,
    AddEdge,
    AddNode,
    Change,
    EndEdge,
    NodeKind,
    Scalar,
    Set,
)
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.graph import Head, Recorded, subjects

STILL: Final = 2**63 - 1
"""`until` of what has not ended: a number, so that indexes and comparisons need no second case."""

_EdgeName = tuple[int, str, int, str]
_Map = dict[str, Any]


class Fold:
    """What has been decided and not been written yet.

    A value that is set twice in one commit keeps the last word, and what begins and ends in one
    commit leaves nothing; both within the fold and against what was written before.
    """

    def __init__(self) -> None:
        self._nodes: dict[int, _Map] = {}
        self._values: dict[tuple[int, str], list[_Map]] = {}
        self._ended_values: dict[tuple[int, str], int] = {}
        self._keys: dict[int, dict[str, None]] = {}
        self._edges: dict[_EdgeName, _Map] = {}
        self._ended_edges: dict[_EdgeName, int] = {}
        self._events: list[_Map] = []
        self._subjects: list[_Map] = []
        self._heads: list[_Map] = []

    def __len__(self) -> int:
        """Count the events."""
        return len(self._events)

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to write."""
        return not (self._events or self._heads)

    def takes(self, changes: Sequence[Change]) -> bool:
        """Tell whether these changes can be folded in before what is there has been written.

        Only whether an edge that is begun here holds already is known to the server alone; so
        its end has to wait.
        """
        return not any(
            isinstance(change, EndEdge) and _edge_name(change) in self._edges for change in changes
        )

    def add(self, recorded: Recorded, changes: Sequence[Change], token: str | None = None) -> None:
        """Fold in an event; `token` is left on it."""
        self._events.append(_event(recorded, token))
        self._subjects += [
            {"node": node, "position": recorded.position} for node in subjects(changes)
        ]
        for change in changes:
            self._change(change, recorded.revision)

    def move_head(self, head: Head) -> None:
        """Fold in where the log ends."""
        self._heads = [head._asdict()]

    def parameters(self) -> Mapping[str, object]:
        """Return what `write.apply` takes."""
        values = [value for lives in self._values.values() for value in lives]
        return {
            "nodes": [self._labelled(node) for node in self._nodes.values()],
            "keys": [
                {"node": node, "keys": list(keys)}
                for node, keys in self._keys.items()
                if node not in self._nodes
            ],
            "members": [
                {"node": node["id"], "owner": node["owner"]}
                for node in self._nodes.values()
                if node["owner"] != REGISTRY
            ],
            "names": self._mirrored("name"),
            "stages": self._mirrored("stage"),
            "ended_values": [
                {"node": node, "key": key, "until": until}
                for (node, key), until in self._ended_values.items()
            ],
            "values": values,
            "deletions": sorted({node for node, key in self._touched() if key == "deleted"}),
            "ended_edges": [
                {"source": source, "kind": kind, "target": target, "role": role, "until": until}
                for (source, kind, target, role), until in self._ended_edges.items()
            ],
            "edges": list(self._edges.values()),
            "events": self._events,
            "subjects": self._subjects,
            "heads": self._heads,
            "still": STILL,
        }

    def _change(self, change: Change, revision: int) -> None:
        match change:
            case AddNode():
                self._add_node(change, revision)
            case Set():
                self._set(change, revision)
            case AddEdge():
                self._add_edge(change, revision)
            case EndEdge():
                self._end_edge(change, revision)

    def _add_node(self, change: AddNode, revision: int) -> None:
        for fact in change.facts.values():
            _check(fact)
        node = {
            "id": change.id,
            "kind": change.kind.value,
            "owner": change.owner,
            "since": revision,
            "facts": json.dumps(dict(change.facts), ensure_ascii=False, separators=(",", ":")),
            "number": change.facts.get("number"),
        }
        if change.kind is NodeKind.RUN and "run_id" in change.facts:
            node["reference"] = f"runs:/{change.facts['run_id']}"
        self._nodes[change.id] = node

    def _set(self, change: Set, revision: int) -> None:
        slot = (change.node, change.key)
        _check(change.value)
        lives = self._values.get(slot)
        if lives is None:
            lives = self._values[slot] = []
            # A node of this fold has nothing written that could end.
            if change.node not in self._nodes:
                self._ended_values[slot] = revision
        elif lives and lives[-1]["until"] == STILL:
            lives[-1]["until"] = revision
            if lives[-1]["since"] == revision:
                lives.pop()
        if change.value is not None:
            # A node says which plain keys it ever had, so that reads need not look for others.
            if change.node != REGISTRY and "/" not in change.key:
                self._keys.setdefault(change.node, {})[change.key] = None
            lives.append(
                {
                    "node": change.node,
                    "key": change.key,
                    "since": revision,
                    "until": STILL,
                    "value": change.value,
                }
            )

    def _add_edge(self, change: AddEdge, revision: int) -> None:
        name = _edge_name(change)
        if name in self._edges:
            return
        source, kind, target, role = name
        self._edges[name] = {
            "source": source,
            "target": target,
            "kind": kind,
            "is_new": source in self._nodes or name in self._ended_edges,
            "properties": {
                "key": f"{source}/{target}/{revision}/{role}",
                "role": role,
                "since": revision,
                "until": STILL,
                "declared": change.declared,
            },
        }

    def _end_edge(self, change: EndEdge, revision: int) -> None:
        self._ended_edges.setdefault(_edge_name(change), revision)

    def _labelled(self, node: _Map) -> _Map:
        properties = {**node, "keys": list(self._keys.get(node["id"], ())) or None}
        return {"label": NodeKind(node["kind"]).label, "properties": properties}

    def _touched(self) -> set[tuple[int, str]]:
        return self._values.keys() | self._ended_values.keys()

    def _mirrored(self, key: str) -> list[_Map]:
        """Return the last word on one key, which the node shows to people, too."""
        found = []
        for node, touched in self._values:
            if touched == key:
                lives = self._values[node, touched]
                holds = lives and lives[-1]["until"] == STILL
                found.append({"node": node, key: lives[-1]["value"] if holds else None})
        return found


def _edge_name(change: AddEdge | EndEdge) -> _EdgeName:
    return change.source, change.kind.value, change.target, change.role


def _event(recorded: Recorded, token: str | None) -> _Map:
    return {**recorded._asdict(), "token": token}


def _check(value: Scalar | None) -> None:
    if isinstance(value, int) and not -STILL - 1 <= value <= STILL:
        raise InvalidInputError(f"{value} has more than 64 bits")
