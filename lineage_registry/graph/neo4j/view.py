"""The state at one revision, read from the server."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from lineage_registry.domain.graph import LINEAGE, Edge, EdgeKind, Interval, Node, NodeKind, Scalar
from lineage_registry.domain.view import (
    Address,
    Census,
    Closure,
    Column,
    Direction,
    GraphView,
    Located,
    Pick,
    Selection,
    Survey,
    Walk,
)
from lineage_registry.errors import BackendError
from lineage_registry.graph.neo4j.connection import Reader, Row
from lineage_registry.graph.neo4j.folding import STILL
from lineage_registry.graph.neo4j.rendering import interval_from, node_from
from lineage_registry.graph.neo4j.state import check_ready
from lineage_registry.graph.neo4j.tables import table_of
from lineage_registry.graph.neo4j.walking import Walker, filter_parameters, in_bounds, unfit
from lineage_registry.ports import collector
from lineage_registry.ports.graph import from_microseconds


class Neo4jView(GraphView):
    """Every answer is one statement that keeps what held at the revision."""

    def __init__(self, reader: Reader, revision: int | None = None, at: int | None = None) -> None:
        """Read as of a revision.

        Args:
            reader: Whoever sends the statements.
            revision: None is the newest one when something is read first; most questions begin
                with looking for the nodes they are about, and that finds it by the way.
            at: When it was committed, if that is known.
        """
        self._revision = revision
        self._at = at
        self._reader = reader

    @property
    def revision(self) -> int:
        """The revision that everything is read as of.

        Raises:
            ProjectionMismatchError: The graph is unfinished, or of other software.
        """
        known = self._revision
        if known is None:
            known = self.revision = self._newest(self._reader.read("read.head", {}))
        return known

    @revision.setter
    def revision(self, revision: int) -> None:
        self._revision = revision

    def _newest(self, found: Sequence[Row]) -> int:
        if not found:
            raise BackendError("the Neo4j database holds no registry any more")
        head = found[0]
        check_ready(head)
        self._at = head["at"] if head["revision"] else None
        return int(head["revision"])

    @cached_property
    def _walker(self) -> Walker:
        return Walker(self._reader, self.revision)

    def values(self, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], Scalar]:
        """Return those of the wanted values that hold."""
        slots = [[node, key] for node, key in dict.fromkeys(wanted) if 0 <= node < STILL]
        if not slots:
            return {}
        parameters = {"wanted": slots, "revision": self.revision}
        rows = self._reader.read("read.values", parameters)[0]["rows"]
        return {(node, key): value for node, key, value in rows}

    def values_under(self, node: int, prefix: str) -> dict[str, Scalar]:
        """Return the values whose keys begin so."""
        parameters = {"node": node, "prefix": prefix, "revision": self.revision}
        return dict(self._reader.read("read.values_under", parameters)[0]["rows"])

    def locate(self, addresses: Collection[Address]) -> dict[Address, Located]:
        """Return where each address leads."""
        wanted = list(dict.fromkeys(addresses))
        if not wanted:
            return {}
        parameters = {"addresses": [list(one) for one in wanted], "revision": self._revision}
        found = self._reader.read("read.locate", parameters)
        if self._revision is None:
            self.revision = self._newest(found)
        return {wanted[place]: Located(*led) for place, *led in found[0]["rows"]}

    def nodes(self, ids: Collection[int], keys: Collection[str] | None = None) -> dict[int, Node]:
        """Return the nodes of these ids that exist, in that order."""
        parameters: dict[str, object] = {"ids": in_bounds(ids), "revision": self.revision}
        if not parameters["ids"]:
            return {}
        if keys is None:
            found = self._reader.read("read.nodes", parameters)
        else:
            parameters["keys"] = list(dict.fromkeys(keys))
            found = self._reader.read("read.nodes_with", parameters)
        return {row[0]: node_from(row) for row in found[0]["rows"]}

    def table(self, ids: Collection[int], columns: Sequence[Sequence[Column]]) -> Iterable[Any]:
        """Return (kind, (id, None, *cells)) for each node, in one statement."""
        table = table_of(tuple(map(tuple, columns)))
        parameters = {"ids": in_bounds(ids), "revision": self.revision, **table.parameters}
        if not parameters["ids"]:
            return []
        with collector.paused():
            return table.rows(self._reader.read("read.table", parameters)[0])

    def changed(self, ids: Collection[int]) -> dict[int, int]:
        """Return the revision that last changed each node."""
        parameters = {"ids": in_bounds(ids), "revision": self.revision}
        rows = self._reader.read("read.changed", parameters)[0]["rows"]
        return {node: max(made, begun or 0, ended or 0) for node, made, begun, ended in rows}

    def select(self, selection: Selection, after: int | None, limit: int) -> list[int]:
        """Return up to `limit` ids that fit, in order."""
        if limit <= 0 or unfit(selection.filters):
            return []
        low, high = -1, STILL
        if after is not None and selection.newest_first:
            high = min(max(after, low), high)
        elif after is not None:
            low = min(max(after, low), high)
        parameters: dict[str, object] = {
            "kind": selection.kind.value,
            "filters": filter_parameters(selection.filters),
            "deleted": selection.deleted,
            "low": low,
            "high": high,
            "limit": min(limit, STILL),
            "revision": self.revision,
        }
        name = "read.select_kind"
        if selection.owner is not None:
            name, parameters["owner"] = "read.select_owner", selection.owner
        order = "DESC" if selection.newest_first else "ASC"
        ids: list[int] = self._reader.read(name, parameters, order=order)[0]["ids"]
        return ids

    def edges(
        self, ids: Collection[int], direction: Direction, kinds: Collection[EdgeKind]
    ) -> Sequence[Edge]:
        """Return the edges of `kinds` that leave or enter these nodes."""
        with collector.paused():
            return self._walker.edges(ids, direction, kinds)

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
        parameters = {
            "ids": in_bounds(ids),
            "kinds": sorted(kinds),
            "deleted": deleted,
            "inferred": inferred,
            "revision": self.revision,
        }
        rows = self._reader.read(f"read.degrees_{direction.value}", parameters)[0]["rows"]
        return dict(rows)

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
        parameters = {
            "node_kinds": sorted(set(node_kinds)),
            "kinds": sorted(kinds),
            "deleted": deleted,
            "limit": min(max(limit, 0), STILL),
            "revision": self.revision,
        }
        rows = self._reader.read(f"read.busiest_{direction.value}", parameters)[0]["rows"]
        return [(node, degree) for node, degree in rows]

    def walk(self, starts: Collection[int], walk: Walk) -> Closure:
        """Return everything reached from `starts`."""
        # The driver makes a list of each row, and a walk may have hundreds of thousands.
        with collector.paused():
            return self._walker.closure(starts, walk)

    def census(self, starts: Collection[int], walk: Walk) -> Census:
        """Count what `walk` finds."""
        return self._walker.census(starts, walk)

    def survey(self, starts: Collection[int], walk: Walk, picks: Sequence[Pick]) -> Survey:
        """Count what `walk` finds and name some of it, from one walk."""
        return self._walker.survey(starts, walk, picks)

    def comes_from(
        self, starts: Collection[int], nodes: Collection[int], kinds: Collection[EdgeKind]
    ) -> set[int]:
        """Return those of the nodes that the starts come from, in one statement."""
        parameters = {
            "starts": in_bounds(starts),
            "nodes": in_bounds(nodes),
            "kinds": sorted(kinds),
            "revision": self.revision,
        }
        return set(self._reader.read("read.comes_from", parameters)[0]["ids"])

    def path(self, source: int, target: int, kinds: Collection[EdgeKind]) -> list[int] | None:
        """Return one shortest way along the edges' direction, or None."""
        if source == target:
            return [source]
        parameters = {
            "source": source,
            "target": target,
            "kinds": sorted(kinds),
            "revision": self.revision,
        }
        rows = self._reader.read("read.path", parameters)
        return list(rows[0]["ids"]) if rows else None

    def history(self, node: int, key: str) -> list[Interval]:
        """Return what the value was up to this revision, oldest first."""
        parameters = {"node": node, "key": key, "revision": self.revision}
        rows = self._reader.read("read.history", parameters)
        return [interval_from(row, self.revision) for row in rows]

    def at(self, revision: int) -> datetime | None:
        """Return when a revision was committed."""
        if revision == self.revision and self._at is not None:
            return from_microseconds(self._at)
        rows = self._reader.read("read.time", {"revision": revision})
        return from_microseconds(rows[0]["at"]) if rows else None
