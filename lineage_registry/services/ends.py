"""Roots and leaves: where lineage begins and ends."""

from lineage_registry.domain.view import Direction
from lineage_registry.ports.commands import Context, Ends, GetLeaves, GetRoots
from lineage_registry.ports.commands.ends import GetEnds
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.scope import degrees, of_kinds, walk_in
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read


def get_roots(work: Workplace, command: GetRoots, _: Context) -> Ends:
    """Return what some things come from in the end: ancestors without causes."""
    return _ends(work, command, Direction.UPSTREAM)


def get_leaves(work: Workplace, command: GetLeaves, _: Context) -> Ends:
    """Return what some things end in: descendants without effects."""
    return _ends(work, command, Direction.DOWNSTREAM)


def _ends(work: Workplace, command: GetEnds, direction: Direction) -> Ends:
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        starts = nodes_of(view, references, deleted=command.deleted)
        closure = view.walk(starts, walk_in(command, direction, edges=False))
        going_on = degrees(view, command, closure.distances, direction)
        last = [id_ for id_ in closure.distances if id_ not in going_on]
        ends = of_kinds(view, last, command.node_kinds)
        shown = {id_: closure.distances[id_] for id_ in ends[: command.limit]}
        return Ends(
            starts=[str(reference) for reference in references],
            nodes=describe_nodes(view, shown),
            total=len(ends),
            truncated=closure.truncated or len(ends) > len(shown),
            revision=view.revision,
            as_of=view.at(view.revision),
        )
