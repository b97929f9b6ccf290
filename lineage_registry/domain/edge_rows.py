"""The edges of an answer, as an engine returns them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

from lineage_registry.domain.graph import Edge, EdgeKind

Row = Sequence[Any]
"""Source, kind as the engine writes it, target, role, since, whether it was declared."""


class EdgeRows(Sequence[Edge]):
    """The edges of rows that are in order.

    Each is made when it is looked at: an answer has two for every node, and who asks for the nodes
    alone, or writes the rows down, does not pay for them.

    Attributes:
        rows: What the engine returned.
        kinds: What the kinds in the rows mean.
    """

    def __init__(self, rows: Sequence[Row], kinds: Mapping[Any, EdgeKind]) -> None:
        self.rows = rows
        self.kinds = kinds

    def only(self, wanted: Callable[[Sequence[Row]], Sequence[Row]]) -> "EdgeRows":
        """Return what a function leaves of the rows."""
        return EdgeRows(wanted(self.rows), self.kinds)

    def _make(self, row: Row) -> Edge:
        source, kind, target, role, since, declared = row
        # Half the time of the class itself; an answer has thousands of edges.
        cells = (source, self.kinds[kind], target, role, since, declared == 1)
        return tuple.__new__(Edge, cells)

    @overload
    def __getitem__(self, place: int) -> Edge: ...

    @overload
    def __getitem__(self, place: slice) -> "EdgeRows": ...

    def __getitem__(self, place: int | slice) -> "Edge | EdgeRows":
        if isinstance(place, slice):
            return EdgeRows(self.rows[place], self.kinds)
        return self._make(self.rows[place])

    def __iter__(self) -> Iterator[Edge]:
        return map(self._make, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))
