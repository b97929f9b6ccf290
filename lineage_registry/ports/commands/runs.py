"""Runs: start, feed, measure, end, find."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.names import Metrics, Params, RunId, Tags, Text
from lineage_registry.ports.commands.base import Listing, Page, Query, Route, Write
from lineage_registry.ports.commands.catalog import TagChanges
from lineage_registry.ports.commands.versions import Input, LinkedVersion

RunStatus = Literal["running", "finished", "failed", "killed"]


class RunInput(LinkedVersion):
    """A version that a run read; `declared` is False for one inherited from the parent run."""

    edge: Literal["USED", "EVALUATED_ON", "READ_BACK"] = "USED"
    declared: bool = True


class Run(BaseModel):
    """A training, evaluation, conversion or import job.

    Attributes:
        id: Number of its node in the graph.
        run_id: Its public id.
        metrics: Last value of each metric.
        inputs: What it read.
        outputs: Versions that it made, the first 1,000.
        parent: The run it is a part of.
        revision: Revision of its last change: its ETag.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    run_id: str
    reference: str
    name: str | None = None
    description: str | None = None
    status: RunStatus
    message: str | None = None
    params: dict[str, Scalar] = Field(default_factory=dict)
    metrics: dict[str, float | str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    code_commit: str | None = None
    environment: dict[str, Scalar] = Field(default_factory=dict)
    parent: str | None = None
    inputs: list[RunInput] = Field(default_factory=list)
    outputs: list[str] = Field(default_factory=list)
    created_at: datetime
    created_by: str
    ended_at: datetime | None = None
    deleted: bool = False
    revision: int


class StartRun(Write[Run]):
    """Start a run.

    Attributes:
        run_id: Public id; made up if left out.
        inputs: What it reads that is known already.
        environment: Versions of interpreter and libraries, seed, machine, ...
    """

    route: ClassVar[Route] = Route("POST", "/runs", "runs", 201)

    run_id: RunId | None = None
    name: Text | None = Field(default=None, max_length=500)
    params: Params = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    inputs: list[Input] = Field(default_factory=list, max_length=100_000)
    tested_on: list[Input] = Field(default_factory=list, max_length=100_000)
    parent: str | None = None
    code_commit: Text | None = Field(default=None, max_length=500)
    environment: Params = Field(default_factory=dict)


class GetRun(Query[Run]):
    """Return a run."""

    route: ClassVar[Route] = Route("GET", "/runs/{run_id}", "runs")

    run_id: RunId


class ListRuns(Listing[Page[Run]]):
    """List or find runs, newest first.

    Attributes:
        tag: `key` or `key=value`; all of them hold.
        metric: `name>=0.9` and the like; all of them hold.
        param: `name=value` and the like; all of them hold.
    """

    route: ClassVar[Route] = Route("GET", "/runs", "runs")

    status: RunStatus | None = None
    tag: list[str] = Field(default_factory=list, max_length=20)
    metric: list[str] = Field(default_factory=list, max_length=20)
    param: list[str] = Field(default_factory=list, max_length=20)


class UpdateRun(Write[Run]):
    """Describe or tag a run, also one that has ended; what is left out stays."""

    route: ClassVar[Route] = Route("PATCH", "/runs/{run_id}", "runs")

    run_id: RunId
    description: Text | None = None
    tags: TagChanges = Field(default_factory=dict)


class LogParams(Write[Run]):
    """Set parameters of a running run; one that is set keeps its value."""

    route: ClassVar[Route] = Route("POST", "/runs/{run_id}/params", "runs")

    run_id: RunId
    params: Params


class LogMetrics(Write[Run]):
    """Add measurements to a running run."""

    route: ClassVar[Route] = Route("POST", "/runs/{run_id}/metrics", "runs")

    run_id: RunId
    metrics: Metrics
    step: int = Field(default=0, ge=0, lt=2**63)


class AddInputs(Write[Run]):
    """Record what a running run read.

    Attributes:
        loaded: They were loaded rather than declared: what descends from the run itself is
            recorded as read back instead of refused.
    """

    route: ClassVar[Route] = Route("POST", "/runs/{run_id}/inputs", "runs")

    run_id: RunId
    inputs: list[Input] = Field(default_factory=list, max_length=10_000)
    tested_on: list[Input] = Field(default_factory=list, max_length=10_000)
    loaded: bool = False


class EndRun(Write[Run]):
    """End a run."""

    route: ClassVar[Route] = Route("POST", "/runs/{run_id}/end", "runs")

    run_id: RunId
    status: Literal["finished", "failed", "killed"] = "finished"
    message: Text | None = Field(default=None, max_length=10_000)


class Measurement(BaseModel):
    """One value of a metric."""

    model_config = ConfigDict(frozen=True)

    value: float | str
    step: int
    at: datetime


class MetricHistory(BaseModel):
    """All values of one metric, in the order they were logged."""

    model_config = ConfigDict(frozen=True)

    reference: str
    key: str
    points: list[Measurement]


class GetMetricHistory(Query[MetricHistory]):
    """Return all values of one metric of a run; keys may hold slashes."""

    route: ClassVar[Route] = Route("GET", "/runs/{run_id}/metrics", "runs")

    run_id: RunId
    key: str
