"""The edges of an answer, as an engine returns them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from lineage_registry.domain.graph import Edge

Row = Sequence[Any]
"""Source, kind as the engine writes it, target, role, since, whether it was declared."""


class EdgeRows(Sequence[Edge]):
    """The edges of rows that are in order.

    Each is made when it is looked at: an answer has two for every node, and who asks for the nodes
    alone does not pay for them.
    """

    def __init__(self, rows: Sequence[Row], make: Callable[[Row], Edge]) -> None:
        self._rows = rows
        self._make = make

    @overload
    def __getitem__(self, place: int) -> Edge: ...

    @overload
    def __getitem__(self, place: slice) -> list[Edge]: ...

    def __getitem__(self, place: int | slice) -> Edge | list[Edge]:
        if isinstance(place, slice):
            return [self._make(row) for row in self._rows[place]]
        return self._make(self._rows[place])

    def __iter__(self) -> Iterator[Edge]:
        return map(self._make, self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))
