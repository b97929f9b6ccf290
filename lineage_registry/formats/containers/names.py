"""Names of files inside of archives: which of them may be files in a folder anywhere."""

import re
from collections.abc import Iterable

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.reading import shown

_MAX_NAME = 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_ODD = re.compile(r"[\x00-\x1f\x7f\\]")


def checked_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names as they would lie in a folder, with how the archive writes them.

    Raises:
        UnsafeArtifactError: A name climbs out of the folder, occurs twice, or is no name.
    """
    found: dict[str, str] = {}
    for name in names:
        plain = _plain(name)
        if plain in found:
            raise UnsafeArtifactError(f"two members of the archive are called {shown(plain)}")
        found[plain] = name
    for plain in found:
        above = plain.rpartition("/")[0]
        if above in found:
            raise UnsafeArtifactError(f"the member {shown(above)} is a file and a folder")
    return found


def _plain(name: str) -> str:
    parts = name.removeprefix("./").split("/")
    wrong = (
        not name
        or len(name) > _MAX_NAME
        or _ODD.search(name)
        or _DRIVE.match(name)
        or any(part in {"", ".", ".."} for part in parts)
    )
    if wrong:
        raise UnsafeArtifactError(f"the archive has a member {shown(name)}, which is no safe name")
    return "/".join(parts)
