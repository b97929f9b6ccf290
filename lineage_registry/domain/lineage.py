"""Answers of the lineage graph: nodes and edges around a start, as people read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from lineage_registry.domain.graph import Edge, NodeKind


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
    nodes: Sequence[LineageNode]
    edges: Sequence[Edge]
    depth_reached: int
    truncated: bool
    revision: int
    as_of: datetime | None

    @field_serializer("nodes", "edges")
    def _as_objects(self, rows: Sequence[LineageNode | Edge]) -> list[dict[str, Any]]:
        if not rows:
            return []
        names = rows[0]._fields
        return [dict(zip(names, row, strict=True)) for row in rows]
