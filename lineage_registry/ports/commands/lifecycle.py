"""Stages, aliases, rollback and deployments."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.names import Name, Text, Word
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import (
    CATALOG,
    Listing,
    Page,
    Query,
    Route,
    TableAnswer,
    Write,
)
from lineage_registry.ports.commands.catalog import Family
from lineage_registry.ports.commands.versions import Version


class MoveStage(Write[Version]):
    """Bring a model version into a stage.

    Attributes:
        archive: Archive the versions that are in that stage now.
        force: Do it although a critical taint reaches the version; needs a reason.
    """

    route: ClassVar[Route] = Route("POST", "/models/{name}/versions/{version}/stage", "lifecycle")

    name: Name
    version: str
    stage: str = Field(max_length=64)
    archive: bool = True
    force: bool = False


class SetAlias(Write[Family]):
    """Let an alias name a version."""

    route: ClassVar[Route] = Route("PUT", "/{space}/{name}/aliases/{alias}", "lifecycle")

    space: CATALOG
    name: Name
    alias: Word
    version: str


class RemoveAlias(Write[Family]):
    """Take an alias away."""

    route: ClassVar[Route] = Route("DELETE", "/{space}/{name}/aliases/{alias}", "lifecycle")

    space: CATALOG
    name: Name
    alias: Word


class Rollback(BaseModel):
    """What a rollback did, or would do.

    Attributes:
        left: The version that was named before; None if there was none.
        restored: The version that is named now.
        dry_run: Nothing was written.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    stage: str | None = None
    alias: str | None = None
    left: str | None
    restored: str
    reason: str | None = None
    dry_run: bool
    revision: int


class RollBack(Write[Rollback]):
    """Let a stage or alias name again the version that it named before.

    Attributes:
        stage: Which stage; `Production` if neither stage nor alias is given.
        alias: Which alias.
        dry_run: Say what would happen, write nothing.
        force: Do it although a critical taint reaches what stands below; needs a reason.
    """

    route: ClassVar[Route] = Route("POST", "/models/{name}/rollback", "lifecycle")

    name: Name
    stage: str | None = Field(default=None, max_length=64)
    alias: Word | None = None
    dry_run: bool = False
    force: bool = False


class Move(BaseModel):
    """One move of a stage or alias."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    revision: int
    actor: str
    reason: str | None
    event: str
    stage: str | None = None
    alias: str | None = None
    before: str | None
    after: str | None


class History(TableAnswer):
    """The moves of a model's stages and aliases, newest first.

    Attributes:
        truncated: Whether the limit left out older ones.
    """

    reference: str
    moves: list[Move]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each move."""
        columns = ("at", "revision", "stage", "alias", "before", "after", "actor", "reason")
        rows = [
            (
                move.at.isoformat(),
                move.revision,
                move.stage,
                move.alias,
                move.before,
                move.after,
                move.actor,
                move.reason,
            )
            for move in self.moves
        ]
        return Table(columns, rows)


class GetHistory(Query[History]):
    """Return who moved a model's stages and aliases, when, why, from where to where.

    Attributes:
        stage: Only this stage.
        alias: Only this alias.
    """

    route: ClassVar[Route] = Route("GET", "/{space}/{name}/history", "lifecycle")

    space: CATALOG
    name: Name
    stage: str | None = None
    alias: str | None = None
    limit: int = Field(default=100, ge=1, le=1_000)


class Stages(BaseModel):
    """The stages of the registry, in order; those `guarded` take nothing critically tainted."""

    model_config = ConfigDict(frozen=True)

    stages: list[str]
    guarded: list[str] = Field(default_factory=list)


class GetStages(Query[Stages]):
    """Return the stages that versions can be in."""

    route: ClassVar[Route] = Route("GET", "/stages", "lifecycle")


class ConfigureStages(Write[Stages]):
    """Set the stages that versions can be in.

    Attributes:
        guarded: Those that take no version that a critical taint reaches; they stay what they are
            if this is left out, `Production` where nobody ever said.
    """

    route: ClassVar[Route] = Route("PUT", "/stages", "lifecycle")

    stages: list[Word] = Field(min_length=1, max_length=50)
    guarded: list[Word] | None = Field(default=None, max_length=50)


class Deployment(BaseModel):
    """Where a model version serves.

    Attributes:
        serves: Reference of the version.
        revision: Revision of its last change: its ETag.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    reference: str
    serves: str | None
    environment: str | None = None
    owner: str | None = None
    created_at: datetime
    created_by: str
    deleted: bool = False
    revision: int


class Deploy(Write[Deployment]):
    """Let a deployment serve a model version; it is created if there is none of this name.

    Attributes:
        version: Reference of a model version.
        force: Do it although a critical taint reaches the version; needs a reason.
    """

    route: ClassVar[Route] = Route("PUT", "/deployments/{name}", "lifecycle")

    name: Name
    version: str
    environment: Text | None = Field(default=None, max_length=200)
    owner: Text | None = Field(default=None, max_length=200)
    force: bool = False


class GetDeployment(Query[Deployment]):
    """Return a deployment."""

    route: ClassVar[Route] = Route("GET", "/deployments/{name}", "lifecycle")

    name: Name


class ListDeployments(Listing[Page[Deployment]]):
    """List deployments, oldest first."""

    route: ClassVar[Route] = Route("GET", "/deployments", "lifecycle")

    deleted: bool = False


class DeleteDeployment(Write[Deployment]):
    """Put a deployment out of sight: it serves no more."""

    route: ClassVar[Route] = Route("DELETE", "/deployments/{name}", "lifecycle")

    name: Name
