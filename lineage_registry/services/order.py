"""Order: which things come before which, in layers."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from lineage_registry.domain.dag import Dag, in_layers, layers
from lineage_registry.domain.traversal import edges_of_page, nearest
from lineage_registry.domain.view import Closure, Direction, GraphView
from lineage_registry.ports.commands import Context, GetOrder, Order
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.scope import beyond, count_kinds, walk_in
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read


class _Found(NamedTuple):
    """What there is to order.

    Attributes:
        closures: What was walked; it has whatever joins two nodes.
        away: The nodes to order and their distances, closest first.
    """

    closures: Sequence[Closure]
    away: Mapping[int, int]


def get_order(work: Workplace, command: GetOrder, _: Context) -> Order:
    """Return the nodes of a lineage in layers, each thing behind all that it comes from."""
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        starts = nodes_of(view, references, deleted=command.deleted)
        found = _found(view, command, starts)
        kept = dict(islice(found.away.items(), command.limit))
        told = {node.id: node for node in describe_nodes(view, kept)}
        cut = any(closure.truncated for closure in found.closures)
        return Order(
            starts=[str(reference) for reference in references],
            direction=command.direction,
            levels=[[told[id_] for id_ in level] for level in _layers(found, kept)],
            total=len(found.away),
            depth_reached=max(kept.values(), default=0),
            truncated=len(found.away) > len(kept) or cut,
            omitted=count_kinds(view, found.away.keys() - kept.keys()),
            has_more=_has_more(view, command, found, kept),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _directions(command: GetOrder) -> Sequence[Direction]:
    # What joins given things may lie in between, so all that they come from is looked at.
    several = {"both": tuple(Direction), "none": (Direction.UPSTREAM,)}
    return several.get(command.direction) or (Direction(command.direction),)


def _found(view: GraphView, command: GetOrder, starts: Collection[int]) -> _Found:
    closures = [view.walk(starts, walk_in(command, each)) for each in _directions(command)]
    if command.direction == "none":
        return _Found(closures, dict.fromkeys(sorted(starts), 0))
    return _Found(closures, nearest([closure.distances for closure in closures]))


def _layers(found: _Found, kept: Collection[int]) -> list[list[int]]:
    nodes = [id_ for closure in found.closures for id_ in closure.distances]
    edges = (edge[0:3:2] for closure in found.closures for edge in closure.edges)
    return in_layers(layers(Dag(nodes, edges), frozenset(kept)))


def _has_more(
    view: GraphView, command: GetOrder, found: _Found, kept: Mapping[int, int]
) -> dict[int, int] | None:
    if command.direction == "none":
        return None
    if len(kept) == len(found.away) and not any(one.truncated for one in found.closures):
        return {}
    left: Counter[int] = Counter()
    for direction, closure in zip(_directions(command), found.closures, strict=True):
        passed = [id_ for id_ in kept if id_ in closure.distances]
        edges = edges_of_page(closure.edges, kept)
        left.update(beyond(view, command, passed, edges, [direction]))
    return {id_: left[id_] for id_ in kept if left[id_]}
