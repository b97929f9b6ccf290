"""Paths between two nodes: the shortest ones, and how many there are."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from lineage_registry.domain.dag import Dag
from lineage_registry.domain.graph import Edge
from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.paths import count_paths, shortest_paths
from lineage_registry.domain.references import Reference
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.ports.commands import Context, GetPaths, Path, Paths, Step
from lineage_registry.services.lineage_nodes import describe_nodes, graph_of
from lineage_registry.services.scope import walk_in
from lineage_registry.services.starts import single_nodes
from lineage_registry.services.workplace import Workplace, read

_Ties = defaultdict[tuple[int, int], list[Edge]]


def get_paths(work: Workplace, command: GetPaths, _: Context) -> Paths:
    """Return the shortest ways from a thing to something it comes from, and count all."""
    references = [read(command.source), read(command.target)]
    with work.ask(command.as_of, references) as view:
        source, target = single_nodes(view, references, deleted=command.deleted)
        # No path goes on behind its own end, as there are no cycles.
        walk = walk_in(command, Direction.UPSTREAM, stop_at=frozenset({target}))
        closure = view.walk([source], walk)
        dag = Dag(closure.distances, (edge[0:3:2] for edge in closure.edges))
        found = shortest_paths(dag, source, target, command.limit)
        total = count_paths(dag, source, target)
        ties: _Ties = defaultdict(list)
        for edge in closure.edges:
            ties[edge.source, edge.target].append(edge)
        lineage = _lineage(view, references, found, ties)
        named = {node.id: node.reference for node in lineage.nodes}
        return Paths(
            source=named.get(source, str(references[0])),
            target=named.get(target, str(references[1])),
            paths=[
                Path(
                    length=len(nodes) - 1,
                    nodes=[named[id_] for id_ in nodes],
                    steps=[
                        [
                            Step(named[cause], edge.kind, edge.role, edge.declared)
                            for edge in ties[effect, cause]
                        ]
                        for effect, cause in pairwise(nodes)
                    ],
                )
                for nodes in found
            ],
            total=total,
            complete=total == len(found) and not closure.truncated,
            other_way=not found and _leads(view, command, target, source),
            truncated=closure.truncated,
            lineage=lineage,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _leads(view: GraphView, command: GetPaths, source: int, target: int) -> bool:
    walk = walk_in(command, Direction.UPSTREAM, stop_at=frozenset({target}), edges=False)
    return target in view.walk([source], walk).distances


def _lineage(
    view: GraphView, references: Sequence[Reference], paths: Sequence[Sequence[int]], ties: _Ties
) -> Lineage:
    away: dict[int, int] = {}
    for nodes in paths:
        for distance, id_ in enumerate(nodes):
            away[id_] = min(distance, away.get(id_, distance))
    steps = {step for nodes in paths for step in pairwise(nodes)}
    edges = [edge for step in steps for edge in ties[step]]
    distances = dict(sorted(away.items(), key=lambda item: (item[1], item[0])))
    return graph_of(view, references, describe_nodes(view, distances), edges)
