"""What every service works with, and the one way in which they write."""

import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lineage_registry.domain.events import Event
from lineage_registry.domain.references import AsOf, Reference, Space, parse_reference
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidQueryError, InvalidReferenceError, StaleWriteError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.commands import Context, Write
from lineage_registry.ports.formats import HandlerRegistry
from lineage_registry.ports.graph import Commit, Decide, GraphStore, Request

log = logging.getLogger("lineage_registry")

Rule = Callable[[GraphView], Generator[Event, int, Any]]
"""A decision; what it returns is of no use after a retry, so nobody looks at it."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The stores and handlers that commands are done with."""

    graph: GraphStore
    artifacts: ArtifactStore
    formats: HandlerRegistry

    def write(self, decide: Rule, command: Write[Any], context: Context) -> Commit:
        """Let `decide` decide on the head and commit what it decides.

        Raises:
            RegistryError: Whatever `decide` or the store raises; nothing is written then.
        """
        request = Request(
            actor=context.actor,
            reason=command.reason,
            key=context.key,
            digest=None if context.key is None else command.digest(),
        )
        rule: Decide = decide
        return self.graph.transact(rule, request)

    def after(self, commit: Commit) -> AbstractContextManager[GraphView]:
        """Open the state that a commit left, so that a repeated request is answered alike."""
        return self.graph.view(commit.revision)

    def ask(
        self, as_of: AsOf | None, references: Iterable[Reference] = ()
    ) -> AbstractContextManager[GraphView]:
        """Open the state that a question is about; its references may name the time, too.

        Raises:
            InvalidReferenceError: They name different times.
            InvalidQueryError: The time is none.
        """
        times = {ref.as_of for ref in references if ref.as_of is not None}
        if as_of is not None:
            times.add(as_of)
        if len(times) > 1:
            raise InvalidReferenceError(
                "one question is about one time", hint="give as_of once, for the whole question"
            )
        return self.graph.view(_checked(times.pop()) if times else None)


def _checked(as_of: AsOf) -> AsOf:
    if isinstance(as_of, datetime):
        return demand_zone(as_of)
    if not 0 <= as_of < 2**63:
        raise InvalidQueryError(f"{as_of} is no revision", hint="revisions count from 0")
    return as_of


def demand_zone(time: datetime) -> datetime:
    """Return the time if it says where it is that late.

    Raises:
        InvalidQueryError: It does not.
    """
    if time.tzinfo is None:
        raise InvalidQueryError(
            f"{time.isoformat()} could be anywhere",
            hint="add the offset from UTC, like Z or +02:00",
        )
    return time


def read(text: str, default: Space = Space.MODELS) -> Reference:
    """Read a reference that a command holds as text.

    Raises:
        InvalidReferenceError: It cannot be read.
    """
    return parse_reference(text, default)


def read_now(text: str, default: Space = Space.MODELS) -> Reference:
    """Read a reference of something to be written to, which exists now or not at all.

    Raises:
        InvalidReferenceError: It cannot be read, or names a time.
    """
    reference = parse_reference(text, default)
    if reference.as_of is not None:
        raise InvalidReferenceError("the past cannot be changed", hint="leave ?as_of= out")
    return reference


def demand_unchanged(view: GraphView, node: int, context: Context) -> None:
    """Check that a thing is still what the caller saw.

    Raises:
        StaleWriteError: It changed since.
    """
    if context.if_match is None:
        return
    changed = view.changed([node])[node]
    if changed != context.if_match:
        raise StaleWriteError(
            f"{references_of(view, [node])[node]} changed at revision {changed}, "
            f"not at {context.if_match}",
            hint="read it again, then decide again",
            revision=changed,
        )
