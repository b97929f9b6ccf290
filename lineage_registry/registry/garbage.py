"""Garbage collection, from Python."""

from __future__ import annotations

from datetime import timedelta
from typing import Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker
from lineage_registry.registry.sending import How


class GarbageCollection(Asker):
    """How a registry lets go of what nothing names."""

    def collect_garbage(
        self,
        *,
        dry_run: bool = True,
        grace: timedelta | None = None,
        limit: int | None = None,
        force: bool = False,
        **how: Unpack[How],
    ) -> c.Garbage:
        """Remove blobs that no version names and no pin keeps; only say which, unless told to.

        Versions that are deleted keep their blobs: they can be restored. Whoever registers
        meanwhile loses nothing.

        Args:
            dry_run: Only say what would be removed.
            grace: How long a blob that nothing names is left alone; two days if left out, and an
                hour at least behind a server.
            limit: Blobs to list at most, 100 if left out.
            force: Although the registry names none of the blobs in its store.
            **how: reason, key.

        Raises:
            ConflictError: The registry names none of the blobs in its store.
            IntegrityError: What has to be kept cannot be told: nothing is removed then.
        """
        return self.sender.write(
            c.CollectGarbage,
            how,
            dry_run=dry_run,
            grace=None if grace is None else int(grace.total_seconds()),
            limit=limit,
            force=force,
        )
