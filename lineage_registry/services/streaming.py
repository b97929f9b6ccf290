"""Large lineages whose nodes and edges are read while they are written down."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import LineageNode
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.streams import BATCH, Streamed, StreamedNodes
from lineage_registry.domain.traversal import edges_among
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.ports.graph import GraphStore
from lineage_registry.services.lineage_nodes import masked, node_rows


@dataclass(frozen=True)
class LargePage:
    """One page of a lineage, of which no more is held than the distances.

    Each batch opens the revision anew: a revision never changes, and a client who reads slowly, or
    goes away, keeps no snapshot of the store.

    Attributes:
        known: The nodes up to the end of the page, in order, and their distances.
        skipped: How many of them earlier pages had.
        joined: How many edges the page has, if that is known; else they are read twice where
            somebody asks how many there are.
        kinds: Edges to report.
        inferred: Whether to report edges that nobody declared.
        deleted: Whether some of the nodes may be deleted.
        fields: What to say of a node; None is all.
    """

    graph: GraphStore
    revision: int
    known: Mapping[int, int] = field(repr=False)
    skipped: int
    joined: int | None
    kinds: Collection[EdgeKind]
    inferred: bool
    deleted: bool
    fields: Collection[str] | None

    def nodes(self) -> StreamedNodes:
        """Return the nodes of the page."""
        size = len(self.known) - self.skipped
        return StreamedNodes(self._describe, self._references, size)

    def edges(self) -> Sequence[Edge]:
        """Return the edges of the page; none if they were not asked for."""
        if self.fields is not None and "edges" not in self.fields:
            return []
        return Streamed(self._edges, self.joined)

    def kinds_of_nodes(self) -> Iterator[NodeKind]:
        """Yield the kinds of the nodes of the page, but those of the starts."""
        left = islice(self.known.items(), self.skipped, None)
        while batch := dict(islice(left, BATCH)):
            with self._view() as view:
                rows = list(view.table([id_ for id_, far in batch.items() if far], ()))
            yield from (kind for kind, _ in rows)

    def _describe(self) -> Iterator[Sequence[LineageNode]]:
        left = islice(self.known.items(), self.skipped, None)
        while batch := dict(islice(left, BATCH)):
            with self._view() as view:
                told = node_rows(view, batch, deleted=self.deleted)
            yield told if self.fields is None else masked(told, self.fields)

    def _edges(self) -> Iterator[Sequence[Edge]]:
        # By the edges that leave: they come in order of their sources, and no node has many.
        sources = iter(sorted(self.known))
        new = set(islice(self.known, self.skipped, None)) if self.skipped else None
        while batch := list(islice(sources, BATCH)):
            with self._view() as view:
                found = view.edges(batch, Direction.UPSTREAM, self.kinds)
            yield edges_among(found, self.known, new, inferred=self.inferred)

    def _references(self, ids: Iterable[int]) -> Mapping[int, str]:
        with self._view() as view:
            return references_of(view, set(ids))

    def _view(self) -> AbstractContextManager[GraphView]:
        return self.graph.view(self.revision)
