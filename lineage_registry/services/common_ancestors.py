"""Common ancestors: what several things all come from."""

from collections.abc import Mapping, Sequence

from lineage_registry.domain.dag import Dag, lowest
from lineage_registry.domain.references import Reference
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.ports.commands import CommonAncestors, Context, GetCommonAncestors
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.scope import edges_among, of_kinds, walk_in
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read


def get_common_ancestors(
    work: Workplace, command: GetCommonAncestors, _: Context
) -> CommonAncestors:
    """Return what several things all come from, and the nearest of it."""
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        common, truncated = _common(view, command, references)
        reported = of_kinds(view, common, command.node_kinds)
        # What a common ancestor comes from is one, too, so that nothing joins two of them but
        # other ones: the edges among them say all.
        edges = list(edges_among(view, command, common))
        nearest = lowest(Dag(common, (edge[0:3:2] for edge in edges)), set(reported))
        distances = {id_: min(common[id_]) for id_ in reported}
        ordered = sorted(reported, key=lambda id_: (distances[id_], id_))
        shown = ordered[: command.limit]
        lowest_shown = [id_ for id_ in ordered if id_ in nearest][: command.limit]
        told = {
            node.id: node
            for node in describe_nodes(
                view, {id_: distances[id_] for id_ in dict.fromkeys([*shown, *lowest_shown])}
            )
        }
        return CommonAncestors(
            starts=[str(reference) for reference in references],
            nearest=[told[id_] for id_ in lowest_shown],
            ancestors=[told[id_] for id_ in shown],
            distances=[common[id_] for id_ in shown],
            edges=sorted(edge for edge in edges if edge.source in told and edge.target in told),
            total=len(reported),
            truncated=truncated or len(reported) > len(shown),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _common(
    view: GraphView, command: GetCommonAncestors, references: Sequence[Reference]
) -> tuple[Mapping[int, list[int]], bool]:
    """Return the distances of each common ancestor to each start; whether some are missing."""
    common: dict[int, list[int]] | None = None
    truncated = False
    for reference in references:
        starts = nodes_of(view, [reference], deleted=command.deleted)
        closure = view.walk(starts, walk_in(command, Direction.UPSTREAM, edges=False))
        truncated = truncated or closure.truncated
        away = closure.distances
        known = dict.fromkeys(away, ()) if common is None else common
        common = {id_: [*known[id_], away[id_]] for id_ in known if id_ in away}
    return common or {}, truncated
