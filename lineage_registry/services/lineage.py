"""Lineage: ancestors, descendants, siblings, neighbours, paths and impact."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_registry.domain.graph import LINEAGE, Edge, EdgeKind, NodeKind, Scalar
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.domain.references import SPACES, Reference
from lineage_registry.domain.resolution import (
    FAMILY_KINDS,
    VERSION_KINDS,
    Found,
    resolve_all,
    resolve_version,
    write_references,
)
from lineage_registry.domain.view import (
    Closure,
    Column,
    Comparison,
    Direction,
    Filter,
    GraphView,
    Origin,
    Selection,
    Walk,
)
from lineage_registry.ports.commands import (
    Context,
    Count,
    GetImpact,
    GetLineage,
    GetNeighbours,
    GetPath,
    GetSiblings,
    Impact,
    Neighbour,
    Neighbours,
    Path,
    Sibling,
    Siblings,
)
from lineage_registry.services.workplace import Workplace, read

_MODELS, _RUNS = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.RUN})
_VERSIONS = frozenset(VERSION_KINDS.values())
_NAMED = frozenset({NodeKind.MODEL, NodeKind.DATASET, NodeKind.DEPLOYMENT})
_SHOWN = (
    (Column(Origin.OWNER_VALUE, "name", _VERSIONS),),
    (
        Column(Origin.FACT, "number", _VERSIONS),
        Column(Origin.FACT, "run_id", _RUNS),
        Column(Origin.VALUE, "name", _NAMED),
    ),
    (Column(Origin.FACT, "label", _VERSIONS), Column(Origin.FACT, "name", _RUNS)),
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.VALUE, "rolled_back", _MODELS), Column(Origin.VALUE, "status", _RUNS)),
)
_AT_ONCE = 10_000
_IN_PRODUCTION = (Filter("stage", Comparison.EQUAL, "Production"),)


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
        named = write_references(view, view.nodes({*kept, *causes, found.node}, ("name",)))
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


def get_neighbours(work: Workplace, command: GetNeighbours, _: Context) -> Neighbours:
    """Return the direct neighbours of a thing over edges of every kind."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        node = resolve_all(view, [reference])[0].node
        edges: list[Edge] = []
        truncated = False
        for direction in Direction:
            walk = Walk(direction, depth=1, kinds=frozenset(EdgeKind), limit=command.limit)
            closure = view.walk([node], walk)
            truncated = truncated or _cut(closure, command.limit)
            near = "source" if direction is Direction.UPSTREAM else "target"
            edges.extend(edge for edge in closure.edges if getattr(edge, near) == node)
        nodes = view.nodes({node, *(end for edge in edges for end in edge[0:3:2])}, ("name",))
        named = write_references(view, nodes)
        return Neighbours(
            reference=named[node],
            neighbours=[
                _neighbour(node, edge, named, nodes[_other(node, edge)].kind) for edge in edges
            ],
            truncated=truncated,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def get_path(work: Workplace, command: GetPath, _: Context) -> Path:
    """Return one shortest way from a thing to something it comes from."""
    references = [read(command.source), read(command.target)]
    with work.ask(command.as_of, references) as view:
        source, target = (found.node for found in resolve_all(view, references))
        path = view.path(source, target, LINEAGE) or []
        named = write_references(view, view.nodes(path, ("name",))) if path else {}
        return Path(
            nodes=[named[id_] for id_ in path],
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def nodes_of(view: GraphView, references: Sequence[Reference], *, deleted: bool) -> list[int]:
    """Return the nodes that references mean; a model or dataset means all its versions."""
    ids: dict[int, None] = {}
    for found in resolve_all(view, references, deleted=deleted):
        if found.kind not in FAMILY_KINDS.values():
            ids[found.node] = None
            continue
        ids.update(dict.fromkeys(versions_of(view, found, deleted=deleted)))
    return list(ids)


def versions_of(view: GraphView, family: Found, *, deleted: bool) -> list[int]:
    """Return all versions of a model or dataset, oldest first."""
    found: list[int] = []
    selection = Selection(VERSION_KINDS[SPACES[family.kind]], family.node, deleted=deleted)
    while True:
        batch = view.select(selection, found[-1] if found else None, _AT_ONCE)
        found.extend(batch)
        if len(batch) < _AT_ONCE:
            return found


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


def describe_nodes(
    view: GraphView, distances: Mapping[int, int], *, deleted: bool = True
) -> list[LineageNode]:
    """Describe the nodes of an answer, in order.

    Args:
        view: Where to read.
        distances: The nodes and how far they are.
        deleted: Whether nodes other than the starts (at distance 0) may be deleted ones.
    """
    make = tuple.__new__  # half the time of the class itself; an answer has thousands of nodes
    told: list[LineageNode] = []
    for kind, (id_, _, name, key, title, stage, state) in view.table(distances.keys(), _SHOWN):
        if kind in _VERSIONS:
            reference = f"{SPACES[kind]}:/{name}/{key}"
            status = "rolled_back" if state else None
        else:
            reference = f"{SPACES[kind]}:/{key}"
            status = None if state == "finished" else state
        told.append(make(LineageNode, (id_, reference, kind, distances[id_], stage, status, title)))
    return _marked_deleted(view, told, everywhere=deleted)


def _marked_deleted(
    view: GraphView, told: list[LineageNode], *, everywhere: bool
) -> list[LineageNode]:
    maybe = [(node.id, "deleted") for node in told if everywhere or not node.distance]
    gone = view.values(maybe)
    if not gone:
        return told
    return [
        node._replace(status="deleted") if (node.id, "deleted") in gone else node for node in told
    ]


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


def _shared_causes(
    view: GraphView, node: int, kind: NodeKind, limit: int
) -> tuple[defaultdict[int, set[int]], bool]:
    """Return for each version that shares a cause with `node` which ones it shares."""
    direct = view.edges([node], Direction.UPSTREAM, (EdgeKind.DERIVED_FROM, EdgeKind.GENERATED_BY))
    runs = [edge.target for edge in direct if edge.kind is EdgeKind.GENERATED_BY]
    read_by_run = view.edges(runs, Direction.UPSTREAM, (EdgeKind.USED,)) if runs else []
    shared: defaultdict[int, set[int]] = defaultdict(set)
    truncated = False
    ways = [(edge.target, {edge.kind}, 1) for edge in direct]
    ways += [(edge.target, {EdgeKind.USED, EdgeKind.GENERATED_BY}, 2) for edge in read_by_run]
    for cause, kinds, depth in ways:
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
        found = [id_ for id_ in _reached(closure) if id_ != node]
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


def _neighbour(node: int, edge: Edge, named: Mapping[int, str], kind: NodeKind) -> Neighbour:
    return Neighbour(
        reference=named[_other(node, edge)],
        kind=kind,
        direction="upstream" if edge.source == node else "downstream",
        edge=edge.kind,
        role=edge.role,
        declared=edge.declared,
    )


def _other(node: int, edge: Edge) -> int:
    return edge.target if edge.source == node else edge.source


def _reached(closure: Closure) -> list[int]:
    return [id_ for id_, distance in closure.distances.items() if distance]


def _cut(closure: Closure, limit: int) -> bool:
    return closure.truncated and len(_reached(closure)) >= limit - 1


def _text(value: Scalar | None) -> str | None:
    return None if value is None else str(value)
