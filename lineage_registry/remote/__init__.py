"""A registry somewhere else, over HTTP."""

from lineage_registry.errors import NotInstalledError

try:
    import httpx2 as _httpx2  # noqa: F401 - only to see whether it is there
except ImportError as error:
    raise NotInstalledError(
        "a registry behind HTTP needs the library httpx2",
        hint='pip install "lineage-registry[remote]"',
    ) from error

from lineage_registry.remote.artifacts import HttpArtifactStore
from lineage_registry.remote.commands import HttpCommands

__all__ = ["HttpArtifactStore", "HttpCommands"]
