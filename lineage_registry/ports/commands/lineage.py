"""Lineage: ancestors, descendants or both."""

from typing import ClassVar, Literal

from pydantic import Field

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, NodeField
from lineage_registry.ports.commands.base import Query, Route


class GetLineage(Query[Lineage]):
    """Return what some things come from, what comes from them, or both.

    `both` is everything upstream and everything downstream, not what is next to either. The
    starts are always reported, whatever the filters and kinds say.

    Attributes:
        start: References; a model or dataset stands for all its versions.
        depth: How far to go at most; None goes to the end.
        depth_unit: What is counted: edges (`hops`), or `versions`, where a run and what lies
            behind it are one step.
        edge_kinds: Edges to follow; absent is all lineage, an empty list none.
        through: Kinds of nodes to walk through; others are not reached at all. Absent is all.
        node_kinds: Kinds of nodes to report; absent is all, an empty list none.
        stage: Report only versions in this stage.
        tag: Report only what has this `key` or `key=value`; all of them hold.
        metric: Report only what compares so, like `acc>=0.9`; all of them hold.
        param: Report only what compares so, like `optimizer=adam`; all of them hold.
        text: Report only what has this in its description, in any case.
        stop_at: References that are not walked through.
        stop_when: Filters like `stage:Production`, `tag:team=vision`, `metric:acc>=0.9`,
            `param:lr=1` or `text:words`; what passes all of them is not walked through, but for a
            start.
        hide_stops: Whether to leave out where the walk stopped.
        deleted: Whether to go through deleted things.
        inferred: Whether to follow edges that nobody declared.
        limit: Nodes to report at most besides the starts, closest first.
        cursor: `next_cursor` of the page before; all else but `limit` is as it was there.
        count: Whether to count what a truncated answer leaves out: `omitted` and `has_more`.
        fields: What to say of each node besides its id and reference, and `edges` for the edges;
            absent is everything.
    """

    route: ClassVar[Route] = Route("GET", "/lineage", "lineage")

    start: list[str] = Field(min_length=1, max_length=1_000)
    direction: Literal["upstream", "downstream", "both"] = "upstream"
    depth: int | None = Field(default=None, ge=0, le=1_000_000)
    depth_unit: Literal["hops", "versions"] = "hops"
    edge_kinds: list[EdgeKind] | None = None
    through: list[NodeKind] | None = None
    node_kinds: list[NodeKind] | None = None
    stage: str | None = None
    tag: list[str] = Field(default_factory=list, max_length=20)
    metric: list[str] = Field(default_factory=list, max_length=20)
    param: list[str] = Field(default_factory=list, max_length=20)
    text: str | None = Field(default=None, max_length=200)
    stop_at: list[str] = Field(default_factory=list, max_length=1_000)
    stop_when: list[str] = Field(default_factory=list, max_length=20)
    hide_stops: bool = False
    deleted: bool = False
    inferred: bool = True
    limit: int = Field(default=10_000, ge=1, le=1_000_000)
    cursor: str | None = Field(default=None, max_length=500)
    count: bool = True
    fields: list[Literal[NodeField, "edges"]] | None = None
