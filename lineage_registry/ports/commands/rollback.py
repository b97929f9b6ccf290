"""Candidates of a rollback: what a stage or alias named before, and what speaks for each."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.names import Name, Word
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer
from lineage_registry.ports.commands.taints import ReachingTaint

FilesState = Literal["verified", "present", "missing", "different", "none"]


class RollbackCandidate(BaseModel):
    """A version that a stage or alias named before.

    Attributes:
        held_from: When it was named last.
        held_until: When it was left.
        times: How often it was named.
        next: Whether `rollback` goes to it.
        clean: Nothing speaks against it: no taint that is more than `info`, no conflict of
            licences, files that are there.
        refused: Whether a critical taint keeps it out unless it is forced.
        files: `verified` only where that was asked for, else `present`; `none` are registered.
        same_format: Whether its format is that of the version named now; None where one is unknown.
        same_signature: Whether number of parameters, of tensors, and types are; None likewise.
        metric: The metric asked for, of itself, else of the run that made it.
        rank: Its place by that metric, 1 for the best; None without one that is a number.
        leaves: The stage that it would leave.
        deployments: Those that serve it now.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    number: int
    held_from: datetime
    held_until: datetime | None
    times: int
    next: bool
    clean: bool
    refused: bool
    taints: list[ReachingTaint]
    licence_conflicts: int
    files: FilesState
    same_format: bool | None
    same_signature: bool | None
    metric: float | str | None = None
    rank: int | None = None
    leaves: str | None = None
    deployments: list[str]


class RollbackCandidates(TableAnswer):
    """What a stage or alias named before, last named first; deleted versions are left out.

    Attributes:
        current: The version that it names now.
        moves_to: The stage that the current version would get.
        serving: Deployments that serve the current version. A rollback moves names only, so they
            would go on serving it.
        deleted: Versions left out because they are deleted.
    """

    name: str
    stage: str | None
    alias: str | None
    current: str | None
    moves_to: str | None
    serving: list[str]
    candidates: list[RollbackCandidate]
    deleted: int
    truncated: bool

    def table(self) -> Table:
        """Return a row for each candidate."""
        columns = (
            "reference",
            "next",
            "clean",
            "refused",
            "taints",
            "licence_conflicts",
            "files",
            "same_format",
            "same_signature",
            "metric",
            "rank",
            "held_from",
            "held_until",
        )
        return Table(
            columns,
            [
                (
                    one.reference,
                    one.next,
                    one.clean,
                    one.refused,
                    " ".join(str(taint.id) for taint in one.taints),
                    one.licence_conflicts,
                    one.files,
                    one.same_format,
                    one.same_signature,
                    one.metric,
                    one.rank,
                    one.held_from.isoformat(),
                    None if one.held_until is None else one.held_until.isoformat(),
                )
                for one in self.candidates
            ],
        )


class GetRollbackCandidates(Query[RollbackCandidates]):
    """Return what a stage or alias named before, and what speaks for and against each.

    Attributes:
        stage: Which stage; `Production` if neither stage nor alias is given.
        alias: Which alias.
        metric: Rank them by this metric.
        lower_is_better: Whether the lowest value of it is the best.
        verify: Read their files again and compare digests; otherwise only their presence counts.
        limit: Candidates at most, last named first.
    """

    route: ClassVar[Route] = Route("GET", "/models/{name}/rollback-candidates", "lifecycle")

    name: Name
    stage: str | None = Field(default=None, max_length=64)
    alias: Word | None = None
    metric: str | None = Field(default=None, max_length=128)
    lower_is_better: bool = False
    verify: bool = False
    limit: int = Field(default=20, ge=1, le=1_000)
