"""Deletion looked at before it is done."""

from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.lineage import Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer
from lineage_registry.ports.commands.impact import Count


class DeletionPreview(TableAnswer):
    """What the delete of something would do; nothing was written.

    Attributes:
        deleted: Whether it is deleted already; nothing would happen then.
        blocked: Whether it would be refused, unless forced with a reason.
        versions: Versions that would go with a model or dataset, by number.
        blocked_by: Versions, runs and deployments that rely on it directly, by age.
        blockers: How many those are.
        holds: Stages and aliases that block it, as `stage/Production` and `alias/champion`.
        ends: Stages and aliases that would name nothing any more.
        stranded: What comes from it, however far; closest first.
        counts: How many those are, by distance and kind.
        total: How many those are.
        deployments: Deployments among those.
        production: Versions in Production among those.
        owners: Who to tell: owners of the models, datasets and deployments among those.
        truncated: Whether a list was cut off; the counts never are.
    """

    reference: str
    deleted: bool
    blocked: bool
    versions: list[str]
    blocked_by: list[str]
    blockers: int
    holds: list[str]
    ends: list[str]
    stranded: Nodes
    counts: list[Count]
    total: int
    deployments: list[str]
    production: list[str]
    owners: list[str]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each thing that the delete meets, and what would become of it."""
        rows: list[tuple[Scalar | None, ...]] = [
            (name, "blocks", None, None) for name in self.holds
        ]
        rows += [(each, "blocks", None, 1) for each in self.blocked_by]
        rows += [(each, "goes with it", None, None) for each in self.versions]
        rows += [(name, "ends", None, None) for name in self.ends if name not in self.holds]
        direct = set(self.blocked_by)
        rows += [
            (node.reference, "stranded", node.stage, node.distance)
            for node in self.stranded
            if node.reference not in direct
        ]
        return Table(("what", "becomes", "stage", "distance"), rows)


class GetDeletionPreview(Query[DeletionPreview]):
    """Return what the delete of a version, model, dataset or deployment would do; writes nothing.

    Attributes:
        limit: Things to name in each list at most, closest first.
    """

    route: ClassVar[Route] = Route("GET", "/deletion-preview", "lineage")

    of: str
    limit: int = Field(default=100, ge=1, le=10_000)
