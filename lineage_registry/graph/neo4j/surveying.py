"""What a walk found, in groups: counted, and some of it named."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple

from lineage_registry.domain.graph import REGISTRY, NodeKind
from lineage_registry.domain.view import Census, Filter, Pick, Picked, Walk, picked_of

Passing = Callable[[Sequence[int], Collection[Filter]], Iterable[int]]
"""Gives those of some nodes that pass filters, in their order, reading as it goes."""


class Group(NamedTuple):
    """Nodes of one kind and owner that are equally far."""

    distance: int
    kind: NodeKind
    owner: int
    ids: Sequence[int]


def counted(groups: Iterable[Group], walk: Walk, passing: Passing) -> Census:
    """Count those of the nodes that a walk reports."""
    reported = list(_of_kinds(groups, walk.report))
    if walk.having:
        kept = set(passing([id_ for group in reported for id_ in group.ids], walk.having))
        reported = [one._replace(ids=[id_ for id_ in one.ids if id_ in kept]) for one in reported]
    counts: Counter[tuple[int, NodeKind]] = Counter()
    owners: Counter[int] = Counter()
    for distance, kind, owner, ids in reported:
        counts[distance, kind] += len(ids)
        owners[owner] += len(ids)
    del owners[REGISTRY]
    return Census(
        {one: n for one, n in counts.items() if n}, {one: n for one, n in owners.items() if n}
    )


def picked(groups: Iterable[Group], pick: Pick, passing: Passing) -> Picked:
    """Return those of the nodes that a pick names; the groups come closest first."""
    found = dict(_in_order(_of_kinds(groups, pick.kinds)))
    ids: Iterable[int] = passing(list(found), pick.having) if pick.having else found
    return picked_of({id_: found[id_] for id_ in islice(ids, pick.limit + 1)}, pick)


def _of_kinds(groups: Iterable[Group], kinds: Collection[NodeKind] | None) -> Iterator[Group]:
    return (group for group in groups if kinds is None or group.kind in kinds)


def _in_order(groups: Iterable[Group]) -> Iterator[tuple[int, int]]:
    for distance, there in groupby(groups, attrgetter("distance")):
        yield from ((id_, distance) for id_ in sorted(id_ for group in there for id_ in group.ids))
