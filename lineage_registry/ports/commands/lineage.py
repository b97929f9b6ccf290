"""Lineage: ancestors, descendants, siblings, neighbours, paths and impact."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, Nodes
from lineage_registry.ports.commands.base import Query, Route


class GetLineage(Query[Lineage]):
    """Return what some things come from, what comes from them, or both.

    `both` is everything upstream and everything downstream, not what is next to either.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        depth: Edges to follow at most; None goes to the end.
        edge_kinds: Edges to follow; absent is all lineage, an empty list none.
        node_kinds: Kinds of nodes to report; absent is all, an empty list none.
        stop_at: References that are reported but not walked through.
        deleted: Whether to go through deleted things.
        inferred: Whether to follow edges that nobody declared.
        limit: Nodes to report at most, closest first.
    """

    route: ClassVar[Route] = Route("GET", "/lineage", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    direction: Literal["upstream", "downstream", "both"] = "upstream"
    depth: int | None = Field(default=None, ge=0, le=1_000_000)
    edge_kinds: list[EdgeKind] | None = None
    node_kinds: list[NodeKind] | None = None
    stop_at: list[str] = Field(default_factory=list, max_length=1_000)
    deleted: bool = False
    inferred: bool = True
    limit: int = Field(default=10_000, ge=1, le=1_000_000)


class Sibling(BaseModel):
    """A version with a cause in common; `shared` names the causes, empty if only declared."""

    model_config = ConfigDict(frozen=True)

    reference: str
    stage: str | None = None
    declared: bool = False
    shared: list[str] = Field(default_factory=list)


class Siblings(BaseModel):
    """Versions that share a direct parent, run or dataset version with one, by age."""

    model_config = ConfigDict(frozen=True)

    reference: str
    siblings: list[Sibling]
    truncated: bool
    revision: int
    as_of: datetime | None


class GetSiblings(Query[Siblings]):
    """Return the siblings of a version, and what they share."""

    route: ClassVar[Route] = Route("GET", "/siblings", "lineage")

    of: str
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Neighbour(BaseModel):
    """A direct neighbour; `direction` is upstream for a cause, downstream for an effect."""

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: NodeKind
    direction: Literal["upstream", "downstream"]
    edge: EdgeKind
    role: str
    declared: bool


class Neighbours(BaseModel):
    """Everything that one edge of any kind joins to a node."""

    model_config = ConfigDict(frozen=True)

    reference: str
    neighbours: list[Neighbour]
    truncated: bool
    revision: int
    as_of: datetime | None


class GetNeighbours(Query[Neighbours]):
    """Return the direct neighbours of a thing over edges of every kind."""

    route: ClassVar[Route] = Route("GET", "/neighbours", "lineage")

    of: str
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Path(BaseModel):
    """One shortest way from an effect to a cause; empty if there is none."""

    model_config = ConfigDict(frozen=True)

    nodes: list[str]
    revision: int
    as_of: datetime | None


class GetPath(Query[Path]):
    """Return one shortest way from a thing to something it comes from."""

    route: ClassVar[Route] = Route("GET", "/path", "lineage")

    source: str
    target: str


class Count(BaseModel):
    """Nodes of one kind at one distance."""

    model_config = ConfigDict(frozen=True)

    distance: int
    kind: NodeKind
    nodes: int


class Impact(BaseModel):
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

    model_config = ConfigDict(frozen=True)

    starts: list[str]
    total: int
    counts: list[Count]
    production: list[str]
    deployments: list[str]
    owners: list[str]
    closest: Nodes
    truncated: bool
    revision: int
    as_of: datetime | None


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
