"""Versions whose tensors are the same, in whatever files they lie."""

from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.lineage import Nodes
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer


class SameWeights(TableAnswer):
    """The versions that hold the same tensors, oldest first.

    Attributes:
        weights: The digest of the tensors; None if none is known of the version.
        nodes: All that hold them; the version that was asked about is left out.
        truncated: Whether there are more.
    """

    of: str
    weights: str | None
    nodes: Nodes
    truncated: bool

    def table(self) -> Table:
        """Return a row for each version."""
        rows = [(node.reference, str(node.kind), node.stage, node.status) for node in self.nodes]
        return Table(("reference", "kind", "stage", "status"), rows)


class GetSameWeights(Query[SameWeights]):
    """Return the versions that hold the same tensors: names, types, shapes and every number.

    Attributes:
        of: A version, or a digest of tensors, `sha256:<hex>`.
        deleted: Whether deleted versions are listed, too.
        limit: Versions to list at most.
    """

    route: ClassVar[Route] = Route("GET", "/same-weights", "lineage")

    of: str
    deleted: bool = False
    limit: int = Field(default=100, ge=1, le=1_000)
