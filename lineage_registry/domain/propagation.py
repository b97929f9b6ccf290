"""Marks that pass down a lineage: a node has its own, and those that its causes pass on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from lineage_registry.domain.graph import Edge

Marks = int
"""A set of marks as the bits of a number: joining two is one operation, however many there are."""


def inherited(
    nodes: Iterable[int],
    edges: Iterable[Edge],
    own: Mapping[int, Marks],
    stopped: Mapping[tuple[int, int], Marks],
) -> dict[int, Marks]:
    """Return the marks of each node: its own, joined with those of its causes.

    Joining is union, so neither the order of nodes nor that of edges matters. The edges must close
    no cycle; each is looked at once.

    Args:
        nodes: The nodes to look at.
        edges: The edges among them, from effect to cause.
        own: Marks that begin at a node.
        stopped: Marks that do not pass from a cause to an effect, by (effect, cause).
    """
    effects: defaultdict[int, list[int]] = defaultdict(list)
    waiting: defaultdict[int, int] = defaultdict(int)
    for edge in edges:
        effects[edge.target].append(edge.source)
        waiting[edge.source] += 1
    marks = {node: own.get(node, 0) for node in nodes}
    ready = [node for node in marks if not waiting[node]]
    while ready:
        cause = ready.pop()
        for effect in effects[cause]:
            marks[effect] |= marks[cause] & ~stopped.get((effect, cause), 0)
            waiting[effect] -= 1
            if not waiting[effect]:
                ready.append(effect)
    return marks
