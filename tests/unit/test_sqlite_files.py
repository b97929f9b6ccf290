import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lineage_registry.domain.events import ModelCreated
from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    ProjectionMismatchError,
    StorageFullError,
)
from lineage_registry.graph.sqlite import SqliteGraphStore, connection
from lineage_registry.graph.sqlite.file_systems import file_system, refuse_network
from lineage_registry.ports.graph import EventFilter, Request

ADA = Request("ada")
NOBODY = 65534


def create(store: SqliteGraphStore, name: str, description: str | None = None):
    def decide(_view):
        yield ModelCreated(name=name, key=name, description=description)

    return store.transact(decide, ADA)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "registry.db"


@pytest.fixture
def store(path):
    store = SqliteGraphStore.open(path)
    yield store
    store.close()


def tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(statement)


def test_what_was_written_is_there_when_the_file_is_opened_again(path, store):
    done = create(store, "a")
    store.close()
    again = SqliteGraphStore.open(path, create=False)
    assert list(again.log()) == list(done.events)
    again.close()


def test_closing_leaves_one_file(path, store):
    create(store, "a")
    store.close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_folders_on_the_way_are_made(tmp_path):
    SqliteGraphStore.open(tmp_path / "deep" / "down" / "registry.db").close()
    assert (tmp_path / "deep" / "down" / "registry.db").exists()


def test_an_empty_file_becomes_a_registry(path):
    path.touch()
    store = SqliteGraphStore.open(path)
    assert store.head().revision == 0
    store.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_missing_file_is_refused_by_name_if_it_should_not_be_made(path, read_only):
    with pytest.raises(BackendUnavailableError, match=r"registry\.db"):
        SqliteGraphStore.open(path, create=False, read_only=read_only)
    assert not path.exists()


def test_another_programs_database_is_refused_by_name_and_not_touched(path):
    tamper(path, "PRAGMA application_id = 0x0badcafe")
    tamper(path, "CREATE TABLE theirs (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(BackendError, match=r"registry\.db.*0x0badcafe"):
        SqliteGraphStore.open(path)
    assert path.read_bytes() == before


def test_a_database_without_a_mark_is_refused(path):
    tamper(path, "CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(BackendError, match=r"registry\.db"):
        SqliteGraphStore.open(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_refused_and_not_touched(path, read_only):
    path.write_text("name,score\n" * 1000)
    with pytest.raises(BackendError, match="no SQLite database"):
        SqliteGraphStore.open(path, read_only=read_only)
    assert path.read_text() == "name,score\n" * 1000


def test_a_file_of_a_newer_layout_is_refused(path, store):
    store.close()
    tamper(path, "PRAGMA user_version = 99")
    with pytest.raises(BackendError, match="newer"):
        SqliteGraphStore.open(path)


def test_another_projection_is_refused_with_the_command_that_helps(path, store):
    create(store, "a")
    tamper(path, "UPDATE head SET projection = 0")
    with pytest.raises(ProjectionMismatchError) as writing:
        create(store, "b")
    assert "lineage-registry upgrade" in writing.value.hint
    with pytest.raises(ProjectionMismatchError), store.view():
        pass
    with pytest.raises(ProjectionMismatchError):
        store.events(EventFilter(), 10)


def test_an_upgrade_replays_the_log_into_tables_of_this_version(path, store):
    done = create(store, "a")
    tamper(path, "UPDATE head SET projection = 0")
    tamper(path, "DROP TABLE node")
    assert store.upgrade().size == 1
    with store.view() as view:
        assert view.values([(0, "model/a")]) == {(0, "model/a"): 1}
        assert list(view.nodes([1])) == [1]
    assert list(store.log()) == list(done.events)


def test_a_reader_sees_the_same_while_the_tables_are_made_anew(store):
    create(store, "a")
    with store.view() as view:
        before = view.nodes([1])
        store.rebuild(list(store.log()))
        assert view.nodes([1]) == before


def test_a_store_for_reading_reads_and_refuses_to_write(path, store):
    create(store, "a")
    reader = SqliteGraphStore.open(path, read_only=True)
    create(store, "b")
    assert reader.head().revision == 2
    with pytest.raises(BackendError, match="reading only"):
        create(reader, "c")
    reader.close()


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Make the folder one that takes no writes, whoever runs the test."""
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)


def test_a_medium_that_takes_no_writes_can_be_read():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "registry.db"
        store = SqliteGraphStore.open(path)
        create(store, "a")
        store.close()
        path.chmod(0o444)
        with without_rights(path.parent):
            with pytest.raises(BackendError):
                SqliteGraphStore.open(path).head()
            reader = SqliteGraphStore.open(path, read_only=True)
            with reader.view() as view:
                assert view.values([(0, "model/a")]) == {(0, "model/a"): 1}
            reader.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(store):
    create(store, "a")
    with store._database.writing() as raw:
        ((pages,),) = raw.execute("PRAGMA page_count").fetchall()
        raw.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    with pytest.raises(StorageFullError):
        create(store, "b", "x" * 200_000)
    assert store.head().size == len(list(store.log())) == 1
    with store._database.writing() as raw:
        raw.execute("PRAGMA max_page_count = 1000000").fetchall()
    create(store, "b", "x" * 200_000)


def test_a_database_that_stays_busy_is_said(path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    store = SqliteGraphStore.open(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendUnavailableError, match="busy"):
            create(store, "a")
        other.execute("ROLLBACK")
    create(store, "a")
    store.close()


def test_a_damaged_file_is_said_by_every_read(path, store):
    create(store, "a", "x" * 100_000)
    store.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    broken = SqliteGraphStore.open(path)
    with pytest.raises(BackendError):
        broken.head()
    with pytest.raises(BackendError):
        list(broken.log())
    broken.close()


@pytest.mark.parametrize("make", [SqliteGraphStore.in_memory, None], ids=["memory", "file"])
def test_a_closed_store_refuses_everything(make, path):
    store = make() if make else SqliteGraphStore.open(path)
    store.close()
    store.close()
    for ask in (
        store.head,
        lambda: list(store.log()),
        lambda: store.events(EventFilter(), 1),
        lambda: store.view().__enter__(),
        lambda: create(store, "a"),
        lambda: store.rebuild([]),
    ):
        with pytest.raises(BackendUnavailableError, match="closed"):
            ask()


def test_a_view_is_of_no_use_behind_its_block(store):
    with store.view() as view:
        pass
    with pytest.raises(BackendUnavailableError):
        view.values([(0, "model/a")])


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
//server/my\\040share /mnt/my\\040share cifs rw 0 0
tmpfs /home/local tmpfs rw 0 0
"""


@pytest.fixture
def mounts(tmp_path):
    table = tmp_path / "mounts"
    table.write_text(MOUNTS)
    return table


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/registry.db", "ext4"),
        ("/home/ada/registry.db", "nfs4"),
        ("/homestead/registry.db", "ext4"),
        ("/home/local/registry.db", "tmpfs"),
        ("/mnt/my share/registry.db", "cifs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_deepest_mount(mounts, path, kind):
    assert file_system(Path(path), mounts) == kind


def test_a_network_file_system_is_refused_with_what_to_do(mounts):
    with pytest.raises(BackendError, match="nfs4") as caught:
        refuse_network(Path("/home/ada/registry.db"), mounts)
    assert "local disk" in caught.value.hint


def test_where_mounts_cannot_be_seen_nothing_is_refused(tmp_path):
    refuse_network(Path("/home/ada/registry.db"), tmp_path / "absent")
