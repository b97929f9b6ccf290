"""Events of runs: started, fed, measured, ended."""

from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from lineage_registry.domain.events.base import Cause, Event, Facts, NodeId
from lineage_registry.domain.graph import (
    REGISTRY,
    AddEdge,
    AddNode,
    Change,
    NodeKind,
    Scalar,
    Set,
)


class MetricPoint(NamedTuple):
    """One measurement: `at` is microseconds since 1970 UTC; NaN and infinities are their names."""

    key: str
    value: float | str
    step: int
    at: int


class MetricSummary(NamedTuple):
    """A metric after a batch of points; minimum and maximum of the finite ones.

    Attributes:
        points: How many there are in all.
    """

    last: float | str
    minimum: float | None
    maximum: float | None
    points: int


class RunStarted(Event):
    """A job began.

    Attributes:
        run_id: Its public id.
        facts: Name, code commit, source, environment digest, ...
        causes: Its parent run and the inputs known already, those of the parent as inferred.
    """

    type: ClassVar[str] = "run.started"

    run_id: str
    facts: Facts = Field(default_factory=dict)
    params: dict[str, Scalar] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    causes: list[Cause] = Field(default_factory=list)
    status: Literal["running", "finished"] = "running"

    def changes(self, position: int) -> Iterator[Change]:
        """Make the node, take the id, draw the edges."""
        yield AddNode(position, NodeKind.RUN, REGISTRY, {**self.facts, "run_id": self.run_id})
        yield Set(REGISTRY, f"run/{self.run_id}", position, first=True)
        yield Set(position, "status", self.status)
        for prefix, values in (("param", self.params), ("tag", self.tags)):
            for key, value in values.items():
                yield Set(position, f"{prefix}/{key}", value)
        for cause in self.causes:
            yield AddEdge(position, cause.kind, cause.target, cause.role, cause.declared)


class InputsAdded(Event):
    """A run read something: USED, EVALUATED_ON or READ_BACK."""

    type: ClassVar[str] = "run.inputs_added"

    run: NodeId
    causes: list[Cause]

    def changes(self, position: int) -> Iterator[Change]:
        """Draw the edges."""
        for cause in self.causes:
            yield AddEdge(self.run, cause.kind, cause.target, cause.role, cause.declared)


class ParamsLogged(Event):
    """A run or version has parameters."""

    type: ClassVar[str] = "params.logged"

    node: NodeId
    params: dict[str, Scalar]

    def changes(self, position: int) -> Iterator[Change]:
        """Set each of them."""
        for key, value in self.params.items():
            yield Set(self.node, f"param/{key}", value)


class MetricsLogged(Event):
    """A run or version was measured; the points stay in the log, the graph keeps summaries."""

    type: ClassVar[str] = "metrics.logged"

    node: NodeId
    points: list[MetricPoint]
    summaries: dict[str, MetricSummary]

    def changes(self, position: int) -> Iterator[Change]:
        """Set last, minimum, maximum and count of each metric."""
        for key, summary in self.summaries.items():
            yield Set(self.node, f"metric/{key}", summary.last)
            yield Set(self.node, f"metric.count/{key}", summary.points)
            if summary.minimum is not None and summary.maximum is not None:
                yield Set(self.node, f"metric.min/{key}", summary.minimum)
                yield Set(self.node, f"metric.max/{key}", summary.maximum)


class RunEnded(Event):
    """A job ended, well or not."""

    type: ClassVar[str] = "run.ended"

    run: NodeId
    status: Literal["finished", "failed", "killed"]
    message: str | None = None

    def changes(self, position: int) -> Iterator[Change]:
        """Set the status."""
        yield Set(self.run, "status", self.status)
        yield Set(self.run, "ended", value=True)
        if self.message is not None:
            yield Set(self.run, "message", self.message)
