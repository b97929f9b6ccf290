"""Subgraph: given things and the edges among them."""

from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.lineage import Lineage
from lineage_registry.ports.commands.base import Route
from lineage_registry.ports.commands.scope import Scoped


class GetSubgraph(Scoped[Lineage]):
    """Return given things and the lineage edges among them, as a graph.

    Nothing is left out of it; `has_more` says how many causes and effects of each are not given.

    Attributes:
        start: References; a model or dataset stands for all its versions.
    """

    route: ClassVar[Route] = Route("GET", "/subgraph", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
