"""The registry that the options name, and how things are written to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lineage_registry.cli.options import options
from lineage_registry.cli.output import note

if TYPE_CHECKING:
    from lineage_registry.registry import Registry
    from lineage_registry.registry.sending import How
    from lineage_registry.settings import Settings


@contextmanager
def registry() -> Iterator["Registry"]:
    """Open the registry for the block; say so if that made a new one.

    A slip in the address, or another folder, would else look like a registry without anything.

    Raises:
        InvalidInputError: The URL is of no known kind.
        BackendUnavailableError: A server cannot be reached.
    """
    from lineage_registry.bootstrap import connect, to_be_made

    where = settings()
    new = to_be_made(where)
    with connect(settings=where) as opened:
        if new is not None and not options().for_programs:
            note(f"made a new registry: {new}")
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
