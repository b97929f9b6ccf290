"""Lineage: ancestors, descendants and both, closest first."""

from collections.abc import Sequence

from lineage_registry.domain.graph import LINEAGE
from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.references import Reference
from lineage_registry.domain.view import Closure, Direction, GraphView, Walk
from lineage_registry.ports.commands import Context, GetLineage
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read


def get_lineage(work: Workplace, command: GetLineage, _: Context) -> Lineage:
    """Return what some things come from, what comes from them, or both."""
    references = [read(text) for text in command.start]
    stops = [read(text) for text in command.stop_at]
    with work.ask(command.as_of, [*references, *stops]) as view:
        starts = nodes_of(view, references, deleted=command.deleted)
        stop_at = frozenset(nodes_of(view, stops, deleted=True)) if stops else frozenset()
        directions = (
            list(Direction) if command.direction == "both" else [Direction(command.direction)]
        )
        closures = [
            view.walk(starts, _walk(command, direction, stop_at)) for direction in directions
        ]
        return _lineage(view, command, references, _union(closures))


def lineage_of(view: GraphView, references: Sequence[Reference], direction: Direction) -> Lineage:
    """Return the whole lineage of some things one way, through deleted nodes."""
    command = GetLineage(
        start=[str(reference) for reference in references],
        direction=direction.value,
        deleted=True,
        limit=1_000_000,
    )
    starts = nodes_of(view, references, deleted=True)
    closure = view.walk(starts, _walk(command, direction, frozenset()))
    return _lineage(view, command, references, closure)


def _walk(command: GetLineage, direction: Direction, stop_at: frozenset[int]) -> Walk:
    return Walk(
        direction=direction,
        depth=command.depth,
        kinds=LINEAGE if command.edge_kinds is None else frozenset(command.edge_kinds),
        stop_at=stop_at,
        deleted=command.deleted,
        inferred=command.inferred,
        report=None if command.node_kinds is None else frozenset(command.node_kinds),
        limit=command.limit,
    )


def _union(closures: Sequence[Closure]) -> Closure:
    if len(closures) == 1:
        return closures[0]
    distances: dict[int, int] = {}
    for closure in closures:
        for id_, distance in closure.distances.items():
            distances[id_] = min(distance, distances.get(id_, distance))
    edges = {edge for closure in closures for edge in closure.edges}
    return Closure(
        dict(sorted(distances.items(), key=lambda item: (item[1], item[0]))),
        sorted(edges, key=lambda edge: edge[:4]),
        max(closure.depth_reached for closure in closures),
        any(closure.truncated for closure in closures),
    )


def _lineage(
    view: GraphView, command: GetLineage, references: Sequence[Reference], closure: Closure
) -> Lineage:
    return Lineage.model_construct(
        starts=[str(reference) for reference in references],
        direction=command.direction,
        depth=command.depth,
        nodes=describe_nodes(view, closure.distances, deleted=command.deleted),
        edges=closure.edges,
        depth_reached=closure.depth_reached,
        truncated=closure.truncated,
        revision=view.revision,
        as_of=view.at(view.revision),
    )
