"""What recall and exposure have in common: versions at the end of a way, in pages."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.ports.commands.base import Listing
from lineage_registry.ports.commands.steps import Steps

A = TypeVar("A")


class Arrival(BaseModel):
    """A version at the end of a way.

    Attributes:
        distance: Edges to the nearest thing asked about; 0 for that itself.
        status: `deleted` or `rolled_back`; None otherwise.
        owner: Who owns its model or dataset.
        declared: Whether some way there, maybe a longer one than `path`, was declared throughout.
            If not, every way needs an edge that the registry inferred.
        tested_only: Whether every way there passes a run that was only tested on something.
        path: One shortest way there, what was asked about first.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: NodeKind
    distance: int
    status: str | None = None
    owner: str | None = None
    declared: bool = True
    tested_only: bool = False
    path: Steps


class UsedQuery(Listing[A]):
    """A question about what was used, directly or over others.

    Attributes:
        evaluated: Whether to follow between runs and data that they were only tested on, too.
        inferred: Whether to follow edges that nobody declared.
        limit: Versions of a page at most; one with very long paths has fewer.
    """

    evaluated: bool = False
    inferred: bool = True
    limit: int = Field(default=100, ge=1, le=10_000)
