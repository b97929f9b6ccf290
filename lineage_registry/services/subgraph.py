"""Subgraph: given things and the edges among them."""

from lineage_registry.domain.lineage import Lineage
from lineage_registry.ports.commands import Context, GetSubgraph
from lineage_registry.services.lineage_nodes import describe_nodes, graph_of
from lineage_registry.services.scope import beyond, edges_among
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read


def get_subgraph(work: Workplace, command: GetSubgraph, _: Context) -> Lineage:
    """Return given things and the lineage edges among them, as a graph."""
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        ids = sorted(nodes_of(view, references, deleted=command.deleted))
        nodes = describe_nodes(view, dict.fromkeys(ids, 0))
        edges = list(edges_among(view, command, ids))
        return graph_of(
            view,
            references,
            nodes,
            edges,
            direction="both",
            depth=0,
            omitted={},
            has_more=beyond(view, command, ids, edges),
        )
