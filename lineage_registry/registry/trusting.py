"""Trust in files that name code: why, said before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineage_registry.domain.formats import Verdict
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.ports.handlers import FormatHandler, ensure_loadable

if TYPE_CHECKING:
    from lineage_registry.registry.facade import Registry


def trusted(
    registry: Registry, reference: str, handler: FormatHandler, folder: Path, reason: object
) -> bool:
    """Return whether code that the files in a folder name may run, having recorded why.

    The verdict is that on all files, as at registration: a pickle beside good weights counts.
    Nothing is recorded where there is no code.

    Raises:
        InvalidInputError: The reason is none.
        UnsafeArtifactError: The files name code and there is no reason, or they are refused.
    """
    if reason is not None and (not isinstance(reason, str) or not reason.strip()):
        raise InvalidInputError(
            "trust= is the reason why you trust the files",
            hint="say it in words, like trust='trained by us in run 7'",
            option="trust",
        )
    found = registry.formats.inspect(LocalFiles(folder), handler.name)
    ensure_loadable(found, trusted=reason is not None)
    if reason is None or found.verdict is not Verdict.NEEDS_TRUST:
        return False
    registry.trust(reference, reason=reason)
    return True
