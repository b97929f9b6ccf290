"""Processes killed in the middle, full disks, and many processes that write at once."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lineage_registry
from lineage_registry.errors import StorageFullError
from lineage_registry.registry import Registry
from tests.servers.cache import REPOSITORY


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
    return done


@pytest.mark.slow
def test_writers_killed_200_times_lose_nothing_that_was_acknowledged() -> None:
    done = python("-m", "tests.soak", "--sqlite", "200", "--neo4j", "0", timeout=300)
    assert "200 kills" in done.stdout
    print(done.stdout)  # noqa: T201 - the seed, for when it fails


@pytest.mark.slow
@pytest.mark.neo4j
def test_writers_and_servers_of_neo4j_killed_20_times_lose_nothing(
    pytestconfig: pytest.Config,
) -> None:
    from tests.servers.neo4j import neo4j_is_cached
    from tests.servers.pytest_plugin import services_are_required

    if not neo4j_is_cached() and not services_are_required():
        pytest.skip("no neo4j server: run `make services-fetch` once")
    done = python("-m", "tests.soak", "--sqlite", "0", "--neo4j", "20", timeout=550)
    assert done.stdout.count("10 kills") == 2
    print(done.stdout)  # noqa: T201 - the seed, for when it fails


NEXT_VERSIONS = """
import json, sys, threading, time
import lineage_registry
url, threads, start = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
numbers = []
with lineage_registry.connect(url, actor=sys.argv[4]) as registry:
    registry.model("m")
    gate = threading.Barrier(threads)
    def register():
        gate.wait()
        numbers.append(registry.register("m").number)
    workers = [threading.Thread(target=register) for _ in range(threads)]
    time.sleep(max(0, start - time.time()))
    for worker in workers: worker.start()
    for worker in workers: worker.join()
print(json.dumps({"numbers": numbers, "end": time.time()}))
"""


def test_64_threads_in_4_processes_get_the_numbers_1_to_64(tmp_path: Path) -> None:
    with lineage_registry.connect(tmp_path) as registry:
        registry.create_model("m")
        start = time.time() + 3
        clients = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    NEXT_VERSIONS,
                    str(tmp_path),
                    "16",
                    str(start),
                    f"p{number}",
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(4)
        ]
        answers = [json.loads(client.communicate(timeout=60)[0]) for client in clients]
        numbers = sorted(number for answer in answers for number in answer["numbers"])
        assert numbers == list(range(1, 65))
        assert max(answer["end"] for answer in answers) - start < 5
        assert registry.validate().ok
        assert registry.model("m").latest == 64


PROMOTE = """
import sys, time
import lineage_registry
with lineage_registry.connect(sys.argv[1], actor=sys.argv[2]) as registry:
    for turn in range(20):
        registry.promote(f"m:{sys.argv[2]}", "Production")
"""


def test_promotions_from_two_processes_leave_one_holder_and_are_all_logged(tmp_path: Path) -> None:
    with lineage_registry.connect(tmp_path) as registry:
        registry.register("m")
        registry.register("m")
        clients = [
            subprocess.Popen([sys.executable, "-c", PROMOTE, str(tmp_path), name])
            for name in ("1", "2")
        ]
        while any(client.poll() is None for client in clients):
            with_stage = [one.number for one in registry.versions("m", stage="Production")]
            assert len(with_stage) <= 1
        assert [client.returncode for client in clients] == [0, 0]
        moves = registry.history("m", stage="Production").moves
        assert {one.actor for one in moves} == {"1", "2"}
        for newer, older in zip(moves, moves[1:], strict=False):  # noqa: RUF007 - same length
            assert newer.before == older.after
        assert registry.version("m:Production").reference == moves[0].after
        assert registry.validate().ok


FILL = """
import resource, signal, sys
import lineage_registry
from lineage_registry.errors import BackendError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
done = 0
with lineage_registry.connect(sys.argv[1]) as registry:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    try:
        while True:
            registry.register("m", description="x" * 50_000)
            done += 1
    except BackendError as error:  # to SQLite this is a failing disk, not a full one
        told = error
    found = registry.model("m").latest
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert found == done, (found, done)
    assert registry.validate().ok
    assert registry.register("m").number == done + 1
print(done, told.message)
"""


def test_a_file_that_may_not_grow_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    with lineage_registry.connect(tmp_path) as registry:
        registry.create_model("m")
    done = python("-c", FILL, str(tmp_path), str(3 * 2**20), timeout=120)
    count, told = done.stdout.split(maxsplit=1)
    assert int(count) > 5
    assert "disk" in told
    with lineage_registry.connect(tmp_path) as registry:
        assert registry.model("m").latest == int(count) + 1
        assert registry.validate(bytes=True).ok


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 4 MiB; needs the right to mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a file system here; the file size limit is tested instead")
    return folder


def fill(registry: Registry, payload: Path) -> None:
    for turn in range(10_000):
        payload.write_bytes(turn.to_bytes(4) * 20_000)
        registry.register("m", payload, description="x" * 20_000)


def test_a_full_disk_is_told_and_the_registry_recovers_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    try:
        with lineage_registry.connect(small_disk / "r") as registry:
            registry.create_model("m")
            ballast = small_disk / "ballast"
            ballast.write_bytes(b"x" * 2**20)
            payload = tmp_path / "w.bin"
            with pytest.raises(StorageFullError):
                fill(registry, payload)
            done = registry.model("m").latest or 0
            assert done
            assert [one.number for one in registry.versions("m")] == list(range(done, 0, -1))
            ballast.unlink()
            assert registry.register("m", payload).number == done + 1
            assert registry.validate(bytes=True).ok
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)
