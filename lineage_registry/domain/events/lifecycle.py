"""Events of life: stages, aliases, rollbacks and deployments."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.events.base import Event, Facts, NodeId
from lineage_registry.domain.graph import (
    REGISTRY,
    AddEdge,
    AddNode,
    Change,
    EdgeKind,
    EndEdge,
    NodeKind,
    Set,
)


class StagesConfigured(Event):
    """The registry has these stages, in this order."""

    type: ClassVar[str] = "stages.configured"

    stages: list[str]

    def changes(self, position: int) -> Iterator[Change]:
        """Set the list, one name a line."""
        yield Set(REGISTRY, "stages", "\n".join(self.stages))


class PointerMoved(Event):
    """A name of a model's version, `stage/<stage>` or `alias/<alias>`, names another one.

    Attributes:
        pointer: Key of the name on the model.
        before: The version it named until now.
        version: The version it names from now on; None ends it.
        below: Revision of the entry that a rollback goes back to; 0 for none.
        stages: New stage of each version whose stage changes with it; None is no stage.
        pointers: Other stage names of the model that change with it.
        despite: Critical taints that reach the version; it was forced past them.
    """

    type: ClassVar[str] = "alias.moved"

    model: NodeId
    pointer: str
    before: NodeId | None
    version: NodeId | None
    below: int
    stages: dict[NodeId, str | None] = Field(default_factory=dict)
    pointers: dict[str, NodeId | None] = Field(default_factory=dict)
    despite: list[int] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """Move the name, remember what stands below, give the versions their stages."""
        yield Set(self.model, self.pointer, self.version)
        yield Set(self.model, f"below/{self.pointer}", self.below)
        for version, stage in self.stages.items():
            yield Set(version, "stage", stage)
        for pointer, holder in self.pointers.items():
            yield Set(self.model, pointer, holder)
        if self.version is not None:
            yield Set(self.version, "rolled_back", None)


class AliasMoved(PointerMoved):
    """An alias was given, moved or taken away."""

    type: ClassVar[str] = "alias.moved"


class StageMoved(PointerMoved):
    """A version came into a stage, and the one before it left."""

    type: ClassVar[str] = "stage.moved"


class StageLeft(Event):
    """A version has no stage any more, and the stage has no holder if it was this one."""

    type: ClassVar[str] = "stage.left"

    model: NodeId
    version: NodeId
    before: str
    pointers: list[str]

    def changes(self, position: int) -> Iterator[Change]:
        """End the stage, and the pointer that named it."""
        yield Set(self.version, "stage", None)
        for pointer in self.pointers:
            yield Set(self.model, pointer, None)


class VersionRolledBack(PointerMoved):
    """A stage or alias went back to the version that it named before.

    Attributes:
        mark: Why, as it stays on the version that was left.
    """

    type: ClassVar[str] = "version.rolled_back"

    mark: str = "rolled back"

    def changes(self, position: int) -> Iterator[Change]:
        """Move the name back and mark the version that was left."""
        yield from super().changes(position)
        if self.before is not None:
            yield Set(self.before, "rolled_back", self.mark)


class DeploymentCreated(Event):
    """A model version serves somewhere, under a name.

    Attributes:
        despite: Critical taints that reach the version; it was forced past them.
    """

    type: ClassVar[str] = "deployment.created"

    name: str
    key: str
    version: NodeId
    environment: str | None = None
    facts: Facts = Field(default_factory=dict)
    owner: str | None = None
    despite: list[int] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """Make the node, take the name, draw the edge."""
        yield AddNode(position, NodeKind.DEPLOYMENT, REGISTRY, self.facts)
        yield Set(REGISTRY, f"deployment/{self.key}", position)
        yield Set(position, "name", self.name)
        for key in ("environment", "owner"):
            value: str | None = getattr(self, key)
            if value is not None:
                yield Set(position, key, value)
        yield AddEdge(position, EdgeKind.SERVES, self.version, "")


class DeploymentMoved(Event):
    """A deployment serves another version.

    Attributes:
        despite: Critical taints that reach the version; it was forced past them.
    """

    type: ClassVar[str] = "deployment.moved"

    deployment: NodeId
    before: NodeId | None
    version: NodeId | None
    despite: list[int] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """End the old edge, draw the new one."""
        if self.before is not None:
            yield EndEdge(self.deployment, EdgeKind.SERVES, self.before, "")
        if self.version is not None:
            yield AddEdge(self.deployment, EdgeKind.SERVES, self.version, "")
