"""Recall and exposure on random graphs: against networkx, and each the inverse of the other."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import pytest

from lineage_registry.artifacts.local import LocalArtifactStore
from lineage_registry.domain.graph import CARRYING, EdgeKind, NodeKind
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import Direction
from lineage_registry.ports.commands import Recalled, Source
from lineage_registry.ports.formats import HandlerRegistry
from lineage_registry.ports.graph import GraphStore
from lineage_registry.registry import Registry
from lineage_registry.services.local import LocalCommands
from lineage_registry.services.workplace import Workplace
from lineage_registry.testing.graph.random_graphs import RandomGraph
from tests.conformance.graph_backends import opened

NODES = 50
ASKED = 8
SWITCHES = [
    {"inferred": inferred, "evaluated": evaluated}
    for inferred in (True, False)
    for evaluated in (True, False)
]


class Known(NamedTuple):
    """A random graph in a registry, and as networkx has it: edges from cause to effect."""

    registry: Registry
    graph: "nx.MultiDiGraph[str]"

    def of_kind(self, kind: NodeKind) -> list[str]:
        return [node for node, found in self.graph.nodes(data="kind") if found is kind]

    def followed(self, *, inferred: bool, evaluated: bool) -> "nx.MultiDiGraph[str]":
        kinds = CARRYING | {EdgeKind.EVALUATED_ON} if evaluated else CARRYING
        return self.only(lambda one: one["kind"] in kinds and (inferred or one["declared"]))

    def only(self, taken: Callable[[dict[str, Any]], bool]) -> "nx.MultiDiGraph[str]":
        left: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        left.add_nodes_from(self.graph.nodes(data=True))
        edges = self.graph.edges(data=True)
        left.add_edges_from((u, v, one) for u, v, one in edges if taken(one))
        return left


def as_networkx(store: GraphStore, ids: list[int]) -> "nx.MultiDiGraph[str]":
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    with store.view() as view:
        nodes = view.nodes(ids, ("deleted",))
        named = references_of(view, ids)
        for id_, node in nodes.items():
            graph.add_node(named[id_], kind=node.kind, deleted="deleted" in node.values)
        for edge in view.edges(ids, Direction.UPSTREAM, list(EdgeKind)):
            said = {"kind": edge.kind, "role": edge.role, "declared": edge.declared}
            graph.add_edge(named[edge.target], named[edge.source], **said)
    return graph


@pytest.fixture(
    params=[
        pytest.param((name, seed), id=f"{name}-{seed}", marks=marks)
        for name, seeds, marks in (
            ("sqlite-memory", range(12), ()),
            ("neo4j", range(2), pytest.mark.neo4j),
        )
        for seed in seeds
    ]
)
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Known]:
    name, seed = request.param
    with opened(name, request) as backend:
        random = RandomGraph(backend.store, seed)
        random.grow(NODES)
        work = Workplace(backend.store, LocalArtifactStore(tmp_path / "a"), HandlerRegistry([]))
        registry = Registry(LocalCommands(work), work.artifacts, work.formats, "ada")
        yield Known(registry, as_networkx(backend.store, random.ids))


def demand_a_way(graph: "nx.MultiDiGraph[str]", one: Recalled | Source, start: str) -> None:
    """Check that the path begins at the start, follows edges and is as long as it is far."""
    assert one.path[0].reference == start
    assert one.path[-1].reference == one.reference
    assert len(one.path) == one.distance + 1
    for before, step in pairwise(one.path):
        ends = before.reference, step.reference
        ends = ends if isinstance(one, Recalled) else ends[::-1]
        said = {"kind": step.edge, "role": step.role, "declared": step.declared}
        assert said in graph.get_edge_data(*ends).values()


@pytest.mark.parametrize("switches", SWITCHES)
def test_recall_finds_what_networkx_finds(known: Known, switches: dict[str, bool]) -> None:
    graph = known.followed(**switches)
    declared = known.only(lambda one: one["kind"] in graph_kinds(graph) and one["declared"])
    used = known.only(lambda one: one["kind"] in CARRYING)
    for start in known.of_kind(NodeKind.DATASET_VERSION)[:ASKED]:
        far = nx.single_source_shortest_path_length(graph, start)
        for deleted in (True, False):
            found = known.registry.recall(start, datasets=True, deleted=deleted, **switches)
            expected = {
                node: distance
                for node, distance in far.items()
                if graph.nodes[node]["kind"] in {NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION}
                and (deleted or not graph.nodes[node]["deleted"])
            }
            assert {one.reference: one.distance for one in found.versions} == expected
            assert found.total == len(expected) == sum(one.nodes for one in found.counts)
            assert found.next_cursor is None
            for one in found.versions:
                demand_a_way(graph, one, start)
                assert (one.status == "deleted") == graph.nodes[one.reference]["deleted"]
                assert one.declared == nx.has_path(declared, start, one.reference)
                if not switches["inferred"]:
                    assert one.declared
                if switches["inferred"]:
                    assert one.tested_only != nx.has_path(used, start, one.reference)
            on_ways = {step.reference for one in found.versions for step in one.path}
            assert {node.reference for node in found.lineage.nodes} == on_ways
            assert len(found.lineage.edges) == max(len(on_ways) - 1, 0)


def graph_kinds(graph: "nx.MultiDiGraph[str]") -> set[EdgeKind]:
    return {kind for _, _, kind in graph.edges(data="kind")}


@pytest.mark.parametrize("switches", SWITCHES)
def test_exposure_is_the_inverse_of_recall(known: Known, switches: dict[str, bool]) -> None:
    graph = known.followed(**switches)
    starts = known.of_kind(NodeKind.DATASET_VERSION)[:ASKED]
    starts += known.of_kind(NodeKind.MODEL_VERSION)[:3]
    versions = known.of_kind(NodeKind.MODEL_VERSION)
    exposed = {
        version: known.registry.exposure(version, models=True, **switches) for version in versions
    }
    for version, found in exposed.items():
        for one in found.sources:
            demand_a_way(graph, one, version)
            assert (one.status == "deleted") == graph.nodes[one.reference]["deleted"]
    for start in starts:
        recalled = known.registry.recall(start, deleted=True, **switches)
        inverse = {
            version: (one.distance, one.declared, one.tested_only)
            for version, found in exposed.items()
            for one in found.sources
            if one.reference == start
        }
        # What is recalled is itself recalled; it is not exposed to itself.
        used = {
            one.reference: (one.distance, one.declared, one.tested_only)
            for one in recalled.versions
            if one.distance
        }
        assert used == inverse


def test_pages_join_to_the_whole_answer(known: Known) -> None:
    start = known.of_kind(NodeKind.DATASET_VERSION)[0]
    whole = known.registry.recall(start, datasets=True, deleted=True)
    joined: list[Recalled] = []
    cursor = None
    while True:
        page = known.registry.recall(start, datasets=True, deleted=True, limit=2, cursor=cursor)
        assert page.total == whole.total
        joined += page.versions
        cursor = page.next_cursor
        assert page.truncated == (cursor is not None)
        if cursor is None:
            break
    assert joined == whole.versions
