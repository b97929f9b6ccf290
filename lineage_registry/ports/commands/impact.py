"""Impact: what is affected if some things break or are withdrawn."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import Nodes
from lineage_registry.ports.commands.base import Answer, Query, Route


class Count(BaseModel):
    """Nodes of one kind at one distance."""

    model_config = ConfigDict(frozen=True)

    distance: int
    kind: NodeKind
    nodes: int


class Impact(Answer):
    """What is affected if some things break or are withdrawn.

    Attributes:
        total: Nodes downstream, the starts not counted.
        counts: The same by distance and kind.
        production: Versions hit that are in Production.
        deployments: Deployments hit.
        owners: Who to tell: owners of the models, datasets and deployments hit.
        closest: The nodes nearest to the starts.
        truncated: Whether `production`, `deployments` or `closest` were cut off; counts never are.
    """

    starts: list[str]
    total: int
    counts: list[Count]
    production: list[str]
    deployments: list[str]
    owners: list[str]
    closest: Nodes
    truncated: bool


class GetImpact(Query[Impact]):
    """Return what is affected by some things: counts, Production versions, deployments, owners.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        depth: Edges to follow at most; None goes to the end.
        limit: Nodes to name at most, closest first.
    """

    route: ClassVar[Route] = Route("GET", "/impact", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    depth: int | None = Field(default=None, ge=0, le=1_000_000)
    limit: int = Field(default=100, ge=1, le=10_000)
