"""Questions about lineage with every parameter, on every engine, against networkx."""

import itertools
import random
from contextlib import contextmanager
from typing import get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.lineage import NodeField
from lineage_registry.domain.resolution import write_references
from lineage_registry.domain.streams import Streamed
from lineage_registry.errors import DeletedError, InvalidQueryError
from lineage_registry.exports import answer_chunks, export, export_chunks
from lineage_registry.ports.commands import Context, GetLineage
from lineage_registry.services import lineage, streaming, traversal
from lineage_registry.services.lineage import get_lineage, stream_lineage
from lineage_registry.services.workplace import Workplace
from lineage_registry.testing.graph.oracle_rules import replayed
from lineage_registry.testing.graph.random_graphs import RandomGraph
from lineage_registry.testing.graph.writing import commit, delete, derived, put, restore, version
from lineage_registry.testing.reference_graph import ReferenceView
from tests.conformance.graph_backends import (
    in_memory_reference,
    neo4j_server_store,
    sqlite_in_memory,
)
from tests.conformance.lineage_oracle import expected

FIELDS = [*get_args(NodeField), "edges"]
NOBODY = Context("nobody")
EXAMPLES = {"reference": 25, "sqlite": 120, "neo4j": 15}
BACKENDS = ["reference", "sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)]
_numbers = itertools.count(1_000)


@pytest.fixture(scope="module", params=BACKENDS)
def engine(request):
    """A random graph in a store: the workplace, and the reference of each node."""
    opened = {
        "reference": in_memory_reference,
        "sqlite": sqlite_in_memory,
        "neo4j": lambda: neo4j_server_store(request.getfixturevalue("neo4j_server")),
    }[request.param]
    with opened() as backend:
        graph = RandomGraph(backend.store, seed=7)
        graph.grow(60)
        with backend.store.view() as view:
            named = write_references(view, view.nodes(graph.ids))
        yield Engine(request.param, backend.store, named)


class Engine:
    def __init__(self, name, store, named):
        self.work = Workplace(store, None, None)
        self.store, self.named = store, named
        self.ids = {reference: node for node, reference in named.items()}
        self.questions = settings(
            max_examples=EXAMPLES[name],
            database=None,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )

    def ask(self, command, **changes):
        return get_lineage(self.work, command.model_copy(update=changes), NOBODY)

    def visible(self, view, command):
        return command.deleted or not any(view.is_deleted(self.ids[one]) for one in command.start)


def commands(engine):
    """Draw questions; each parameter is often left out."""
    references = st.sampled_from(sorted(engine.ids))
    node_kinds = st.one_of(
        st.none(), st.none(), st.none(), st.lists(st.sampled_from(NodeKind), max_size=5)
    )
    compared = st.lists(
        st.sampled_from(["x=1", "x>=1", "y<2", "y=a", "x=true", "y=b", "x<=1.5"]), max_size=1
    )
    rarely = st.one_of(st.just([]), st.just([]), compared)
    edge_kinds = st.one_of(
        st.none(), st.none(), st.just(list(EdgeKind)), st.lists(st.sampled_from(EdgeKind))
    )
    return st.builds(
        GetLineage,
        start=st.lists(references, min_size=1, max_size=3),
        direction=st.sampled_from(["upstream", "downstream", "both"]),
        depth=st.one_of(st.none(), st.integers(0, 5)),
        depth_unit=st.sampled_from(["hops", "versions"]),
        edge_kinds=edge_kinds,
        through=node_kinds,
        node_kinds=node_kinds,
        param=rarely,
        stop_at=st.one_of(st.just([]), st.lists(references, max_size=4)),
        stop_when=rarely.map(lambda texts: [f"param:{text}" for text in texts]),
        hide_stops=st.booleans(),
        deleted=st.booleans(),
        inferred=st.booleans(),
        limit=st.one_of(st.just(10_000), st.integers(1, 12)),
        as_of=st.none(),
    )


def test_every_question_has_the_answer_of_networkx(engine):
    model = replayed(engine.store)
    last = engine.store.head().revision

    @engine.questions
    @given(commands(engine), st.integers(last - 3, last))
    def check(command, revision):
        view = ReferenceView(model, revision)
        starts = [engine.ids[one] for one in command.start]
        assume(
            all(view.exists(node) for node in [*starts, *(engine.ids[s] for s in command.stop_at)])
        )
        assume(engine.visible(view, command))
        found = engine.ask(command, as_of=revision)
        right = expected(view, command, starts, [engine.ids[one] for one in command.stop_at])
        assert [(node.id, node.distance) for node in found.nodes] == right.nodes
        assert list(found.edges) == right.edges
        assert found.truncated_by == right.truncated_by
        assert found.truncated == (right.truncated_by is not None)
        assert found.omitted == right.omitted
        assert found.has_more == right.has_more
        assert (found.next_cursor is not None) == (right.truncated_by == "limit")
        assert found.depth_reached == right.nodes[-1][1]
        bare = engine.ask(command, as_of=revision, count=False, fields=["distance"])
        assert [(node.id, node.distance) for node in bare.nodes] == right.nodes
        assert (bare.omitted, bare.has_more, bare.edges) == (None, None, [])
        assert bare.truncated_by == right.truncated_by

    check()


def test_an_answer_in_parts_has_the_bytes_of_the_whole(engine, monkeypatch):
    monkeypatch.setattr(lineage, "LARGE", 4)
    for module in (streaming, traversal):
        monkeypatch.setattr(module, "BATCH", 3)
    streamed = []

    @engine.questions
    @given(
        commands(engine), st.integers(1, 6), st.one_of(st.none(), st.sets(st.sampled_from(FIELDS)))
    )
    def check(command, size, fields):
        command = command.model_copy(update={"fields": None if fields is None else sorted(fields)})
        try:
            first = engine.ask(command, limit=size)
        except DeletedError:
            return
        for change in ({}, {"limit": 30}, {"limit": 30, "cursor": first.next_cursor}):
            if change.get("cursor", "") is None:
                continue
            asked = command.model_copy(update=change)
            whole = get_lineage(engine.work, asked, NOBODY)
            parts = stream_lineage(engine.work, asked, NOBODY)
            streamed.append(isinstance(parts.nodes, Streamed))
            assert "".join(answer_chunks(parts)) == whole.model_dump_json()
            for name in ("json", "node-link", "csv-nodes", "csv-edges") if fields is None else ():
                assert b"".join(export_chunks(parts, name)) == export(whole, name)

    check()
    assert 0 < sum(streamed) < len(streamed)


def test_pages_join_to_the_whole_whatever_is_written_meanwhile(engine):
    last = engine.store.head().revision
    dice = random.Random(5)

    @engine.questions
    @given(commands(engine), st.lists(st.integers(1, 7), min_size=1, max_size=4))
    def check(command, sizes):
        try:
            whole = engine.ask(command, limit=100_000)
        except DeletedError:  # what a start means may have been deleted by now
            return
        nodes, edges, cursor, left = [], [], None, None
        for size in itertools.cycle(sizes):
            page = engine.ask(command, limit=size, cursor=cursor)
            assert page.given == max(len(nodes) - _starts(nodes), 0)
            assert page.revision == whole.revision
            nodes += page.nodes
            edges += page.edges
            if left is not None:
                arrived = [node.kind for node in page.nodes]
                assert page.omitted == {
                    kind: count - arrived.count(kind)
                    for kind, count in left.items()
                    if count > arrived.count(kind)
                }
            cursor, left = page.next_cursor, page.omitted
            if cursor is None:
                break
            _write(engine, dice)
        assert nodes == list(whole.nodes)
        assert sorted(edges) == sorted(whole.edges)
        assert len(set(edges)) == len(edges)
        assert (page.truncated_by, page.omitted) == (whole.truncated_by, whole.omitted)

    check()
    assert engine.store.head().revision > last


def _starts(nodes):
    return sum(not node.distance for node in nodes)


def _write(engine, dice):
    """Change something that pages may not notice: what is there, and what hangs from it."""
    node = dice.choice(sorted(engine.named))
    child = version(1, next(_numbers), derived(node)) if _is_model_version(engine, node) else None
    commit(engine.store, *[child or put(node, x=dice.randrange(3))])
    commit(engine.store, dice.choice([delete, restore])(node))


def _is_model_version(engine, node):
    return engine.named[node].startswith("models:/")


@contextmanager
def refused(words):
    with pytest.raises(InvalidQueryError, match=words):
        yield


def test_a_cursor_fits_its_question_only(engine):
    with engine.store.view() as view:
        alive = [
            reference
            for node, reference in engine.named.items()
            if not view.values([(node, "deleted")])
        ]
    command = GetLineage(start=alive[:20], limit=1, direction="both")
    cursor = engine.ask(command).next_cursor
    assert cursor
    assert engine.ask(command, cursor=cursor, limit=50).given == 1
    for other in (
        {"direction": "upstream"},
        {"depth": 3},
        {"depth_unit": "versions"},
        {"count": False},
        {"fields": []},
        {"deleted": True},
        {"start": alive[:19]},
        {"as_of": 4},
        {"stop_when": ["stage:Production"]},
    ):
        with refused("another question"):
            engine.ask(command, cursor=cursor, **other)
    for wrong in ("x", cursor[:-9], "W10", "\N{SNOWMAN}", cursor + "AAAA", "bnVsbA"):
        with refused("not a cursor"):
            engine.ask(command, cursor=wrong)
