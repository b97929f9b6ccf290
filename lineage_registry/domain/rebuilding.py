"""What has to be rebuilt after a change, and in which order."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from lineage_registry.domain.dag import Dag, distances, layers, upstream_of


class Rebuilding(NamedTuple):
    """Nodes to rebuild.

    Attributes:
        levels: Node to level; what is in one level does not wait for each other.
        because: Node to those of its direct causes that change.
        dag: The nodes and the edges among them, with what only lies between them.
        between: Nodes that lie between and are not rebuilt.
    """

    levels: Mapping[int, int]
    because: Mapping[int, Sequence[int]]
    dag: Dag
    between: Collection[int]


def affected(
    edges: Collection[tuple[int, int]], changed: Collection[int], pinned: Collection[int] = ()
) -> Dag:
    """Return what comes from a change, but over what is pinned.

    Args:
        edges: From effect to cause.
        changed: What has changed already; it is not in the answer.
        pinned: What stays as it is, and changes nothing else.
    """
    whole = Dag({end for edge in edges for end in edge}, edges)
    reached = distances(whole.effects, changed, barred=pinned).keys() - frozenset(changed)
    return Dag(sorted(reached), edges)


def rebuilding(
    edges: Collection[tuple[int, int]],
    changed: Collection[int],
    among: Dag,
    targets: Collection[int],
    gone: Collection[int] = (),
) -> Rebuilding:
    """Return the fewest nodes that bring some things up to date, in order.

    Args:
        edges: From effect to cause.
        changed: What has changed already; it is not rebuilt.
        among: What comes from that, as `affected` says.
        targets: What has to be up to date; what is not affected needs nothing.
        gone: What is not rebuilt, though what comes from it is.
    """
    needed = upstream_of(among, targets)
    steps = needed.difference(gone)
    dag = Dag(sorted(needed), edges)
    causes = Dag(needed.union(changed), edges).causes
    because = {id_: causes[id_] for id_ in sorted(steps)}
    return Rebuilding(layers(dag, steps), because, dag, needed - steps)
