"""Licences: declare, define, stop at an edge, and what reaches a version."""

from collections.abc import Collection, Generator, Mapping, Sequence

from lineage_registry.domain import licences
from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import CARRYING, NodeKind
from lineage_registry.domain.licence_conflicts import Clash
from lineage_registry.domain.licence_table import Obligation
from lineage_registry.domain.licences import Ledger, Stop, Term
from lineage_registry.domain.resolution import (
    VERSIONS,
    references_of,
    resolve,
    resolve_all,
    resolve_version,
)
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands import (
    Context,
    DeclareLicence,
    DefineLicence,
    GetLicences,
    Licence,
    LicenceConflict,
    Licences,
    LicenceTerm,
    StopAnswer,
    StopObligations,
    StoppedObligations,
)
from lineage_registry.services.scope import batches
from lineage_registry.services.workplace import Workplace, demand_unchanged, read, read_now

_MAX_DOWNSTREAM = 10_000
_HARMLESS = frozenset({Obligation.UNKNOWN, Obligation.NONE_GIVEN})
"""What contradicts nothing; it clears nothing either."""


def declare_licence(work: Workplace, command: DeclareLicence, context: Context) -> Licence:
    """Declare the licence of a model, dataset or version, or take it back."""
    reference = read_now(command.of)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, reference, deleted=True)
        demand_unchanged(view, found.node, context)
        yield from licences.declare(view, found, command.licence)

    commit = work.write(decide, command, context)
    with work.after(commit) as view:
        return _licence(view, command.licence, str(reference))


def define_licence(work: Workplace, command: DefineLicence, context: Context) -> Licence:
    """Say what a licence obliges to that the table does not know."""
    commit = work.write(
        lambda view: licences.define(view, command.licence, command.obligations), command, context
    )
    with work.after(commit) as view:
        return _licence(view, command.licence, None)


def stop_obligations(work: Workplace, command: StopObligations, context: Context) -> StopAnswer:
    """Say which obligations do not pass along an edge."""
    references = [read_now(command.effect), read_now(command.cause)]

    def decide(view: GraphView) -> Generator[Event, int, None]:
        effect, cause = resolve_all(view, references, deleted=True)
        demand_unchanged(view, effect.node, context)
        yield from licences.stop(view, effect, cause, command.obligations, command.evidence)

    commit = work.write(decide, command, context)
    return StopAnswer(
        effect=str(references[0]),
        cause=str(references[1]),
        obligations=_in_order(command.obligations),
        evidence=command.evidence or "",
        revision=commit.revision,
    )


def get_licences(work: Workplace, command: GetLicences, _: Context) -> Licences:
    """Return the terms that hold for a version, where they come from, and what contradicts."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        return licences_of(view, resolve_version(view, reference, deleted=True).node)


def licences_of(view: GraphView, node: int) -> Licences:
    """Return the terms that hold for a version."""
    ledger = licences.open_ledger(view, [node])
    terms = licences.terms_of(ledger, node)
    clashes = licences.conflicts(ledger, [node])[node]
    stops = [ledger.stops[pair] for pair in sorted(ledger.stops)]
    ids = {node} | {id_ for term in terms for id_ in term.way}
    ids |= {id_ for stop in stops for id_ in (stop.effect, stop.cause)}
    named = references_of(view, ids)
    return Licences(
        reference=named[node],
        declared=ledger.declared.get(node),
        by_family=node in ledger.by_family,
        obligations=_in_order({term.obligation for term in terms}),
        terms=[_term(term, named) for term in terms],
        stops=[_stop(stop, named) for stop in stops],
        conflicts=[_conflict(clash, terms, named) for clash in clashes],
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def conflicting(view: GraphView, nodes: Collection[int]) -> set[int]:
    """Return those of some versions whose terms contradict each other."""
    if not nodes or not licences.any_declared(view):
        return set()
    ledger = licences.open_ledger(view, nodes)
    return {node for node, found in licences.conflicts(ledger, nodes).items() if found}


def conflicts_downstream(
    view: GraphView,
    starts: Sequence[int],
    depth: int | None,
    *,
    kinds: Collection[NodeKind] = VERSIONS,
    inferred: bool = True,
    deleted: bool = False,
) -> tuple[list[int], bool]:
    """Return the versions downstream whose contradictions involve what the starts pass on.

    The way goes through deleted ones; `deleted` says whether they are returned, too. Up to 10,000
    versions are looked at, nearest first; the second value says whether that is all.
    """
    if not licences.any_declared(view):
        return [], True
    passed = _passed_on(licences.open_ledger(view, starts), starts)
    if not passed:
        return [], True
    below = view.walk(
        starts,
        Walk(
            Direction.DOWNSTREAM,
            depth=depth,
            kinds=CARRYING,
            deleted=True,
            inferred=inferred,
            report=frozenset(kinds),
            limit=_MAX_DOWNSTREAM,
            edges=False,
        ),
    )
    nodes = [id_ for id_, distance in below.distances.items() if distance]
    if not nodes:
        return [], True
    ledger = licences.open_ledger(view, nodes)
    found = [
        node
        for node, clashes in licences.conflicts(ledger, nodes).items()
        if any(_involves(clash, passed) for clash in clashes)
    ]
    if found and not deleted:
        gone = {
            id_
            for batch in batches(found)
            for id_, node in view.nodes(batch, ("deleted",)).items()
            if "deleted" in node.values
        }
        found = [node for node in found if node not in gone]
    cut = below.truncated and len(nodes) >= _MAX_DOWNSTREAM
    return found, not cut


def _passed_on(ledger: Ledger, starts: Sequence[int]) -> set[str]:
    """Return the licences of the starts, own and inherited, that can contradict another one."""
    inherited = licences.inherited_terms(ledger, starts)
    found = [(licence, terms[licence]) for terms in inherited.values() for licence in terms]
    for node in starts:
        expression = ledger.licence(node)
        branches = () if expression is None else ledger.branches[expression]
        found += [(one, ledger.obligations[one]) for branch in branches for one in branch]
    return {licence for licence, obligations in found if obligations - _HARMLESS}


def _involves(clash: Clash, licences_passed: Collection[str]) -> bool:
    against = not clash.declared and clash.against in licences_passed
    return against or clash.inherited in licences_passed


def _licence(view: GraphView, licence: str | None, reference: str | None) -> Licence:
    asked = frozenset() if licence is None else licences.least_of(view, licence)
    return Licence(
        reference=reference,
        licence=licence,
        obligations=_in_order(asked),
        revision=view.revision,
    )


def _in_order(obligations: Collection[Obligation]) -> list[Obligation]:
    return [one for one in Obligation if one in obligations]


def _term(term: Term, named: Mapping[int, str]) -> LicenceTerm:
    return LicenceTerm(
        obligation=term.obligation,
        licence=term.licence,
        expression=term.expression,
        origin=named[term.way[-1]],
        distance=len(term.way) - 1,
        witness=[named[id_] for id_ in term.way],
    )


def _stop(stop: Stop, named: Mapping[int, str]) -> StoppedObligations:
    return StoppedObligations(
        effect=named[stop.effect],
        cause=named[stop.cause],
        obligations=_in_order(stop.obligations),
        evidence=stop.evidence,
    )


def _conflict(clash: Clash, terms: Sequence[Term], named: Mapping[int, str]) -> LicenceConflict:
    way = _way(terms, clash.inherited, clash.obligation)
    other = () if clash.declared else _way(terms, clash.against, None)
    return LicenceConflict(
        obligation=clash.obligation,
        inherited=clash.inherited,
        origin=named[way[-1]],
        witness=[named[id_] for id_ in way],
        against=clash.against,
        declared=clash.declared,
        other_origin=named[other[-1]] if other else None,
        other_witness=[named[id_] for id_ in other],
    )


def _way(terms: Sequence[Term], licence: str, obligation: Obligation | None) -> Sequence[int]:
    """Return the way to where a licence begins, and an obligation of it if one is meant."""
    return next(
        term.way
        for term in terms
        if term.licence == licence and obligation in {None, term.obligation}
    )
