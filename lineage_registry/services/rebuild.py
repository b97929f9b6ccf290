"""Rebuild plan: what has to be made again after a change, in which order."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from lineage_registry.domain.dag import Dag, longest_path, upstream_of
from lineage_registry.domain.graph import CARRYING, Edge, EdgeKind, Node, NodeKind
from lineage_registry.domain.rebuilding import Rebuilding, affected, rebuilding
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import VERSIONS, references_of
from lineage_registry.domain.view import Closure, Direction, GraphView, Walk
from lineage_registry.errors import InvalidQueryError
from lineage_registry.ports.commands import (
    Context,
    GetRebuildPlan,
    RebuildCost,
    RebuildPlan,
    RebuildStep,
)
from lineage_registry.services.durations import durations
from lineage_registry.services.scope import MOST, batches
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read

_MOST_CAUSES: Final = 10
_FAILED: Final = frozenset({"failed", "killed"})


class _Plan(NamedTuple):
    """What the plan is made of.

    Attributes:
        makers: Version to the run that made it.
        evaluated: Runs that are concerned by their test data alone.
        kept: Pinned things that would have been steps.
        truncated: Whether more than could be looked at comes from the change.
    """

    steps: Rebuilding
    kinds: Mapping[int, NodeKind]
    makers: Mapping[int, int]
    evaluated: frozenset[int]
    kept: Sequence[int]
    truncated: bool

    def runs(self) -> set[int]:
        """Return the runs to run again, with those that are no steps."""
        own = {id_ for id_, kind in self.kinds.items() if kind is NodeKind.RUN}
        return own | set(self.makers.values())


def get_rebuild_plan(work: Workplace, command: GetRebuildPlan, _: Context) -> RebuildPlan:
    """Return what has to be made again after some things changed, and in which order."""
    changes, pins = [read(text) for text in command.start], [read(text) for text in command.pinned]
    goals = None if command.target is None else [read(text) for text in command.target]
    with work.ask(command.as_of, [*changes, *pins, *(goals or ())]) as view:
        changed = frozenset(nodes_of(view, changes, deleted=True))
        pinned = _nodes(view, pins)
        targets = None if goals is None else _nodes(view, goals)
        if changed & pinned:
            raise InvalidQueryError(
                "what changed cannot be pinned", hint="pin what should stay as it is"
            )
        plan = _planned(view, command, changed, pinned, targets)
        unaffected = sorted((targets or frozenset()) - plan.steps.levels.keys())
        return _answer(view, command, plan, unaffected)


def _planned(
    view: GraphView,
    command: GetRebuildPlan,
    changed: frozenset[int],
    pinned: frozenset[int],
    targets: frozenset[int] | None,
) -> _Plan:
    walk = Walk(
        Direction.DOWNSTREAM,
        kinds=CARRYING,
        stop_at=pinned,
        deleted=True,
        inferred=command.inferred,
        limit=MOST,
    )
    closure = view.walk(changed, walk)
    tests = _tests(view, command, closure.distances.keys() - pinned, pinned)
    edges = {edge[0:3:2] for edge in (*closure.edges, *tests)}
    among = affected(edges, changed, pinned)
    nodes = {
        id_: node
        for batch in batches(among.causes)
        for id_, node in view.nodes(batch, ("deleted", "status")).items()
    }
    gone = {id_ for id_, node in nodes.items() if "deleted" in node.values and not command.deleted}
    wanted: Collection[int] = _worth_it(nodes, closure) - gone if targets is None else targets
    gone -= frozenset(wanted)
    steps = rebuilding(edges, changed, among, wanted, gone)
    kinds = {id_: nodes[id_].kind for id_ in steps.levels}
    versions = [id_ for id_, kind in kinds.items() if kind in VERSIONS]
    return _Plan(
        steps,
        kinds,
        _makers(view, versions),
        evaluated=frozenset(steps.levels.keys() - closure.distances.keys()),
        kept=sorted(_kept(view, walk, closure, targets)),
        truncated=closure.truncated,
    )


def _kept(
    view: GraphView, walk: Walk, closure: Closure, targets: frozenset[int] | None
) -> set[int]:
    """Return what is pinned, comes from the change, and is needed for a target."""
    met = closure.distances.keys() & walk.stop_at
    if not met or targets is None:
        return met
    # What hangs on pinned things alone is not affected, so nobody has walked there.
    behind = view.walk(met, replace(walk, stop_at=frozenset()))
    edges = {edge[0:3:2] for edge in (*closure.edges, *behind.edges)}
    return (
        upstream_of(Dag(closure.distances.keys() | behind.distances.keys(), edges), targets) & met
    )


def _worth_it(nodes: Mapping[int, Node], closure: Closure) -> set[int]:
    """Return what is made again for itself: no run that made something, and none that failed."""
    makers = {edge.target for edge in closure.edges if edge.kind is EdgeKind.GENERATED_BY}
    failed = {id_ for id_, node in nodes.items() if node.values.get("status") in _FAILED}
    return nodes.keys() - makers - failed


def _answer(
    view: GraphView, command: GetRebuildPlan, plan: _Plan, unaffected: Sequence[int]
) -> RebuildPlan:
    levels, kinds = plan.steps.levels, Counter(plan.kinds.values())
    seconds = durations(view, sorted(plan.runs())) if command.cost else None
    shown = sorted(levels, key=lambda id_: (levels[id_], id_))[: command.limit]
    named = references_of(view, {*plan.kept, *unaffected})
    return RebuildPlan(
        changed=[str(read(text)) for text in command.start],
        steps=_steps(view, plan, shown, seconds or {}),
        levels=max(levels.values(), default=-1) + 1,
        total=len(levels),
        runs=len(plan.runs()),
        versions=sum(kinds[kind] for kind in VERSIONS),
        deployments=kinds[NodeKind.DEPLOYMENT],
        deleted_passed=len(plan.steps.between),
        kept=[named[id_] for id_ in plan.kept],
        unaffected=[named[id_] for id_ in unaffected],
        cost=None if seconds is None else _cost(view, plan, seconds),
        truncated=plan.truncated or len(shown) < len(levels),
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _nodes(view: GraphView, references: Sequence[Reference]) -> frozenset[int]:
    return frozenset(nodes_of(view, references, deleted=True)) if references else frozenset()


def _tests(
    view: GraphView, command: GetRebuildPlan, new: Collection[int], pinned: Collection[int]
) -> list[Edge]:
    """Return how runs were tested on what is new."""
    return [
        edge
        for batch in batches(new)
        for edge in view.edges(batch, Direction.DOWNSTREAM, (EdgeKind.EVALUATED_ON,))
        if (edge.declared or command.inferred) and edge.source not in pinned
    ]


def _makers(view: GraphView, versions: Collection[int]) -> dict[int, int]:
    return {
        edge.source: edge.target
        for batch in batches(versions)
        for edge in view.edges(batch, Direction.UPSTREAM, (EdgeKind.GENERATED_BY,))
    }


def _steps(
    view: GraphView, plan: _Plan, shown: Sequence[int], seconds: Mapping[int, float]
) -> list[RebuildStep]:
    because = {id_: plan.steps.because[id_][:_MOST_CAUSES] for id_ in shown}
    mentioned = {cause for causes in because.values() for cause in causes}
    makers = {plan.makers[id_] for id_ in shown if id_ in plan.makers}
    named = references_of(view, {*shown, *mentioned, *makers})
    weights = _weights(plan, seconds)
    return [
        RebuildStep(
            level=plan.steps.levels[id_],
            reference=named[id_],
            kind=plan.kinds[id_],
            action=_action(plan, id_),
            run=named[plan.makers[id_]] if id_ in plan.makers else None,
            because=[named[cause] for cause in because[id_]],
            causes=len(plan.steps.because[id_]),
            seconds=weights.get(id_),
        )
        for id_ in shown
    ]


def _action(plan: _Plan, id_: int) -> Literal["rerun", "evaluate", "rebuild", "redeploy"]:
    kind = plan.kinds[id_]
    if kind is NodeKind.RUN:
        return "evaluate" if id_ in plan.evaluated else "rerun"
    return "redeploy" if kind is NodeKind.DEPLOYMENT else "rebuild"


def _weights(plan: _Plan, seconds: Mapping[int, float]) -> dict[int, float]:
    """Return how long each step takes: a run itself, or a version by a run that is no step."""
    outside = {id_: run for id_, run in plan.makers.items() if run not in plan.kinds}
    by_run = {id_: seconds[id_] for id_ in plan.kinds if id_ in seconds}
    return by_run | {id_: seconds[run] for id_, run in outside.items() if run in seconds}


def _cost(view: GraphView, plan: _Plan, seconds: Mapping[int, float]) -> RebuildCost:
    critical, whole = longest_path(plan.steps.dag, _weights(plan, seconds))
    path = [id_ for id_ in whole if id_ not in plan.steps.between]
    named = references_of(view, path) if path else {}
    return RebuildCost(
        seconds=sum(seconds.values()),
        critical_seconds=critical,
        critical_path=[named[id_] for id_ in path],
        untimed=len(plan.runs() - seconds.keys()),
    )
