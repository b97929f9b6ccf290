"""The nodes of an answer, as an engine returns them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar, overload

from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.lineage import LineageNode
from lineage_registry.domain.references import SPACES
from lineage_registry.domain.resolution import NAME_COLUMNS, VERSIONS
from lineage_registry.domain.view import Column, NodeTable, Origin

_MODELS, _RUNS = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.RUN})
_PREFIXES: Final = {kind: f"{space}:/" for kind, space in SPACES.items()}
_FAMILY, _OWN = NAME_COLUMNS
COLUMNS: Final = (
    _OWN,
    (Column(Origin.FACT, "label", VERSIONS), Column(Origin.FACT, "name", _RUNS)),
    _FAMILY,
    (Column(Origin.VALUE, "stage", _MODELS),),
    (Column(Origin.VALUE, "rolled_back", _MODELS), Column(Origin.VALUE, "status", _RUNS)),
    (Column(Origin.VALUE, "deleted", frozenset(NodeKind)),),
)
"""What is read of a node; the last one is whether it is deleted."""


T = TypeVar("T")


class Alike(NamedTuple):
    """What many nodes of an answer have in common; `prefix` is how their references begin."""

    prefix: str
    kind: NodeKind
    distance: int
    stage: str | None
    status: str | None


class NodeRows(Sequence[LineageNode]):
    """The nodes of rows of the columns above, in order.

    Each is made when it is looked at: an answer may have a hundred thousand, and who writes them
    down needs their parts alone.
    """

    def __init__(self, rows: Iterable[Any], distances: Mapping[int, int]) -> None:
        """Take rows as `GraphView.table` returns them, and how far each node is."""
        if not isinstance(rows, NodeTable):
            pairs = list(rows)
            rows = NodeTable([kind for kind, _ in pairs], [row for _, row in pairs])
        self._kinds, self._rows, self._read = rows.kinds, rows.rows, rows.read
        self._distances = distances

    def parts(self, say: Callable[[Alike], T]) -> Iterator[tuple[int, Scalar, T, str | None]]:
        """Yield of each node its id, how its reference ends, what `say` says, and its title.

        A hundred thousand have few sorts of `Alike`; each is said once.
        """
        far, alike = self._distances, self._alike

        @cache
        def said(kind: NodeKind, distance: int, *cells: Any) -> T:
            return say(alike(kind, distance, cells))

        return (
            (id_, name, said(kind, far[id_], family, stage, state, gone), title)
            for kind, (id_, _, name, title, family, stage, state, gone) in self._pairs()
        )

    def kinds(self) -> Iterator[NodeKind]:
        """Yield the kinds of the nodes without the starts."""
        return (kind for kind, row in self._pairs() if self._distances[row[0]])

    def _pairs(self) -> Iterator[tuple[NodeKind, tuple[Any, ...]]]:
        return zip(self._kinds, self._rows, strict=True)

    def _alike(self, kind: NodeKind, distance: int, cells: tuple[Any, ...]) -> Alike:
        family, stage, state, gone = self._read([cells])[0]
        if kind in VERSIONS:
            prefix, status = f"{_PREFIXES[kind]}{family}/", "rolled_back" if state else None
        else:
            prefix, status = _PREFIXES[kind], None if state == "finished" else state
        return Alike(prefix, kind, distance, stage, "deleted" if gone else status)

    def __iter__(self) -> Iterator[LineageNode]:
        make = tuple.__new__  # half the time of the class itself
        return iter(
            [
                make(LineageNode, (id_, f"{prefix}{name}", kind, distance, stage, status, title))
                for id_, name, (prefix, kind, distance, stage, status), title in self.parts(_itself)
            ]
        )

    @overload
    def __getitem__(self, place: int) -> LineageNode: ...

    @overload
    def __getitem__(self, place: slice) -> "NodeRows": ...

    def __getitem__(self, place: int | slice) -> "LineageNode | NodeRows":
        if isinstance(place, slice):
            part = NodeTable(self._kinds[place], self._rows[place], self._read)
            return NodeRows(part, self._distances)
        one = NodeTable([self._kinds[place]], [self._rows[place]], self._read)
        return next(iter(NodeRows(one, self._distances)))

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


def _itself(alike: Alike) -> Alike:
    return alike
