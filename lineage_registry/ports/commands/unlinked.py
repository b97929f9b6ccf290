"""Things that nothing is known of, and things that nothing uses."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.ports.commands.base import Listing, Page, Route


class Unlinked(BaseModel):
    """A thing without causes, or without effects.

    Attributes:
        status: `deleted`, `rolled_back`, or a run's `running`, `failed`, ...
        held_by: Why it is not to be deleted all the same: `stage/Production`, `alias/champion`,
            deployments.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    reference: str
    kind: NodeKind
    stage: str | None = None
    status: str | None = None
    title: str | None = None
    created_at: datetime
    held_by: list[str] = Field(default_factory=list)


class ListOrphans(Listing[Page[Unlinked]]):
    """List versions of unknown origin, oldest first: no run made them, and they have no parent.

    A page may hold fewer than `limit` where few are found among many.
    """

    route: ClassVar[Route] = Route("GET", "/orphans", "lineage")

    kind: Literal["model_version", "dataset_version"] = "model_version"
    deleted: bool = False


class ListUnused(Listing[Page[Unlinked]]):
    """List things that nothing comes from, oldest first: data and models unused, runs in vain.

    A run that other runs are parts of is not in vain. What only deleted things use is unused. A
    page may hold fewer than `limit` where few are found among many.
    """

    route: ClassVar[Route] = Route("GET", "/unused", "lineage")

    kind: Literal["dataset_version", "model_version", "run"] = "dataset_version"
    deleted: bool = False
