"""How kinds, values and facts lie in the tables, and back."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, overload

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind, Scalar

Row = tuple[Any, ...]
"""A row as the driver gives it; what its columns are is said by the statement."""

# The numbers follow the alphabet, so that rows sorted by them are sorted by the kinds' names.
# They lie in the tables: who adds a kind raises the projection.
EDGE_CODES: Final[Mapping[EdgeKind, int]] = {
    EdgeKind.CHILD_OF: 1,
    EdgeKind.DEPENDS_ON: 2,
    EdgeKind.DERIVED_FROM: 3,
    EdgeKind.EVALUATED_ON: 4,
    EdgeKind.GENERATED_BY: 5,
    EdgeKind.READ_BACK: 6,
    EdgeKind.SERVES: 7,
    EdgeKind.SIBLING_OF: 8,
    EdgeKind.USED: 9,
}
NODE_CODES: Final[Mapping[NodeKind, int]] = {
    NodeKind.MODEL: 1,
    NodeKind.MODEL_VERSION: 2,
    NodeKind.DATASET: 3,
    NodeKind.DATASET_VERSION: 4,
    NodeKind.RUN: 5,
    NodeKind.DEPLOYMENT: 6,
}
EDGE_KINDS: Final[Mapping[int, EdgeKind]] = {code: kind for kind, code in EDGE_CODES.items()}
NODE_KINDS: Final[Mapping[int, NodeKind]] = {code: kind for kind, code in NODE_CODES.items()}
ALL_NODE_KINDS: Final = sum(1 << code for code in NODE_KINDS)

_TRUE, _FALSE = b"\x01", b"\x00"
_MOST = 2**63 - 1


def edge_mask(kinds: Collection[EdgeKind]) -> int:
    """Return the kinds as one number, bit `code` for each."""
    return sum(1 << EDGE_CODES[kind] for kind in frozenset(kinds))


def node_mask(kinds: Collection[NodeKind] | None) -> int:
    """Return the kinds as one number, bit `code` for each; None is all of them."""
    if kinds is None:
        return ALL_NODE_KINDS
    return sum(1 << NODE_CODES[kind] for kind in frozenset(kinds))


def encode(value: Scalar) -> str | int | float | bytes:
    """Return the value as it is stored: SQLite has no truth values, a byte stands for one."""
    if value is True:
        return _TRUE
    if value is False:
        return _FALSE
    return value


def decode(stored: str | float | bytes) -> Scalar:
    """Return the value that was stored."""
    return stored == _TRUE if isinstance(stored, bytes) else stored


def pack(facts: Mapping[str, Scalar]) -> str:
    """Return the facts as text.

    Raises:
        OverflowError: An integer has more than 64 bits.
    """
    for value in facts.values():
        if isinstance(value, int) and not -_MOST - 1 <= value <= _MOST:
            raise OverflowError
    return json.dumps(facts, separators=(",", ":"))


def pack_keys(keys: Collection[str]) -> str:
    """Return the keys as a JSON array."""
    return json.dumps(list(keys))


def unpack_all(texts: Sequence[str]) -> list[dict[str, Scalar]]:
    """Return the facts that each text says; read as one text, which is three times as fast."""
    facts: list[dict[str, Scalar]] = json.loads(f"[{','.join(texts)}]")
    return facts


def edges(rows: Iterable[Row]) -> list[Edge]:
    """Return the edges of rows (source, kind, target, role, since, declared), in order."""
    return list(EdgeRows(rows))


class EdgeRows(Sequence[Edge]):
    """The edges of rows (source, kind, target, role, since, declared), in order.

    Each is made when it is looked at: an answer has two for every node, and who asks for the nodes
    alone does not pay for them.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = sorted(rows)

    @overload
    def __getitem__(self, place: int) -> Edge: ...

    @overload
    def __getitem__(self, place: slice) -> list[Edge]: ...

    def __getitem__(self, place: int | slice) -> Edge | list[Edge]:
        rows = self._rows[place]
        return _edge(rows) if isinstance(rows, tuple) else [_edge(row) for row in rows]

    def __iter__(self) -> Iterator[Edge]:
        return map(_edge, self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


def _edge(row: Row) -> Edge:
    source, kind, target, role, since, declared = row
    return Edge(source, EDGE_KINDS[kind], target, role, since, declared == 1)
