"""Recall: every version that used something, with the way it came there."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.arrivals import Arrival, UsedQuery
from lineage_registry.ports.commands.base import GraphAnswer, Route, TableAnswer
from lineage_registry.ports.commands.impact import Count
from lineage_registry.ports.commands.steps import written


class Recalled(Arrival):
    """A version that used what is recalled, or is it.

    Attributes:
        deployments: Where it serves.
    """

    stage: str | None = None
    deployments: list[str] = Field(default_factory=list)


class Evaluation(BaseModel):
    """A model version that a run read which was tested on data.

    Attributes:
        data: What the run was tested on: what is recalled, or something that comes from it.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    stage: str | None = None
    run: str
    data: str


class Recall(TableAnswer, GraphAnswer):
    """Every version that used something, closest first.

    The numbers and owners are complete. `versions` is one page, and `lineage` the union of its
    paths: with one way to each version it is a forest.

    Attributes:
        starts: What is recalled: references and digests.
        total: Versions on all pages.
        counts: The same by distance and kind.
        stages: The same by stage; `None` is no stage.
        owners: Who to tell: owners of the models, datasets and deployments of all these versions.
        evaluations: With `evaluated`, who was tested on it: model versions read by a run that was
            tested on it and made none itself. All of them, on the first page.
        truncated: Whether there are more pages.
        next_cursor: What to ask for the next page with.
    """

    starts: list[str]
    without: list[str]
    total: int
    counts: list[Count]
    stages: dict[str, int]
    owners: list[str]
    versions: list[Recalled]
    evaluations: list[Evaluation] = Field(default_factory=list)
    lineage: Lineage
    truncated: bool
    next_cursor: str | None = None

    def graph(self) -> Lineage:
        """Return the ways to the versions of this page."""
        return self.lineage

    def table(self) -> Table:
        """Return the versions of this page, one a row."""
        columns = (
            "reference",
            "kind",
            "distance",
            "stage",
            "status",
            "owner",
            "declared",
            "tested_only",
            "deployments",
            "path",
        )
        rows = [
            (
                one.reference,
                one.kind.value,
                one.distance,
                one.stage,
                one.status,
                one.owner,
                one.declared,
                one.tested_only,
                " ".join(one.deployments) or None,
                written(one.path),
            )
            for one in self.versions
        ]
        return Table(columns, rows)


class GetRecall(UsedQuery[Recall]):
    """Return every version that used some things, directly or over other versions and runs.

    Used is what went into a version: its training data, base models, what it depends on. Data that
    a run was tested on is not, unless `evaluated` asks for it. Deleted things are passed through,
    so a delete hides nothing behind it.

    Attributes:
        start: References; a model or dataset stands for all its versions, `datasets:/raw/3..7`
            for a range of them.
        content: Digests, as `sha256:...`; all versions whose manifest or one of whose files has
            one of these are recalled.
        without: References; what used one of these, too, is left out.
        stage: Only model versions in one of these stages; `None` is no stage.
        deployed: Only versions that serve somewhere.
        deployment: Only the version that this deployment serves.
        datasets: Whether to report dataset versions, too.
        evaluated: Whether to follow from data to the runs that were tested on it, too, and to
            report the model versions that these tested; those whatever the other filters say.
        deleted: Whether to report deleted versions, too.
    """

    route: ClassVar[Route] = Route("GET", "/recall", "lineage")

    start: list[str] = Field(default_factory=list, max_length=1_000)
    content: list[str] = Field(default_factory=list, max_length=1_000)
    without: list[str] = Field(default_factory=list, max_length=1_000)
    stage: list[str] | None = Field(default=None, max_length=100)
    deployed: bool = False
    deployment: str | None = None
    datasets: bool = False
    deleted: bool = False
