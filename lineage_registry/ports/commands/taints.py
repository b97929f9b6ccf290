"""Taints: raise, lift, and what they reach."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.names import Role, Text
from lineage_registry.domain.tables import Table
from lineage_registry.domain.taints import Severity
from lineage_registry.ports.commands.base import Listing, Route, TableAnswer, Write

Reason = Annotated[Text, Field(min_length=1, max_length=2_000)]
MAX_NUMBER = 2**53
_REPORTED = (NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION, NodeKind.DEPLOYMENT)


class Taint(BaseModel):
    """A taint: something is not to be trusted, and nothing that comes from it.

    Attributes:
        id: Its number; never given twice.
        kind: A short word of the users': pii, embargo, cve, withdrawn, poisoned, leak, ...
        origin: Where it begins; a model or dataset stands for all its versions, later ones, too.
        raised_by: Who raised it, as the log has it.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    kind: str
    severity: Severity
    reason: str
    origin: str
    raised_by: str
    raised_at: datetime


class RaisedTaint(Taint):
    """A taint after it was raised or lifted; `revision` is that of the change."""

    active: bool
    revision: int


class ReachingTaint(Taint):
    """A taint that reaches what was asked about.

    Attributes:
        distance: Edges to where it begins; of a model or dataset, to its nearest version.
        witness: One shortest way there over edges that carry taints, both ends included.
    """

    distance: int
    witness: list[str]


class RaiseTaint(Write[RaisedTaint]):
    """Raise a taint on a model, dataset, version, run or deployment.

    It reaches everything that comes from there along edges that carry it, also what is registered
    later, and passes through what is deleted. The reason is mandatory.

    Attributes:
        of: Reference; a model or dataset stands for all its versions, later ones, too.
        severity: `info` is shown; `warning` also spoils candidates of a rollback; `critical` also
            keeps what it reaches from guarded stages and deployments.
    """

    route: ClassVar[Route] = Route("POST", "/taints", "taints", 201)

    of: str
    kind: Role
    severity: Severity = Severity.WARNING
    reason: Reason


class LiftTaint(Write[RaisedTaint]):
    """Lift a taint; what it reached is as before. The reason is mandatory."""

    route: ClassVar[Route] = Route("DELETE", "/taints/{taint}", "taints")

    taint: int = Field(ge=1, le=MAX_NUMBER)
    reason: Reason


class Taints(TableAnswer):
    """The taints that reach a thing, nearest first; all that hold if none was asked about.

    Attributes:
        total: Taints on all pages.
        truncated: Whether there are more pages.
        next_cursor: What to ask for the next page with.
    """

    reference: str | None
    total: int
    taints: list[ReachingTaint]
    truncated: bool
    next_cursor: str | None = None

    def table(self) -> Table:
        """Return a row for each taint."""
        columns = (
            "taint",
            "kind",
            "severity",
            "origin",
            "distance",
            "witness",
            "reason",
            "raised_by",
            "raised_at",
        )
        return Table(
            columns,
            [
                (
                    one.id,
                    one.kind,
                    one.severity.value,
                    one.origin,
                    one.distance,
                    " <- ".join(one.witness),
                    one.reason,
                    one.raised_by,
                    one.raised_at.isoformat(),
                )
                for one in self.taints
            ],
        )


class GetTaints(Listing[Taints]):
    """Return every taint that reaches a thing, each with its origin and a shortest way there.

    Attributes:
        of: Reference, of something deleted, too; a model or dataset stands for all its versions.
            Left out, all taints that hold are listed.
        kind: Only these; absent is all, an empty list none.
        severity: Only these; absent is all, an empty list none.
    """

    route: ClassVar[Route] = Route("GET", "/taints", "taints")

    of: str | None = None
    kind: list[Role] | None = Field(default=None, max_length=100)
    severity: list[Severity] | None = None


class TaintedNode(BaseModel):
    """Something that a taint reaches.

    Attributes:
        distance: Edges to the nearest origin of such a taint.
        severity: The worst of those that reach it.
        taints: Their numbers.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    reference: str
    kind: NodeKind
    distance: int
    stage: str | None
    status: str | None
    severity: Severity
    taints: list[int]


class Tainted(TableAnswer):
    """What the taints reach, nearest first.

    Attributes:
        truncated: Whether there are more pages.
        next_cursor: What to ask for the next page with.
    """

    nodes: list[TaintedNode]
    truncated: bool
    next_cursor: str | None = None

    def table(self) -> Table:
        """Return a row for each thing that is reached."""
        return Table(
            ("reference", "kind", "stage", "status", "severity", "distance", "taints"),
            [
                (
                    one.reference,
                    one.kind.value,
                    one.stage,
                    one.status,
                    one.severity.value,
                    one.distance,
                    " ".join(map(str, one.taints)),
                )
                for one in self.nodes
            ],
        )


class ListTainted(Listing[Tainted]):
    """Return what taints reach: versions and deployments, deleted ones among them, nearest first.

    Attributes:
        taint: Only what this one reaches.
        kind: Only taints of these kinds; absent is all, an empty list none.
        severity: Only these taints; absent is all, an empty list none.
        stage: Only versions in this stage.
        node_kinds: Kinds of nodes to report; none when empty.
    """

    route: ClassVar[Route] = Route("GET", "/tainted", "taints")

    taint: int | None = Field(default=None, ge=1, le=MAX_NUMBER)
    kind: list[Role] | None = Field(default=None, max_length=100)
    severity: list[Severity] | None = None
    stage: str | None = None
    node_kinds: list[NodeKind] = Field(default_factory=lambda: list(_REPORTED))
