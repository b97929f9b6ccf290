"""What happens when the server goes away, answers get lost, or the graph is not what it was."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import neo4j
import pytest

from lineage_registry.domain.events import ModelCreated, NameChanged, VersionRegistered
from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.view import Address
from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    InputTooLargeError,
    LogCorruptError,
    ProjectionMismatchError,
)
from lineage_registry.graph.neo4j.store import Neo4jGraphStore
from lineage_registry.ports.graph import GraphStore, Recorded, Request
from lineage_registry.testing.graph.writing import commit, model, write_family
from tests.conformance.graph_backends import Backend, neo4j_server_store

COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""The Bolt message that ends a transaction."""


class Wire:
    """A wire to the server that can be cut around the next commit, or for good."""

    def __init__(self, address: Any) -> None:
        host, _, port = address.uri.removeprefix("bolt://").partition(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"bolt://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut_before_commit = False
        self.cut_after_commit = False
        self.dead_after_cut = False
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.dead_after_cut and self.cuts:
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                threading.Thread(target=self._upstream, args=(near, far), daemon=True).start()
                threading.Thread(target=self._downstream, args=(far, near), daemon=True).start()

    def _upstream(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), near, far:
            while data := near.recv(65536):
                if COMMIT in data and self.cut_before_commit:
                    self.cut_before_commit = False
                    break
                if COMMIT in data and self.cut_after_commit:
                    self.cut_after_commit = False
                    self.cuts += 1
                    self._hang_up(near)
                    far.sendall(data)
                    time.sleep(0.5)
                    return
                far.sendall(data)
            self.cuts += 1
            self._hang_up(near)
            self._hang_up(far)

    def _downstream(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)

    @staticmethod
    def _hang_up(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def backend(neo4j_server: Any) -> Iterator[Backend]:
    with neo4j_server_store(neo4j_server) as backend:
        yield backend


@pytest.fixture
def store(backend: Backend) -> GraphStore:
    return backend.store


@pytest.fixture
def wire(neo4j_server: Any) -> Iterator[Wire]:
    with closing(Wire(neo4j_server)) as wire:
        yield wire


@pytest.fixture
def wired(neo4j_server: Any, backend: Backend, wire: Wire) -> Iterator[GraphStore]:
    with closing(
        Neo4jGraphStore.connect(
            wire.uri,
            user=neo4j_server.user,
            password=neo4j_server.password,
            acquisition_timeout=3,
        )
    ) as store:
        commit(store, model("first"))
        yield store


@pytest.fixture
def rows(neo4j_server: Any) -> Iterator[Any]:
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(
        neo4j_server.uri, auth=auth, notifications_min_severity="OFF"
    ) as driver:
        yield lambda text: driver.execute_query(text, database_="neo4j").records


def test_a_commit_whose_answer_is_lost_is_not_done_twice(
    wire: Wire, wired: GraphStore, store: GraphStore
) -> None:
    wire.cut_after_commit = True
    done = commit(wired, model("second"))

    assert wire.cuts >= 1
    assert (done.revision, done.replayed) == (2, False)
    assert [r.position for r in store.log()] == [1, 2]
    assert list(store.log(1)) == list(done.events)


def test_a_commit_that_never_arrived_is_done_once_more(
    wire: Wire, wired: GraphStore, store: GraphStore
) -> None:
    wire.cut_before_commit = True
    done = commit(wired, model("second"))

    assert wire.cuts >= 1
    assert done.revision == 2
    assert list(store.log(1)) == list(done.events)


def test_a_lost_commit_is_told_from_one_that_somebody_else_did(
    wire: Wire, wired: GraphStore, store: GraphStore
) -> None:
    wire.cut_before_commit = True
    begun = threading.Event()

    def decide(_view: object) -> Iterator[Any]:
        begun.set()
        yield model("mine")

    other = threading.Thread(target=lambda: begun.wait() and commit(store, model("theirs")))
    other.start()
    mine = wired.transact(decide, Request("ada"))  # type: ignore[arg-type]
    other.join()

    assert sorted(r.event.name for r in store.log()) == ["first", "mine", "theirs"]  # type: ignore[attr-defined]
    assert mine.events[0].event.name == "mine"  # type: ignore[attr-defined]


def test_a_commit_that_nobody_can_tell_about_says_so(
    wire: Wire, wired: GraphStore, store: GraphStore
) -> None:
    wire.cut_after_commit = wire.dead_after_cut = True
    with pytest.raises(BackendUnavailableError, match="not known"):
        commit(wired, model("second"))

    # It was done: with a key, repeating it would have answered so.
    assert store.head().size == 2


def test_a_server_that_is_gone_is_unavailable(wire: Wire, wired: GraphStore) -> None:
    wire.dead_after_cut = wire.cut_before_commit = True
    with pytest.raises(BackendUnavailableError):
        commit(wired, model("second"))
    began = time.monotonic()
    with pytest.raises(BackendUnavailableError):
        wired.head()

    assert time.monotonic() - began < 10


def test_nobody_at_the_address_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(BackendUnavailableError, match="connect"):
        Neo4jGraphStore.connect(
            f"bolt://127.0.0.1:{port}", user="neo4j", password="x", acquisition_timeout=0.5
        )


@pytest.mark.parametrize("uri", ["http://localhost", "localhost", "bolt://localhost:port", ""])
def test_an_address_that_cannot_be_one_is_refused(uri: str) -> None:
    with pytest.raises(BackendError) as caught:
        Neo4jGraphStore.connect(uri, user="neo4j", password="x", acquisition_timeout=0.5)

    assert caught.value.hint


def test_a_wrong_password_is_told_at_once(neo4j_server: Any) -> None:
    with pytest.raises(BackendError) as caught:
        Neo4jGraphStore.connect(neo4j_server.uri, user="nobody", password="nothing at all")

    assert "password" in str(caught.value.hint)
    assert not isinstance(caught.value, BackendUnavailableError)


def test_a_database_that_is_not_there_is_told(neo4j_server: Any) -> None:
    with pytest.raises(BackendError) as caught:
        Neo4jGraphStore.connect(
            neo4j_server.uri,
            user=neo4j_server.user,
            password=neo4j_server.password,
            database="elsewhere",
        )

    assert "name of the database" in str(caught.value.hint)


def test_a_database_without_a_registry_stays_so_unless_it_may_be_made(
    neo4j_server: Any, backend: Backend, rows: Any
) -> None:
    rows("MATCH (h:LogHead) DELETE h")
    with pytest.raises(BackendError, match="holds no registry"):
        Neo4jGraphStore.connect(
            neo4j_server.uri,
            user=neo4j_server.user,
            password=neo4j_server.password,
            create=False,
        )

    assert rows("MATCH (h:LogHead) RETURN h") == []


def test_a_graph_of_another_version_is_closed_until_it_is_upgraded(
    store: GraphStore, rows: Any
) -> None:
    write_family(store)
    head = store.head()
    rows("MATCH (h:LogHead) SET h.projection = 99")
    for action in (lambda: look(store), lambda: commit(store, model("x"))):
        with pytest.raises(ProjectionMismatchError) as caught:
            action()
        assert "lineage-registry upgrade" in str(caught.value.hint)

    assert store.head() == head
    assert len(list(store.log())) == head.size
    assert store.upgrade() == head
    assert commit(store, model("x")).revision == 2


def test_an_interrupted_upgrade_can_be_done_again(store: GraphStore, backend: Backend) -> None:
    write_family(store)
    before = backend.raw.snapshot()
    _interrupt(backend)
    with pytest.raises(ProjectionMismatchError, match="rebuilt"), store.view() as view:
        view.nodes([1])
    with pytest.raises(ProjectionMismatchError, match="rebuilt"), store.view() as view:
        view.locate([Address("model/net")])

    store.upgrade()
    assert backend.raw.snapshot() == before


def look(store: GraphStore) -> None:
    with store.view() as view:
        view.nodes([1])


def _interrupt(backend: Backend) -> None:
    from lineage_registry.graph.neo4j.rebuilding import _Builder

    builder = _Builder(backend.store._connection, has_log=True)  # type: ignore[attr-defined]
    builder.erase("edges", "nodes")


def test_an_interrupted_restore_keeps_everybody_out_until_it_is_done_again(
    store: GraphStore, rows: Any
) -> None:
    write_family(store)
    log = list(store.log())
    rows("MATCH (h:LogHead) SET h.projection = 0, h.has_log = false")
    rows("MATCH (e:Event) WHERE e.position > 3 DELETE e")
    for action in (
        store.head,
        store.upgrade,
        lambda: list(store.log()),
        lambda: look(store),
    ):
        with pytest.raises(ProjectionMismatchError, match="log is being replaced"):
            action()

    assert store.rebuild(log).size == len(log)
    assert list(store.log()) == log


def test_a_log_that_breaks_off_destroys_nothing(store: GraphStore, backend: Backend) -> None:
    write_family(store)
    before = backend.raw.snapshot()

    def broken() -> Iterator[Recorded]:
        log = list(store.log())
        yield from log[:5]
        yield from log[6:]

    with pytest.raises(LogCorruptError, match="6"):
        store.rebuild(broken())
    assert backend.raw.snapshot() == before


def test_people_see_names_stages_and_versions_in_the_tools_of_the_server(
    store: GraphStore, rows: Any
) -> None:
    (node,) = [r.position for r in commit(store, model("resnet")).events]
    commit(
        store, VersionRegistered(kind=NodeKind.MODEL_VERSION, owner=node, number=7, label="1.0.0")
    )
    commit(
        store,
        NameChanged(node=node, kind=NodeKind.MODEL, before="resnet", name="ResNet", key="resnet"),
    )
    (row,) = rows(
        "MATCH (v:ModelVersion)-[:VERSION_OF]->(m:Model)"
        " RETURN v.reference AS version, m.reference AS model"
    )

    assert row.data() == {"version": "models:/ResNet/7", "model": "models:/ResNet"}


def test_a_key_that_no_index_takes_is_refused_and_leaves_nothing(
    store: GraphStore, backend: Backend
) -> None:
    before = backend.raw.snapshot()
    with pytest.raises(InputTooLargeError):
        commit(store, ModelCreated(name="a", key="a", tags={"k" * 20_000: "x"}))

    assert backend.raw.snapshot() == before
