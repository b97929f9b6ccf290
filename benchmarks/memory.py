"""The same questions, answered in memory: networkx on the exported edge list.

What a user would write without a registry. The graph is read from the tables once; that takes as
long as loading it, is not counted, and has to be done again whenever something was registered.
Names are not written, values are those that the question needs.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.staleness import standing
from lineage_registry.graph.sqlite.codes import EDGE_CODES, NODE_CODES

_MODEL, _DATA = NODE_CODES[NodeKind.MODEL_VERSION], NODE_CODES[NodeKind.DATASET_VERSION]
_SERVICE = NODE_CODES[NodeKind.DEPLOYMENT]
_FROM, _MADE = EDGE_CODES[EdgeKind.DERIVED_FROM], EDGE_CODES[EdgeKind.GENERATED_BY]
_READ = EDGE_CODES[EdgeKind.USED]
_NAMED = 100


class Node(NamedTuple):
    """What the questions look at."""

    kind: int
    owner: int
    number: int


class Reached(NamedTuple):
    """Distance of each node, and the node before it."""

    distances: dict[int, int]
    before: dict[int, int]


class Memory:
    """A graph in memory: edges from effect to cause, keyed by their kinds."""

    def __init__(self, database: Path) -> None:
        """Read the tables of a registry."""
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT id, kind, owner, coalesce(facts ->> 'number', 0) FROM node"
            )
            self.nodes = {id_: Node(*rest) for id_, *rest in rows}
            edges = connection.execute("SELECT source, target, kind FROM edge")
            self.graph = nx.MultiDiGraph()
            self.graph.add_nodes_from(self.nodes)
            self.graph.add_edges_from(edges)
            self.stages = dict(
                connection.execute("SELECT node, value FROM value WHERE key = 'stage'")
            )
            self.tainted = {
                node
                for (node,) in connection.execute(
                    "SELECT value FROM value WHERE node = 0 AND key LIKE 'taint/%'"
                )
            }
        self.versions: defaultdict[int, list[int]] = defaultdict(list)
        for id_, node in self.nodes.items():
            if node.owner:
                self.versions[node.owner].append(id_)

    def of_kind(self, kind: NodeKind) -> list[int]:
        """Return the nodes of a kind."""
        code = NODE_CODES[kind]
        return [id_ for id_, node in self.nodes.items() if node.kind == code]

    def ancestors(self, start: int) -> int:
        """Return the nodes, with distances and edges."""
        found = self._up(start).distances
        return len(found) + len(list(self.graph.out_edges(found, keys=True)))

    def descendants(self, start: int) -> int:
        """Return the nodes, with distances and the edges among them."""
        found = self._down(start).distances
        edges = self.graph.in_edges(found, keys=True)
        return len(found) + len([edge for edge in edges if edge[1] in found])

    def impact(self, start: int) -> Any:
        """Count by distance and kind; Production, services, owners."""
        found = self._down(start).distances
        counts = Counter((far, self.nodes[id_].kind) for id_, far in found.items())
        production = [id_ for id_ in found if self.stages.get(id_) == "Production"]
        services = [id_ for id_ in found if self.nodes[id_].kind == _SERVICE]
        owners = Counter(self.nodes[id_].owner for id_ in found)
        return counts, production[:_NAMED], services[:_NAMED], owners

    def recall(self, start: int, limit: int = _NAMED) -> Any:
        """Return the model versions, the first of them with a way there."""
        return self._with_ways(self._down(start), _MODEL, limit)

    def exposure(self, start: int, limit: int = _NAMED) -> Any:
        """Return the dataset versions, the first of them with a way there."""
        return self._with_ways(self._up(start), _DATA, limit)

    def select(self, start: int) -> Any:
        """Return the dataset versions upstream, and the edges among them."""
        found = {id_ for id_ in self._up(start).distances if self.nodes[id_].kind == _DATA}
        edges = self.graph.out_edges(found, keys=True)
        return found, [edge for edge in edges if edge[1] in found]

    def siblings(self, start: int) -> Any:
        """Return the versions that share a parent, a run or what the run read."""
        shared: defaultdict[int, set[int]] = defaultdict(set)
        kind = self.nodes[start].kind
        for cause in self._causes(start, _FROM):
            self._share(shared, cause, self._effects(cause, _FROM), kind)
        for run in self._causes(start, _MADE):
            self._share(shared, run, self._effects(run, _MADE), kind)
            for used in self._causes(run, _READ):
                for other in self._effects(used, _READ):
                    self._share(shared, used, self._effects(other, _MADE), kind)
        shared.pop(start, None)
        return shared

    def diff(self, one: int, other: int) -> Any:
        """Return what only one of two versions comes from, matched by model, dataset or run."""
        sides = []
        for start in (one, other):
            found: defaultdict[int, set[int]] = defaultdict(set)
            for id_ in self._up(start).distances:
                found[self.nodes[id_].owner].add(id_)
            sides.append(found)
        before, after = sides
        return {
            owner: (before[owner] - after[owner], after[owner] - before[owner])
            for owner in {*before, *after}
        }

    def common_ancestors(self, one: int, other: int) -> Any:
        """Return what both come from, and the nearest of it."""
        common = self._up(one).distances.keys() & self._up(other).distances.keys()
        nearest = [id_ for id_ in common if common.isdisjoint(self.graph.predecessors(id_))]
        return common, nearest

    def staleness(self, start: int) -> Any:
        """Return the causes that have newer versions, with those.

        The rule which causes count is the registry's own code; it works on any graph.
        """
        reached = self._up(start).distances
        causes = {id_: list(self.graph.successors(id_)) for id_ in reached}
        owners = {id_: owner for id_ in reached if (owner := self.nodes[id_].owner)}
        return {
            id_: newer
            for id_ in standing(causes, owners, reached) - {start}
            if (newer := self._newer(self.nodes[id_]))
        }

    def taints(self, start: int) -> Any:
        """Return the taints upstream, each with a way there."""
        reached = self._up(start)
        return [self._way(reached.before, id_) for id_ in reached.distances if id_ in self.tainted]

    def _up(self, start: int) -> Reached:
        return self._reached(start, self.graph.successors)

    def _down(self, start: int) -> Reached:
        return self._reached(start, self.graph.predecessors)

    def _reached(self, start: int, ahead: Any) -> Reached:
        distances, before = {start: 0}, {}
        for near, far in nx.generic_bfs_edges(self.graph, start, neighbors=ahead):
            distances[far] = distances[near] + 1
            before[far] = near
        return Reached(distances, before)

    def _with_ways(self, reached: Reached, kind: int, limit: int) -> Any:
        found = [id_ for id_ in reached.distances if self.nodes[id_].kind == kind]
        return found, [self._way(reached.before, id_) for id_ in found[:limit]]

    def _way(self, before: Mapping[int, int], node: int) -> list[int]:
        way = [node]
        while (near := before.get(way[-1])) is not None:
            way.append(near)
        return way

    def _causes(self, node: int, kind: int) -> list[int]:
        return [cause for _, cause, key in self.graph.out_edges(node, keys=True) if key == kind]

    def _effects(self, node: int, kind: int) -> list[int]:
        return [effect for effect, _, key in self.graph.in_edges(node, keys=True) if key == kind]

    def _share(
        self, shared: Mapping[int, set[int]], cause: int, effects: Collection[int], kind: int
    ) -> None:
        for version in effects:
            if self.nodes[version].kind == kind:
                shared[version].add(cause)

    def _newer(self, node: Node) -> Collection[int]:
        if not node.owner:
            return ()
        return [id_ for id_ in self.versions[node.owner] if self.nodes[id_].number > node.number]
