"""Questions of those who look after a registry: what to rebuild, to guard, to clear away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.rows import Rows


class MaintenanceQuestions(Asker):
    """What a registry answers about its upkeep."""

    def rebuild_plan(
        self,
        *start: str,
        target: Sequence[str] | None = None,
        pinned: Sequence[str] = (),
        cost: bool = False,
        deleted: bool = False,
        inferred: bool = True,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.RebuildPlan:
        """Return what has to be made again after some things changed, and in which order.

        Steps of one level can be done at the same time; each says which changed causes make it
        necessary. With `target` only what they need is rebuilt. What is `pinned` stays as it
        is, and nothing is rebuilt because of it. Runs that failed and made nothing are left out,
        and so are deleted things unless `deleted`; what comes from those is rebuilt. With `cost`
        the plan says how long it takes.

        Raises:
            NotFoundError: One of the things is not there.
            InvalidQueryError: Something changed and is pinned.
        """
        return self.sender.ask(
            c.GetRebuildPlan,
            start=start,
            target=target,
            pinned=pinned,
            cost=cost,
            deleted=deleted,
            inferred=inferred,
            limit=limit,
            as_of=as_of,
        )

    def hot_list(
        self,
        *,
        node_kinds: Sequence[str] | None = None,
        edge_kinds: Sequence[str] | None = None,
        direction: Literal["downstream", "upstream"] = "downstream",
        transitive: bool = False,
        deleted: bool = False,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> c.HotList:
        """Return what most things depend on directly: `limit` (20) versions, or other nodes.

        With `transitive` everything behind each of them is counted, too.
        """
        return self.sender.ask(
            c.GetHotList,
            node_kinds=node_kinds,
            edge_kinds=edge_kinds,
            direction=direction,
            transitive=transitive,
            deleted=deleted,
            limit=limit,
            as_of=as_of,
        )

    def same_weights(
        self, of: str, *, deleted: bool = False, limit: int | None = None, as_of: AsOf = None
    ) -> c.SameWeights:
        """Return the versions that hold the same tensors as a version, in whatever format.

        `of` may be a digest of tensors, `sha256:<hex>`, too.

        Raises:
            NotFoundError: The version is not there.
        """
        return self.sender.ask(c.GetSameWeights, of=of, deleted=deleted, limit=limit, as_of=as_of)

    def orphans(
        self,
        kind: Literal["model_version", "dataset_version"] = "model_version",
        *,
        deleted: bool = False,
        as_of: AsOf = None,
    ) -> Rows[c.Unlinked]:
        """Return versions that no run made and that have no parent, oldest first."""
        return self.sender.rows(c.ListOrphans, kind=kind, deleted=deleted, as_of=as_of)

    def unused(
        self,
        kind: Literal["dataset_version", "model_version", "run"] = "dataset_version",
        *,
        deleted: bool = False,
        as_of: AsOf = None,
    ) -> Rows[c.Unlinked]:
        """Return what nothing comes from, oldest first; `held_by` says why to keep it all the same.

        Runs are listed that made nothing and that no other runs are parts of.
        """
        return self.sender.rows(c.ListUnused, kind=kind, deleted=deleted, as_of=as_of)
