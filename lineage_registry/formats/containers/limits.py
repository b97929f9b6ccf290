"""How much may be unpacked from one file, all archives inside of it together."""

from dataclasses import dataclass

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.ports.filesets import FileSet, RememberingFiles, total_size

MAX_MEMBERS = 100_000
MAX_LOOKED_AT = 20_000
MAX_UNPACKED = 1024 * 1024 * 1024
MAX_NESTING = 3
MAX_RATIO = 200
_POOL_RATIO = 20
_ALWAYS = 16 * 1024 * 1024
"""So much may come out of anything: a small file of zeros is no bomb."""


@dataclass
class Budget:
    """What is left; shared by an archive and those inside of it.

    Attributes:
        pool: What is left for all files of the set together.
    """

    members: int = MAX_MEMBERS
    bytes: int = MAX_UNPACKED
    pool: "Budget | None" = None

    def take_members(self, count: int) -> None:
        """Take members off.

        Raises:
            UnsafeArtifactError: There are none left.
        """
        self.members -= count
        if self.members < 0:
            raise UnsafeArtifactError(f"the archive has more than {MAX_MEMBERS} members")

    def take_bytes(self, count: int) -> None:
        """Take unpacked bytes off.

        Raises:
            UnsafeArtifactError: There are none left.
        """
        self.bytes -= count
        if self.bytes < 0:
            raise UnsafeArtifactError(f"it unpacks to more than {MAX_UNPACKED} bytes")
        if self.pool is not None:
            self.pool.bytes -= count
            if self.pool.bytes < 0:
                raise UnsafeArtifactError("all files together unpack to too many bytes")


def budget_for(files: FileSet) -> Budget:
    """Return what one file of a set may unpack to; all of it together are some times its size."""
    whole: FileSet = files
    while isinstance(whole, RememberingFiles) and isinstance(whole.files, RememberingFiles):
        whole = whole.files
    if not isinstance(whole, RememberingFiles):
        return Budget()
    size = total_size(whole)
    pool = whole.once("unpacked", lambda: Budget(bytes=MAX_UNPACKED + _POOL_RATIO * size))
    return Budget(pool=pool)


def check_ratio(packed: int, unpacked: int) -> None:
    """Return if so many bytes may come out of so many.

    Raises:
        UnsafeArtifactError: It is a bomb, or might as well be one.
    """
    if unpacked > _ALWAYS and unpacked > MAX_RATIO * packed:
        raise UnsafeArtifactError(
            f"{packed} bytes unpack to {unpacked} or more, over {MAX_RATIO} times as many"
        )
