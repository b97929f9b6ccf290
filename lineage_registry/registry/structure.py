"""Questions about the shape of lineage: common ancestors, paths, ends, order, parts of it."""

from __future__ import annotations

from typing import Literal, Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, NamedScope, Scope
from lineage_registry.registry.lineage_handle import LineageHandle


class StructureQuestions(Asker):
    """What a registry answers about the shape of lineage."""

    def common_ancestors(self, *start: str, **scope: Unpack[NamedScope]) -> c.CommonAncestors:
        """Return what several things all come from; `nearest` are those none other descends from.

        A thing counts as its own ancestor. With `node_kinds` only such nodes count, also for what
        is nearest: the nearest common dataset version, say. At most `limit` (1,000) are named.

        Raises:
            NotFoundError: A start is not there.
        """
        return self.sender.ask(c.GetCommonAncestors, start=start, **scope)

    def paths(
        self, source: str, target: str, *, limit: int | None = None, **scope: Unpack[Scope]
    ) -> c.Paths:
        """Return the `limit` (10) shortest ways from a thing to something it comes from.

        All of them are counted, and `complete` says whether these are all. If there is none,
        `other_way` says whether the target comes from the source instead.

        Raises:
            NotFoundError: One of the two is not there.
            InvalidReferenceError: One of the two is a whole model or dataset.
        """
        return self.sender.ask(c.GetPaths, source=source, target=target, limit=limit, **scope)

    def roots(self, *start: str, **scope: Unpack[NamedScope]) -> c.Ends:
        """Return what some things come from in the end: ancestors without causes."""
        return self.sender.ask(c.GetRoots, start=start, **scope)

    def leaves(self, *start: str, **scope: Unpack[NamedScope]) -> c.Ends:
        """Return what some things end in: descendants without effects."""
        return self.sender.ask(c.GetLeaves, start=start, **scope)

    def order(
        self,
        *start: str,
        direction: Literal["upstream", "downstream", "both", "none"] = "upstream",
        limit: int | None = None,
        **scope: Unpack[Scope],
    ) -> c.Order:
        """Return the nodes of a lineage in layers, each thing behind all that it comes from.

        Direction `none` orders the given things alone. At most `limit` (10,000) nodes, those
        closest to a start.
        """
        return self.sender.ask(c.GetOrder, start=start, direction=direction, limit=limit, **scope)

    def subgraph(self, *start: str, **scope: Unpack[Scope]) -> LineageHandle:
        """Return given things and the lineage edges among them, as a graph that can be drawn."""
        return LineageHandle.of(self.sender.ask(c.GetSubgraph, start=start, **scope))
