"""What the head says of the graph: it follows the log, or in an older way, or not yet."""

from collections.abc import Mapping
from typing import Any, Final

from lineage_registry.errors import ProjectionMismatchError
from lineage_registry.ports.graph import PROJECTION

UNFINISHED: Final = 0
"""Projection of a graph that is being built from its log, or never was finished."""


def check_ready(head: Mapping[str, Any]) -> None:
    """Refuse a graph that does not say what this software takes it to say.

    Raises:
        ProjectionMismatchError: It is unfinished, or another version of the software built it.
    """
    check_log(head)
    if head["projection"] == UNFINISHED:
        raise ProjectionMismatchError(
            "the graph is being rebuilt from its log, or that was interrupted",
            hint="wait for it, or run `lineage-registry upgrade` to do it again",
        )
    if head["projection"] != PROJECTION:
        raise ProjectionMismatchError(
            f"the graph has projection {head['projection']}, this software needs {PROJECTION}",
            hint="run `lineage-registry upgrade`; a newer graph needs newer software",
        )


def check_log(head: Mapping[str, Any]) -> None:
    """Refuse a log that is not all there.

    Raises:
        ProjectionMismatchError: It is being replaced, or that was interrupted.
    """
    if not head["has_log"]:
        raise ProjectionMismatchError(
            "the log is being replaced by another one, or that was interrupted",
            hint="wait for it, or restore the log again from where it came",
        )
