"""The graph said in the plainest way: lists of intervals, and networkx for every question.

It is slow and obviously right, so the engines are compared with it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import networkx as nx

from lineage_registry.domain.graph import (
    LINEAGE,
    REGISTRY,
    AddEdge,
    AddNode,
    Change,
    Edge,
    EdgeKind,
    EndEdge,
    Interval,
    Node,
    NodeKind,
    Scalar,
    Set,
)
from lineage_registry.domain.view import (
    Census,
    Closure,
    Direction,
    Filter,
    GraphView,
    Selection,
    Walk,
)
from lineage_registry.ports.graph import from_microseconds

EdgeKey = tuple[int, EdgeKind, int, str]


class Tie(NamedTuple):
    """One life of an edge: from `since` until before `until`."""

    since: int
    until: int | None
    declared: bool


class ReferenceGraph:
    """What the four changes leave behind.

    Attributes:
        nodes: Every node ever made, without values.
        values: The intervals of every value.
        ties: The lives of every edge.
        times: Revision to time of its commit, microseconds.
        version: Counts the changes, so that a view knows when to look again.
    """

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.values: dict[tuple[int, str], list[Interval]] = {}
        self.ties: dict[EdgeKey, list[Tie]] = {}
        self.times: dict[int, int] = {}
        self.version = 0

    def copy(self) -> "ReferenceGraph":
        """Return a graph of its own that is equal to this one."""
        twin = type(self)()
        twin.nodes = dict(self.nodes)
        twin.values = {key: list(intervals) for key, intervals in self.values.items()}
        twin.ties = {key: list(ties) for key, ties in self.ties.items()}
        twin.times = dict(self.times)
        twin.version = self.version
        return twin

    def apply(self, revision: int, at: int, changes: Iterable[Change]) -> None:
        """Do what an event of this revision changes."""
        self.times[revision] = at
        for change in changes:
            self.version += 1
            match change:
                case AddNode():
                    self.add_node(revision, change)
                case Set():
                    self.set_value(revision, change)
                case AddEdge():
                    self.add_edge(revision, change)
                case EndEdge():
                    self.end_edge(revision, change)

    def add_node(self, revision: int, change: AddNode) -> None:
        """Make the node."""
        self.nodes[change.id] = Node(
            change.id, change.kind, change.owner, revision, dict(change.facts), {}
        )

    def set_value(self, revision: int, change: Set) -> None:
        """End the interval that runs, begin the new one; a commit leaves only its last word."""
        intervals = self.values.setdefault((change.node, change.key), [])
        if change.first and intervals:
            raise AssertionError(f"{change} is not the first")
        if intervals and intervals[-1].until is None:
            last = intervals.pop()
            if last.since < revision:
                intervals.append(last._replace(until=revision))
        if change.value is not None:
            intervals.append(Interval(revision, None, change.value))

    def add_edge(self, revision: int, change: AddEdge) -> None:
        """Begin the edge, if it is not there."""
        ties = self.ties.setdefault((change.source, change.kind, change.target, change.role), [])
        if not ties or ties[-1].until is not None:
            ties.append(Tie(revision, None, change.declared))

    def end_edge(self, revision: int, change: EndEdge) -> None:
        """End the edge, if it is there; one that began in this very commit never was."""
        ties = self.ties.get((change.source, change.kind, change.target, change.role), [])
        if ties and ties[-1].until is None:
            last = ties.pop()
            if last.since < revision:
                ties.append(last._replace(until=revision))


class ReferenceView(GraphView):
    """The graph at one revision, each answer worked out anew."""

    def __init__(self, graph: ReferenceGraph, revision: int) -> None:
        self.revision = revision
        self.graph = graph

    def holds(self, since: int, until: int | None) -> bool:
        """Tell whether something of this life is there at the revision."""
        return since <= self.revision and (until is None or self.revision < until)

    def value(self, node: int, key: str) -> Scalar | None:
        """Return the value that holds, or None."""
        for interval in self.graph.values.get((node, key), ()):
            if self.holds(interval.since, interval.until):
                return interval.value
        return None

    def values(self, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], Scalar]:
        """Return those of the wanted values that hold."""
        found = {pair: self.value(*pair) for pair in wanted}
        return {pair: value for pair, value in found.items() if value is not None}

    def values_under(self, node: int, prefix: str) -> dict[str, Scalar]:
        """Return the values whose keys begin so."""
        keys = [key for owner, key in self.graph.values if owner == node and key.startswith(prefix)]
        found = {key: self.value(node, key) for key in keys}
        return {key: value for key, value in found.items() if value is not None}

    def nodes(self, ids: Collection[int], keys: Collection[str] | None = None) -> dict[int, Node]:
        """Return the nodes that exist, in the order of `ids`."""
        there = (self.graph.nodes[i] for i in ids if self.exists(i))
        return {node.id: node._replace(values=self._values_of(node.id, keys)) for node in there}

    def exists(self, node: int) -> bool:
        """Tell whether the node was made up to this revision."""
        return node in self.graph.nodes and self.graph.nodes[node].since <= self.revision

    def changed(self, ids: Collection[int]) -> dict[int, int]:
        """Return when each node last changed."""
        marks = {i: [self.graph.nodes[i].since] for i in ids if self.exists(i)}
        for (node, _), intervals in self.graph.values.items():
            if node in marks:
                for interval in intervals:
                    marks[node] += [interval.since, interval.until or 0]
        return {i: max(m for m in found if m <= self.revision) for i, found in marks.items()}

    def select(self, selection: Selection, after: int | None, limit: int) -> list[int]:
        """Return the ids that fit, in order."""
        fitting = [
            node.id
            for node in self.graph.nodes.values()
            if self.exists(node.id)
            and node.kind == selection.kind
            and selection.owner in {None, node.owner}
            and (selection.deleted or not self.is_deleted(node.id))
            and self.passes(node.id, selection.filters)
        ]
        fitting.sort(reverse=selection.newest_first)
        if after is not None:
            fitting = [i for i in fitting if (i < after if selection.newest_first else i > after)]
        return fitting[:limit]

    def is_deleted(self, node: int) -> bool:
        """Tell whether the node is out of sight."""
        return self.value(node, "deleted") is not None

    def passes(self, node: int, filters: Sequence[Filter]) -> bool:
        """Tell whether the node passes all filters."""
        return all(f.fits(self.value(node, f.key)) for f in filters)

    def edges(
        self, ids: Collection[int], direction: Direction, kinds: Collection[EdgeKind]
    ) -> list[Edge]:
        """Return the edges of these kinds at these nodes."""
        near = "source" if direction is Direction.UPSTREAM else "target"
        return in_order(
            edge for edge in self.live() if edge.kind in kinds and getattr(edge, near) in ids
        )

    def degrees(
        self,
        ids: Collection[int],
        direction: Direction,
        kinds: Collection[EdgeKind] = LINEAGE,
        *,
        deleted: bool = False,
        inferred: bool = True,
    ) -> dict[int, int]:
        """Count the neighbours of each node."""
        walk = Walk(direction, kinds=frozenset(kinds), deleted=deleted, inferred=inferred)
        ways = self.ways(ids, walk)
        return {i: len(ways[i]) for i in ids if len(ways[i])}

    def busiest(
        self,
        node_kinds: Collection[NodeKind],
        direction: Direction,
        kinds: Collection[EdgeKind] = LINEAGE,
        *,
        limit: int,
        deleted: bool = False,
    ) -> list[tuple[int, int]]:
        """Count for all nodes, and sort."""
        ids = [
            node.id
            for node in self.graph.nodes.values()
            if self.exists(node.id)
            and node.kind in node_kinds
            and (deleted or not self.is_deleted(node.id))
        ]
        found = self.degrees(ids, direction, kinds, deleted=deleted)
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))[: max(limit, 0)]

    def live(self) -> list[Edge]:
        """Return every edge that is there."""
        return [
            Edge(*key, tie.since, tie.declared)
            for key, ties in self.graph.ties.items()
            for tie in ties
            if self.holds(tie.since, tie.until)
        ]

    def walk(self, starts: Collection[int], walk: Walk) -> Closure:
        """Return everything reached, closest first."""
        distances = self.distances(starts, walk)
        wanted = [i for i in distances if i not in starts and self.is_reported(i, walk)]
        wanted.sort(key=lambda i: (distances[i], i))
        near = [i for i in wanted if walk.depth is None or distances[i] <= walk.depth]
        kept = near if walk.limit is None else near[: walk.limit]
        reported = {i: distances[i] for i in [*sorted(set(starts)), *kept]}
        return Closure(
            reported,
            tuple(self.induced(reported, walk)) if walk.edges else (),
            max(reported.values(), default=0),
            truncated=len(kept) < len(wanted),
            table=None if walk.columns is None else self.table(reported, walk.columns),
        )

    def is_reported(self, node: int, walk: Walk) -> bool:
        """Tell whether a reached node is part of the answer."""
        kind = self.graph.nodes[node].kind
        return (walk.report is None or kind in walk.report) and self.passes(node, walk.having)

    def induced(self, reported: Mapping[int, int], walk: Walk) -> list[Edge]:
        """Return the edges that the walk may follow, among the reported nodes."""
        return in_order(
            edge
            for edge in self.live()
            if edge.source in reported and edge.target in reported and may_follow(edge, walk)
        )

    def distances(self, starts: Collection[int], walk: Walk) -> dict[int, int]:
        """Return the smallest distance of everything reached, to the end."""
        ways = self.ways(starts, walk)
        return {
            node: distance
            for distance, layer in enumerate(nx.bfs_layers(ways, sorted(set(starts))))
            for node in layer
        }

    def ways(self, starts: Collection[int], walk: Walk) -> "nx.DiGraph[int]":
        """Draw the graph as this walk may use it, arrows in the direction of the walk."""
        ways: nx.DiGraph[int] = nx.DiGraph()
        ways.add_nodes_from(starts)
        for edge in self.live():
            here, there = edge.source, edge.target
            if walk.direction is Direction.DOWNSTREAM:
                here, there = there, here
            if may_follow(edge, walk) and here not in walk.stop_at and self.may_enter(there, walk):
                ways.add_edge(here, there)
        return ways

    def may_enter(self, node: int, walk: Walk) -> bool:
        """Tell whether the walk reaches this node at all."""
        kind = self.graph.nodes[node].kind
        if walk.through is not None and kind not in walk.through:
            return False
        return walk.deleted or not self.is_deleted(node)

    def census(self, starts: Collection[int], walk: Walk) -> Census:
        """Count a walk without a limit."""
        counts: dict[tuple[int, Any], int] = {}
        owners: dict[int, int] = {}
        for node, distance in self.distances(starts, walk).items():
            near = walk.depth is None or distance <= walk.depth
            if near and node not in starts and self.is_reported(node, walk):
                facts = self.graph.nodes[node]
                counts[distance, facts.kind] = counts.get((distance, facts.kind), 0) + 1
                owners[facts.owner] = owners.get(facts.owner, 0) + 1
        owners.pop(REGISTRY, None)
        return Census(counts, owners)

    def path(self, source: int, target: int, kinds: Collection[EdgeKind]) -> list[int] | None:
        """Return one shortest way, or None."""
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from([source, target])
        graph.add_edges_from((e.source, e.target) for e in self.live() if e.kind in kinds)
        if not nx.has_path(graph, source, target):
            return None
        return list(nx.shortest_path(graph, source, target))

    def history(self, node: int, key: str) -> list[Interval]:
        """Return the intervals up to this revision; what ends later has no end yet."""
        return [
            i if i.until is None or i.until <= self.revision else i._replace(until=None)
            for i in self.graph.values.get((node, key), ())
            if i.since <= self.revision
        ]

    def at(self, revision: int) -> datetime | None:
        """Return when a revision was committed."""
        return from_microseconds(self.graph.times[revision]) if revision else None

    def _values_of(self, node: int, keys: Collection[str] | None) -> dict[str, Scalar]:
        found = {
            key: self.value(node, key)
            for owner, key in self.graph.values
            if owner == node and (keys is None or key in keys)
        }
        return {key: value for key, value in found.items() if value is not None}


def may_follow(edge: Edge, walk: Walk) -> bool:
    """Tell whether the walk looks at this edge."""
    return edge.kind in walk.kinds and (walk.inferred or edge.declared)


def in_order(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges in the order that every answer has."""
    return sorted(edges, key=lambda e: (e.source, e.kind, e.target, e.role))
