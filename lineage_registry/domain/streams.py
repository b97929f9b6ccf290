"""Long parts of an answer that are read while they are written, a batch at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Final, TypeVar, overload

from lineage_registry.domain.lineage import LineageNode

T = TypeVar("T")
BATCH: Final = 5_000
"""Rows that are held at once."""


class Streamed(Sequence[T]):
    """A sequence that nobody holds: whoever walks over it has it read, a batch at a time.

    It has the same rows each time. Its length is counted by walking over it, unless it is known; to
    pick one out walks over those before it.
    """

    def __init__(self, read: Callable[[], Iterator[Sequence[T]]], size: int | None = None) -> None:
        self.batches = read
        self._size = size

    @cached_property
    def _length(self) -> int:
        return sum(map(len, self.batches())) if self._size is None else self._size

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self.batches())

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]


class StreamedNodes(Streamed[LineageNode]):
    """The nodes of an answer, and the references of any of them."""

    def __init__(
        self,
        read: Callable[[], Iterator[Sequence[LineageNode]]],
        references: Callable[[Iterable[int]], Mapping[int, str]],
        size: int,
    ) -> None:
        super().__init__(read, size)
        self.references = references


def batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the rows a batch at a time, streamed or not."""
    if isinstance(rows, Streamed):
        yield from rows.batches()
        return
    for begin in range(0, len(rows), BATCH):
        yield rows[begin : begin + BATCH]


def references_of(nodes: Sequence[LineageNode]) -> Callable[[Iterable[int]], Mapping[int, str]]:
    """Return what gives the references of some of the nodes of an answer."""
    if isinstance(nodes, StreamedNodes):
        return nodes.references
    named = {node.id: node.reference for node in nodes}
    return lambda _: named
