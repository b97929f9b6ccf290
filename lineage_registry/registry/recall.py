"""Questions of a recall: who used something, and what reached something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, UsedScope


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
        deleted: bool = False,
        **used: Unpack[UsedScope],
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
            deleted: Whether to name deleted versions, too.
            used: `evaluated` follows from data to the runs that were tested on it, too, and reports
                in `evaluations` the model versions that these tested; `inferred=False` leaves out
                edges that nobody declared; `limit`, `cursor`, `as_of`.

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
            deleted=deleted,
            **used,
        )

    def exposure(self, *start: str, models: bool = False, **used: Unpack[UsedScope]) -> c.Exposure:
        """Return what reached some things: dataset versions, tags, licences, taints.

        The inverse of `recall`, along the same edges. Numbers and marks are complete; `limit` (100)
        sources are named at most.

        Args:
            start: What is asked about; a model or dataset stands for all its versions.
            models: Whether to name model versions upstream, too.
            used: `evaluated` follows from runs to the data they were only tested on, too;
                `inferred=False` leaves out edges that nobody declared; `limit`, `cursor`, `as_of`.

        Raises:
            NotFoundError: Something named is not there.
        """
        return self.sender.ask(c.GetExposure, start=start, models=models, **used)


def _several(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)
