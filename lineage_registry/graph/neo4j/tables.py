"""Tables: many nodes with little of each, from one statement."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any

from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.view import Column, Origin, column_for
from lineage_registry.graph.neo4j.connection import Row

_Row = tuple[NodeKind, tuple[Any, ...]]


@cache
def table_of(columns: tuple[tuple[Column, ...], ...]) -> "Table":
    """Return what columns mean; there are few sorts of them, and many questions."""
    return Table(columns)


class Table:
    """What the columns of a table mean for each kind of nodes.

    Attributes:
        parameters: Which keys a statement looks up, by kind of node and for owners.
    """

    def __init__(self, columns: Sequence[Sequence[Column]]) -> None:
        self._meant = {
            kind: [column_for(kind, alternatives) for alternatives in columns] for kind in NodeKind
        }
        self.parameters: Mapping[str, object] = {
            "keys_of": {kind.value: self._keys([kind], Origin.VALUE) for kind in NodeKind},
            "owner_keys": self._keys(NodeKind, Origin.OWNER_VALUE),
        }

    def _keys(self, kinds: Iterable[NodeKind], origin: Origin) -> list[str]:
        columns = [column for kind in kinds for column in self._meant[kind]]
        return sorted({one.key for one in columns if one is not None and one.origin is origin})

    def rows(self, found: Row) -> list[_Row]:
        """Return (kind, (id, None, *cells)) for each node that was found.

        Cells are filled in column by column: a closure has thousands of nodes of few kinds.
        """
        nodes = found["nodes"]
        held = {(node, key): value for node, key, value in (*found["held"], *found["owned"])}
        facts = json.loads(f"[{','.join([row[3] for row in nodes])}]")
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(nodes):
            places[row[1]].append(place)
        told: list[Any] = [None] * len(nodes)
        for name, there in places.items():
            kind, some = NodeKind(name), [nodes[place] for place in there]
            born = [facts[place] for place in there]
            cells = [_cells(column, some, born, held) for column in self._meant[kind]]
            rows = zip([row[0] for row in some], repeat(None), *cells)
            for place, row in zip(there, rows, strict=True):
                told[place] = (kind, row)
        return told


def _cells(
    column: Column | None,
    nodes: Sequence[Sequence[Any]],
    facts: Sequence[Mapping[str, Scalar]],
    held: Mapping[tuple[int, str], Scalar],
) -> Iterable[Scalar | None]:
    if column is None:
        return repeat(None)
    key = column.key
    if column.origin is Origin.FACT:
        return [born.get(key) for born in facts]
    holder = 0 if column.origin is Origin.VALUE else 2
    return [held.get((row[holder], key)) for row in nodes]
