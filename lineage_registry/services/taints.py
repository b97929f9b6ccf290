"""Taints: raise, lift, and what they reach."""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from itertools import islice

from lineage_registry.domain import taints
from lineage_registry.domain.events import Event, TaintLifted, TaintRaised
from lineage_registry.domain.graph import CARRYING, REGISTRY
from lineage_registry.domain.lifecycle import demand_stages
from lineage_registry.domain.propagation import inherited
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import (
    FAMILY_KINDS,
    members,
    references_of,
    resolve,
)
from lineage_registry.domain.taints import BY_WEIGHT, UPWARD, Reach
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.errors import TaintNotFoundError
from lineage_registry.ports.commands import (
    Context,
    GetTaints,
    LiftTaint,
    ListTainted,
    RaisedTaint,
    RaiseTaint,
    ReachingTaint,
    Tainted,
    TaintedNode,
    Taints,
)
from lineage_registry.ports.graph import Commit, EventFilter, Recorded
from lineage_registry.services.events import events_until
from lineage_registry.services.filtering import in_stage, kinds_left
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.paging import Cursor, as_of, place_of, read_cursor, write_cursor
from lineage_registry.services.workplace import Workplace, demand_unchanged, read, read_now

_NODE_FIELDS = ("id", "reference", "kind", "distance", "stage", "status")


def raise_taint(work: Workplace, command: RaiseTaint, context: Context) -> RaisedTaint:
    """Raise a taint."""
    reference = read_now(command.of)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, reference, deleted=True)
        demand_unchanged(view, found.node, context)
        yield from taints.raise_taint(view, found, command.kind, command.severity, command.reason)

    return _changed(work, work.write(decide, command, context))


def lift_taint(work: Workplace, command: LiftTaint, context: Context) -> RaisedTaint:
    """Lift a taint."""
    return _changed(
        work,
        work.write(lambda view: taints.lift_taint(view, command.taint), command, context),
    )


def get_taints(work: Workplace, command: GetTaints, _: Context) -> Taints:
    """Return the taints that reach a thing, or all that hold."""
    references = [] if command.of is None else [read(command.of)]
    cursor = read_cursor(command)
    # The cursor knows the revision that the reference named.
    with work.ask(as_of(command, cursor), () if cursor else references) as view:
        held = taints.active(view, command.kind, command.severity)
        if references:
            found = taints.reaching(view, _starts(view, references[0]), held)
        else:
            found = [Reach(taint, [taint.node]) for taint in held]
        place = place_of(cursor)
        end = place + command.limit
        return Taints(
            reference=None if command.of is None else str(references[0]),
            total=len(found),
            taints=tell(work, view, found[place:end]),
            truncated=len(found) > end,
            next_cursor=write_cursor(Cursor(end, view.revision)) if len(found) > end else None,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def list_tainted(work: Workplace, command: ListTainted, _: Context) -> Tainted:
    """Return what taints reach, nearest first."""
    cursor = read_cursor(command)
    place = place_of(cursor)
    end = place + command.limit
    with work.ask(as_of(command, cursor)) as view:
        if command.stage is not None:
            demand_stages(view, [command.stage])
        held = taints.active(view, command.kind, command.severity)
        if command.taint is not None:
            held = [taint for taint in held if taint.id == command.taint]
            if not held and not _was_raised(view, command.taint):
                raise TaintNotFoundError(f"there is no taint {command.taint}")
        begins = taints.carriers(view, held)
        stage = () if command.stage is None else (in_stage(command.stage),)
        closure = view.walk(
            begins,
            Walk(
                Direction.DOWNSTREAM,
                kinds=CARRYING,
                deleted=True,
                report=kinds_left(stage, command.node_kinds),
                having=stage,
                limit=end + 1,
                edges=False,
            ),
        )
        starts = _fitting(view, command, begins)
        found = {node: far for node, far in closure.distances.items() if far or node in starts}
        return Tainted(
            nodes=_rows(view, begins, dict(islice(found.items(), place, end))),
            truncated=len(found) > end,
            next_cursor=write_cursor(Cursor(end, view.revision)) if len(found) > end else None,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def reaching(work: Workplace, view: GraphView, starts: Sequence[int]) -> list[ReachingTaint]:
    """Return every taint that reaches one of some nodes, nearest first."""
    return tell(work, view, taints.reaching(view, starts, taints.active(view)))


def tell(work: Workplace, view: GraphView, found: Sequence[Reach]) -> list[ReachingTaint]:
    """Tell taints with who raised them, as the log has it, and the ways as references."""
    if not found:
        return []
    raised = _raised(work, view, {reach.taint.node for reach in found})
    ids = {id_ for reach in found for id_ in (*reach.way, reach.taint.node)}
    named = references_of(view, ids)
    return [
        ReachingTaint(
            id=taint.id,
            kind=taint.kind,
            severity=taint.severity,
            reason=taint.reason,
            origin=named[taint.node],
            raised_by=raised[taint.id].actor,
            raised_at=raised[taint.id].time,
            distance=len(way) - 1,
            witness=[named[id_] for id_ in way],
        )
        for taint, way in found
    ]


def _starts(view: GraphView, reference: Reference) -> list[int]:
    """Return a thing itself, and all its versions if it is a model or dataset."""
    found = resolve(view, reference, deleted=True)
    if found.kind not in FAMILY_KINDS.values():
        return [found.node]
    return [found.node, *members(view, found.node, found.kind, deleted=True)]


def _rows(
    view: GraphView, begins: Mapping[int, Sequence[taints.Taint]], nodes: Mapping[int, int]
) -> list[TaintedNode]:
    """Describe what was reached, each with the taints that do."""
    if not nodes:
        return []
    above = view.walk(nodes, UPWARD)
    held = sorted({taint for here in begins.values() for taint in here})
    bits = {taint.id: 1 << place for place, taint in enumerate(held)}
    own = {node: sum(bits[taint.id] for taint in here) for node, here in begins.items()}
    marks = inherited(above.distances, above.edges, own, {})
    rows = []
    for one in describe_nodes(view, nodes):
        reaching_it = [taint for taint in held if marks[one.id] & bits[taint.id]]
        rows.append(
            TaintedNode(
                **{name: getattr(one, name) for name in _NODE_FIELDS},
                severity=max((taint.severity for taint in reaching_it), key=BY_WEIGHT.index),
                taints=[taint.id for taint in reaching_it],
            )
        )
    return rows


def _fitting(view: GraphView, command: ListTainted, begins: Collection[int]) -> set[int]:
    """Return the origins that are to be reported themselves; a walk reports all its starts."""
    wanted = () if command.stage is None else (in_stage(command.stage),)
    kinds = kinds_left(wanted, command.node_kinds) or ()
    found = {id_ for id_, node in view.nodes(begins, ()).items() if node.kind in kinds}
    held = view.values([(id_, one.key) for id_ in found for one in wanted])
    return {id_ for id_ in found if all(one.fits(held.get((id_, one.key))) for one in wanted)}


def _was_raised(view: GraphView, taint: int) -> bool:
    return taint <= int(view.values([(REGISTRY, "taints")]).get((REGISTRY, "taints"), 0))


def _changed(work: Workplace, commit: Commit) -> RaisedTaint:
    """Tell the taint that a commit raised or lifted, as it read before it was lifted."""
    event = commit.events[0].event
    if not isinstance(event, TaintRaised | TaintLifted):
        raise TypeError(type(event).__name__)
    active = isinstance(event, TaintRaised)
    with work.graph.view(commit.revision if active else commit.revision - 1) as view:
        held = next(taint for taint in taints.active(view) if taint.id == event.taint)
        (told,) = tell(work, view, [Reach(held, [held.node])])
    fields = told.model_dump(exclude={"distance", "witness"})
    return RaisedTaint(**fields, active=active, revision=commit.revision)


def _raised(work: Workplace, view: GraphView, nodes: Iterable[int]) -> dict[int, Recorded]:
    where = EventFilter(nodes=frozenset(nodes), types=frozenset({TaintRaised.type}))
    return {
        one.event.taint: one
        for one in events_until(work, where, view.revision)
        if isinstance(one.event, TaintRaised)
    }
