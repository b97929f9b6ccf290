"""Answers of the lineage graph: nodes and edges around a start, as people read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from typing_extensions import TypedDict

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind


class LineageNode(NamedTuple):
    """A node of an answer.

    Attributes:
        id: Its number in the graph; the edges of the answer name it so.
        reference: What to ask for to get it, `models:/resnet50/3`.
        distance: Edges to the nearest start, 0 for a start.
        stage: Stage of a model version.
        status: What is worth a mark: `deleted`, `rolled_back`, or a run's `running`, `failed`, ...
        title: What a person calls it where that is more than the reference, a run's name say.
    """

    id: int
    reference: str
    kind: NodeKind
    distance: int
    stage: str | None = None
    status: str | None = None
    title: str | None = None


class NodeObject(TypedDict):
    """A node of an answer as JSON has it; see `LineageNode`."""

    id: int
    reference: str
    kind: NodeKind
    distance: int
    stage: str | None
    status: str | None
    title: str | None


class EdgeObject(TypedDict):
    """An edge of an answer as JSON has it; see `Edge`."""

    source: int
    kind: EdgeKind
    target: int
    role: str
    since: int
    declared: bool


# The types of what comes back let pydantic write it in half the time.
def _node_objects(nodes: Sequence[LineageNode]) -> list[NodeObject]:
    return [cast("NodeObject", dict(zip(LineageNode._fields, one, strict=True))) for one in nodes]


def _edge_objects(edges: Sequence[Edge]) -> list[EdgeObject]:
    return [cast("EdgeObject", dict(zip(Edge._fields, one, strict=True))) for one in edges]


Nodes = Annotated[Sequence[LineageNode], PlainSerializer(_node_objects)]
"""Nodes of an answer; objects in JSON."""
Edges = Annotated[Sequence[Edge], PlainSerializer(_edge_objects)]
"""Edges of an answer; objects in JSON."""


class Lineage(BaseModel):
    """Nodes and edges around some starts, as of one revision.

    The order is part of the answer: nodes by (distance, id), edges by (source, kind, target,
    role), from effect to cause. The same question gives the same bytes.

    Attributes:
        starts: References that were asked about.
        depth: Edges from a start that were asked for; None is all the way.
        depth_reached: Largest distance in the answer.
        truncated: Whether a limit or the depth left something out.
        revision: The revision that the answer is true of.
        as_of: When that revision was committed; None for the empty registry.
    """

    model_config = ConfigDict(frozen=True)

    starts: Sequence[str]
    direction: Literal["upstream", "downstream", "both"]
    depth: int | None = Field(default=None, ge=0)
    nodes: Nodes
    edges: Edges
    depth_reached: int
    truncated: bool
    revision: int
    as_of: datetime | None
