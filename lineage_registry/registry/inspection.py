"""What files hold and whether they are safe."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from lineage_registry.domain.digests import FileEntry, Manifest
from lineage_registry.domain.formats import Inspection
from lineage_registry.errors import NotFoundError
from lineage_registry.ports import commands as c
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.ports.formats import HandlerRegistry
from lineage_registry.registry.addressing import version_asked
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.transfers import sources_of

REGISTERED = ("models:/", "datasets:/")
_SHORT: Final = re.compile(r"[^/\\]+[:@][^/\\]+")
"""What looks like `net:3` or `net@champion`; but it may be the name of a file."""


class Inspecting(Asker):
    """What a registry says of files, here and stored; nothing of them is executed.

    Attributes:
        formats: The format handlers.
    """

    formats: HandlerRegistry

    def inspect(
        self,
        what: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002
        digest: bool = True,
        follow_links: bool = False,
        deleted: bool = False,
        as_of: AsOf = None,
    ) -> Inspection:
        """Say what files hold and whether they are safe, without their framework.

        Args:
            what: A file or folder, or a registered version, `models:/net/3`: that is looked into
                where it is stored, and little of it is read.
            format: Format handler; found by content if left out.
            digest: Whether to read all bytes of local files for the digest of their list, which
                is what they would be registered under.
            follow_links: Whether a link may lead to a file outside the folder; else it is refused.
            deleted: Whether a deleted version is found, too.
            as_of: The revision or time that a reference is about.

        Raises:
            NotFoundError: There is nothing there.
            InvalidInputError: A link leads out of the folder, to another one, or nowhere.
            AmbiguousFormatError: They may be of several formats; `format` decides.
        """
        if isinstance(what, str) and what.startswith(REGISTERED):
            asked = version_asked(what, as_of)
            return self.sender.ask(c.InspectVersion, **asked, deleted=deleted)
        if isinstance(what, str) and _SHORT.fullmatch(what) and not Path(what).exists():
            raise NotFoundError(
                f"there is no file or folder at {what!r}",
                hint="check the path; registered versions are written like models:/net/3",
                path=what,
            )
        files = LocalFiles(Path(what), follow_links=follow_links)
        files.demand_all()
        found = self.formats.inspect(files, format)
        return found.model_copy(update={"digest": _digest(files)}) if digest else found


def _digest(files: LocalFiles) -> str | None:
    sources = sources_of({path: files.place(path) for path in files.paths()})
    entries = [FileEntry(path, one.digest, one.size) for path, one in sources.items()]
    return str(Manifest.of(entries).digest) if entries else None
