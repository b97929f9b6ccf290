"""Events of trust: taints, guarded stages, licences."""

from collections.abc import Iterator
from typing import ClassVar

from lineage_registry.domain.events.base import Event, NodeId
from lineage_registry.domain.graph import REGISTRY, Change, Set


class TaintRaised(Event):
    """Something is not to be trusted, and nothing that comes from it.

    Attributes:
        taint: Its number; never given twice.
        node: Where it begins; a model or dataset stands for all its versions, later ones, too.
    """

    type: ClassVar[str] = "taint.raised"

    taint: int
    node: NodeId
    kind: str
    severity: str
    reason: str

    def changes(self, position: int) -> Iterator[Change]:
        """Put it on the node, and on the registry's list so that it is found again."""
        yield Set(REGISTRY, "taints", self.taint)
        yield Set(REGISTRY, f"taint/{self.taint}", self.node)
        said = f"{self.severity}\n{self.kind}\n{self.reason}"
        yield Set(self.node, f"taint/{self.taint}", said)


class TaintLifted(Event):
    """A taint holds no more."""

    type: ClassVar[str] = "taint.lifted"

    taint: int
    node: NodeId

    def changes(self, position: int) -> Iterator[Change]:
        """Take it from the node and from the list."""
        yield Set(REGISTRY, f"taint/{self.taint}", None)
        yield Set(self.node, f"taint/{self.taint}", None)


class StagesGuarded(Event):
    """These stages take no version that a critical taint reaches."""

    type: ClassVar[str] = "stages.guarded"

    stages: list[str]

    def changes(self, position: int) -> Iterator[Change]:
        """Set the list, one name a line."""
        yield Set(REGISTRY, "guarded", "\n".join(self.stages))


class LicenceDeclared(Event):
    """A model, dataset or version is under a licence; None takes that back."""

    type: ClassVar[str] = "licence.declared"

    node: NodeId
    licence: str | None
    before: str | None = None

    def changes(self, position: int) -> Iterator[Change]:
        """Set it, and say that there are licences at all."""
        yield Set(self.node, "licence", self.licence)
        yield Set(REGISTRY, "licences", value=True)


class LicenceDefined(Event):
    """A licence that no table knows obliges to this."""

    type: ClassVar[str] = "licence.defined"

    licence: str
    obligations: list[str]

    def changes(self, position: int) -> Iterator[Change]:
        """Set the list, words with a space between."""
        yield Set(REGISTRY, f"licence/{self.licence}", " ".join(self.obligations))


class ObligationsStopped(Event):
    """Some obligations do not pass from a cause to its effect; none: all pass again.

    Attributes:
        evidence: What proves it: a contract, a permission, a law.
    """

    type: ClassVar[str] = "obligations.stopped"

    effect: NodeId
    cause: NodeId
    obligations: list[str]
    evidence: str = ""

    def changes(self, position: int) -> Iterator[Change]:
        """Put it on the effect, with a mark that there is something to look for."""
        yield Set(self.effect, "stops", value=True)
        said = f"{' '.join(self.obligations)}\n{self.evidence}"
        yield Set(self.effect, f"stops/{self.cause}", said if self.obligations else None)
