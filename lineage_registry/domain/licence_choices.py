"""Where a licence leaves a choice: the branch that contradicts least, then asks for least."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Final, NamedTuple

from lineage_registry.domain.licence_conflicts import Clash, Terms, clashes
from lineage_registry.domain.licence_expressions import Branch, written
from lineage_registry.domain.licence_table import Obligations, join

_MOST: Final = 1_000
"""Combinations that are looked at; more are left after three or four licences with many choices."""


class Offer(NamedTuple):
    """A branch of an expression, and what of its obligations arrives."""

    branch: Branch
    terms: Terms


class Settled(NamedTuple):
    """The branches that are taken, by expression, and what contradicts then."""

    branches: Mapping[str, Branch]
    clashes: Sequence[Clash]


def least(offers: Iterable[Offer]) -> Offer:
    """Return the branch that asks for least, the first of several."""
    return min(offers, key=_weight)


def settle(own: Sequence[Offer], inherited: Mapping[str, Sequence[Offer]]) -> Settled:
    """Choose a branch of each inherited expression; the licensee may.

    What a version declares itself it offers to others, so each branch of that has to be kept.

    Args:
        own: The branches of what the version declares; nothing if it declares nothing.
        inherited: The branches of each expression that is inherited.
    """
    ranked = [sorted(offers, key=_weight) for offers in inherited.values()]
    best: tuple[tuple[int, int], Sequence[Offer], Sequence[Clash]] | None = None
    for combination in islice(product(*ranked), _MOST):
        terms = _together(combination)
        found = _contradictions(own, terms)
        weight = len(found), len(join(terms.values()))
        if best is None or weight < best[0]:
            best = weight, combination, found
    if best is None:
        raise ValueError("an expression without branches")
    _, taken, found = best
    chosen = {one: offer.branch for one, offer in zip(inherited, taken, strict=True)}
    return Settled(chosen, found)


def _contradictions(own: Sequence[Offer], terms: Terms) -> Sequence[Clash]:
    if not own:
        return clashes(None, frozenset(), terms)
    several = [clashes(written(one.branch), join(one.terms.values()), terms) for one in own]
    if len(several) == 1:
        return several[0]
    found = dict.fromkeys(clash for each in several for clash in each)
    return sorted(found, key=lambda one: (not one.declared, one.inherited, one.obligation))


def _together(offers: Iterable[Offer]) -> Terms:
    found: dict[str, Obligations] = {}
    for offer in offers:
        for licence, obligations in offer.terms.items():
            found[licence] = found.get(licence, frozenset()) | obligations
    return found


def _weight(offer: Offer) -> int:
    return len(join(offer.terms.values()))
