"""What every service works with, and the one way in which they write."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lineage_registry.domain.events import Event
from lineage_registry.domain.references import (
    AsOf,
    Reference,
    SelectorKind,
    Space,
    parse_reference,
)
from lineage_registry.domain.resolution import references_of, resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import (
    InvalidQueryError,
    InvalidReferenceError,
    NotFoundError,
    RegistryError,
    StaleWriteError,
)
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.commands import Context, Write
from lineage_registry.ports.formats import HandlerRegistry
from lineage_registry.ports.graph import Commit, Decide, GraphStore, Request

log = logging.getLogger("lineage_registry")

_FIXED: Final = frozenset({SelectorKind.NUMBER, SelectorKind.LABEL})
"""What names one version for ever."""

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

    @contextmanager
    def ask(self, as_of: AsOf | None, references: Iterable[Reference] = ()) -> Iterator[GraphView]:
        """Open the state that a question is about; its references may name the time, too.

        Raises:
            InvalidReferenceError: They name different times.
            InvalidQueryError: The time is none.
            NotFoundError: What the question raises; it says so if a reference came later.
        """
        references = list(references)
        times = {ref.as_of for ref in references if ref.as_of is not None}
        if as_of is not None:
            times.add(as_of)
        if len(times) > 1:
            raise InvalidReferenceError(
                "one question is about one time", hint="give as_of once, for the whole question"
            )
        when = _checked(times.pop()) if times else None
        asked: GraphView | None = None
        try:
            with self.graph.view(when) as asked:
                yield asked
        except NotFoundError as error:
            later = None
            if when is not None and asked is not None:
                later = self._came_later(references, asked.revision)
            if later is None:
                raise
            raise type(error)(error.message, hint=later, **error.context) from error

    def _came_later(self, references: Iterable[Reference], revision: int) -> str | None:
        """Say which of some things is there now and was not at a revision, and since when."""
        with self.graph.view() as now:
            for reference in references:
                named = reference.selector is not None and reference.selector.kind in _FIXED
                thing = reference if named else reference._replace(selector=None)
                try:
                    id_ = resolve(now, thing, deleted=True).node
                except RegistryError:
                    continue
                since = now.nodes([id_], ())[id_].since
                at = now.at(since)
                if since > revision and at is not None:
                    return (
                        f"{thing} came into being at revision {since}, {at.isoformat()}: "
                        "ask about then or later"
                    )
        return None


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
