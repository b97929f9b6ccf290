"""How much may be unpacked from one file, all archives inside of it together."""

from dataclasses import dataclass

from lineage_registry.errors import UnsafeArtifactError

MAX_MEMBERS = 100_000
MAX_LOOKED_AT = 20_000
MAX_UNPACKED = 1024 * 1024 * 1024
MAX_NESTING = 3
MAX_RATIO = 200
_ALWAYS = 16 * 1024 * 1024
"""So much may come out of anything: a small file of zeros is no bomb."""


@dataclass
class Budget:
    """What is left; shared by an archive and those inside of it."""

    members: int = MAX_MEMBERS
    bytes: int = MAX_UNPACKED

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


def check_ratio(packed: int, unpacked: int) -> None:
    """Return if so many bytes may come out of so many.

    Raises:
        UnsafeArtifactError: It is a bomb, or might as well be one.
    """
    if unpacked > _ALWAYS and unpacked > MAX_RATIO * packed:
        raise UnsafeArtifactError(
            f"{packed} bytes unpack to {unpacked} or more, over {MAX_RATIO} times as many"
        )
