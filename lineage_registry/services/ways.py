"""What a walk reached, with one shortest way to each: what recall and exposure are made of."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from lineage_registry.domain.graph import CARRYING, Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.domain.resolution import VERSIONS
from lineage_registry.domain.trails import Trails
from lineage_registry.domain.view import Closure, Column, Direction, GraphView, Origin, Walk
from lineage_registry.ports.commands import Step
from lineage_registry.services.lineage_nodes import describe_nodes, graph_of

_MODELS, _SERVICES = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.DEPLOYMENT})
_KNOWN = (
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.OWNER_VALUE, "owner", VERSIONS), Column(Origin.VALUE, "owner", _SERVICES)),
    (Column(Origin.VALUE, "deleted", VERSIONS | _SERVICES),),
)
# The ways on a page have so many steps together at most; on a chain each is as long as it is far.
_MAX_STEPS: Final = 100_000


class Reached(NamedTuple):
    """A node that a walk reached, with what decides whether it is in the answer."""

    id: int
    kind: NodeKind
    stage: str | None
    owner: str | None
    deleted: bool


def carrying(direction: Direction, *, evaluated: bool, inferred: bool) -> Walk:
    """Return the walk along what was used, through deleted things; tested on too if `evaluated`."""
    kinds = CARRYING | {EdgeKind.EVALUATED_ON} if evaluated else CARRYING
    return Walk(direction, kinds=kinds, deleted=True, inferred=inferred)


def known(view: GraphView, closure: Closure) -> list[Reached]:
    """Return what a walk reached, in its order."""
    make = tuple.__new__  # an answer has thousands
    return [
        make(Reached, (id_, kind, stage, owner, gone is not None))
        for kind, (id_, _, stage, owner, gone) in view.table(closure.distances.keys(), _KNOWN)
    ]


def page_of(closure: Closure, ids: Sequence[int], limit: int) -> Sequence[int]:
    """Return the first ids, at least one, that fit a page with their ways."""
    steps = 0
    for place, id_ in enumerate(ids[:limit]):
        steps += closure.distances[id_] + 1
        if steps > _MAX_STEPS and place:
            return ids[:place]
    return ids[:limit]


class Ways:
    """The ways to the nodes of one page, described.

    Attributes:
        nodes: Everything on them, described, by id.
    """

    def __init__(
        self, view: GraphView, closure: Closure, direction: Direction, page: Collection[int]
    ) -> None:
        """Find the ways.

        Args:
            view: Where the walk was done.
            closure: What it reached, with its edges.
            direction: Which way it went.
            page: The nodes to find the ways to.
        """
        self._view = view
        self._closure = closure
        self._direction: Literal["upstream", "downstream"] = direction.value
        self._trails = Trails(closure.distances, closure.edges, direction)
        arrivals = self._trails.arrivals
        on_ways = self._trails.on_ways(page)
        self._edges = [arrivals[id_] for id_ in on_ways if id_ in arrivals]
        distances = {id_: far for id_, far in closure.distances.items() if id_ in on_ways}
        self.nodes: Mapping[int, LineageNode] = {
            node.id: node for node in describe_nodes(view, distances)
        }
        # Ways that have a node in common are the same up to there, so each step is made once.
        self._steps = {id_: self._step(id_, arrivals.get(id_)) for id_ in on_ways}
        self._declared = self._trails.reached_by(lambda edge: edge.declared)
        self._used = self._trails.reached_by(lambda edge: edge.kind is not EdgeKind.EVALUATED_ON)

    def declared(self, node: int) -> bool:
        """Tell whether declared edges alone lead there."""
        return node in self._declared

    def tested_only(self, node: int) -> bool:
        """Tell whether every way there passes a run that was only tested on something."""
        return node not in self._used

    def edges(self, node: int) -> Sequence[Edge]:
        """Return the edges of the way to a node of the page."""
        return self._trails.trail(node)

    def steps(self, node: int) -> list[Step]:
        """Return the way to a node of the page, a start first."""
        return [self._steps[id_] for id_ in self._trails.nodes_to(node)]

    def _step(self, node: int, edge: Edge | None) -> Step:
        reference = self.nodes[node].reference
        if edge is None:
            return Step(reference)
        return Step(reference, edge.kind, edge.role, edge.declared)

    def told(self, one: Reached) -> dict[str, Any]:
        """Return the fields of a node of the page that every arrival has."""
        node = self.nodes[one.id]
        return {
            "reference": node.reference,
            "kind": node.kind,
            "distance": node.distance,
            "status": node.status,
            "owner": one.owner,
            "declared": self.declared(one.id),
            "tested_only": self.tested_only(one.id),
            "path": self.steps(one.id),
        }

    def lineage(self, starts: Iterable[str], *, truncated: bool) -> Lineage:
        """Return the union of the ways, for pictures."""
        return graph_of(
            self._view,
            starts,
            list(self.nodes.values()),
            self._edges,
            direction=self._direction,
            truncated=truncated,
        )
