"""Which part of the graph a question about its shape is about."""

from typing import TypeVar

from pydantic import field_validator

from lineage_registry.domain.graph import LINEAGE, EdgeKind
from lineage_registry.errors import InvalidQueryError
from lineage_registry.ports.commands.base import Query

A = TypeVar("A")


class Bounded(Query[A]):
    """A question about a part of the graph.

    Attributes:
        edge_kinds: Edges to follow; absent is all, an empty list none.
        deleted: Whether to go through deleted things.
        inferred: Whether to follow edges that nobody declared.
    """

    edge_kinds: list[EdgeKind] | None = None
    deleted: bool = False
    inferred: bool = True


class Scoped(Bounded[A]):
    """A question about the shape of lineage, or of a part of it; `edge_kinds` are lineage."""

    @field_validator("edge_kinds")
    @classmethod
    def _only_lineage(cls, kinds: list[EdgeKind] | None) -> list[EdgeKind] | None:
        for kind in kinds or ():
            if kind not in LINEAGE:
                raise InvalidQueryError(
                    f"{kind} is no lineage: such edges may form cycles",
                    hint=f"these are: {', '.join(sorted(LINEAGE))}",
                )
        return kinds
