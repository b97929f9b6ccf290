"""Integrity and statistics: whether what is stored is right, and how much it is."""

from __future__ import annotations

from typing import Literal

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.rows import Rows


class IntegrityQuestions(Asker):
    """What a registry answers about the files of its versions."""

    def verify(
        self,
        *references: str,
        space: Literal["models", "datasets"] | None = None,
        read: bool = True,
        deleted: bool = False,
        as_of: AsOf = None,
    ) -> Rows[c.VersionCheck]:
        """Check the files of versions against what was registered, oldest version first.

        One row for each version, as it is checked; a cursor of `pages()` takes a check up again
        that was stopped. Names of models and datasets mean all their versions, nothing means
        everything. With `read` every file is read again, otherwise only presence and size count.

        Raises:
            NotFoundError: One of the things is not there.
        """
        return self.sender.rows(
            c.VerifyVersions, of=references, space=space, read=read, deleted=deleted, as_of=as_of
        )

    def statistics(
        self, *, stored: bool = True, deleted: bool = False, as_of: AsOf = None
    ) -> c.Statistics:
        """Return how much there is: things by kind; versions and bytes by format, stage and owner.

        With `stored` the list of files of each version is read, which tells what storing each file
        once saves.
        """
        return self.sender.ask(c.GetStatistics, stored=stored, deleted=deleted, as_of=as_of)
