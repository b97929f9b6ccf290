"""Siblings: versions that share a direct cause, or are declared to be variants."""

from collections import defaultdict

from lineage_registry.domain.graph import EdgeKind, NodeKind, Scalar
from lineage_registry.domain.resolution import references_of, resolve_version
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands import Context, GetSiblings, Sibling, Siblings
from lineage_registry.services.workplace import Workplace, read


def get_siblings(work: Workplace, command: GetSiblings, _: Context) -> Siblings:
    """Return the versions that share a direct parent, run or dataset version, and which ones."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve_version(view, reference)
        shared, truncated = _shared_causes(view, found.node, found.kind, command.limit)
        declared = _declared_siblings(view, found.node)
        ids = sorted({*shared, *declared} - {found.node})
        kept = ids[: command.limit]
        causes = {cause for id_ in kept for cause in shared[id_]}
        named = references_of(view, {*kept, *causes, found.node})
        stages = view.values([(id_, "stage") for id_ in kept])
        return Siblings(
            reference=named[found.node],
            siblings=[
                Sibling(
                    reference=named[id_],
                    stage=_text(stages.get((id_, "stage"))),
                    declared=id_ in declared,
                    shared=[named[cause] for cause in sorted(shared[id_])],
                )
                for id_ in kept
            ],
            truncated=truncated or len(ids) > len(kept),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _shared_causes(
    view: GraphView, node: int, kind: NodeKind, limit: int
) -> tuple[defaultdict[int, set[int]], bool]:
    """Return for each version that shares a living cause with `node` which ones it shares."""
    direct = view.edges([node], Direction.UPSTREAM, (EdgeKind.DERIVED_FROM, EdgeKind.GENERATED_BY))
    runs = [edge.target for edge in direct if edge.kind is EdgeKind.GENERATED_BY]
    read_by_run = view.edges(runs, Direction.UPSTREAM, (EdgeKind.USED,)) if runs else []
    shared: defaultdict[int, set[int]] = defaultdict(set)
    truncated = False
    ways = [(edge.target, {edge.kind}, 1) for edge in direct]
    ways += [(edge.target, {EdgeKind.USED, EdgeKind.GENERATED_BY}, 2) for edge in read_by_run]
    gone = view.values([(cause, "deleted") for cause, *_ in ways])
    for cause, kinds, depth in ways:
        if (cause, "deleted") in gone:
            continue
        closure = view.walk(
            [cause],
            Walk(
                Direction.DOWNSTREAM,
                depth=depth,
                kinds=frozenset(kinds),
                report=frozenset({kind}),
                limit=limit + 1,
                edges=False,
            ),
        )
        found = [id_ for id_, away in closure.distances.items() if away and id_ != node]
        truncated = truncated or len(found) > limit
        for id_ in found:
            shared[id_].add(cause)
    return shared, truncated


def _declared_siblings(view: GraphView, node: int) -> set[int]:
    edges = [
        edge
        for direction in Direction
        for edge in view.edges([node], direction, (EdgeKind.SIBLING_OF,))
    ]
    others = {end for edge in edges for end in (edge.source, edge.target)} - {node}
    gone = view.values([(id_, "deleted") for id_ in others])
    return {id_ for id_ in others if (id_, "deleted") not in gone}


def _text(value: Scalar | None) -> str | None:
    return None if value is None else str(value)
