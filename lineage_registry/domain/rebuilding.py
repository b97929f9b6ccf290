"""What has to be rebuilt after a change, and in which order."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from lineage_registry.domain.dag import Dag, layers, upstream_of


class Rebuilding(NamedTuple):
    """Nodes to rebuild.

    Attributes:
        levels: Node to level; what is in one level does not wait for each other.
        because: Node to those of its direct causes that change.
        dag: The nodes and the edges among them.
    """

    levels: Mapping[int, int]
    because: Mapping[int, Sequence[int]]
    dag: Dag


def rebuilding(
    edges: Collection[tuple[int, int]],
    changed: Collection[int],
    *,
    pinned: Collection[int] = (),
    targets: Collection[int] | None = None,
) -> Rebuilding:
    """Return the fewest nodes that bring what comes from a change up to date.

    Args:
        edges: From effect to cause.
        changed: What has changed already; it is not rebuilt.
        pinned: What stays as it is; nothing is rebuilt because of it.
        targets: What has to be up to date; None is everything.
    """
    whole = Dag({end for edge in edges for end in edge}, edges)
    affected = _downstream(whole, changed, frozenset(pinned))
    among = Dag(affected, edges)
    needed = affected if targets is None else upstream_of(among, targets)
    dag = Dag(sorted(needed), edges)
    new = frozenset(changed) | needed
    because = {id_: [cause for cause in whole.causes[id_] if cause in new] for id_ in needed}
    return Rebuilding(layers(dag), because, dag)


def _downstream(dag: Dag, changed: Collection[int], pinned: frozenset[int]) -> set[int]:
    found: set[int] = set()
    passed = pinned.union(changed)
    open_ = [id_ for id_ in changed if id_ in dag.effects]
    while open_:
        for effect in dag.effects[open_.pop()]:
            if effect not in passed and effect not in found:
                found.add(effect)
                open_.append(effect)
    return found
