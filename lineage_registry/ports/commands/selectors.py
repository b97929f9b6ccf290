"""Selectors: sets of nodes, written in a line."""

from typing import ClassVar

from pydantic import Field

from lineage_registry.domain.lineage import Lineage
from lineage_registry.ports.commands.base import Route
from lineage_registry.ports.commands.scope import Scoped


class SelectNodes(Scoped[Lineage]):
    """Return the nodes that a selector means, and the lineage edges among them.

    Nodes come by their distance from what nothing else in the answer comes from. `omitted` is what
    the limit left out, `has_more` how many causes and effects of a node the selector did not mean.

    Attributes:
        selector: Like `+models:/clf@champion & kind:dataset & tag:pii`; see the documentation of
            selectors.
        deleted: Whether deleted things are in it, and are walked through.
        limit: Nodes to return at most, oldest first.
    """

    route: ClassVar[Route] = Route("GET", "/select", "lineage")

    selector: str = Field(min_length=1, max_length=10_000)
    limit: int = Field(default=10_000, ge=1, le=1_000_000)
