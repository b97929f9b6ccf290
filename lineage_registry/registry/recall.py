"""Questions of a recall: who used something, and what reached something."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf


class RecallQuestions(Asker):
    """What a registry answers about who used what."""

    def recall(
        self,
        *start: str,
        content: str | Sequence[str] = (),
        without: str | Sequence[str] = (),
        stage: str | Sequence[str] | None = None,
        deployed: bool = False,
        deployment: str | None = None,
        datasets: bool = False,
        evaluated: bool = False,
        inferred: bool = True,
        deleted: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: AsOf = None,
    ) -> c.Recall:
        """Return every version that used some things, directly or over others, with the way there.

        A model or dataset stands for all its versions, `datasets:/raw/3..7` for a range of them.
        Data that a run was only tested on does not count as used unless `evaluated`. Deleted things
        are passed through. The numbers are complete; `limit` (100) versions are named at most.

        Args:
            start: What is recalled.
            content: Digests of manifests or files, `sha256:...`: who holds them is recalled.
            without: What used one of these, too, is left out.
            stage: Only model versions in one of these stages.
            deployed: Only versions that serve somewhere.
            deployment: Only the version that this deployment serves.
            datasets: Whether to name dataset versions, too.
            evaluated: Whether to follow from data to the runs that were tested on it, too, and to
                report in `evaluations` the model versions that these tested.
            inferred: Whether to follow edges that nobody declared.
            deleted: Whether to name deleted versions, too.
            limit: Versions to name at most.
            cursor: `next_cursor` of the answer before.
            as_of: The revision or time that it is about.

        Raises:
            NotFoundError: Something named is not there, or nothing has the content.
        """
        return self.sender.ask(
            c.GetRecall,
            start=start,
            content=_several(content),
            without=_several(without),
            stage=None if stage is None else _several(stage),
            deployed=deployed,
            deployment=deployment,
            datasets=datasets,
            evaluated=evaluated,
            inferred=inferred,
            deleted=deleted,
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )

    def exposure(
        self,
        *start: str,
        models: bool = False,
        evaluated: bool = False,
        inferred: bool = True,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: AsOf = None,
    ) -> c.Exposure:
        """Return what reached some things: dataset versions, tags, licences, taints.

        The inverse of `recall`, along the same edges. Numbers and marks are complete; `limit` (100)
        sources are named at most.

        Args:
            start: What is asked about; a model or dataset stands for all its versions.
            models: Whether to name model versions upstream, too.
            evaluated: Whether to follow from runs to the data they were only tested on, too.
            inferred: Whether to follow edges that nobody declared.
            limit: Sources to name at most.
            cursor: `next_cursor` of the answer before.
            as_of: The revision or time that it is about.

        Raises:
            NotFoundError: Something named is not there.
        """
        return self.sender.ask(
            c.GetExposure,
            start=start,
            models=models,
            evaluated=evaluated,
            inferred=inferred,
            limit=limit,
            cursor=cursor,
            as_of=as_of,
        )


def _several(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)
