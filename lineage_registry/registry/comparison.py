"""Questions that compare: two versions, causes with their newer ones, then with now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf


class ComparisonQuestions(Asker):
    """What a registry answers about differences, age and completeness of lineage."""

    def diff(
        self,
        before: str,
        after: str,
        *,
        deleted: bool = False,
        files: bool = True,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.Diff:
        """Return what differs between two versions: causes, values and files.

        Causes are matched by model, dataset or run, nearest first. Each reference may carry its own
        `?as_of=`, so that a version can be compared with itself as it was.

        Raises:
            NotFoundError: One of them is not there.
            InvalidReferenceError: One of them names no version.
        """
        return self.sender.ask(
            c.GetDiff,
            before=before,
            after=after,
            deleted=deleted,
            files=files,
            limit=limit,
            as_of=as_of,
        )

    def staleness(
        self,
        *start: str,
        space: Literal["models", "datasets"] = "models",
        stage: str | None = None,
        edge_kinds: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: AsOf = None,
    ) -> c.Staleness:
        """Return which versions have causes with newer versions, out of `limit` (100) looked at.

        Without a reference it looks at all versions of models, or of datasets; `stale` yields them
        page by page.

        Raises:
            NotFoundError: One of them is not there.
            InvalidReferenceError: One of them is neither a version, a model nor a dataset.
        """
        return self.sender.ask(
            c.GetStaleness,
            start=start,
            space=space,
            stage=stage,
            edge_kinds=edge_kinds,
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )

    def stale(
        self,
        *start: str,
        space: Literal["models", "datasets"] = "models",
        stage: str | None = None,
        edge_kinds: Sequence[str] | None = None,
        as_of: AsOf = None,
    ) -> Iterator[c.StaleVersion]:
        """Yield all stale versions, oldest first; as `staleness`."""
        cursor = None
        while True:
            page = self.staleness(
                *start, space=space, stage=stage, edge_kinds=edge_kinds, cursor=cursor, as_of=as_of
            )
            yield from page.stale
            cursor = page.next_cursor
            if cursor is None:
                return

    def lineage_history(
        self,
        reference: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: AsOf = None,
    ) -> c.LineageHistory:
        """Return what happened to the lineage of a version, run or deployment since it is there.

        Raises:
            NotFoundError: It is not there.
            InvalidReferenceError: It is a whole model or dataset.
        """
        return self.sender.ask(
            c.GetLineageHistory,
            of=reference,
            newest_first=newest_first,
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )

    def reproducibility(
        self, reference: str, *, limit: int | None = None, as_of: AsOf = None
    ) -> c.Reproducibility:
        """Return what is known of how something was made: code, data, parameters, seed, ...

        The score is the share of known items along the ancestry; at most `limit` (1,000) nodes are
        named.

        Raises:
            NotFoundError: It is not there.
            InvalidReferenceError: It is a whole model or dataset.
        """
        return self.sender.ask(c.GetReproducibility, of=reference, limit=limit, as_of=as_of)

    def deletion_preview(
        self, reference: str, *, limit: int | None = None, as_of: AsOf = None
    ) -> c.DeletionPreview:
        """Return what the delete of a version, model, dataset or deployment would do.

        It is `blocked` when the delete would raise HasDependentsError; nothing is written.

        Raises:
            NotFoundError: It is not there.
            InvalidReferenceError: It is a run.
        """
        return self.sender.ask(c.GetDeletionPreview, of=reference, limit=limit, as_of=as_of)
