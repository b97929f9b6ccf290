"""The whole log out and in: the same events, byte by byte, on any engine."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_registry import connect
from lineage_registry.errors import LogDivergedError, UnsupportedCapabilityError
from lineage_registry.registry import Registry
from tests.behaviour.lives import Life
from tests.behaviour.places import Place, Remote
from tests.servers.cache import REPOSITORY


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Registry]:
    """A registry with a past, beside the one under test."""
    with connect(f"sqlite:{tmp_path / 'source'}", actor="grace") as found:
        Life(found, seed=11).live(60)
        yield found


def test_a_copy_holds_every_event_as_it_lies_in_the_log(place: Place, tmp_path: Path) -> None:
    Life(place.local, seed=5).live(25)
    found = place.registry.export_log(tmp_path / "a.jsonl")
    assert found.head == place.graph.head()
    first, *lines = (tmp_path / "a.jsonl").read_bytes().splitlines()
    assert json.loads(first) == found.model_dump()
    assert found.root == place.local.validate().log.root
    assert len(lines) == found.events
    for line, recorded in zip(lines, place.graph.log(), strict=True):
        said = json.loads(line)
        assert said["position"] == recorded.position
        assert said["leaf"] == recorded.leaf.hex()
        assert said["event"] == json.loads(recorded.body)
        assert recorded.body in line


def test_a_copy_moves_between_engines_and_back_unchanged(
    place: Place, source: Registry, tmp_path: Path
) -> None:
    copy, back = tmp_path / "there.jsonl.gz", tmp_path / "back.jsonl.gz"
    header = source.export_log(copy)
    target = place.registry
    if isinstance(place, Remote):
        with pytest.raises(UnsupportedCapabilityError, match="where the registry lies"):
            target.import_log(copy)
        assert place.revision == 0
        target = place.local
    done = target.import_log(copy)
    assert (done.header, done.imported) == (header, header.events)
    assert place.registry.export_log(back) == header
    assert back.read_bytes() == copy.read_bytes()
    checked = place.local.validate()  # artifacts are copied by other means
    assert {one.kind for one in checked.findings} <= {"missing-bytes"}
    assert checked.log.root == header.root
    for version in source.search():
        assert (
            place.registry.lineage(version.reference).model_dump()
            == source.lineage(version.reference).model_dump()
        )
    assert place.registry.register("after").number >= 1
    with connect("memory://") as third:
        place.registry.export_log(copy)
        assert third.import_log(copy).imported == place.graph.head().size


def test_a_second_registry_follows_the_first(
    place: Place, source: Registry, tmp_path: Path
) -> None:
    copy = tmp_path / "log.jsonl"
    target = place.local if isinstance(place, Remote) else place.registry
    early = source.export_log(copy, as_of=4)
    assert early.revision == 4
    assert target.import_log(copy).imported == early.events
    whole = source.export_log(copy)
    assert target.import_log(copy).imported == whole.events - early.events
    assert target.import_log(copy).imported == 0
    assert place.graph.head() == whole.head
    source.register("more")
    source.export_log(copy)
    assert target.import_log(copy).imported == source.status().events - whole.events


def test_a_registry_with_another_past_is_left_alone(
    place: Place, source: Registry, tmp_path: Path
) -> None:
    copy = tmp_path / "log.jsonl"
    source.export_log(copy)
    target = place.local if isinstance(place, Remote) else place.registry
    place.local.register("mine")
    head = place.graph.head()
    with pytest.raises(LogDivergedError, match="event 1 of the registry is not the one"):
        target.import_log(copy)
    with connect("memory://") as ahead:
        ahead.import_log(copy)
        ahead.register("one more")
        with pytest.raises(LogDivergedError, match="has 2 more events than the copy"):
            ahead.import_log(copy)
    assert place.graph.head() == head


IMPORT = """
import sys
from pathlib import Path
from lineage_registry.bootstrap import connect
from lineage_registry.ports.graph import GraphStore
from lineage_registry.settings import Settings
GraphStore.part_size = 1
with connect(settings=Settings.load()) as registry:
    registry.import_log(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    "place",
    ["sdk sqlite folder", pytest.param("sdk neo4j folder", marks=pytest.mark.neo4j)],
    indirect=True,
)
def test_an_import_killed_in_the_middle_goes_on_where_it_was(place: Place, tmp_path: Path) -> None:
    copy = tmp_path / "log.jsonl"
    with connect("memory://") as many:
        for number in range(700):
            many.register(f"m{number % 7}", tags={"n": str(number)})
        header = many.export_log(copy)
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "LINEAGE_REGISTRY_URL": place.settings.url,
        "LINEAGE_REGISTRY_ARTIFACTS": place.settings.artifacts or str(tmp_path / "artifacts"),
        "LINEAGE_REGISTRY_NEO4J_USER": place.settings.neo4j_user or "",
    }
    if place.settings.neo4j_password is not None:
        environment["LINEAGE_REGISTRY_NEO4J_PASSWORD"] = (
            place.settings.neo4j_password.get_secret_value()
        )
    importing = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(copy)], env=environment, cwd=REPOSITORY
    )
    while place.graph.head().size < header.events // 10:
        assert importing.poll() is None, "it ended before it could be killed"
        time.sleep(0.001)
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    half = place.graph.head()
    assert 0 < half.size < header.events
    last = list(place.graph.log())[-1]
    assert (last.position, last.revision) == (half.size, half.revision)
    assert place.registry.import_log(copy).imported == header.events - half.size
    assert place.registry.export_log(tmp_path / "back.jsonl") == header
    assert (tmp_path / "back.jsonl").read_bytes() == copy.read_bytes()
    place.demand_sound()


def test_a_compressed_copy_is_the_same_lines(source: Registry, tmp_path: Path) -> None:
    source.export_log(tmp_path / "a.jsonl")
    source.export_log(tmp_path / "a.jsonl.gz")
    packed = gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes())
    assert packed == (tmp_path / "a.jsonl").read_bytes()


def test_a_parquet_copy_can_be_queried_and_imported(source: Registry, tmp_path: Path) -> None:
    from pyarrow import parquet

    header = source.export_log(tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.num_rows == header.events
    assert set(table["actor"].to_pylist()) == {"grace"}
    assert table["position"].to_pylist() == list(range(1, header.events + 1))
    with connect("memory://") as target:
        assert target.import_log(tmp_path / "a.parquet").imported == header.events
        target.export_log(tmp_path / "b.parquet")
    assert (tmp_path / "b.parquet").read_bytes() == (tmp_path / "a.parquet").read_bytes()
