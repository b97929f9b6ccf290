"""Exposure: every dataset version and every mark that reached a version."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.arrivals import Arrival, UsedQuery
from lineage_registry.ports.commands.base import GraphAnswer, Route, TableAnswer
from lineage_registry.ports.commands.steps import written
from lineage_registry.ports.commands.taints import ReachingTaint


class Source(Arrival):
    """A version that reached what was asked about.

    Attributes:
        role: As what it was used there, by the last edge of `path`: `train`, `finetune`, ....
    """

    role: str = ""


class Mark(BaseModel):
    """A tag or licence upstream.

    Attributes:
        count: How many versions, runs, models and datasets upstream bear it.
        sources: The closest of them.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    value: str
    count: int
    sources: list[str]


class Exposure(TableAnswer, GraphAnswer):
    """Every dataset version, tag, licence and taint that reached something.

    Numbers and marks are complete. `sources` is one page, closest first, and `lineage` the union
    of its paths.

    Attributes:
        starts: What was asked about.
        total: Sources on all pages.
        tags: Tags of versions and runs upstream, and of the models and datasets of those versions.
        licences: Declared licences of versions upstream, or else of their models and datasets,
            and tags that say `licence` or `license`. `GetLicences` says what they oblige to.
        taints: Every taint that reaches it, also one that is on it itself, nearest first. None
            passes along what was only tested on, whatever `evaluated` says.
        truncated: Whether there are more pages.
        next_cursor: What to ask for the next page with.
    """

    starts: list[str]
    total: int
    sources: list[Source]
    tags: list[Mark]
    licences: list[Mark]
    taints: list[ReachingTaint]
    lineage: Lineage
    truncated: bool
    next_cursor: str | None = None

    def graph(self) -> Lineage:
        """Return the ways to the sources of this page."""
        return self.lineage

    def table(self) -> Table:
        """Return the sources of this page, one a row."""
        columns = (
            "reference",
            "kind",
            "distance",
            "role",
            "status",
            "owner",
            "declared",
            "tested_only",
            "path",
        )
        rows = [
            (
                one.reference,
                one.kind.value,
                one.distance,
                one.role,
                one.status,
                one.owner,
                one.declared,
                one.tested_only,
                written(one.path),
            )
            for one in self.sources
        ]
        return Table(columns, rows)


class GetExposure(UsedQuery[Exposure]):
    """Return what reached some things: dataset versions, tags, licences, taints.

    The inverse of `GetRecall`: what it follows there it follows here, and it passes deleted things,
    too. They are always reported, and marked.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        models: Whether to report model versions, too.
    """

    route: ClassVar[Route] = Route("GET", "/exposure", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    models: bool = False
