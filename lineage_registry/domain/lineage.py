"""Answers of the lineage graph: nodes and edges around a start, as people read them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, NotRequired, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_serializer,
)
from typing_extensions import TypedDict

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind

NodeField = Literal["kind", "distance", "stage", "status", "title"]
"""What an answer may say of a node besides its id and reference."""


class LineageNode(NamedTuple):
    """A node of an answer.

    Attributes:
        id: Its number in the graph; the edges of the answer name it so.
        reference: What to ask for to get it, `models:/resnet50/3`.
        kind: What it is; None only where the question left it out.
        distance: Steps to the nearest start, 0 for a start; None only where the question left it
            out.
        stage: Stage of a model version.
        status: What is worth a mark: `deleted`, `rolled_back`, or a run's `running`, `failed`, ...
        title: What a person calls it where that is more than the reference, a run's name say.
    """

    id: int
    reference: str
    kind: NodeKind = cast("NodeKind", None)
    distance: int = cast("int", None)
    stage: str | None = None
    status: str | None = None
    title: str | None = None


class NodeObject(TypedDict):
    """A node of an answer as JSON has it; see `LineageNode`."""

    id: int
    reference: str
    kind: NotRequired[NodeKind]
    distance: NotRequired[int]
    stage: NotRequired[str | None]
    status: NotRequired[str | None]
    title: NotRequired[str | None]


class EdgeObject(TypedDict):
    """An edge of an answer as JSON has it; see `Edge`."""

    source: int
    kind: EdgeKind
    target: int
    role: str
    since: int
    declared: bool


# The types of what comes back let pydantic write it in half the time; an answer has so many of them
# that each field is named here, which is faster than to ask the class.
def _node_objects(nodes: Sequence[LineageNode]) -> list[NodeObject]:
    return [
        {
            "id": id_,
            "reference": reference,
            "kind": kind,
            "distance": distance,
            "stage": stage,
            "status": status,
            "title": title,
        }
        for id_, reference, kind, distance, stage, status, title in nodes
    ]


def node_objects(
    nodes: Sequence[LineageNode], fields: Collection[str] | None = None
) -> list[NodeObject]:
    """Return nodes as JSON has them, with these fields besides id and reference; None: all."""
    if fields is None:
        return _node_objects(nodes)
    kept = [
        (place, name)
        for place, name in enumerate(LineageNode._fields)
        if name in fields or name in ("id", "reference")
    ]
    return [cast("NodeObject", {name: one[place] for place, name in kept}) for one in nodes]


def edge_objects(edges: Sequence[Edge]) -> list[EdgeObject]:
    """Return edges as JSON has them."""
    return [
        {
            "source": source,
            "kind": kind,
            "target": target,
            "role": role,
            "since": since,
            "declared": declared,
        }
        for source, kind, target, role, since, declared in edges
    ]


Nodes = Annotated[Sequence[LineageNode], PlainSerializer(_node_objects)]
"""Nodes of an answer; objects in JSON."""
Edges = Annotated[Sequence[Edge], PlainSerializer(edge_objects)]
"""Edges of an answer; objects in JSON."""


def _none_as_empty(edges: object) -> object:
    return () if edges is None else edges


class Lineage(BaseModel):
    """Nodes and edges around some starts, as of one revision; the whole answer or a page of it.

    The order is part of the answer: nodes by (distance, id), edges by (source, kind, target,
    role), from effect to cause. The same question gives the same bytes. Pages join to the whole:
    each node is in one page, each edge in the page of its later end.

    Attributes:
        starts: References that were asked about.
        depth: How far from a start was asked for; None is all the way.
        depth_unit: What `depth` and the distances count: edges, or versions.
        fields: What is said of each node besides its id and reference, and `edges`; None is all.
        edges: The edges among the nodes; null in JSON where `fields` leaves them out.
        given: How many nodes earlier pages had, without the starts.
        depth_reached: Largest distance in the answer.
        truncated: Whether something that was asked for lies beyond this answer.
        truncated_by: What left it out; where both did, the limit.
        omitted: How many nodes of each kind lie beyond this answer; None if not counted, and in
            the drawing of another answer (of paths, a recall, ...), which has numbers of its own.
        has_more: How many direct neighbours of a node, in the direction of the walk, no page up to
            this one has; nodes without any are left out. Empty for a walk that nothing cut
            or stopped; None where `omitted` is.
        next_cursor: What to ask for the next page with; None if the limit left nothing out.
        revision: The revision that the answer is true of.
        as_of: When that revision was committed; None for the empty registry.
    """

    model_config = ConfigDict(frozen=True)

    starts: Sequence[str]
    direction: Literal["upstream", "downstream", "both"]
    depth: int | None = Field(default=None, ge=0)
    depth_unit: Literal["hops", "versions"] = "hops"
    fields: Sequence[str] | None = None
    given: int = 0
    nodes: Nodes
    edges: Annotated[Edges, BeforeValidator(_none_as_empty)]
    depth_reached: int
    truncated: bool
    truncated_by: Literal["limit", "depth"] | None = None
    omitted: Mapping[NodeKind, int] | None = None
    has_more: Mapping[int, int] | None = None
    next_cursor: str | None = None
    revision: int
    as_of: datetime | None

    @field_serializer("nodes")
    def _write_nodes(self, nodes: Sequence[LineageNode]) -> list[NodeObject]:
        return node_objects(nodes, self.fields)

    @field_serializer("edges")
    def _write_edges(self, edges: Sequence[Edge]) -> list[EdgeObject] | None:
        return edge_objects(edges) if self.with_edges else None

    @property
    def with_edges(self) -> bool:
        """Whether edges were asked for; where not, JSON has null for them and here are none."""
        return self.fields is None or "edges" in self.fields
