"""Events of versions: registered, tied to what they depend on, measured."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from lineage_registry.domain.events.base import Cause, Event, Facts, NodeId
from lineage_registry.domain.graph import (
    REGISTRY,
    AddEdge,
    AddNode,
    Change,
    EdgeKind,
    EndEdge,
    NodeKind,
    Scalar,
    Set,
)


def weights_prefix(weights: str) -> str:
    """Return how the keys begin under which the versions of these weights are found."""
    return f"weights/{weights.removeprefix('sha256:')}/"


class VersionRegistered(Event):
    """A model or dataset has a new version.

    Attributes:
        owner: The model or dataset.
        number: Counted per owner from 1, never given twice.
        label: Semantic version of a model, free label of a dataset.
        manifest: Digest of its file list, `sha256:<hex>`; None for metadata only.
        files: Digests of its files in hexadecimal, each once; empty if there are too many to be
            listed here. The manifest has them all.
        weights: Digest of its tensors, `sha256:<hex>`; None if it is not known.
        facts: What is known of its content: format, size in bytes, parameters, ...
        causes: Edges to what it came from.
    """

    type: ClassVar[str] = "version.registered"

    kind: Literal[NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION]
    owner: NodeId
    number: int
    label: str | None = None
    manifest: str | None = None
    files: list[str] = Field(default_factory=list)
    weights: str | None = None
    facts: Facts = Field(default_factory=dict)
    description: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, float | str] = Field(default_factory=dict)
    params: dict[str, Scalar] = Field(default_factory=dict)
    causes: list[Cause] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """Make the node, take the number and label, draw the edges."""
        said = {"label": self.label, "manifest": self.manifest, "weights": self.weights}
        known = {key: text for key, text in said.items() if text is not None}
        facts: Facts = {**self.facts, "number": self.number, **known}
        yield AddNode(position, self.kind, self.owner, facts)
        yield from self._content(position)
        yield Set(REGISTRY, f"number/{self.owner}/{self.number}", position, first=True)
        yield Set(self.owner, "last_number", self.number)
        if self.label is not None:
            yield Set(REGISTRY, f"label/{self.owner}/{self.label}", position)
        if self.description is not None:
            yield Set(position, "description", self.description)
        for prefix, values in (
            ("tag", self.tags),
            ("metric", self.metrics),
            ("param", self.params),
        ):
            for key, value in values.items():
                yield Set(position, f"{prefix}/{key}", value)
        for cause in self.causes:
            yield AddEdge(position, cause.kind, cause.target, cause.role, cause.declared)

    def _content(self, position: int) -> Iterator[Change]:
        """Let the version be found by what it holds: facts are not searched, values are."""
        if self.manifest is None:
            return
        yield Set(position, "manifest", self.manifest)
        if not self.files:
            yield Set(position, "unlisted", value=True)
        for file in self.files:
            yield Set(position, f"file/{file}", value=True)
        if self.weights is not None:
            # Under the registry itself, where one look finds all that hold the same.
            yield Set(REGISTRY, f"{weights_prefix(self.weights)}{position}", position, first=True)


class DependencyAdded(Event):
    """A version is known to depend on something it was registered without."""

    type: ClassVar[str] = "dependency.added"

    source: NodeId
    target: NodeId
    role: str

    def changes(self, position: int) -> Iterator[Change]:
        """Draw the edge."""
        yield AddEdge(self.source, EdgeKind.DEPENDS_ON, self.target, self.role)


class DependencyRemoved(DependencyAdded):
    """A version no longer depends on something."""

    type: ClassVar[str] = "dependency.removed"

    def changes(self, position: int) -> Iterator[Change]:
        """End the edge."""
        yield EndEdge(self.source, EdgeKind.DEPENDS_ON, self.target, self.role)


class SiblingDeclared(Event):
    """Two versions are variants of one thing that is not registered."""

    type: ClassVar[str] = "sibling.declared"

    source: NodeId
    target: NodeId

    def changes(self, position: int) -> Iterator[Change]:
        """Draw the edge from the later to the earlier one."""
        yield AddEdge(self.source, EdgeKind.SIBLING_OF, self.target, "")
