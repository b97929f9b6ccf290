"""Which causes of two versions stand for each other."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.graph import EdgeKind, NodeKind


class Cause(NamedTuple):
    """Something that a version comes from.

    Attributes:
        owner: The model or dataset of a version.
        name: Name of a run.
        made: What a run made in this ancestry: owners of versions, 0 for the version asked about.
        ties: How it is tied to the version itself, or to the run that made that; none if it stands
            further away.
    """

    id: int
    kind: NodeKind
    owner: int
    distance: int
    name: str | None = None
    made: frozenset[int] = frozenset()
    ties: frozenset[tuple[EdgeKind, str]] = frozenset()


Pair = tuple[Cause | None, Cause | None]
Key = Callable[[Cause], Hashable | None]


def pair_up(before: Sequence[Cause], after: Sequence[Cause]) -> list[Pair]:
    """Pair the causes of two versions by what they logically are; the rest stay alone.

    The same node, tied alike, is itself. Then what is tied directly goes with its own kind: the
    base model with the base model, although the new one may come from the old one. Then a node is
    itself wherever it stands; other versions are paired within their model or dataset, at the same
    distance if possible; other runs by name and by what they made, then by what they made, then by
    name. Swapping the sides swaps each pair and changes nothing else.
    """
    found: list[Pair] = []
    for key in _KEYS:
        pairs, before, after = _paired(before, after, key)
        found += pairs
    found += [(one, None) for one in before]
    found += [(None, one) for one in after]
    return sorted(found, key=_order)


def nearest(pair: Pair) -> int:
    """Return the smaller distance of a pair."""
    return min(one.distance for one in pair if one is not None)


def _order(pair: Pair) -> tuple[int, int]:
    return nearest(pair), min(one.id for one in pair if one is not None)


def _paired(
    before: Sequence[Cause], after: Sequence[Cause], key: Key
) -> tuple[list[Pair], list[Cause], list[Cause]]:
    waiting: defaultdict[Hashable, deque[Cause]] = defaultdict(deque)
    for one in after:
        waiting[key(one)].append(one)
    waiting.pop(None, None)
    pairs: list[Pair] = []
    alone: list[Cause] = []
    for one in before:
        fitting = waiting.get(key(one))
        if fitting:
            pairs.append((one, fitting.popleft()))
        else:
            alone.append(one)
    met = {one.id for _, one in pairs if one is not None}
    return pairs, alone, [one for one in after if one.id not in met]


def _family(cause: Cause) -> Hashable | None:
    return cause.owner or None


def _family_there(cause: Cause) -> Hashable | None:
    return (cause.owner, cause.distance) if cause.owner else None


def _named_maker(cause: Cause) -> Hashable | None:
    named = cause.kind is NodeKind.RUN and cause.name is not None
    return (cause.name, cause.made) if named else None


def _maker(cause: Cause) -> Hashable | None:
    return cause.made if cause.kind is NodeKind.RUN and cause.made else None


def _named(cause: Cause) -> Hashable | None:
    return cause.name if cause.kind is NodeKind.RUN else None


def _itself(cause: Cause) -> Hashable | None:
    return cause.id


def _itself_tied_alike(cause: Cause) -> Hashable | None:
    return cause.id, cause.ties


def _itself_direct(cause: Cause) -> Hashable | None:
    return cause.id if cause.ties else None


def _family_direct(cause: Cause) -> Hashable | None:
    return (cause.kind, cause.owner) if cause.ties else None


_KEYS: Final[tuple[Key, ...]] = (
    _itself_tied_alike,
    _itself_direct,
    _family_direct,
    _itself,
    _family_there,
    _family,
    _named_maker,
    _maker,
    _named,
)
