"""Events of what was found in files: a verdict, a refusal, trust that somebody gives."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.events.base import Event, NodeId
from lineage_registry.domain.graph import REGISTRY, Change, Set


class VerdictReached(Event):
    """The files of a new version were looked into, and may be stored.

    Attributes:
        verdict: `safe`, `needs-trust` or `not-inspectable`.
        policy: Version of the rules behind it.
        reasons: Why it is not `safe`, the first of them.
    """

    type: ClassVar[str] = "verdict.reached"

    node: NodeId
    format: str
    verdict: str
    policy: str
    reasons: list[str] = Field(default_factory=list)

    def changes(self, position: int) -> Iterator[Change]:
        """Set it, so that versions are found by it."""
        yield Set(self.node, "verdict", self.verdict)


class ArtifactRefused(Event):
    """Somebody tried to register files that are dangerous or broken; nothing was registered.

    Attributes:
        owner: The model or dataset they were meant for; None if there is none yet.
        space: `models` or `datasets`.
        name: How it was called by who tried.
        manifest: Digest of the file list, `sha256:<hex>`.
        policy: Version of the rules behind it.
        reasons: Why, the first of them.
    """

    type: ClassVar[str] = "artifact.refused"

    owner: NodeId | None
    space: str
    name: str
    manifest: str
    format: str
    policy: str
    reasons: list[str]

    def changes(self, position: int) -> Iterator[Change]:
        """Leave a mark where they were meant to go."""
        yield Set(REGISTRY if self.owner is None else self.owner, "refused", self.manifest)


class TrustGranted(Event):
    """Somebody lets the code that the files of a version name run, where they load it.

    Attributes:
        manifest: Digest of the file list that is trusted, `sha256:<hex>`.
        verdict: What it was registered with.
        reason: Why they trust it, in their words.
    """

    type: ClassVar[str] = "trust.granted"

    node: NodeId
    manifest: str
    verdict: str
    reason: str

    def changes(self, position: int) -> Iterator[Change]:
        """Set the reason on the version."""
        yield Set(self.node, "trusted", self.reason)
