"""Which versions something stands on, and which newer ones there are of each."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.graph import REGISTRY, Edge
from lineage_registry.domain.view import GraphView

_AT_ONCE: Final = 10_000


class Newer(NamedTuple):
    """A version that came after another one of the same model or dataset."""

    id: int
    number: int


def causes_by_effect(edges: Iterable[Edge]) -> dict[int, list[int]]:
    """Return the direct causes of each node."""
    causes: defaultdict[int, list[int]] = defaultdict(list)
    for edge in edges:
        causes[edge.source].append(edge.target)
    return dict(causes)


def standing(
    causes: Mapping[int, Sequence[int]], owners: Mapping[int, int], reached: Mapping[int, int]
) -> set[int]:
    """Return the versions of an ancestry that no later version of the same family stands on.

    A version that is there because a later one of its own model or dataset comes from it is that
    one's history: that there is a newer one is how it should be.

    Args:
        causes: Direct causes of each node; together they form no cycle.
        owners: The model or dataset of each version; nothing else is in it.
        reached: The ancestry, with the node that it is the ancestry of.
    """
    seen: defaultdict[int, int] = defaultdict(int)
    for node in reached:
        if node in owners:
            seen[owners[node]] += 1
    # One bit for each family that can stand on itself; a node knows those that stand on it.
    bits = {owner: 1 << place for place, owner in enumerate(o for o, n in seen.items() if n > 1)}
    above: defaultdict[int, int] = defaultdict(int)
    for node in _effects_first(causes, reached):
        told = above[node] | bits.get(owners.get(node, 0), 0)
        if told:
            for cause in causes.get(node, ()):
                above[cause] |= told
    return {
        node for node in reached if node in owners and not above[node] & bits.get(owners[node], 0)
    }


def _effects_first(causes: Mapping[int, Sequence[int]], reached: Collection[int]) -> Iterable[int]:
    open_effects: defaultdict[int, int] = defaultdict(int)
    for node in reached:
        for cause in causes.get(node, ()):
            open_effects[cause] += 1
    waiting = [node for node in reached if not open_effects[node]]
    while waiting:
        node = waiting.pop()
        yield node
        for cause in causes.get(node, ()):
            open_effects[cause] -= 1
            if not open_effects[cause]:
                waiting.append(cause)


def newer_versions(view: GraphView, used: Mapping[int, int]) -> dict[int, list[Newer]]:
    """Return the versions after a number of each family that are neither deleted nor rolled back.

    Args:
        view: Where to look.
        used: The lowest number that matters, of each model or dataset.
    """
    last = view.values([(owner, "last_number") for owner in used])
    wanted = [
        (owner, number)
        for owner, low in used.items()
        for number in range(low + 1, int(last.get((owner, "last_number"), 0)) + 1)
    ]
    found: defaultdict[int, list[Newer]] = defaultdict(list)
    for start in range(0, len(wanted), _AT_ONCE):
        batch = wanted[start : start + _AT_ONCE]
        held = view.values([(REGISTRY, f"number/{owner}/{number}") for owner, number in batch])
        ids = {
            (owner, number): int(held[REGISTRY, f"number/{owner}/{number}"])
            for owner, number in batch
            if (REGISTRY, f"number/{owner}/{number}") in held
        }
        gone = {
            id_
            for id_, _ in view.values(
                [(id_, key) for id_ in ids.values() for key in ("deleted", "rolled_back")]
            )
        }
        for (owner, number), id_ in ids.items():
            if id_ not in gone:
                found[owner].append(Newer(id_, number))
    return dict(found)
