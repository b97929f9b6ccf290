"""Siblings: versions that share a direct cause, or are declared to be variants."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind, text_of
from lineage_registry.domain.resolution import references_of, resolve_version
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands import Context, GetSiblings, Sibling, Siblings
from lineage_registry.services.workplace import Workplace, read

_DIRECT = (EdgeKind.DERIVED_FROM, EdgeKind.GENERATED_BY)


class _Shared(NamedTuple):
    """A cause, and the way from there to the versions that share it."""

    cause: int
    kinds: frozenset[EdgeKind]
    depth: int


def get_siblings(work: Workplace, command: GetSiblings, _: Context) -> Siblings:
    """Return the versions that share a direct parent, run or dataset version, and which ones."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve_version(view, reference, deleted=command.deleted)
        shared, truncated = _shared_causes(view, found.node, found.kind, command)
        declared = _declared_siblings(view, found.node, command)
        # What was declared names no cause; of a kind of causes only those that have one count.
        ids = sorted({*shared, *(declared if command.cause_kinds is None else ())} - {found.node})
        kept = ids[: command.limit]
        causes = {cause for id_ in kept for cause in shared[id_]}
        named = references_of(view, {*kept, *causes, found.node})
        held = view.values([(id_, key) for id_ in kept for key in ("stage", "deleted")])
        return Siblings(
            reference=named[found.node],
            siblings=[
                Sibling(
                    reference=named[id_],
                    stage=text_of(held.get((id_, "stage"))),
                    deleted=(id_, "deleted") in held,
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
    view: GraphView, node: int, kind: NodeKind, command: GetSiblings
) -> tuple[defaultdict[int, set[int]], bool]:
    """Return for each version that shares a cause with `node` which ones it shares."""
    shared: defaultdict[int, set[int]] = defaultdict(set)
    truncated = False
    for cause, kinds, depth in _causes(view, node, command):
        closure = view.walk(
            [cause],
            Walk(
                Direction.DOWNSTREAM,
                depth=depth,
                kinds=kinds,
                deleted=command.deleted,
                inferred=command.inferred,
                report=frozenset({kind}),
                limit=command.limit + 1,
                edges=False,
            ),
        )
        found = [id_ for id_, away in closure.distances.items() if away and id_ != node]
        truncated = truncated or len(found) > command.limit
        for id_ in found:
            shared[id_].add(cause)
    return shared, truncated


def _causes(view: GraphView, node: int, command: GetSiblings) -> list[_Shared]:
    """Return what could be shared: parents, the run, and what the run read, as far as asked for."""
    asked = frozenset(EdgeKind) if command.edge_kinds is None else frozenset(command.edge_kinds)
    direct = list(_edges(view, [node], _DIRECT, command))
    ways = [
        _Shared(edge.target, frozenset({edge.kind}), 1) for edge in direct if edge.kind in asked
    ]
    if EdgeKind.USED in asked:
        runs = [edge.target for edge in direct if edge.kind is EdgeKind.GENERATED_BY]
        behind = frozenset({EdgeKind.USED, EdgeKind.GENERATED_BY})
        read_by_run = _edges(view, runs, (EdgeKind.USED,), command)
        ways += [_Shared(edge.target, behind, 2) for edge in read_by_run]
    nodes = view.nodes({one.cause for one in ways}, ("deleted",)) if ways else {}
    return [
        one
        for one in dict.fromkeys(ways)
        if (command.deleted or "deleted" not in nodes[one.cause].values)
        and (command.cause_kinds is None or nodes[one.cause].kind in command.cause_kinds)
    ]


def _edges(
    view: GraphView, nodes: list[int], kinds: tuple[EdgeKind, ...], command: GetSiblings
) -> Iterator[Edge]:
    for edge in view.edges(nodes, Direction.UPSTREAM, kinds) if nodes else ():
        if edge.declared or command.inferred:
            yield edge


def _declared_siblings(view: GraphView, node: int, command: GetSiblings) -> set[int]:
    if command.edge_kinds is not None and EdgeKind.SIBLING_OF not in command.edge_kinds:
        return set()
    edges = [
        edge
        for direction in Direction
        for edge in view.edges([node], direction, (EdgeKind.SIBLING_OF,))
    ]
    others = {end for edge in edges for end in (edge.source, edge.target)} - {node}
    if command.deleted:
        return others
    gone = view.values([(id_, "deleted") for id_ in others])
    return {id_ for id_ in others if (id_, "deleted") not in gone}
