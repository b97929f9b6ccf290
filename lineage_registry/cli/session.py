"""The registry that the options name, and how things are written to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lineage_registry.cli.options import options

if TYPE_CHECKING:
    from lineage_registry.registry import Registry
    from lineage_registry.registry.sending import How
    from lineage_registry.settings import Settings


@contextmanager
def registry() -> Iterator["Registry"]:
    """Open the registry for the block.

    Raises:
        InvalidInputError: The URL is of no known kind.
        BackendUnavailableError: A server cannot be reached.
    """
    from lineage_registry.bootstrap import connect

    with connect(settings=settings()) as opened:
        yield opened


def settings() -> "Settings":
    """Return the settings that hold here; options win.

    Raises:
        InvalidInputError: A setting is wrong.
    """
    from lineage_registry.settings import Settings

    said = options()
    return Settings.load(url=said.url, artifacts=said.artifacts, actor=said.actor)


def how() -> "How":
    """Return reason and conditions of what is written."""
    said = options()
    return {"reason": said.reason, "key": said.key, "if_match": said.if_match}
