"""Licences along the lineage: what is declared, what passes on, and where it stops.

A version is under its own licence, else under that of its model or dataset. Its terms are the join
of that with the terms of everything it comes from along the edges that carry them, but for what an
agreement stops at an edge. Nothing of it is stored; it is found when somebody asks.
"""

from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.events import (
    Event,
    LicenceDeclared,
    LicenceDefined,
    ObligationsStopped,
)
from lineage_registry.domain.graph import CARRYING, REGISTRY, Edge, NodeKind
from lineage_registry.domain.licence_conflicts import Clash, Terms, clashes
from lineage_registry.domain.licence_table import KNOWN, NO_LICENCE, Obligation, Obligations
from lineage_registry.domain.propagation import Marks, inherited
from lineage_registry.domain.resolution import FAMILY_KINDS, VERSION_KINDS, Found, references_of
from lineage_registry.domain.taints import UPWARD
from lineage_registry.domain.trails import Trails
from lineage_registry.domain.view import Closure, Column, Direction, GraphView, Origin
from lineage_registry.errors import (
    AlreadyExistsError,
    InvalidInputError,
    InvalidReferenceError,
)

Decision = Generator[Event, int, None]
_VERSIONS = frozenset(VERSION_KINDS.values())
_READ: Final = (
    (Column(Origin.VALUE, "licence", _VERSIONS),),
    (Column(Origin.OWNER_VALUE, "licence", _VERSIONS),),
    (Column(Origin.VALUE, "stops", frozenset(NodeKind)),),
)
_ORDER: Final = tuple(Obligation)
UNKNOWN: Final[Obligations] = frozenset({Obligation.UNKNOWN})


class Stop(NamedTuple):
    """Obligations that do not pass from a cause to an effect, and what proves it."""

    effect: int
    cause: int
    obligations: Obligations
    evidence: str


class Ledger(NamedTuple):
    """What a closure says about licences.

    Attributes:
        closure: Upstream, along carrying edges, with its edges.
        declared: The licence of each version that has one, of itself or of its family.
        by_family: The versions whose licence is that of their family.
        sources: Versions that come from nothing and declare nothing.
        obligations: What each licence in it obliges to.
        stops: By (effect, cause).
    """

    closure: Closure
    declared: Mapping[int, str]
    by_family: Collection[int]
    sources: Collection[int]
    obligations: Mapping[str, Obligations]
    stops: Mapping[tuple[int, int], Stop]

    def licence(self, node: int) -> str | None:
        """Return the licence that begins at a node: declared, or that of a source without one."""
        return self.declared.get(node, NO_LICENCE if node in self.sources else None)


class Term(NamedTuple):
    """An obligation that reaches a version; `way` leads to where it begins."""

    obligation: Obligation
    licence: str
    way: Sequence[int]


def declare(view: GraphView, found: Found, licence: str | None) -> Decision:
    """Declare the licence of a model, dataset or version, or take it back.

    Raises:
        InvalidReferenceError: It is a run or deployment.
    """
    if found.kind not in _VERSIONS and found.kind not in FAMILY_KINDS.values():
        raise InvalidReferenceError(
            f"a {found.kind} has no licence", hint="name a model, dataset or version"
        )
    before = view.values([(found.node, "licence")]).get((found.node, "licence"))
    if before != licence:
        yield LicenceDeclared(
            node=found.node, licence=licence, before=None if before is None else str(before)
        )


def define(view: GraphView, licence: str, obligations: Iterable[Obligation]) -> Decision:
    """Say what a licence obliges to that the table does not know.

    Raises:
        AlreadyExistsError: The table knows it.
        InvalidInputError: `none-given` is no obligation of a licence.
    """
    if licence in KNOWN:
        raise AlreadyExistsError(
            f"{licence} is in the table of licences",
            hint="define terms of your own under a name like LicenseRef-acme",
        )
    wanted = [one.value for one in _ORDER if one in set(obligations)]
    if Obligation.NONE_GIVEN.value in wanted:
        raise InvalidInputError("a licence that is none is not to be defined")
    key = (REGISTRY, f"licence/{licence}")
    if view.values([key]).get(key) != " ".join(wanted):
        yield LicenceDefined(licence=licence, obligations=wanted)


def stop(
    view: GraphView,
    effect: Found,
    cause: Found,
    obligations: Collection[Obligation],
    evidence: str | None,
) -> Decision:
    """Say which obligations do not pass from a cause to its effect; none ends what was said.

    Raises:
        InvalidReferenceError: No carrying edge joins the two.
        InvalidInputError: There is no evidence.
    """
    edges = view.edges([effect.node], Direction.UPSTREAM, CARRYING)
    if not any(edge.target == cause.node for edge in edges):
        named = references_of(view, [effect.node, cause.node, *(edge.target for edge in edges)])
        direct = sorted({named[edge.target] for edge in edges})[:5]
        raise InvalidReferenceError(
            f"{named[effect.node]} does not come directly from {named[cause.node]}",
            hint=f"it comes from {', '.join(direct)}" if direct else "it comes from nothing",
        )
    if obligations and not evidence:
        raise InvalidInputError(
            "what stops an obligation needs evidence", hint="name the contract, permission or law"
        )
    wanted = [one.value for one in _ORDER if one in obligations]
    key = (effect.node, f"stops/{cause.node}")
    text = None if not wanted else f"{' '.join(wanted)}\n{evidence}"
    if view.values([key]).get(key) != text:
        yield ObligationsStopped(
            effect=effect.node, cause=cause.node, obligations=wanted, evidence=evidence or ""
        )


def any_declared(view: GraphView) -> bool:
    """Tell whether a licence was ever declared; one read, which spares the rest where none was."""
    return bool(view.values([(REGISTRY, "licences")]))


def open_ledger(view: GraphView, starts: Collection[int]) -> Ledger:
    """Read what some versions come from, and what that says about licences."""
    closure = view.walk(starts, UPWARD)
    declared: dict[int, str] = {}
    by_family: set[int] = set()
    versions: set[int] = set()
    stopping: list[int] = []
    for kind, (id_, _, own, of_family, stops) in view.table(closure.distances.keys(), _READ):
        if kind in _VERSIONS:
            versions.add(id_)
            if own is not None or of_family is not None:
                declared[id_] = str(of_family if own is None else own)
            if own is None and of_family is not None:
                by_family.add(id_)
        if stops:
            stopping.append(id_)
    stops_found = list(_stops(view, stopping))
    sources = _sources(closure.edges, versions) - declared.keys()
    licences = {*declared.values(), NO_LICENCE}
    return Ledger(
        closure,
        declared,
        by_family,
        sources,
        obligations_of(view, licences),
        {(one.effect, one.cause): one for one in stops_found},
    )


def conflicts(ledger: Ledger, nodes: Iterable[int]) -> dict[int, list[Clash]]:
    """Return the contradictions of each of these versions of a ledger."""
    return {
        node: clashes(*_own(ledger, node), terms)
        for node, terms in inherited_terms(ledger, nodes).items()
    }


def inherited_terms(ledger: Ledger, nodes: Iterable[int]) -> dict[int, Terms]:
    """Return what the causes of each node pass on to it, its own licence left out."""
    licences = sorted(ledger.obligations)
    begins = {
        licence: _bits(place, ledger.obligations[licence], 1)
        for place, licence in enumerate(licences)
    }
    own = {
        node: begins[licence]
        for node in (*ledger.declared, *ledger.sources)
        if (licence := ledger.licence(node)) is not None
    }
    stopped = {pair: _bits(0, one.obligations, len(licences)) for pair, one in ledger.stops.items()}
    closure = ledger.closure
    marks = inherited(closure.distances, closure.edges, own, stopped)
    passed: defaultdict[int, Marks] = defaultdict(int)
    for edge in closure.edges:
        pair = (edge.source, edge.target)
        passed[edge.source] |= marks[edge.target] & ~stopped.get(pair, 0)
    return {node: _terms(licences, passed[node]) for node in nodes}


def terms_of(ledger: Ledger, start: int) -> list[Term]:
    """Return every obligation that reaches a version, of each licence from its nearest origin."""
    found: list[Term] = []
    for obligation in Obligation:
        distances, edges = _open_to(ledger, start, obligation)
        nearest: dict[str, int] = {}
        for node in distances:
            licence = ledger.licence(node)
            if licence is not None and obligation in ledger.obligations[licence]:
                nearest.setdefault(licence, node)
        if nearest:
            trails = Trails(distances, edges, Direction.UPSTREAM)
            found += [Term(obligation, one, trails.nodes_to(at)) for one, at in nearest.items()]
    return found


def obligations_of(view: GraphView, licences: Collection[str]) -> dict[str, Obligations]:
    """Return what each licence obliges to: by the table, by a definition, else `unknown`."""
    found = {licence: KNOWN[licence] for licence in licences if licence in KNOWN}
    rest = [licence for licence in licences if licence not in KNOWN]
    held = view.values([(REGISTRY, f"licence/{licence}") for licence in rest]) if rest else {}
    for licence in rest:
        words = held.get((REGISTRY, f"licence/{licence}"))
        found[licence] = (
            UNKNOWN if words is None else frozenset(Obligation(one) for one in str(words).split())
        )
    return found


def _own(ledger: Ledger, node: int) -> tuple[str | None, Obligations]:
    licence = ledger.declared.get(node)
    return licence, frozenset() if licence is None else ledger.obligations[licence]


def _open_to(
    ledger: Ledger, start: int, obligation: Obligation
) -> tuple[Mapping[int, int], Sequence[Edge]]:
    """Return what lies above a start along the edges that do not stop an obligation."""
    shut = {pair for pair, one in ledger.stops.items() if obligation in one.obligations}
    if not shut:
        return ledger.closure.distances, ledger.closure.edges
    above: defaultdict[int, list[Edge]] = defaultdict(list)
    for edge in ledger.closure.edges:
        if (edge.source, edge.target) not in shut:
            above[edge.source].append(edge)
    distances = {start: 0}
    frontier = [start]
    while frontier:
        fresh = {edge.target for node in frontier for edge in above[node]} - distances.keys()
        far = distances[frontier[0]] + 1
        frontier = sorted(fresh)
        distances.update(dict.fromkeys(frontier, far))
    edges = [edge for node in distances for edge in above[node]]
    return distances, edges


def _sources(edges: Iterable[Edge], versions: Collection[int]) -> set[int]:
    """Return the versions that come from no other version, not even through a run."""
    causes: defaultdict[int, list[int]] = defaultdict(list)
    for edge in edges:
        causes[edge.source].append(edge.target)
    return {
        node
        for node in versions
        if not any(cause in versions or causes.get(cause) for cause in causes.get(node, ()))
    }


def _stops(view: GraphView, nodes: Sequence[int]) -> Iterable[Stop]:
    for node in view.nodes(nodes).values() if nodes else ():
        for key, value in node.values.items():
            if key.startswith("stops/"):
                words, _, evidence = str(value).partition("\n")
                stopped = frozenset(Obligation(word) for word in words.split())
                yield Stop(node.id, int(key.removeprefix("stops/")), stopped, evidence)


def _bits(place: int, obligations: Obligations, licences: int) -> Marks:
    """Return these obligations as bits: of one licence, at its place, or of so many from there."""
    width = len(_ORDER)
    one = sum(1 << _ORDER.index(obligation) for obligation in obligations)
    return sum(one << width * (place + each) for each in range(licences))


def _terms(licences: Sequence[str], marks: Marks) -> Terms:
    found: dict[str, Obligations] = {}
    for licence in licences:
        held = frozenset(one for bit, one in enumerate(_ORDER) if marks >> bit & 1)
        if held:
            found[licence] = held
        marks >>= len(_ORDER)
    return found
