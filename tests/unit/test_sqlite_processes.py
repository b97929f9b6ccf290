"""Several threads and processes on one file, and what is left when one of them is killed."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from lineage_registry.domain.events import ModelCreated, VersionRegistered
from lineage_registry.domain.graph import NodeKind
from lineage_registry.graph.sqlite import SqliteGraphStore, files
from lineage_registry.graph.sqlite.connection import connect
from lineage_registry.ports.graph import Recorded, Request

NEXT_VERSIONS = """
import sys
from pathlib import Path
from lineage_registry.domain.events import VersionRegistered
from lineage_registry.domain.graph import NodeKind
from lineage_registry.graph.sqlite import SqliteGraphStore
from lineage_registry.ports.graph import Request

store = SqliteGraphStore.open(Path(sys.argv[1]))

def decide(view):
    number = view.values([(1, "last_number")])[1, "last_number"] + 1
    yield VersionRegistered(kind=NodeKind.MODEL_VERSION, owner=1, number=number)

for _ in range(int(sys.argv[2])):
    store.transact(decide, Request("ada"))
store.close()
"""

KILLED_REBUILD = """
import os, signal, sys
from pathlib import Path
from lineage_registry.graph.sqlite import SqliteGraphStore

store = SqliteGraphStore.open(Path(sys.argv[1]))

def log():
    for recorded in store.log():
        if recorded.position == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield recorded

store.rebuild(log())
"""


def start(script: str, *arguments: object) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)])


def next_version(view):
    number = view.values([(1, "last_number")])[1, "last_number"] + 1
    yield VersionRegistered(kind=NodeKind.MODEL_VERSION, owner=1, number=number)


def family(_view):
    yield ModelCreated(name="m", key="m")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "registry.db"
    store = SqliteGraphStore.open(path)
    store.transact(family, Request("ada"))
    store.close()
    return path


def numbers(store: SqliteGraphStore) -> list[int]:
    return [r.event.number for r in store.log() if r.type == "version.registered"]


def test_two_processes_and_this_one_take_turns(path):
    others = [start(NEXT_VERSIONS, path, 60) for _ in range(2)]
    store = SqliteGraphStore.open(path)
    for _ in range(60):
        store.transact(next_version, Request("ada"))
    assert [other.wait(60) for other in others] == [0, 0]
    assert numbers(store) == list(range(1, 181))
    store.close()


def test_processes_that_make_the_same_new_file_agree_on_it(tmp_path):
    path = tmp_path / "new.db"
    others = [start(NEXT_VERSIONS, path, 0) for _ in range(4)]
    assert [other.wait(60) for other in others] == [0] * 4
    store = SqliteGraphStore.open(path, create=False)
    assert store.head().revision == 0
    store.close()


def test_a_registry_that_is_made_while_somebody_looks_at_the_file_is_none_of_another_program(
    tmp_path, monkeypatch
):
    path = tmp_path / "new.db"
    with closing(connect(path.as_uri())) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    moments = []

    def looking(uri):
        connection = connect(uri)
        connection.set_trace_callback(make_it_in_the_middle)
        return connection

    def make_it_in_the_middle(statement):
        if "user_version" in statement and not moments:
            moments.append(statement)
            SqliteGraphStore.open(path).close()

    monkeypatch.setattr(files, "connect", looking)
    store = SqliteGraphStore.open(path)
    assert moments
    assert store.head().revision == 0
    store.close()


@pytest.mark.parametrize("stores", [1, 2])
def test_threads_take_turns_through_one_store_and_through_two(path, stores):
    opened = [SqliteGraphStore.open(path) for _ in range(stores)]

    def write(turn: int) -> None:
        store = opened[turn % stores]
        store.transact(next_version, Request("ada"))
        with store.view() as view:
            last = view.values([(1, "last_number")])[1, "last_number"]
            assert view.values([(0, f"number/1/{last}")])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(200)))
    assert numbers(opened[0]) == list(range(1, 201))
    for store in opened:
        store.close()


def test_threads_share_a_store_in_memory():
    store = SqliteGraphStore.in_memory()
    store.transact(family, Request("ada"))

    def write(_turn: int) -> None:
        with store.view() as view:
            before = view.values([(1, "last_number")])
            store.transact(next_version, Request("ada"))
            assert view.values([(1, "last_number")]) == before

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(200)))
    assert numbers(store) == list(range(1, 201))
    store.close()


def test_a_kill_in_the_middle_of_a_rebuild_leaves_what_was_there(path):
    store = SqliteGraphStore.open(path)

    def many(_view):
        for number in range(1, 2000):
            yield VersionRegistered(kind=NodeKind.MODEL_VERSION, owner=1, number=number)

    for _ in range(3):
        store.transact(many, Request("ada"))
    before: list[Recorded] = list(store.log())
    store.close()
    assert start(KILLED_REBUILD, path, len(before) - 10).wait(60) == -signal.SIGKILL
    store = SqliteGraphStore.open(path)
    assert list(store.log()) == before
    with store.view() as view:
        assert view.values([(1, "last_number")]) == {(1, "last_number"): 1999}
    assert store.rebuild(store.log()).size == len(before)
    store.close()
