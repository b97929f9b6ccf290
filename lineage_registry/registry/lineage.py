"""Questions about the lineage graph: what comes from what, and what is affected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf, Scope
from lineage_registry.registry.lineage_handle import LineageHandle


class LineageQuestions(Asker):
    """What a registry answers about lineage."""

    def lineage(
        self,
        *start: str,
        direction: Literal["upstream", "downstream", "both"] = "upstream",
        depth: int | None = None,
        depth_unit: Literal["hops", "versions"] = "hops",
        edge_kinds: Sequence[str] | None = None,
        through: Sequence[str] | None = None,
        node_kinds: Sequence[str] | None = None,
        stage: str | None = None,
        tag: Sequence[str] = (),
        metric: Sequence[str] = (),
        param: Sequence[str] = (),
        text: str | None = None,
        stop_at: Sequence[str] = (),
        stop_when: Sequence[str] = (),
        hide_stops: bool = False,
        deleted: bool = False,
        inferred: bool = True,
        limit: int | None = None,
        cursor: str | None = None,
        count: bool = True,
        fields: Sequence[str] | None = None,
        as_of: AsOf = None,
    ) -> LineageHandle:
        """Return what some things come from, what comes from them, or both.

        A model or dataset stands for all its versions. Nodes come closest first; `truncated_by`
        says whether `limit` (10,000 if left out) or `depth` left something out, `omitted` how
        much, and `next_cursor` is what to go on with.

        Args:
            start: References; they are always reported.
            direction: To the causes, to the effects, or both ways.
            depth: How far to go; None goes to the end.
            depth_unit: Whether that counts edges, or versions: a run and what lies behind it are
                one step then.
            edge_kinds: Edges to follow; None is all lineage.
            through: Kinds of nodes to walk through; None is all.
            node_kinds: Kinds of nodes to report; None is all.
            stage: Report only versions in this stage; `tag`, `metric`, `param` and `text` narrow
                likewise, as in `search`.
            tag: `key` or `key=value`.
            metric: Comparisons like `acc>=0.9`.
            param: Comparisons like `optimizer=adam`.
            text: Part of the description.
            stop_at: References that are not walked through.
            stop_when: Filters like `stage:Production` or `metric:acc>=0.9`; what passes them all
                is not walked through.
            hide_stops: Whether to leave out where the walk stopped.
            deleted: Whether to go through deleted things.
            inferred: Whether to follow edges that nobody declared.
            limit: Nodes to report at most.
            cursor: `next_cursor` of the page before.
            count: Whether to count what was left out.
            fields: What to say of each node besides its reference; `edges` are left out unless
                named. None is everything.
            as_of: The revision or time that it is about.

        Raises:
            NotFoundError: A start is not there.
            InvalidQueryError: A filter or the cursor cannot be used.
        """
        answer = self.sender.ask(
            c.GetLineage,
            start=start,
            direction=direction,
            depth=depth,
            depth_unit=depth_unit,
            edge_kinds=edge_kinds,
            through=through,
            node_kinds=node_kinds,
            stage=stage,
            tag=tag,
            metric=metric,
            param=param,
            text=text,
            stop_at=stop_at,
            stop_when=stop_when,
            hide_stops=hide_stops,
            deleted=deleted,
            inferred=inferred,
            limit=limit,
            cursor=cursor,
            count=count,
            fields=fields,
            as_of=as_of,
        )
        return LineageHandle.of(answer)

    def lineage_pages(self, *start: str, **options: Any) -> Iterator[LineageHandle]:
        """Yield a lineage page by page; options as `lineage`, whose `limit` is that of a page.

        Nodes and edges of all pages are those of the whole answer, each once, and true of the
        revision of the first page whatever is written meanwhile.
        """
        page = self.lineage(*start, **options)
        yield page
        while page.next_cursor is not None:
            page = self.lineage(*start, **{**options, "cursor": page.next_cursor})
            yield page

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
        deleted: bool = False,
        inferred: bool = True,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.Impact:
        """Return what is affected if some things break or are withdrawn, and who to tell.

        Counts by kind and distance and by model and dataset are complete; at most `limit` (100)
        nodes of a sort are named. `stage` says what counts as Production. What lies behind deleted
        things is hit, too; `deleted` counts and names those themselves.

        Raises:
            NotFoundError: A start or stage is not there.
        """
        return self.sender.ask(
            c.GetImpact,
            start=start,
            depth=depth,
            node_kinds=node_kinds,
            stage=[stage] if isinstance(stage, str) else stage,
            deleted=deleted,
            inferred=inferred,
            limit=limit,
            as_of=as_of,
        )

    def siblings(
        self,
        reference: str,
        *,
        cause_kinds: Sequence[str] | None = None,
        limit: int | None = None,
        **scope: Unpack[Scope],
    ) -> c.Siblings:
        """Return the versions that share a direct parent, run or dataset version with one.

        Args:
            reference: The version.
            cause_kinds: Only those that share a cause of these kinds, `dataset_version` say.
            limit: Siblings to name at most; 1,000 if left out.
            scope: `edge_kinds` says how a cause is shared: `derived_from`, `generated_by`, `used`;
                `sibling_of` is for what was declared.
        """
        return self.sender.ask(
            c.GetSiblings, of=reference, cause_kinds=cause_kinds, limit=limit, **scope
        )

    def neighbours(
        self, reference: str, *, limit: int | None = None, **scope: Unpack[Scope]
    ) -> c.Neighbours:
        """Return the direct neighbours of a thing over edges of every kind, or of `edge_kinds`.

        Raises:
            InvalidReferenceError: It is a whole model or dataset.
        """
        return self.sender.ask(c.GetNeighbours, of=reference, limit=limit, **scope)
