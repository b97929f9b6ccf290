"""Order: which things come before which, in layers."""

from collections.abc import Collection, Mapping, Sequence

from lineage_registry.domain.dag import Dag, in_layers, layers
from lineage_registry.domain.view import Closure, Direction, GraphView
from lineage_registry.ports.commands import Context, GetOrder, Order
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.scope import walk_in
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read


def get_order(work: Workplace, command: GetOrder, _: Context) -> Order:
    """Return the nodes of a lineage in layers, each thing behind all that it comes from."""
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        starts = nodes_of(view, references, deleted=command.deleted)
        if command.direction == "none":
            found, distances, truncated = _among(view, command, starts)
        else:
            found, distances, truncated = _around(view, command, starts)
        told = {node.id: node for node in describe_nodes(view, distances)}
        return Order(
            starts=[str(reference) for reference in references],
            direction=command.direction,
            levels=[[told[id_] for id_ in level] for level in found],
            truncated=truncated,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


_Layers = tuple[list[list[int]], dict[int, int], bool]


def _around(view: GraphView, command: GetOrder, starts: Collection[int]) -> _Layers:
    directions = list(Direction) if command.direction == "both" else [Direction(command.direction)]
    closures = [view.walk(starts, walk_in(command, direction)) for direction in directions]
    away: dict[int, int] = {}
    for closure in closures:
        for id_, distance in closure.distances.items():
            away[id_] = min(distance, away.get(id_, distance))
    return _layered(closures, away, command.limit)


def _among(view: GraphView, command: GetOrder, starts: Collection[int]) -> _Layers:
    # What joins the starts may lie in between, so all that they come from is looked at.
    closure = view.walk(starts, walk_in(command, Direction.UPSTREAM))
    return _layered([closure], dict.fromkeys(starts, 0), command.limit)


def _layered(closures: Sequence[Closure], away: Mapping[int, int], limit: int) -> _Layers:
    kept = sorted(away, key=lambda id_: (away[id_], id_))[:limit]
    nodes = [id_ for closure in closures for id_ in closure.distances]
    edges = (edge[0:3:2] for closure in closures for edge in closure.edges)
    found = in_layers(layers(Dag(nodes, edges), frozenset(kept)))
    truncated = len(away) > len(kept) or any(closure.truncated for closure in closures)
    return found, {id_: away[id_] for id_ in kept}, truncated
