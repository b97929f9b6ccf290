"""What a question about lineage is answered, worked out with networkx from the plain graph."""

from collections import Counter
from dataclasses import dataclass

import networkx as nx

from lineage_registry.domain.graph import LINEAGE, NodeKind
from lineage_registry.domain.view import Direction
from lineage_registry.services.filtering import filters_of, named_filters
from lineage_registry.testing.reference_graph import ReferenceView


@dataclass
class Expected:
    """The right answer: what is in it, what lies beyond, and why."""

    nodes: list
    edges: list
    truncated_by: str | None
    omitted: dict
    has_more: dict


def expected(view: ReferenceView, command, starts, stops) -> Expected:
    """Work an answer out; `starts` and `stops` are the nodes that its references mean."""
    starts = set(starts)
    kinds = LINEAGE if command.edge_kinds is None else set(command.edge_kinds)
    edges = [
        edge for edge in view.live() if edge.kind in kinds and (command.inferred or edge.declared)
    ]
    stops = set(stops)
    if command.stop_when:
        passing = {n for n in view.graph.nodes if view.passes(n, named_filters(command.stop_when))}
        stops |= passing - starts
    ways = {
        direction: _distances(view, command, edges, (starts, stops), direction)
        for direction in Direction
        if command.direction in {direction.value, "both"}
    }
    distances = {}
    for way in ways.values():
        for node, far in way.items():
            distances[node] = min(far, distances.get(node, far))
    asked = filters_of(
        stage=command.stage, tag=command.tag, metric=command.metric, param=command.param
    )
    shown = [
        (far, node)
        for node, far in distances.items()
        if node in starts
        or (
            (command.node_kinds is None or view.graph.nodes[node].kind in command.node_kinds)
            and view.passes(node, asked)
            and (not command.hide_stops or node not in stops)
        )
    ]
    near = sorted((far, n) for far, n in shown if command.depth is None or far <= command.depth)
    kept = near[: len(starts) + command.limit]
    inside = {node for _, node in kept}
    cut = "limit" if len(kept) < len(near) else "depth" if len(near) < len(shown) else None
    left = Counter(view.graph.nodes[node].kind for _, node in shown if node not in inside)
    return Expected(
        [(node, far) for far, node in kept],
        sorted(edge for edge in edges if edge.source in inside and edge.target in inside),
        cut,
        dict(left),
        _has_more(view, command, edges, ways, inside)
        if cut or command.stop_at or command.stop_when
        else {},
    )


def _distances(view, command, edges, ends, direction):
    starts, stops = ends
    ways = nx.DiGraph()
    ways.add_nodes_from(starts)
    for edge in edges:
        here, there = edge.source, edge.target
        if direction is Direction.DOWNSTREAM:
            here, there = there, here
        kind = view.graph.nodes[there].kind
        entered = command.through is None or kind in command.through
        alive = command.deleted or not view.is_deleted(there)
        if here not in stops and entered and alive:
            run = view.graph.nodes[here].kind is NodeKind.RUN and here not in starts
            free = command.depth_unit == "versions" and run
            ways.add_edge(here, there, weight=0 if free else 1)
    return nx.multi_source_dijkstra_path_length(ways, starts)


def _has_more(view, command, edges, ways, inside):
    found = Counter()
    for direction, way in ways.items():
        for node in inside & way.keys():
            ends = {
                edge.target if direction is Direction.UPSTREAM else edge.source
                for edge in edges
                if node == (edge.source if direction is Direction.UPSTREAM else edge.target)
            }
            found[node] += sum(
                (command.deleted or not view.is_deleted(end)) and end not in inside for end in ends
            )
    return {node: count for node, count in found.items() if count}
