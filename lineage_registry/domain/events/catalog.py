"""Events of names: models, datasets and deployments come, are described, renamed and deleted."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from lineage_registry.domain.events.base import Event, NodeId
from lineage_registry.domain.graph import REGISTRY, AddNode, Change, NodeKind, Set


class ModelCreated(Event):
    """A registered model got its name.

    Attributes:
        key: The name as it is unique: NFKC, casefolded.
        last_number: Highest version number that an earlier model of this name gave away.
    """

    type: ClassVar[str] = "model.created"
    kind: ClassVar[NodeKind] = NodeKind.MODEL

    name: str
    key: str
    last_number: int = 0
    description: str | None = None
    owner: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)

    def changes(self, position: int) -> Iterator[Change]:
        """Make the node, take the name."""
        yield AddNode(position, self.kind, REGISTRY, {})
        yield Set(REGISTRY, f"{self.kind}/{self.key}", position)
        yield Set(position, "name", self.name)
        yield Set(position, "last_number", self.last_number)
        if self.description is not None:
            yield Set(position, "description", self.description)
        if self.owner is not None:
            yield Set(position, "owner", self.owner)
        for key, value in self.tags.items():
            yield Set(position, f"tag/{key}", value)


class DatasetCreated(ModelCreated):
    """A dataset got its name."""

    type: ClassVar[str] = "dataset.created"
    kind: ClassVar[NodeKind] = NodeKind.DATASET


class NameChanged(Event):
    """A model or dataset has a new name; the old one still finds it until somebody takes it."""

    type: ClassVar[str] = "name.changed"

    node: NodeId
    kind: Literal[NodeKind.MODEL, NodeKind.DATASET]
    before: str
    name: str
    key: str

    def changes(self, position: int) -> Iterator[Change]:
        """Take the new name."""
        yield Set(REGISTRY, f"{self.kind}/{self.key}", self.node)
        yield Set(self.node, "name", self.name)


class DetailsChanged(Event):
    """Descriptions, owners and tags of a node changed; None ends a value.

    Attributes:
        values: New values of the keys `description`, `owner`, `environment` and `tag/<key>`.
        before: What they were, so that the log alone shows before and after.
    """

    type: ClassVar[str] = "details.changed"

    node: NodeId
    values: dict[str, str | None]
    before: dict[str, str | None]

    def changes(self, position: int) -> Iterator[Change]:
        """Set each value."""
        for key, value in self.values.items():
            yield Set(self.node, key, value)


class NodeDeleted(Event):
    """A node is out of sight, with its versions if it is a model; nothing of it is destroyed.

    Attributes:
        members: The versions that went with it.
        forced: Whether it was deleted although something relied on it.
        blocked_by: What relied on it.
        family: The model of a deleted version.
        pointers: Aliases and stage names of that model that named the version, which end.
    """

    type: ClassVar[str] = "node.deleted"

    node: NodeId
    members: list[NodeId] = Field(default_factory=list)
    forced: bool = False
    blocked_by: list[NodeId] = Field(default_factory=list)
    family: NodeId | None = None
    pointers: list[str] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """Mark the nodes; end the pointers that would name a deleted version, and its stage."""
        for node in (self.node, *self.members):
            yield Set(node, "deleted", value=True)
        if self.family is not None:
            for pointer in self.pointers:
                yield Set(self.family, pointer, None)
            if any(pointer.startswith("stage/") for pointer in self.pointers):
                yield Set(self.node, "stage", None)


class NodeRestored(Event):
    """A deleted node is back, with the versions that went with it."""

    type: ClassVar[str] = "node.restored"

    node: NodeId
    members: list[NodeId] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """Take the marks away."""
        for node in (self.node, *self.members):
            yield Set(node, "deleted", None)
