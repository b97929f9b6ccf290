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
from lineage_registry.domain.licence_choices import Offer, Settled, least, settle
from lineage_registry.domain.licence_conflicts import Clash, Terms
from lineage_registry.domain.licence_expressions import Branch, branches_of
from lineage_registry.domain.licence_table import (
    KNOWN,
    NO_LICENCE,
    Obligation,
    Obligations,
    base_of,
)
from lineage_registry.domain.propagation import Marks, inherited
from lineage_registry.domain.resolution import FAMILY_KINDS, VERSIONS, Found, references_of
from lineage_registry.domain.taints import UPWARD
from lineage_registry.domain.trails import Trails
from lineage_registry.domain.view import Closure, Column, Direction, GraphView, Origin
from lineage_registry.errors import (
    AlreadyExistsError,
    InvalidInputError,
    InvalidReferenceError,
)

Decision = Generator[Event, int, None]
_READ: Final = (
    (Column(Origin.VALUE, "licence", VERSIONS),),
    (Column(Origin.OWNER_VALUE, "licence", VERSIONS),),
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
        branches: The choices that each declared expression leaves.
        obligations: What each licence in them obliges to.
        stops: By (effect, cause).
    """

    closure: Closure
    declared: Mapping[int, str]
    by_family: Collection[int]
    sources: Collection[int]
    branches: Mapping[str, Sequence[Branch]]
    obligations: Mapping[str, Obligations]
    stops: Mapping[tuple[int, int], Stop]

    def licence(self, node: int) -> str | None:
        """Return the licence that begins at a node: declared, or that of a source without one."""
        return self.declared.get(node, NO_LICENCE if node in self.sources else None)


class Term(NamedTuple):
    """An obligation that reaches a version.

    Attributes:
        licence: The licence that asks for it.
        expression: What is declared there; with OR in it, `licence` is of the branch taken.
        way: Where it begins is its end.
    """

    obligation: Obligation
    licence: str
    expression: str
    way: Sequence[int]


def declare(view: GraphView, found: Found, licence: str | None) -> Decision:
    """Declare the licence of a model, dataset or version, or take it back.

    Raises:
        InvalidReferenceError: It is a run or deployment.
    """
    if found.kind not in VERSIONS and found.kind not in FAMILY_KINDS.values():
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
        if kind in VERSIONS:
            versions.add(id_)
            if own is not None or of_family is not None:
                declared[id_] = str(of_family if own is None else own)
            if own is None and of_family is not None:
                by_family.add(id_)
        if stops:
            stopping.append(id_)
    stops_found = list(_stops(view, stopping))
    sources = _sources(closure.edges, versions) - declared.keys()
    branches = {one: branches_of(one) for one in {*declared.values(), NO_LICENCE}}
    licences = {licence for several in branches.values() for one in several for licence in one}
    return Ledger(
        closure,
        declared,
        by_family,
        sources,
        branches,
        obligations_of(view, licences),
        {(one.effect, one.cause): one for one in stops_found},
    )


def conflicts(ledger: Ledger, nodes: Iterable[int]) -> dict[int, list[Clash]]:
    """Return the contradictions of each of these versions of a ledger."""
    inherited = _inherited(ledger, nodes)
    # Many versions inherit the same; each case is settled once.
    cases: dict[tuple[str | None, frozenset[tuple[_Place, Obligations]]], list[Clash]] = {}
    found = {}
    for node, terms in inherited.items():
        case = ledger.declared.get(node), frozenset(terms.items())
        if case not in cases:
            cases[case] = list(_settled(ledger, node, terms).clashes)
        found[node] = cases[case]
    return found


def inherited_terms(ledger: Ledger, nodes: Iterable[int]) -> dict[int, Terms]:
    """Return what the causes of each node pass on to it, of all branches; its own is left out."""
    found: dict[int, Terms] = {}
    for node, terms in _inherited(ledger, nodes).items():
        joined: dict[str, Obligations] = {}
        for (_, licence), obligations in terms.items():
            joined[licence] = joined.get(licence, frozenset()) | obligations
        found[node] = joined
    return found


_Place = tuple[str, str]
"""A licence of an expression: that, and the licence."""


def _inherited(ledger: Ledger, nodes: Iterable[int]) -> dict[int, dict[_Place, Obligations]]:
    """Return what the causes of each node pass on to it, by expression and licence."""
    places = [
        (expression, licence)
        for expression in sorted(ledger.branches)
        for licence in sorted({one for branch in ledger.branches[expression] for one in branch})
    ]
    begins: defaultdict[str, Marks] = defaultdict(int)
    for number, (expression, licence) in enumerate(places):
        begins[expression] |= _bits(number, ledger.obligations[licence], 1)
    own = {
        node: begins[declared]
        for node in (*ledger.declared, *ledger.sources)
        if (declared := ledger.licence(node)) is not None
    }
    stopped = {pair: _bits(0, one.obligations, len(places)) for pair, one in ledger.stops.items()}
    closure = ledger.closure
    marks = inherited(closure.distances, closure.edges, own, stopped)
    passed: defaultdict[int, Marks] = defaultdict(int)
    for edge in closure.edges:
        pair = (edge.source, edge.target)
        passed[edge.source] |= marks[edge.target] & ~stopped.get(pair, 0)
    return {node: _terms(places, passed[node]) for node in nodes}


def terms_of(ledger: Ledger, start: int) -> list[Term]:
    """Return every obligation that reaches a version, of each licence from its nearest origin."""
    taken = _taken(ledger, start)
    found: list[Term] = []
    for obligation in Obligation:
        distances, edges = _open_to(ledger, start, obligation)
        nearest: dict[str, tuple[int, str]] = {}
        for node in distances:
            expression = ledger.licence(node)
            if expression is None:
                continue
            for licence in taken.get(expression, ledger.branches[expression][0]):
                if obligation in ledger.obligations[licence]:
                    nearest.setdefault(licence, (node, expression))
        if nearest:
            trails = Trails(distances, edges, Direction.UPSTREAM)
            found += [
                Term(obligation, licence, expression, trails.nodes_to(node))
                for licence, (node, expression) in nearest.items()
            ]
    return found


def _taken(ledger: Ledger, start: int) -> dict[str, Branch]:
    """Return the branches that are taken for a version, where expressions leave a choice."""
    if all(len(branches) == 1 for branches in ledger.branches.values()):
        return {}
    inherited = _inherited(ledger, [start])[start]
    taken = dict(_settled(ledger, start, inherited).branches)
    own = ledger.declared.get(start)
    if own is not None:
        taken.setdefault(own, least(_offers(ledger, own)).branch)
    return taken


def _settled(ledger: Ledger, node: int, inherited: Mapping[_Place, Obligations]) -> Settled:
    own = ledger.declared.get(node)
    arriving = dict.fromkeys(expression for expression, _ in inherited)
    return settle(
        () if own is None else _offers(ledger, own),
        {one: _offers(ledger, one, inherited) for one in arriving},
    )


def _offers(
    ledger: Ledger, expression: str, arriving: Mapping[_Place, Obligations] | None = None
) -> list[Offer]:
    """Return the branches of an expression, with what arrives of them; None: all."""
    offers = []
    for branch in ledger.branches[expression]:
        terms = {
            licence: ledger.obligations[licence]
            if arriving is None
            else arriving.get((expression, licence), frozenset())
            for licence in branch
        }
        offers.append(Offer(branch, {one: held for one, held in terms.items() if held}))
    return offers


def least_of(view: GraphView, expression: str) -> Obligations:
    """Return what a declared licence obliges to: by the branch that asks for least."""
    branches = branches_of(expression)
    known = obligations_of(view, {licence for branch in branches for licence in branch})
    several = (frozenset().union(*(known[one] for one in branch)) for branch in branches)
    return min(several, key=len)


def obligations_of(view: GraphView, licences: Collection[str]) -> dict[str, Obligations]:
    """Return what each licence obliges to: by the table, by a definition, else `unknown`."""
    found = {one: KNOWN[base_of(one)] for one in licences if base_of(one) in KNOWN}
    rest = {one: base_of(one) for one in licences if one not in found}
    slots = {(REGISTRY, f"licence/{base}") for base in rest.values()}
    held = view.values(slots) if slots else {}
    for licence, base in rest.items():
        words = held.get((REGISTRY, f"licence/{base}"))
        found[licence] = (
            UNKNOWN if words is None else frozenset(Obligation(one) for one in str(words).split())
        )
    return found


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


def _terms(places: Sequence[_Place], marks: Marks) -> dict[_Place, Obligations]:
    found: dict[_Place, Obligations] = {}
    for place in places:
        held = frozenset(one for bit, one in enumerate(_ORDER) if marks >> bit & 1)
        if held:
            found[place] = held
        marks >>= len(_ORDER)
    return found
