"""Changes, folded into the lists that one statement writes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import to_json

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
from lineage_registry.ports.graph import Head, Part, Recorded, subjects

STILL: Final = 2**63 - 1
"""`until` of what has not ended: a number, so that indexes and comparisons need no second case."""

_EdgeName = tuple[int, str, int, str]
_Map = dict[str, Any]
# Of plain values: the collector of garbage leaves such tuples alone, and would walk lists.
_Row = tuple[Any, ...]
# Places in the row of a value.
_SINCE, _UNTIL, _VALUE = 2, 3, 4
_UNKNOWN: Final[_Row] = ()


class Fold:
    """What has been decided and not been written yet.

    A value that is set twice in one commit keeps the last word, and what begins and ends in one
    commit leaves nothing; both within the fold and against what was written before.
    """

    def __init__(self) -> None:
        self._nodes: dict[int, _Row] = {}
        self._born: dict[int, int] = {}
        self._owners: list[_Row] = []
        # What holds, None where that ended, and what held before within the fold.
        self._values: dict[tuple[int, str], _Row | None] = {}
        self._past: list[_Row] = []
        self._ended_values: dict[tuple[int, str], int] = {}
        self._shown: dict[str, dict[int, None]] = {"name": {}, "stage": {}, "deleted": {}}
        self._keys: dict[int, dict[str, None]] = {}
        self._edges: dict[_EdgeName, _Row] = {}
        self._ended_edges: dict[_EdgeName, int] = {}
        self._events: list[_Row] = []
        self._subjects: dict[int, list[int]] = {}
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
        position = recorded.position
        self._events.append((*recorded, token))
        for change in changes:
            self._change(change, recorded.revision)
        for node in subjects(changes):
            if node != position or node not in self._born:
                self._subjects.setdefault(node, []).append(position)

    def move_head(self, head: Head) -> None:
        """Fold in where the log ends."""
        self._heads = [head._asdict()]

    def parameters(self) -> Mapping[str, object]:
        """Return what `write.apply` takes."""
        return {
            "nodes": self._complete_nodes(),
            "keys": [
                {"node": node, "keys": list(keys)}
                for node, keys in self._keys.items()
                if node not in self._born
            ],
            "members": self._owners,
            "names": self._mirrored("name"),
            "stages": self._mirrored("stage"),
            "ended_values": [(*slot, until) for slot, until in self._ended_values.items()],
            "values": self._past + [row for row in self._values.values() if row is not None],
            "deletions": sorted(self._shown["deleted"]),
            "ended_edges": [
                {"source": source, "kind": kind, "target": target, "role": role, "until": until}
                for (source, kind, target, role), until in self._ended_edges.items()
            ],
            "edges": list(self._edges.values()),
            "events": self._events,
            "subjects": [
                (node, positions[-1], positions)
                for node, positions in self._subjects.items()
                if node not in self._born
            ],
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
        facts = to_json(change.facts).decode()
        run = change.facts.get("run_id") if change.kind is NodeKind.RUN else None
        self._born[change.id] = revision
        self._nodes[change.id] = (
            change.kind.label,
            change.id,
            change.kind.value,
            change.owner,
            revision,
            facts,
            change.facts.get("number"),
            None if run is None else f"runs:/{run}",
        )
        if change.owner != REGISTRY:
            self._owners.append((change.id, change.owner))

    def _set(self, change: Set, revision: int) -> None:
        node, key, value, first = change
        slot = (node, key)
        _check(value)
        held = self._values.get(slot, _UNKNOWN)
        if held:
            if held[_SINCE] != revision:
                self._past.append((*held[:_UNTIL], revision, *held[_VALUE:]))
        elif held is _UNKNOWN and not first and node not in self._born:
            # A node of this fold has nothing written that could end.
            self._ended_values[slot] = revision
        if key in self._shown:
            self._shown[key][node] = None
        self._values[slot] = None if value is None else self._life(node, key, revision, value)

    def _life(self, node: int, key: str, revision: int, value: Scalar) -> _Row:
        """Return the row of a value that begins, and what puts it into the lists of its node.

        Nobody lists the names in the registry, and what a node was born with is no change.
        """
        if node == REGISTRY:
            return node, key, revision, STILL, value, None, None
        # A node says which plain keys it ever had, so that reads need not look for others.
        if "/" not in key:
            self._keys.setdefault(node, {})[key] = None
        later = None if self._born.get(node) == revision else revision
        return node, key, revision, STILL, value, node, later

    def _add_edge(self, change: AddEdge, revision: int) -> None:
        name = _edge_name(change)
        if name in self._edges:
            return
        source, kind, target, role = name
        is_new = source in self._born or name in self._ended_edges
        key = f"{source}/{target}/{revision}/{role}"
        self._edges[name] = kind, source, target, role, revision, change.declared, is_new, key

    def _end_edge(self, change: EndEdge, revision: int) -> None:
        self._ended_edges.setdefault(_edge_name(change), revision)

    def _complete_nodes(self) -> list[_Row]:
        """Return the nodes with their keys, and the events that mention them already."""
        keys, mentions = self._keys, self._subjects
        return [
            (*row, list(keys.get(node, ())) or None, mentions.get(node))
            for node, row in self._nodes.items()
        ]

    def _mirrored(self, key: str) -> list[_Map]:
        """Return the last word on one key, which the node shows to people, too."""
        held = [(node, self._values[node, key]) for node in self._shown[key]]
        return [{"node": node, key: None if row is None else row[_VALUE]} for node, row in held]


def folds_of(part: Part) -> list[Mapping[str, object]]:
    """Return what `write.apply` takes to append a part of another log, and to move the head."""
    done: list[Mapping[str, object]] = []
    fold = Fold()
    for recorded in part.events:
        changes = recorded.changes()
        if not fold.takes(changes):
            done.append(fold.parameters())
            fold = Fold()
        fold.add(recorded, changes)
    fold.move_head(part.end)
    return [*done, fold.parameters()]


def marked(parameters: Mapping[str, Any], token: str | None) -> Mapping[str, object]:
    """Return the same, with a token on the first event."""
    first, *others = parameters["events"]
    return {**parameters, "events": [(*first[:-1], token), *others]}


def _edge_name(change: AddEdge | EndEdge) -> _EdgeName:
    return change.source, change.kind.value, change.target, change.role


def _check(value: Scalar | None) -> None:
    if isinstance(value, int) and not -STILL - 1 <= value <= STILL:
        raise InvalidInputError(f"{value} has more than 64 bits")
