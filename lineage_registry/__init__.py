"""A model registry whose heart is a lineage graph."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_registry.registry import Registry

__all__ = ["Registry", "__version__", "connect"]


def connect(
    url: "str | Path | None" = None,
    *,
    artifacts: "str | Path | None" = None,
    actor: str | None = None,
) -> "Registry":
    """Open a registry.

    Args:
        url: A folder or `sqlite:PATH`, `memory://`, `neo4j://HOST` or `bolt://HOST`,
            `http://HOST`. Left out, it comes from the environment, the project's or the user's
            configuration; failing that it is the folder `.lineage-registry` here.
        artifacts: Where bytes lie, a folder or `s3://HOST:PORT/BUCKET`; left out, beside an
            embedded graph, or as configured.
        actor: Who acts; goes into the log. Left out, as configured, or the user's name.

    Raises:
        InvalidInputError: The URL is of no known kind.
        BackendUnavailableError: A server cannot be reached.
        NotInstalledError: The extra that the URL needs is missing.
    """
    from lineage_registry.bootstrap import connect as connect_

    return connect_(url, artifacts=artifacts, actor=actor)


def __getattr__(name: str) -> object:
    if name == "Registry":
        from lineage_registry.registry import Registry

        return Registry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
