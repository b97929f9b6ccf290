"""The back door: what a graph store holds, seen and changed without the store under test."""

from typing import NamedTuple, Protocol

from lineage_registry.domain.graph import EdgeKind


class RawCounts(NamedTuple):
    """How many rows there are, ended ones too."""

    events: int
    nodes: int
    values: int
    edges: int


class RawGraph(Protocol):
    """Raw access to the backend of one store."""

    def counts(self) -> RawCounts:
        """Count what is stored."""

    def snapshot(self) -> object:
        """Return everything that is stored, log, head and graph, as one comparable value."""

    def rewrite_event(self, position: int, body: bytes) -> None:
        """Replace the stored bytes of an event and nothing else."""

    def add_edge(self, source: int, kind: EdgeKind, target: int) -> None:
        """Store an edge from revision 1 on, of which no event knows."""
