"""The graph at one revision."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, Final

from lineage_registry.domain.graph import LINEAGE, Edge, EdgeKind, Interval, Node, NodeKind, Scalar
from lineage_registry.domain.view import (
    Census,
    Closure,
    Column,
    Direction,
    GraphView,
    NodeTable,
    Pick,
    Selection,
    Survey,
    Walk,
)
from lineage_registry.graph.sqlite import codes, filters, paths, statements, walks
from lineage_registry.graph.sqlite.connection import Parameters, Rows
from lineage_registry.graph.sqlite.faults import closed, translated
from lineage_registry.ports.graph import from_microseconds

_NUL: Final = "\0"
# One query asks for the values of many keys, each of up to so many nodes.
_FEW: Final = 50


class SqliteView(GraphView):
    """Reads the tables as of its revision, in today's graph and in last year's alike."""

    def __init__(self, rows: Rows, revision: int) -> None:
        self.revision = revision
        self._rows = rows

    def close(self) -> None:
        """Refuse further questions: the snapshot is let go of."""
        self._rows = _refused

    @translated
    def values(self, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], Scalar]:
        """Return those of the wanted values that hold."""
        # SQLite's JSON ends at a NUL, so such a key is asked for by itself.
        by_key: defaultdict[str, list[int]] = defaultdict(list)
        for node, key in wanted:
            by_key[key].append(node)
        found: dict[tuple[int, str], Scalar] = {}
        few: defaultdict[int, list[str]] = defaultdict(list)
        for key, nodes in by_key.items():
            if len(nodes) > _FEW or _NUL in key:
                rows = self._rows(statements.VALUES_OF_KEY, (str(nodes), key, self.revision))
                found.update(((node, key), codes.decode(value)) for node, value in rows)
            else:
                for node in nodes:
                    few[node].append(key)
        if few:
            rows = self._rows(statements.VALUES, (codes.pack_slots(few), self.revision))
            found.update(((node, key), codes.decode(value)) for node, key, value in rows)
        return found

    @translated
    def values_under(self, node: int, prefix: str) -> dict[str, Scalar]:
        """Return the values whose keys begin so."""
        behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        rows = self._rows(statements.VALUES_UNDER, (node, prefix, behind, self.revision))
        return {key: codes.decode(value) for key, value in rows}

    @translated
    def nodes(self, ids: Collection[int], keys: Collection[str] | None = None) -> dict[int, Node]:
        """Return the nodes that exist, in the order of `ids`."""
        rows = list(self._rows(statements.NODES, (str(list(ids)), self.revision)))
        values: dict[int, dict[str, Scalar]] = {row[0]: {} for row in rows}
        if keys is None or keys:
            for node, key, value in self._values_of(list(values), keys):
                values[node][key] = codes.decode(value)
        born = codes.unpack_all([row[4] for row in rows])
        return {
            node: Node(node, codes.NODE_KINDS[kind], owner, since, facts, values[node])
            for (node, kind, owner, since, _), facts in zip(rows, born, strict=True)
        }

    @translated
    def table(self, ids: Collection[int], columns: Sequence[Sequence[Column]]) -> Iterable[Any]:
        """Return (kind, (id, code, *cells)) for each node, in one query."""
        kinds = codes.NODE_KINDS
        statement = _table_statement(tuple(map(tuple, columns)))
        rows = list(self._rows(statement, (str(list(ids)), self.revision)))
        return NodeTable([kinds[row[1]] for row in rows], rows, _read)

    def _values_of(self, ids: list[int], keys: Collection[str] | None) -> list[codes.Row]:
        if keys is None:
            return list(self._rows(statements.ALL_VALUES_OF, (str(ids), self.revision)))
        # SQLite's JSON ends at a NUL; such a key is no name of ours, but a tag may be called so.
        plain = [key for key in keys if _NUL not in key]
        rest = [(node, key) for key in keys if _NUL in key for node in ids]
        return [
            *self._rows(statements.VALUES_OF, (str(ids), codes.pack_keys(plain), self.revision)),
            *((*pair, codes.encode(value)) for pair, value in self.values(rest).items()),
        ]

    @translated
    def changed(self, ids: Collection[int]) -> dict[int, int]:
        """Return the revision of each node's last change."""
        rows = self._rows(statements.CHANGED, (str(list(ids)), self.revision))
        return {node: revision for node, revision in rows if revision is not None}

    @translated
    def select(self, selection: Selection, after: int | None, limit: int) -> list[int]:
        """Return the ids that fit, in order."""
        if after is None:
            after = statements.HOLDS if selection.newest_first else -1
        statement = statements.select(
            filters.comparisons(selection.filters),
            owned=selection.owner is not None,
            deleted=selection.deleted,
            newest_first=selection.newest_first,
        )
        given = filters.parameters(selection.filters)
        given |= {"kind": codes.NODE_CODES[selection.kind], "owner": selection.owner}
        given |= {"after": after, "revision": self.revision, "limit": max(limit, 0)}
        return [node for (node,) in self._rows(statement, given)]

    @translated
    def edges(
        self, ids: Collection[int], direction: Direction, kinds: Collection[EdgeKind]
    ) -> Sequence[Edge]:
        """Return the edges that leave or enter these nodes."""
        statement = statements.expand(direction, deleted=True, through=False, whole=True)
        ends = str(list(dict.fromkeys(ids)))
        rows = self._rows(statement, (ends, codes.edge_mask(kinds), self.revision, 0))
        return codes.edges(rows)

    @translated
    def degrees(
        self,
        ids: Collection[int],
        direction: Direction,
        kinds: Collection[EdgeKind] = LINEAGE,
        *,
        deleted: bool = False,
        inferred: bool = True,
    ) -> dict[int, int]:
        """Return how many direct neighbours each of these nodes has."""
        statement = statements.degrees(direction, deleted=deleted)
        taken = (codes.edge_mask(kinds), self.revision, 0 if inferred else 1)
        rows = self._rows(statement, (str(list(dict.fromkeys(ids))), *taken))
        return {node: degree for node, degree in rows if degree}

    @translated
    def busiest(
        self,
        node_kinds: Collection[NodeKind],
        direction: Direction,
        kinds: Collection[EdgeKind] = LINEAGE,
        *,
        limit: int,
        deleted: bool = False,
    ) -> list[tuple[int, int]]:
        """Return the nodes of these kinds with the most direct neighbours."""
        statement = statements.busiest(direction, deleted=deleted)
        listed = str(sorted({codes.NODE_CODES[kind] for kind in node_kinds}))
        taken = (codes.edge_mask(kinds), self.revision, 0)
        rows = self._rows(statement, (listed, *taken, max(limit, 0)))
        return [(node, degree) for node, degree in rows if degree]

    @translated
    def walk(self, starts: Collection[int], walk: Walk) -> Closure:
        """Return everything reached from `starts`."""
        return walks.closure(self._rows, self.revision, starts, walk)

    @translated
    def census(self, starts: Collection[int], walk: Walk) -> Census:
        """Count everything reached from `starts`."""
        return walks.census(self._rows, self.revision, starts, walk)

    @translated
    def survey(self, starts: Collection[int], walk: Walk, picks: Sequence[Pick]) -> Survey:
        """Count everything reached from `starts` and pick out some of it, in one walk."""
        return walks.survey(self._rows, self.revision, starts, walk, picks)

    @translated
    def comes_from(
        self, starts: Collection[int], nodes: Collection[int], kinds: Collection[EdgeKind]
    ) -> set[int]:
        """Return those of the nodes that the starts come from, in one query."""
        given = (str(list(starts)), codes.edge_mask(kinds), self.revision, 0, str(list(nodes)))
        return {node for (node,) in self._rows(statements.COMES_FROM, given)}

    @translated
    def path(self, source: int, target: int, kinds: Collection[EdgeKind]) -> list[int] | None:
        """Return one shortest way, or None."""
        return paths.shortest(self._rows, self.revision, source, target, kinds)

    @translated
    def history(self, node: int, key: str) -> list[Interval]:
        """Return what the value was, oldest first."""
        return [
            Interval(since, until if until <= self.revision else None, codes.decode(value))
            for since, until, value in self._rows(statements.HISTORY, (node, key, self.revision))
        ]

    @translated
    def at(self, revision: int) -> datetime | None:
        """Return when a revision was committed."""
        if revision > self.revision:
            return None
        for (at,) in self._rows(statements.TIME_OF, (revision,)):
            return from_microseconds(at)
        return None


def _refused(_statement: str, _parameters: Parameters) -> list[codes.Row]:
    raise closed()


def _read(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Decode the cells of a table; few tables hold a truth value, all else is as it was stored."""
    if bytes not in set(map(type, chain.from_iterable(rows))):
        return rows
    return [tuple(map(codes.decode, row)) for row in rows]


@cache
def _table_statement(columns: tuple[tuple[Column, ...], ...]) -> str:
    return statements.table(
        tuple((origin, key, codes.node_mask(kinds)) for origin, key, kinds in alternatives)
        for alternatives in columns
    )
