"""Garbage collection: what nothing names goes, what anything might need stays."""

import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import lineage_registry
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import ConflictError, IntegrityError, ManifestIncompleteError
from lineage_registry.ports import commands as c
from lineage_registry.registry import Registry
from tests.behaviour.places import Place
from tests.servers.cache import REPOSITORY

NOW = timedelta(0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server, too, remove what is young, so that nobody has to wait an hour here."""
    monkeypatch.setattr("lineage_registry.api.conditions.LEAST_AGE", NOW)


def orphan(place: Place, text: str) -> Digest:
    """Store a blob that nothing names, as a registration that failed leaves one behind."""
    return place.artifacts.put(io.BytesIO(text.encode())).digest


def test_only_blobs_that_nothing_names_go_and_it_is_said_first(
    place: Place, registry: Registry
) -> None:
    registry.register("m", place.file("w.bin", "weights"))
    gone = orphan(place, "orphan")
    told = registry.collect_garbage(grace=NOW)
    assert told.dry_run
    assert (told.removed.count, told.removed.bytes) == (1, 6)
    assert [(one.digest, one.size, one.kept) for one in told.unnamed] == [(str(gone), 6, None)]
    assert told.named.count == 2  # the file, and the list of files
    assert place.artifacts.contains([gone])
    revision = place.revision

    done = registry.collect_garbage(dry_run=False, grace=NOW, reason="full")
    assert not done.dry_run
    assert (done.removed, done.named) == (told.removed, told.named)
    assert place.artifacts.contains([gone]) == frozenset()
    events = list(registry.events(type=["collection.started", "collection.ended"]))
    assert [one.type for one in events] == ["collection.started", "collection.ended"]
    assert {one.reason for one in events} == {"full"}
    assert (events[1].data["blobs"], events[1].data["bytes"]) == (1, 6)
    assert place.revision == revision + 2
    assert registry.collect_garbage(grace=NOW).removed.count == 0
    place.demand_sound()


def test_a_dry_run_is_what_happens_if_nothing_is_said_and_writes_nothing(
    place: Place, registry: Registry
) -> None:
    registry.register("m", place.file("w.bin"))
    orphan(place, "orphan")
    revision = place.revision
    assert registry.collect_garbage().dry_run
    assert place.revision == revision


def test_young_and_pinned_blobs_stay_and_are_counted(place: Place, registry: Registry) -> None:
    registry.register("m", place.file("w.bin"))
    young, pinned = orphan(place, "young"), orphan(place, "pinned")
    with place.artifacts.pinned([pinned]):
        done = registry.collect_garbage(dry_run=False)
        assert {one.digest: one.kept for one in done.unnamed} == {
            str(young): "young",
            str(pinned): "pinned",
        }
        assert (done.young.count, done.pinned.count, done.removed.count) == (1, 1, 0)
        done = registry.collect_garbage(dry_run=False, grace=NOW)
    assert (done.young.count, done.pinned.count, done.removed.count) == (0, 1, 1)
    assert place.artifacts.contains([young, pinned]) == {pinned}


def test_deleted_versions_keep_their_bytes(place: Place, registry: Registry) -> None:
    registry.register("m", place.file("w.bin", "first"))
    registry.register("m", place.file("w.bin", "second"))
    registry.delete_version("m:1", reason="old")
    registry.delete("m", force=True, reason="all of it")
    assert registry.collect_garbage(dry_run=False, grace=NOW).removed.count == 0
    registry.restore("m", reason="back")
    registry.restore_version("m:1", reason="back")
    place.demand_sound()


def test_files_of_versions_with_many_files_stay(place: Place, registry: Registry) -> None:
    for number in range(40):
        place.file(f"many/{number}.txt", f"file {number}")
    registry.register("m", place.folder / "files" / "many")
    orphan(place, "orphan")
    done = registry.collect_garbage(dry_run=False, grace=NOW)
    assert (done.removed.count, done.named.count) == (1, 41)
    place.demand_sound()


def test_a_list_is_cut_and_says_so(place: Place, registry: Registry) -> None:
    for number in range(4):
        orphan(place, f"orphan {number}")
    found = registry.collect_garbage(grace=NOW, limit=3)
    assert len(found.unnamed) == 3
    assert found.truncated
    assert found.removed.count == 4


def test_the_store_of_somebody_else_is_not_emptied(place: Place, registry: Registry) -> None:
    registry.register("m")
    theirs = orphan(place, "theirs")
    with pytest.raises(ConflictError, match="names none of the blobs"):
        registry.collect_garbage(dry_run=False, grace=NOW)
    assert place.artifacts.contains([theirs])
    assert registry.collect_garbage(dry_run=False, grace=NOW, force=True).removed.count == 1


def test_nothing_is_removed_while_it_is_unknown_what_has_to_stay(
    place: Place, registry: Registry
) -> None:
    for number in range(40):
        place.file(f"many/{number}.txt", f"file {number}")
    version = registry.register("m", place.folder / "files" / "many")
    left = orphan(place, "orphan")
    place.damage_blob(str(version.manifest))
    with pytest.raises(IntegrityError):
        registry.collect_garbage(dry_run=False, grace=NOW)
    assert place.artifacts.contains([left])


def test_the_same_request_collects_once_and_answers_alike(place: Place, registry: Registry) -> None:
    registry.register("m", place.file("w.bin"))
    orphan(place, "orphan")
    first = registry.collect_garbage(dry_run=False, grace=NOW, key="nightly-1")
    later = orphan(place, "later")
    again = registry.collect_garbage(dry_run=False, grace=NOW, key="nightly-1")
    assert again.removed == first.removed
    assert place.artifacts.contains([later])


def test_what_was_collected_before_it_was_registered_is_missed(place: Place) -> None:
    registry = place.local
    registry.register("m", place.file("w.bin"))
    digest = orphan(place, "not yet registered")
    registry.collect_garbage(dry_run=False, grace=NOW)
    file = c.File(path="w.bin", digest=str(digest), size=18)
    with pytest.raises(ManifestIncompleteError):
        registry.sender.write(c.RegisterVersion, {}, space="models", name="m", files=[file])
    place.demand_sound()


REGISTER = """
import sys, time
from pathlib import Path
import lineage_registry
url, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
file, turn = folder / f"{seed}.bin", 0
with lineage_registry.connect(url) as registry:
    until = time.time() + 6
    while time.time() < until or turn < 20:
        file.write_text(f"content {int(time.time() * 5)} {turn % 3}")
        registry.register(f"m{seed}-{turn}", file)
        turn += 1
print(turn)
"""

# Stores what the others are about to register: to them it lies there, as garbage that may go.
LITTER = """
import io, sys, time
from pathlib import Path
import lineage_registry
with lineage_registry.connect(sys.argv[1]) as registry:
    while not Path(sys.argv[2]).exists():
        for n in range(3):
            registry.artifacts.put(io.BytesIO(f"content {int(time.time() * 5)} {n}".encode()))
"""

COLLECT = """
import sys
from datetime import timedelta
from pathlib import Path
import lineage_registry
removed = 0
with lineage_registry.connect(sys.argv[1]) as registry:
    while not Path(sys.argv[2]).exists() or not removed:
        done = registry.collect_garbage(dry_run=False, grace=timedelta(0), force=True)
        removed += done.removed.count
print(removed)
"""


def spawn(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def test_registrations_that_race_with_collections_lose_nothing(tmp_path: Path) -> None:
    """What is registered was garbage a moment ago: without pins most of it would be missing."""
    url, stop = tmp_path / "r", tmp_path / "stop"
    with lineage_registry.connect(url):
        pass
    others = [spawn(LITTER, url, stop), spawn(COLLECT, url, stop), spawn(COLLECT, url, stop)]
    running = [spawn(REGISTER, url, tmp_path, seed) for seed in range(2)]
    for process in running:
        process.wait(60)
    stop.touch()
    said = [process.communicate(timeout=60)[0] for process in (*running, *others)]
    assert [process.returncode for process in (*running, *others)] == [0] * 5, said
    with lineage_registry.connect(url) as registry:
        found = registry.validate(bytes=True)
        assert found.ok, found.findings
        assert registry.artifacts.pinned_digests() == frozenset()


KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
import lineage_registry
from lineage_registry.artifacts.local import LocalArtifactStore as Store
from lineage_registry.graph.sqlite.store import SqliteGraphStore as Graph
from lineage_registry.ports import pinning

pinning._ANNOUNCED_FOR = timedelta(seconds=2)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def kill(moment, owner, name, which=lambda *_: True):
    real = getattr(owner, name)
    def called(self, *arguments, **options):
        if moment == "before" and which(self, *arguments):
            die()
        answer = real(self, *arguments, **options)
        if moment == "after" and which(self, *arguments):
            die()
        return answer
    setattr(owner, name, called)

def announcement(_, name, *__):
    return name.startswith("removing.")

STEPS = {
    "before the event": lambda: kill("before", Graph, "_write"),
    "after the event": lambda: kill("after", Graph, "_write"),
    "before it announces": lambda: kill("before", Store, "_write_note", announcement),
    "after it announced": lambda: kill("after", Store, "_write_note", announcement),
    "after the first blob": lambda: kill("after", Path, "unlink", lambda p: "blobs" in p.parts),
    "after the last blob": lambda: kill("after", Store, "_remove"),
    "before the last event": lambda: kill("after", Store, "_remove_note", announcement),
}
STEPS[sys.argv[2]]()
with lineage_registry.connect(sys.argv[1]) as registry:
    registry.collect_garbage(dry_run=False, grace=timedelta(0))
"""

LEFT = {
    "before the event": 5,
    "after the event": 5,
    "before it announces": 5,
    "after it announced": 5,
    "after the first blob": 4,
    "after the last blob": 0,
    "before the last event": 0,
}


@pytest.mark.parametrize("step", LEFT)
def test_a_collection_that_is_killed_leaves_a_sound_registry_and_can_be_done_again(
    tmp_path: Path, step: str
) -> None:
    url, file = tmp_path / "r", tmp_path / "w.bin"
    with lineage_registry.connect(url) as registry:
        file.write_text("named")
        registry.register("m", file)
        orphans = [registry.artifacts.put(io.BytesIO(b"%d" % n)).digest for n in range(5)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(url), step],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -9, done.stderr
    with lineage_registry.connect(url) as registry:
        assert registry.validate(bytes=True).ok
        assert len(registry.artifacts.contains(orphans)) == LEFT[step]
        # Whoever pins waits for what a dead process has announced, but not for ever.
        file.write_bytes(b"3")
        registry.register("m", file)
        again = registry.collect_garbage(dry_run=False, grace=NOW)
        assert again.named.count == 4
        assert registry.artifacts.contains(orphans) == {orphans[3]}
        assert registry.validate(bytes=True).ok
