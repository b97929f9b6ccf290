"""What every part of the registry's class asks with."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from lineage_registry.registry.sending import Sender

AsOf = int | datetime | str | None
"""A revision, an aware time, or text like `2026-01-31`; None is now."""


class Scope(TypedDict, total=False):
    """Which part of the graph a question is about.

    Attributes:
        edge_kinds: Edges to follow; left out is all, an empty list none.
        deleted: Whether to go through deleted things; they are left out otherwise.
        inferred: Whether to follow edges that nobody declared; they are followed otherwise.
        as_of: The revision or time that the question is about; left out is now.
    """

    edge_kinds: Sequence[str] | None
    deleted: bool
    inferred: bool
    as_of: AsOf


class NamedScope(Scope, total=False):
    """The same, and which of its nodes to name.

    Attributes:
        node_kinds: Kinds of nodes to report; left out is all, an empty list none.
        limit: Nodes to name at most, closest first; left out is 1,000.
    """

    node_kinds: Sequence[str] | None
    limit: int | None


class UsedScope(TypedDict, total=False):
    """What counts as used in a question, and which page of the answer is wanted.

    Attributes:
        evaluated: Whether to follow from runs to data that they were only tested on, too.
        inferred: Whether to follow edges that nobody declared; they are followed otherwise.
        limit: Versions to name at most; left out is 100.
        cursor: `next_cursor` of the answer before.
        as_of: The revision or time that the question is about; left out is now.
    """

    evaluated: bool
    inferred: bool
    limit: int | None
    cursor: str | None
    as_of: AsOf


class Asker:
    """Whoever has a sender can ask; the registry's class is put together from such parts."""

    sender: Sender
