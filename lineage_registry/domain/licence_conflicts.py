"""When licences contradict each other: pure rules over the obligations of the table."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final, NamedTuple

from lineage_registry.domain.licence_table import Obligation, Obligations, may_become, may_meet

Terms = Mapping[str, Obligations]
"""What reaches something: for each licence, those of its obligations that do."""

_TO_KEEP: Final = (
    Obligation.ATTRIBUTION,
    Obligation.NETWORK_COPYLEFT,
    Obligation.NON_COMMERCIAL,
    Obligation.USE_RESTRICTIONS,
)
_LIMITS: Final = frozenset(
    {
        Obligation.NETWORK_COPYLEFT,
        Obligation.NON_COMMERCIAL,
        Obligation.NO_DERIVATIVES,
        Obligation.USE_RESTRICTIONS,
    }
)


class Clash(NamedTuple):
    """A contradiction.

    Attributes:
        obligation: What is not kept.
        inherited: The licence that asks for it.
        against: The licence that does not keep it, or several joined by AND.
        declared: Whether `against` is what the version itself declares; else it is inherited, too.
    """

    obligation: Obligation
    inherited: str
    against: str
    declared: bool


def clashes(declared: str | None, own: Obligations, inherited: Terms) -> list[Clash]:
    """Return every contradiction, in a stable order.

    A declared licence may be several, joined by AND; then `own` is what all of them ask for. A
    declared licence has to keep what is inherited: attribution, non-commercial, use restrictions
    and network copyleft; under share-alike it is the same licence or one that it may become; and
    under no-derivatives nothing is passed on at all. What is unknown contradicts nothing, and
    clears nothing. Two inherited licences exclude one another if one is share-alike and the other
    limits what that one allows, or is another share-alike and no third licence takes in both.
    """
    found = list(_between(inherited))
    if declared is not None and Obligation.UNKNOWN not in own:
        found += _against(declared, own, inherited)
    return sorted(found, key=lambda one: (not one.declared, one.inherited, one.obligation))


def _against(declared: str, own: Obligations, inherited: Terms) -> Iterator[Clash]:
    together = declared.split(" AND ")
    for licence, obligations in inherited.items():
        becomes = any(may_become(licence, one) for one in together)
        if becomes and Obligation.NO_DERIVATIVES not in obligations:
            continue
        for obligation in obligations:
            kept = obligation in own or obligation not in _TO_KEEP
            if not kept or obligation in {Obligation.SHARE_ALIKE, Obligation.NO_DERIVATIVES}:
                yield Clash(obligation, licence, declared, declared=True)


def _between(inherited: Terms) -> Iterator[Clash]:
    for one, other in combinations(sorted(inherited), 2):
        if may_meet(one, other):
            continue
        for first, second in ((one, other), (other, one)):
            sharing, limiting = inherited[first], inherited[second]
            if Obligation.SHARE_ALIKE not in sharing:
                continue
            if Obligation.SHARE_ALIKE in limiting:
                if first == one:  # of two that share alike, once
                    yield Clash(Obligation.SHARE_ALIKE, first, second, declared=False)
            elif limiting & _LIMITS - sharing:
                yield Clash(Obligation.SHARE_ALIKE, first, second, declared=False)
