"""Questions about the lineage graph: what comes from what, and what is affected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.lineage_handle import LineageHandle


class LineageQuestions(Asker):
    """What a registry answers about lineage."""

    def lineage(
        self,
        *start: str,
        direction: Literal["upstream", "downstream", "both"] = "upstream",
        depth: int | None = None,
        edge_kinds: Sequence[str] | None = None,
        node_kinds: Sequence[str] | None = None,
        stop_at: Sequence[str] = (),
        deleted: bool = False,
        inferred: bool = True,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> LineageHandle:
        """Return what some things come from, what comes from them, or both.

        A model or dataset stands for all its versions. Nodes come closest first; `truncated` says
        whether `limit` (10,000 if left out) or `depth` left something out.

        Raises:
            NotFoundError: A start is not there.
        """
        answer = self.sender.ask(
            c.GetLineage,
            start=list(start),
            direction=direction,
            depth=depth,
            edge_kinds=None if edge_kinds is None else list(edge_kinds),
            node_kinds=None if node_kinds is None else list(node_kinds),
            stop_at=list(stop_at),
            deleted=deleted,
            inferred=inferred,
            limit=limit,
            as_of=as_of,
        )
        return LineageHandle.of(answer)

    def ancestors(self, *start: str, **options: Any) -> LineageHandle:
        """Return everything that some things come from; options as `lineage`."""
        return self.lineage(*start, direction="upstream", **options)

    def descendants(self, *start: str, **options: Any) -> LineageHandle:
        """Return everything that comes from some things; options as `lineage`."""
        return self.lineage(*start, direction="downstream", **options)

    def impact(
        self,
        *start: str,
        depth: int | None = None,
        node_kinds: Sequence[str] | None = None,
        stage: str | Sequence[str] | None = None,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.Impact:
        """Return what is affected if some things break or are withdrawn, and who to tell.

        Counts by kind and distance and by model and dataset are complete; at most `limit` (100)
        nodes of a sort are named. `stage` says what counts as Production.

        Raises:
            NotFoundError: A start or stage is not there.
        """
        return self.sender.ask(
            c.GetImpact,
            start=list(start),
            depth=depth,
            node_kinds=None if node_kinds is None else list(node_kinds),
            stage=[stage] if isinstance(stage, str) else None if stage is None else list(stage),
            limit=limit,
            as_of=as_of,
        )

    def siblings(
        self, reference: str, *, limit: int | None = None, as_of: AsOf = None
    ) -> c.Siblings:
        """Return the versions that share a direct parent, run or dataset version with one."""
        return self.sender.ask(c.GetSiblings, of=reference, limit=limit, as_of=as_of)

    def neighbours(
        self, reference: str, *, limit: int | None = None, as_of: AsOf = None
    ) -> c.Neighbours:
        """Return the direct neighbours of a thing over edges of every kind."""
        return self.sender.ask(c.GetNeighbours, of=reference, limit=limit, as_of=as_of)
