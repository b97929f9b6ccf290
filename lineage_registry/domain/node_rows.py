"""The nodes of an answer, as an engine returns them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, overload

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


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """What many nodes of an answer have in common; `prefix` is how their references begin."""

    prefix: str
    kind: NodeKind
    stage: str | None
    status: str | None


class Part(NamedTuple):
    """A node: its own name is how its reference ends."""

    id: int
    name: Scalar
    alike: Alike
    distance: int
    title: str | None


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
        self._known: defaultdict[NodeKind, dict[tuple[Any, ...], Alike]] = defaultdict(dict)

    def parts(self) -> Iterator[Part]:
        """Yield what each node is made of; a hundred thousand have few sorts of `alike`."""
        known, distances = self._known, self._distances
        make = tuple.__new__  # half the time of the class itself
        for kind, row in self._pairs():
            said = row[4:]
            alike = known[kind].get(said) or self._meet(kind, said)
            yield make(Part, (row[0], row[2], alike, distances[row[0]], row[3]))

    def kinds(self) -> Iterator[NodeKind]:
        """Yield the kinds of the nodes without the starts."""
        return (kind for kind, row in self._pairs() if self._distances[row[0]])

    def _pairs(self) -> Iterator[tuple[NodeKind, tuple[Any, ...]]]:
        return zip(self._kinds, self._rows, strict=True)

    def _meet(self, kind: NodeKind, said: tuple[Any, ...]) -> Alike:
        family, stage, state, gone = self._read([said])[0]
        if kind in VERSIONS:
            prefix, status = f"{_PREFIXES[kind]}{family}/", "rolled_back" if state else None
        else:
            prefix, status = _PREFIXES[kind], None if state == "finished" else state
        alike = Alike(prefix, kind, stage, "deleted" if gone else status)
        self._known[kind][said] = alike
        return alike

    def __iter__(self) -> Iterator[LineageNode]:
        known, distances, meet = self._known, self._distances, self._meet
        make = tuple.__new__
        return iter(
            [
                make(
                    LineageNode,
                    (
                        row[0],
                        f"{alike.prefix}{row[2]}",
                        kind,
                        distances[row[0]],
                        alike.stage,
                        alike.status,
                        row[3],
                    ),
                )
                for kind, row in self._pairs()
                for alike in (known[kind].get(row[4:]) or meet(kind, row[4:]),)
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
