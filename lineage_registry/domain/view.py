"""The graph at one revision, as the rules and the services read it."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final, NamedTuple

from lineage_registry.domain.graph import (
    LINEAGE,
    REGISTRY,
    Edge,
    EdgeKind,
    Interval,
    Node,
    NodeKind,
    Scalar,
)

_AT_ONCE: Final = 10_000


class Direction(StrEnum):
    """Which way to walk: to the causes, or to the effects."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Comparison(StrEnum):
    """How a value is compared; CONTAINS ignores case and fits text only, ABSENT no value at all."""

    EQUAL = "eq"
    LESS = "lt"
    AT_MOST = "le"
    GREATER = "gt"
    AT_LEAST = "ge"
    CONTAINS = "contains"
    ABSENT = "absent"


_ORDERS: Final[Mapping[Comparison, Callable[[Any, Any], bool]]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.AT_LEAST: operator.ge,
}


class Filter(NamedTuple):
    """Nodes whose temporal value `key` compares so to `value`.

    Text compares with text only and numbers with numbers only; a node without the key fits only
    where it is to be absent.
    """

    key: str
    comparison: Comparison
    value: Scalar

    def fits(self, value: Scalar | None) -> bool:
        """Tell whether a value passes; None is no value."""
        if self.comparison is Comparison.ABSENT:
            return value is None
        if value is None or _family(value) is not _family(self.value):
            return False
        if isinstance(value, bool):
            return self.comparison is Comparison.EQUAL and value == self.value
        if self.comparison is Comparison.CONTAINS:
            return isinstance(value, str) and str(self.value).lower() in value.lower()
        return bool(_ORDERS[self.comparison](value, self.value))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which nodes to list.

    Attributes:
        owner: Only versions of this model or dataset.
        filters: All of them hold.
        deleted: Whether deleted nodes are listed too.
        newest_first: Descending ids instead of ascending ones.
    """

    kind: NodeKind
    owner: int | None = None
    filters: tuple[Filter, ...] = ()
    deleted: bool = False
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """How to traverse.

    Attributes:
        depth: Edges from a start at most; None goes to the end.
        kinds: Edges to follow; none of them when empty.
        through: Kinds of nodes to walk on through; a node of another kind is not reached at all.
        stop_at: Nodes that are reached but not walked through; a start among them, too.
        deleted: Whether to go through deleted nodes. If not they are not reached at all; a start
            counts even when it is deleted.
        inferred: Whether to follow edges that nobody declared.
        report: Kinds of nodes to report; the others are walked through silently.
        having: Filters that a reported node passes.
        limit: Nodes to report at most, closest first by (distance, id); None reports all.
        edges: Whether to report the edges among the reported nodes.
        counted: Whether to say how many these are, where that is cheaper than to report them.
        columns: What to read of the reported nodes by the way, where that saves a question.
    """

    direction: Direction = Direction.UPSTREAM
    depth: int | None = None
    kinds: frozenset[EdgeKind] = LINEAGE
    through: frozenset[NodeKind] | None = None
    stop_at: frozenset[int] = frozenset()
    deleted: bool = False
    inferred: bool = True
    report: frozenset[NodeKind] | None = None
    having: tuple[Filter, ...] = ()
    limit: int | None = None
    edges: bool = True
    counted: bool = False
    columns: "tuple[tuple[Column, ...], ...] | None" = None


class Closure(NamedTuple):
    """What a walk found.

    Attributes:
        distances: Node to smallest number of edges from a start, in order of (distance, id). The
            starts are in it with 0, whatever `report`, `having` and `limit` say.
        edges: The edges of the walk's kinds among those nodes, in order of (source, kind, target,
            role); each once.
        depth_reached: Largest distance in `distances`.
        truncated: Whether `limit` or `depth` cut off something that would be reported.
        joined: How many edges there are, if the walk was asked to count them and could; None says
            nothing.
        table: What `GraphView.table` returns for these nodes and the walk's columns, if it was read
            by the way.
    """

    distances: Mapping[int, int]
    edges: Sequence[Edge]
    depth_reached: int
    truncated: bool
    joined: int | None = None
    table: Iterable[Any] | None = None


class Census(NamedTuple):
    """What a walk would find, counted; the starts are left out.

    Attributes:
        counts: (distance, kind) to number of nodes.
        owners: The models and datasets whose versions were reached, and how many of each.
    """

    counts: Mapping[tuple[int, NodeKind], int]
    owners: Mapping[int, int]


class Pick(NamedTuple):
    """Which of the nodes that a walk counts to name: of these kinds, with these values.

    Attributes:
        kinds: None is all.
        limit: Nodes at most, closest first by (distance, id).
    """

    kinds: frozenset[NodeKind] | None
    having: tuple[Filter, ...]
    limit: int


class Picked(NamedTuple):
    """What a pick names.

    Attributes:
        distances: Node to distance, closest first; the starts are left out.
        more: Whether there is more than its limit.
    """

    distances: Mapping[int, int]
    more: bool


class Survey(NamedTuple):
    """What a walk would find, counted, and some of it named: one for each pick."""

    census: Census
    picked: Sequence[Picked]


def picked_of(found: Mapping[int, int], pick: Pick) -> Picked:
    """Cut what was found, in order and one more than wanted, down to what a pick names."""
    return Picked(dict(islice(found.items(), pick.limit)), len(found) > pick.limit)


class Origin(StrEnum):
    """Where a column comes from: a fact of the node, a value of it, or a value of its owner."""

    FACT = "fact"
    VALUE = "value"
    OWNER_VALUE = "owner_value"


class Column(NamedTuple):
    """What a column of a table holds for nodes of these kinds; None where it is not there.

    Keys of columns are names in the code; they never come from a user.
    """

    origin: Origin
    key: str
    kinds: frozenset[NodeKind]


class Address(NamedTuple):
    """How a reference leads to a node: by keys of values that hold ids.

    Attributes:
        key: Key of the registry's value that names the first node, such as `model/resnet50`.
        then: Key of that node's value that names a second one, such as `alias/champion`. With
            `behind` the second one is named by the registry: its key is `then`, the id of the
            first node, and `behind`, such as `number/` and `/3`.
    """

    key: str
    then: str | None = None
    behind: str | None = None


class Located(NamedTuple):
    """Where an address leads.

    Attributes:
        first: The node that the registry names.
        second: The node found from there, if the address asks for one and it is there.
        deleted: Whether one of them is deleted.
    """

    first: int
    second: int | None
    deleted: bool


_Cells = tuple[Any, ...]


class NodeTable:
    """What `GraphView.table` read: the kinds of the nodes, and a row for each.

    Apart, not in pairs: the garbage collector passes over rows of text and numbers, but would visit
    a hundred thousand pairs again and again.

    Attributes:
        rows: Their cells as the engine stores them, so that what is not looked at costs nothing.
        read: Makes values of stored cells, many rows at once.
    """

    __slots__ = ("kinds", "read", "rows")

    def __init__(
        self,
        kinds: Sequence[NodeKind],
        rows: Sequence[_Cells],
        read: Callable[[Sequence[_Cells]], Sequence[_Cells]] = lambda rows: rows,
    ) -> None:
        self.kinds = kinds
        self.rows = rows
        self.read = read

    def __iter__(self) -> Iterator[tuple[NodeKind, _Cells]]:
        return zip(self.kinds, self.read(self.rows), strict=True)


class GraphView(ABC):
    """The state at one revision; inside a decision it shows what was already decided, too."""

    revision: int

    @abstractmethod
    def values(self, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], Scalar]:
        """Return those of the wanted (node, key) values that hold, in one round trip."""

    @abstractmethod
    def values_under(self, node: int, prefix: str) -> dict[str, Scalar]:
        """Return the values of a node that hold and whose keys begin so, by key, in one read.

        Prefixes are names in the code; they never come from a user, and are not empty.
        """

    def locate(self, addresses: Collection[Address]) -> dict[Address, Located]:
        """Return where each address leads; those whose first node is missing are left out.

        A step waits for the one before, so an engine far away takes them all in one round trip.
        """
        first = self.values({(REGISTRY, address.key) for address in addresses})
        found = {
            address: int(first[REGISTRY, address.key])
            for address in addresses
            if (REGISTRY, address.key) in first
        }
        slots = {address: _slot(address, node) for address, node in found.items() if address.then}
        second = self.values(set(slots.values())) if slots else {}
        ends = {address: second.get(slot) for address, slot in slots.items()}
        ids = {*found.values(), *(int(end) for end in ends.values() if end is not None)}
        gone = self.values({(id_, "deleted") for id_ in ids})
        return {
            address: Located(
                node,
                None if (end := ends.get(address)) is None else int(end),
                deleted=(node, "deleted") in gone or (end, "deleted") in gone,
            )
            for address, node in found.items()
        }

    @abstractmethod
    def nodes(self, ids: Collection[int], keys: Collection[str] | None = None) -> dict[int, Node]:
        """Return the nodes of these ids that exist, with their values of `keys` (None: all).

        Deleted nodes are nodes like others. The order is that of `ids`.
        """

    def table(self, ids: Collection[int], columns: Sequence[Sequence[Column]]) -> Iterable[Any]:
        """Return (kind, (id, _, *cells)) for each of these nodes that exists, in their order.

        A cell is read as the first column says that is meant for the node's kind. Answers with
        many nodes need little of each; an engine that can fetch just that does so. The second
        place of a row belongs to the engine.
        """
        nodes = self.nodes(ids, ())
        meant = {
            node.id: [column_for(node.kind, alternatives) for alternatives in columns]
            for node in nodes.values()
        }
        held = self.values(
            {
                (_holder(nodes[id_], column), column.key)
                for id_, of_node in meant.items()
                for column in of_node
                if column is not None and column.origin is not Origin.FACT
            }
        )
        return [
            (node.kind, (id_, None, *(_cell(node, column, held) for column in meant[id_])))
            for id_, node in nodes.items()
        ]

    @abstractmethod
    def changed(self, ids: Collection[int]) -> dict[int, int]:
        """Return for each node the revision that last made it or set or ended a value of it.

        The registry itself is no node.
        """

    @abstractmethod
    def select(self, selection: Selection, after: int | None, limit: int) -> list[int]:
        """Return up to `limit` ids that fit, in order, those behind `after` only."""

    def select_all(self, selection: Selection) -> Iterator[int]:
        """Yield all ids that fit, in order, read in parts."""
        after: int | None = None
        while batch := self.select(selection, after, _AT_ONCE):
            yield from batch
            if len(batch) < _AT_ONCE:
                return
            after = batch[-1]

    @abstractmethod
    def edges(
        self, ids: Collection[int], direction: Direction, kinds: Collection[EdgeKind]
    ) -> Sequence[Edge]:
        """Return the edges of `kinds` that leave (UPSTREAM) or enter (DOWNSTREAM) these nodes.

        Edges to deleted nodes are edges like others. Order: (source, kind, target, role).
        """

    @abstractmethod
    def degrees(
        self,
        ids: Collection[int],
        direction: Direction,
        kinds: Collection[EdgeKind] = LINEAGE,
        *,
        deleted: bool = False,
        inferred: bool = True,
    ) -> dict[int, int]:
        """Return how many direct neighbours each of these nodes has, without fetching them.

        Neighbours are distinct nodes behind the edges of `kinds` that leave (UPSTREAM) or enter
        (DOWNSTREAM) a node. A node without any is left out.

        Args:
            ids: The nodes; deleted ones have neighbours like others.
            direction: Whether to count causes or effects.
            kinds: Edges to count along; none of them when empty.
            deleted: Whether deleted neighbours count.
            inferred: Whether edges that nobody declared count.
        """

    @abstractmethod
    def busiest(
        self,
        node_kinds: Collection[NodeKind],
        direction: Direction,
        kinds: Collection[EdgeKind] = LINEAGE,
        *,
        limit: int,
        deleted: bool = False,
    ) -> list[tuple[int, int]]:
        """Return the nodes of these kinds with the most direct neighbours, as (id, degree).

        The order is (-degree, id), and a node without neighbours is not in it. Every node of these
        kinds is looked at, whatever the limit; only so many are held.

        Args:
            node_kinds: Kinds of nodes to list; none of them when empty.
            direction: Whether to count causes or effects, as `degrees` does.
            kinds: Edges to count along; none of them when empty.
            limit: Nodes to list at most.
            deleted: Whether deleted nodes are listed, and count as neighbours.
        """

    @abstractmethod
    def walk(self, starts: Collection[int], walk: Walk) -> Closure:
        """Return everything reached from `starts`: breadth first over distinct nodes."""

    @abstractmethod
    def census(self, starts: Collection[int], walk: Walk) -> Census:
        """Count what `walk` finds without holding it; `limit` and `edges` are ignored."""

    def survey(self, starts: Collection[int], walk: Walk, picks: Sequence[Pick]) -> Survey:
        """Count what `walk` finds and name some of it; its `report` and `having` are of the counts.

        An engine that can do with fewer walks does so.
        """
        picked = []
        for pick in picks:
            named = replace(
                walk, report=pick.kinds, having=pick.having, limit=pick.limit + 1, edges=False
            )
            found = self.walk(starts, named).distances
            picked.append(picked_of({id_: far for id_, far in found.items() if far}, pick))
        return Survey(self.census(starts, walk), picked)

    def comes_from(
        self, starts: Collection[int], nodes: Collection[int], kinds: Collection[EdgeKind]
    ) -> set[int]:
        """Return those of the nodes that the starts come from, over edges of `kinds`.

        Passes through deleted nodes; what is a start and one of the nodes is returned. An engine
        that need not carry what lies between does not.
        """
        walk = Walk(kinds=frozenset(kinds), deleted=True, edges=False)
        return set(nodes) & self.walk(starts, walk).distances.keys()

    @abstractmethod
    def path(self, source: int, target: int, kinds: Collection[EdgeKind]) -> list[int] | None:
        """Return one shortest way along the edges' direction, both ends included, or None.

        Passes through deleted nodes. From a node to itself: `[source]`.
        """

    @abstractmethod
    def history(self, node: int, key: str) -> list[Interval]:
        """Return what the value was up to this revision, oldest first."""

    @abstractmethod
    def at(self, revision: int) -> datetime | None:
        """Return when a revision up to this one was committed; None for revision 0."""


def _slot(address: Address, first: int) -> tuple[int, str]:
    if address.behind is None:
        return first, str(address.then)
    return REGISTRY, f"{address.then}{first}{address.behind}"


def _family(value: Scalar) -> type:
    return type(value) if isinstance(value, (bool, str)) else float


def column_for(kind: NodeKind, alternatives: Sequence[Column]) -> Column | None:
    """Return the first of the alternatives that is meant for nodes of this kind."""
    return next((column for column in alternatives if kind in column.kinds), None)


def _holder(node: Node, column: Column) -> int:
    return node.id if column.origin is Origin.VALUE else node.owner


def _cell(
    node: Node, column: Column | None, held: Mapping[tuple[int, str], Scalar]
) -> Scalar | None:
    if column is None:
        return None
    if column.origin is Origin.FACT:
        return node.facts.get(column.key)
    return held.get((_holder(node, column), column.key))
