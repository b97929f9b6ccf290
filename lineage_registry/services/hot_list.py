"""Hot list: what most depends on."""

from lineage_registry.domain.graph import LINEAGE
from lineage_registry.domain.resolution import VERSION_KINDS
from lineage_registry.domain.view import Direction, Walk
from lineage_registry.ports.commands import Context, GetHotList, HotList
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.workplace import Workplace


def get_hot_list(work: Workplace, command: GetHotList, _: Context) -> HotList:
    """Return what most things depend on directly; upstream, what depends on most things."""
    direction = Direction(command.direction)
    edge_kinds = LINEAGE if command.edge_kinds is None else frozenset(command.edge_kinds)
    kinds = VERSION_KINDS.values() if command.node_kinds is None else command.node_kinds
    with work.ask(command.as_of) as view:
        found = view.busiest(
            frozenset(kinds),
            direction,
            edge_kinds,
            limit=command.limit + 1,
            deleted=command.deleted,
        )
        shown = dict(found[: command.limit])
        walk = Walk(direction, kinds=edge_kinds, deleted=command.deleted)
        behind = [
            sum(view.census([id_], walk).counts.values()) for id_ in shown if command.transitive
        ]
        return HotList(
            nodes=describe_nodes(view, dict.fromkeys(shown, 0)),
            direct=list(shown.values()),
            transitive=behind if command.transitive else None,
            truncated=len(found) > command.limit,
            revision=view.revision,
            as_of=view.at(view.revision),
        )
