"""Rebuild plan: what has to be made again after a change, in which order."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer


class RebuildStep(BaseModel):
    """One thing to do.

    Attributes:
        level: Steps of one level do not wait for each other; level 0 waits for nothing.
        action: `rerun` a run; `evaluate` it again, as only its test data changed; `rebuild` a
            version; `redeploy` a deployment.
        run: For a version, the run that makes it; a run that is no step of its own, too.
        because: The direct causes that change, the first ten.
        causes: How many those are.
        seconds: How long the run took; of a version, a run that is no step of its own.
    """

    model_config = ConfigDict(frozen=True)

    level: int
    reference: str
    kind: NodeKind
    action: Literal["rerun", "evaluate", "rebuild", "redeploy"]
    run: str | None = None
    because: list[str]
    causes: int
    seconds: float | None = None


class RebuildCost(BaseModel):
    """How long a rebuild takes if each run takes as long as it did.

    Attributes:
        seconds: All runs one after the other.
        critical_seconds: The longest chain of runs that wait for each other: no number of
            workers is faster.
        critical_path: That chain.
        untimed: Runs that are counted as no time: not ended, or behind the first 500.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    critical_seconds: float
    critical_path: list[str]
    untimed: int


class RebuildPlan(TableAnswer):
    """The fewest steps that bring up to date what comes from a change.

    Attributes:
        changed: What has changed; it is not rebuilt itself.
        steps: In order of (level, id).
        levels: How many levels there are.
        total: How many steps there are, shown or not.
        runs: Runs to run again, those included that are no steps of their own.
        versions: Versions to make.
        deployments: Deployments to move to a new version.
        deleted_passed: Deleted things that a step comes from; they are no steps themselves unless
            that is asked for, so a step whose reason is one needs another cause, or a restore.
        kept: Pinned things that would have been rebuilt, for a target where there are some.
        unaffected: Targets that nothing needs to be done for.
        truncated: Whether the limit left steps out.
    """

    changed: list[str]
    steps: list[RebuildStep]
    levels: int
    total: int
    runs: int
    versions: int
    deployments: int
    deleted_passed: int = 0
    kept: list[str]
    unaffected: list[str]
    cost: RebuildCost | None
    truncated: bool

    def table(self) -> Table:
        """Return a row for each step."""
        rows = [
            (step.level, str(step.action), step.reference, step.run, ", ".join(step.because))
            for step in self.steps
        ]
        return Table(("level", "action", "reference", "run", "because"), rows)


class GetRebuildPlan(Query[RebuildPlan]):
    """Return what has to be made again after some things changed, and in which order.

    It follows what taint follows, also through deleted things. Where only test data changed, runs
    are evaluated again and the versions that they made stay. A run is run again for what it made,
    or where it made nothing, like an evaluation; one that failed or was killed and made nothing
    that is needed is left out, unless it is a target.

    Attributes:
        start: References of what changed; a model or dataset stands for all its versions.
        target: References of what has to be up to date; absent is everything.
        pinned: References of what stays as it is; nothing is rebuilt because of it.
        cost: Whether to say how long it takes.
        deleted: Whether to rebuild deleted things, too.
        inferred: Whether to follow edges that nobody declared.
        limit: Steps to show at most; counts are of all.
    """

    route: ClassVar[Route] = Route("GET", "/rebuild-plan", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    target: list[str] | None = Field(default=None, max_length=1_000)
    pinned: list[str] = Field(default_factory=list, max_length=1_000)
    cost: bool = False
    deleted: bool = False
    inferred: bool = True
    limit: int = Field(default=1_000, ge=1, le=10_000)
