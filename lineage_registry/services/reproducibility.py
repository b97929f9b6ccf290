"""Reproducibility: what is known of how something was made, along its whole ancestry."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from lineage_registry.domain.graph import LINEAGE, EdgeKind, Node, NodeKind
from lineage_registry.domain.reproducibility import Item, Knowledge, know, score
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import Closure, GraphView, Walk
from lineage_registry.ports.commands import (
    Context,
    GetReproducibility,
    ItemCount,
    Missing,
    NodeReproducibility,
    Reproducibility,
)
from lineage_registry.services.starts import single_nodes
from lineage_registry.services.workplace import Workplace, read

_MOST_NODES: Final = 100_000
_AT_ONCE: Final = 5_000
_MAKING: Final = LINEAGE - {EdgeKind.EVALUATED_ON}


def get_reproducibility(
    work: Workplace, command: GetReproducibility, _: Context
) -> Reproducibility:
    """Return what is known of how something was made, node by node."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        (start,) = single_nodes(view, [reference], deleted=True)
        closure = view.walk([start], Walk(kinds=_MAKING, deleted=True, limit=_MOST_NODES))
        known = _knowledge(view, start, closure)
        shown = list(known)[: command.limit]
        named = references_of(view, {start, *shown})
        items = _items(known.values())
        return Reproducibility(
            reference=named[start],
            score=score(
                sum(item.known for item in items), sum(item.total - item.known for item in items)
            ),
            items=items,
            nodes=[_node(named[id_], *known[id_], closure.distances[id_]) for id_ in shown],
            truncated=closure.truncated or len(known) > len(shown),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _knowledge(
    view: GraphView, start: int, closure: Closure
) -> dict[int, tuple[NodeKind, Knowledge]]:
    """Return what is known of each node that something matters for, nearest first."""
    causes: defaultdict[int, list[EdgeKind]] = defaultdict(list)
    effects: defaultdict[int, list[int]] = defaultdict(list)
    for edge in closure.edges:
        causes[edge.source].append(edge.kind)
        if edge.kind is EdgeKind.GENERATED_BY:
            effects[edge.target].append(edge.source)
    nodes = _read(view, list(closure.distances), ())
    runs = [id_ for id_, node in nodes.items() if node.kind is NodeKind.RUN]
    outputs = [id_ for run in runs for id_ in effects[run]]
    whole = _read(view, list(dict.fromkeys([*runs, *outputs])), None)
    found: dict[int, tuple[NodeKind, Knowledge]] = {}
    for id_, node in nodes.items():
        own = causes.get(id_, [])
        knowledge = know(
            whole.get(id_, node),
            asked=id_ == start,
            reads=EdgeKind.USED in own,
            made=[whole[effect] for effect in effects.get(id_, ())],
            causes=len(own),
            has_run=EdgeKind.GENERATED_BY in own,
        )
        if knowledge.known or knowledge.missing:
            found[id_] = node.kind, knowledge
    return found


def _read(view: GraphView, ids: Sequence[int], keys: Collection[str] | None) -> dict[int, Node]:
    found: dict[int, Node] = {}
    for first in range(0, len(ids), _AT_ONCE):
        found.update(view.nodes(ids[first : first + _AT_ONCE], keys))
    return found


def _items(known: Iterable[tuple[NodeKind, Knowledge]]) -> list[ItemCount]:
    there: defaultdict[Item, int] = defaultdict(int)
    absent: defaultdict[Item, int] = defaultdict(int)
    for _, one in known:
        for item in one.known:
            there[item] += 1
        for item in one.missing:
            absent[item] += 1
    return [
        ItemCount(item=item, known=there[item], total=there[item] + absent[item])
        for item in Item
        if there[item] or absent[item]
    ]


def _node(reference: str, kind: NodeKind, known: Knowledge, distance: int) -> NodeReproducibility:
    return NodeReproducibility(
        reference=reference,
        kind=kind,
        distance=distance,
        score=known.score,
        known=known.known,
        missing=[Missing(item=item, why=why) for item, why in known.missing.items()],
    )
