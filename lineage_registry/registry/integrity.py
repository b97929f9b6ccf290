"""Integrity and statistics: whether what is stored is right, and how much it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lineage_registry.ports import commands as c
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.formats import LocalFiles
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.repairing import Repair
from lineage_registry.registry.rows import Rows
from lineage_registry.registry.transfers import Progress


class IntegrityQuestions(Asker):
    """What a registry answers about the files of its versions."""

    artifacts: ArtifactStore

    def verify(
        self,
        *references: str,
        space: Literal["models", "datasets"] | None = None,
        read: bool = True,
        deleted: bool = False,
        as_of: AsOf = None,
        repair: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Rows[c.VersionCheck]:
        """Check the files of versions against what was registered, oldest version first.

        One row for each version, as it is checked; a cursor of `pages()` takes a check up again
        that was stopped. Names of models and datasets mean all their versions, nothing means
        everything. With `read` every file is read again, otherwise only presence and size count.

        `repair` is a file or folder. Where a blob is missing or different, and a file that lies
        there has the right bytes, whatever its name, these are stored in its place; the row says
        how the version is afterwards. The list of a version's files is repaired by all of them
        under their names, or by a copy of the store.

        Raises:
            NotFoundError: One of the things is not there, or nothing lies at `repair`.
        """
        asked = {"space": space, "read": read, "deleted": deleted, "as_of": as_of}
        rows = self.sender.rows(c.VerifyVersions, of=references, **asked)
        if repair is None:
            return rows

        def again(check: c.VersionCheck) -> c.VersionCheck:
            return self.sender.ask(c.VerifyVersions, of=[check.reference], **asked).items[0]

        return rows.map(Repair(self.artifacts, LocalFiles(repair), again, progress).version)

    def statistics(
        self, *, stored: bool = True, deleted: bool = False, as_of: AsOf = None
    ) -> c.Statistics:
        """Return how much there is: things by kind; versions and bytes by format, stage and owner.

        With `stored` the list of files of each version is read, which tells what storing each file
        once saves.
        """
        return self.sender.ask(c.GetStatistics, stored=stored, deleted=deleted, as_of=as_of)
