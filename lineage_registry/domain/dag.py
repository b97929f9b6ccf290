"""Directed acyclic graphs of effects and causes: order, layers, distances, longest paths.

Everything here takes one pass over the edges, and no recursion: lineage can be very deep.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping

from lineage_registry.errors import IntegrityError


class Dag:
    """Nodes and the edges among them, from effect to cause; parallel edges are one.

    Attributes:
        causes: Node to its direct causes, in order of id.
        effects: Node to its direct effects, in order of id.
    """

    def __init__(self, nodes: Iterable[int], edges: Iterable[tuple[int, int]]) -> None:
        self.causes: dict[int, list[int]] = {id_: [] for id_ in nodes}
        self.effects: dict[int, list[int]] = {id_: [] for id_ in self.causes}
        for effect, cause in sorted(set(edges)):
            if effect in self.causes and cause in self.causes:
                self.causes[effect].append(cause)
                self.effects[cause].append(effect)

    def order(self) -> list[int]:
        """Return the nodes with each cause before its effects (Kahn's algorithm).

        Raises:
            IntegrityError: They form a cycle, which no registry writes.
        """
        missing = {id_: len(causes) for id_, causes in self.causes.items()}
        ready = deque(sorted(id_ for id_, count in missing.items() if not count))
        found: list[int] = []
        while ready:
            id_ = ready.popleft()
            found.append(id_)
            for effect in self.effects[id_]:
                missing[effect] -= 1
                if not missing[effect]:
                    ready.append(effect)
        if len(found) < len(missing):
            raise IntegrityError("the lineage has a cycle", hint="check the registry: validate")
        return found


def layers(dag: Dag, among: Collection[int] | None = None) -> dict[int, int]:
    """Return the layer of each node: as many nodes as the longest chain of causes below it has.

    Nodes of one layer do not depend on each other; a node without causes is in layer 0.

    Args:
        dag: The graph.
        among: Only these nodes get a layer and count in a chain; the others still connect them.
    """
    wanted = dag.causes.keys() if among is None else among
    found: dict[int, int] = {}
    for id_ in dag.order():
        causes = dag.causes[id_]
        found[id_] = max((found[cause] + (cause in wanted) for cause in causes), default=0)
    return {id_: layer for id_, layer in found.items() if id_ in wanted}


def in_layers(layer_of: Mapping[int, int]) -> list[list[int]]:
    """Return the nodes layer by layer, each in order of id."""
    found: list[list[int]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for id_ in sorted(layer_of):
        found[layer_of[id_]].append(id_)
    return found


def lowest(dag: Dag, among: Collection[int]) -> set[int]:
    """Return those of some nodes that none of the others descends from."""
    passed: set[int] = set()
    for id_ in reversed(dag.order()):
        if id_ in among or id_ in passed:
            passed.update(dag.causes[id_])
    return {id_ for id_ in among if id_ not in passed}


def distances(
    ways: Mapping[int, Iterable[int]], starts: Iterable[int], barred: Collection[int] = ()
) -> dict[int, int]:
    """Return what some nodes lead to, and how many steps away it is at least; themselves with 0.

    Args:
        ways: From a node to those one step away; the causes or effects of a graph.
        starts: Where to begin.
        barred: Nodes that no step leads to.

    Returns:
        Node to distance, in order of (distance, id).
    """
    frontier = sorted(set(starts))
    found, distance = dict.fromkeys(frontier, 0), 0
    while frontier:
        distance += 1
        ahead = {there for node in frontier for there in ways.get(node, ())}
        frontier = sorted(id_ for id_ in ahead if id_ not in found and id_ not in barred)
        found.update(dict.fromkeys(frontier, distance))
    return found


def upstream_of(dag: Dag, starts: Iterable[int]) -> set[int]:
    """Return the starts that are in the graph, and everything they come from."""
    return set(distances(dag.causes, (id_ for id_ in starts if id_ in dag.causes)))


def longest_path(dag: Dag, weights: Mapping[int, float]) -> tuple[float, list[int]]:
    """Return the heaviest path, causes first, and its weight; nodes without a weight have none.

    In a plan whose steps take that long it is the critical path: no number of workers is faster.
    """
    total: dict[int, float] = {}
    before: dict[int, int | None] = {}
    for id_ in dag.order():
        last = max(dag.causes[id_], key=lambda cause: (total[cause], -cause), default=None)
        before[id_] = last
        total[id_] = weights.get(id_, 0.0) + (0.0 if last is None else total[last])
    step = max(total, key=lambda id_: (total[id_], -id_), default=None)
    if step is None:
        return 0.0, []
    weight, path = total[step], []
    while step is not None:
        path.append(step)
        step = before[step]
    return weight, path[::-1]
