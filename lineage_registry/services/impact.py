"""Impact: what is affected if some things break or are withdrawn."""

from collections.abc import Sequence
from typing import Any

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import write_references
from lineage_registry.domain.view import Closure, Comparison, Direction, Filter, GraphView, Walk
from lineage_registry.ports.commands import Context, Count, GetImpact, Impact
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read

_IN_PRODUCTION = (Filter("stage", Comparison.EQUAL, "Production"),)


def get_impact(work: Workplace, command: GetImpact, _: Context) -> Impact:
    """Return what is affected by some things: counts, Production versions, deployments, owners."""
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        return impact(view, references, depth=command.depth, limit=command.limit)


def impact(
    view: GraphView, references: Sequence[Reference], *, depth: int | None, limit: int
) -> Impact:
    """Count and name what lies downstream; deleted starts count as starts."""
    starts = nodes_of(view, references, deleted=True)
    plan: dict[str, Any] = {"direction": Direction.DOWNSTREAM, "depth": depth, "edges": False}
    census = view.census(starts, Walk(**plan))
    closest = view.walk(starts, Walk(**plan, limit=limit))
    production = view.walk(
        starts,
        Walk(
            **plan,
            limit=limit,
            report=frozenset({NodeKind.MODEL_VERSION}),
            having=_IN_PRODUCTION,
        ),
    )
    serving = view.walk(starts, Walk(**plan, limit=limit, report=frozenset({NodeKind.DEPLOYMENT})))
    hit = [_reached(found) for found in (production, serving)]
    told = {*census.owners, *hit[1]}
    owners = view.values([(id_, "owner") for id_ in told])
    named = write_references(view, view.nodes({*hit[0], *hit[1]}, ("name",)))
    return Impact(
        starts=[str(reference) for reference in references],
        total=sum(census.counts.values()),
        counts=[
            Count(distance=distance, kind=kind, nodes=nodes)
            for (distance, kind), nodes in sorted(census.counts.items())
        ],
        production=[named[id_] for id_ in hit[0]],
        deployments=[named[id_] for id_ in hit[1]],
        owners=sorted({str(owner) for owner in owners.values()}),
        closest=describe_nodes(view, {id_: closest.distances[id_] for id_ in _reached(closest)}),
        truncated=any(_cut(found, limit) for found in (closest, production, serving)),
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _reached(closure: Closure) -> list[int]:
    return [id_ for id_, distance in closure.distances.items() if distance]


def _cut(closure: Closure, limit: int) -> bool:
    return closure.truncated and len(_reached(closure)) >= limit - 1
