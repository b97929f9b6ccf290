"""Which file system a path lies on; write-ahead logging needs one of this machine."""

import re
from pathlib import Path
from typing import Final

from lineage_registry.errors import BackendError

_MOUNTS: Final = Path("/proc/mounts")
_NETWORK: Final = frozenset({
    "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.gcsfuse", "fuse.s3fs",
    "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
})  # fmt: skip


def refuse_network(path: Path, mounts: Path = _MOUNTS) -> None:
    """Refuse a path on a network file system, where that can be seen.

    Raises:
        BackendError: The path lies on one.
    """
    kind = file_system(path, mounts)
    if kind in _NETWORK:
        raise BackendError(
            f"{str(path)!r} lies on a network file system ({kind}), where SQLite loses data",
            hint="put the registry on a local disk, or use a Neo4j server to share it",
        )


def file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the type of the file system a path lies on; None where it cannot be seen."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    path = path.resolve()
    best: tuple[int, str] | None = None
    for line in lines:
        _, folder, kind, *_ = line.split(" ")
        mount = Path(_unescaped(folder))
        # A later mount hides an earlier one at the same place.
        if path.is_relative_to(mount) and (best is None or len(mount.parts) >= best[0]):
            best = len(mount.parts), kind
    return best[1] if best else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
