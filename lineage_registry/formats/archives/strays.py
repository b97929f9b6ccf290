"""Members that have no business in an archive of a format, and might run code elsewhere."""

from typing import Final

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.archives.members import Members
from lineage_registry.formats.reading import shown
from lineage_registry.formats.sniffing.files import of_kinds
from lineage_registry.formats.sniffing.kinds import FileKind
from lineage_registry.formats.sniffing.packed import COMPRESSED
from lineage_registry.ports.filesets import RememberingFiles

_STRANGE: Final = (
    FileKind.PICKLE,
    FileKind.TORCH_ZIP,
    FileKind.TORCH_LEGACY,
    FileKind.TORCH_EXPORT,
    FileKind.TORCHSCRIPT,
    FileKind.ZIP,
    FileKind.TAR,
    FileKind.MAR,
    *COMPRESSED,
)


def refuse_strays(members: Members) -> None:
    """Return if no member is a pickle, or an archive in which one could hide.

    Raises:
        UnsafeArtifactError: One is.
    """
    strays = of_kinds(RememberingFiles(members), *_STRANGE)
    if strays:
        raise UnsafeArtifactError(f"the member {shown(strays[0])} does not belong in this format")
