"""What has to be rebuilt after a change, and in which order."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from lineage_registry.domain.dag import Dag, distances, layers, upstream_of


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
    affected = distances(whole.effects, changed, barred=pinned).keys() - frozenset(changed)
    among = Dag(affected, edges)
    needed = affected if targets is None else upstream_of(among, targets)
    dag = Dag(sorted(needed), edges)
    new = frozenset(changed) | needed
    because = {id_: [cause for cause in whole.causes[id_] if cause in new] for id_ in needed}
    return Rebuilding(layers(dag), because, dag)
