"""Lineage: ancestors, descendants or both."""

from typing import ClassVar, Literal

from pydantic import Field

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage
from lineage_registry.ports.commands.base import Query, Route


class GetLineage(Query[Lineage]):
    """Return what some things come from, what comes from them, or both.

    `both` is everything upstream and everything downstream, not what is next to either.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        depth: Edges to follow at most; None goes to the end.
        edge_kinds: Edges to follow; absent is all lineage, an empty list none.
        node_kinds: Kinds of nodes to report; absent is all, an empty list none.
        stop_at: References that are reported but not walked through.
        deleted: Whether to go through deleted things.
        inferred: Whether to follow edges that nobody declared.
        limit: Nodes to report at most, closest first.
    """

    route: ClassVar[Route] = Route("GET", "/lineage", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    direction: Literal["upstream", "downstream", "both"] = "upstream"
    depth: int | None = Field(default=None, ge=0, le=1_000_000)
    edge_kinds: list[EdgeKind] | None = None
    node_kinds: list[NodeKind] | None = None
    stop_at: list[str] = Field(default_factory=list, max_length=1_000)
    deleted: bool = False
    inferred: bool = True
    limit: int = Field(default=10_000, ge=1, le=1_000_000)
