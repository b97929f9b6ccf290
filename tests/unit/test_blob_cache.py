"""The cache of blobs: never more than its limit, never wrong bytes, any number of processes."""

import os
import subprocess
import sys
import time

import pytest

from lineage_registry.artifacts.blob_cache import BlobCache
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import BackendError
from tests.servers.cache import REPOSITORY


@pytest.fixture
def cache(tmp_path):
    return BlobCache(tmp_path / "cache", 1_000)


def put(cache, data, name=None):
    """Do what a load does that finds nothing in the cache."""
    file = cache.room() / (name or Digest.of(data).hex)
    file.write_bytes(data)
    cache.keep(Digest.of(data), file)
    file.unlink()
    return Digest.of(data)


def get(cache, digest):
    target = cache.room() / "target"
    if not cache.take(digest, target):
        assert not target.exists()
        return None
    data = target.read_bytes()
    target.unlink()
    return data


def held(folder):
    return sum(path.stat().st_size for path in (folder / "blobs").iterdir())


def test_what_was_kept_is_found_again_also_by_another_process(cache, tmp_path):
    digest = put(cache, b"weights")
    assert get(cache, digest) == b"weights"
    assert get(BlobCache(tmp_path / "cache", 1_000), digest) == b"weights"
    assert cache.state()[1:] == (1, 7, 1_000)
    assert get(cache, Digest.of(b"other")) is None


def test_what_was_used_longest_ago_goes_first(cache, tmp_path):
    first, second, third = (put(cache, bytes([n]) * 300) for n in range(3))
    assert get(cache, first)
    fourth = put(cache, b"4" * 300)
    assert get(cache, second) is None
    assert all(get(cache, digest) for digest in (first, third, fourth))
    assert held(tmp_path / "cache") == cache.state().bytes == 900


def test_what_is_larger_than_the_cache_is_not_kept_and_nothing_goes_for_it(cache):
    kept = put(cache, b"kept")
    assert get(cache, put(cache, bytes(1_001))) is None
    assert get(cache, kept) == b"kept"
    assert get(cache, put(cache, bytes(1_000))) == bytes(1_000)


def test_a_smaller_limit_holds_from_the_next_blob_on(cache, tmp_path):
    for n in range(3):
        put(cache, bytes([n]) * 300)
    small = BlobCache(tmp_path / "cache", 400)
    put(small, b"x" * 200)
    assert held(tmp_path / "cache") <= 400


@pytest.mark.parametrize("damage", [b"Weights", b"weigh", b"", b"weights and more", None])
def test_wrong_bytes_are_never_given_and_thrown_away(cache, tmp_path, damage):
    digest = put(cache, b"weights")
    path = tmp_path / "cache" / "blobs" / digest.hex
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert get(cache, digest) is None
    assert cache.state().blobs == 0
    assert get(cache, put(cache, b"weights")) == b"weights"


def test_what_is_being_read_outlasts_its_eviction(cache):
    digest = put(cache, b"weights")
    target = cache.room() / "target"
    assert cache.take(digest, target)
    cache.clear()
    assert target.read_bytes() == b"weights"
    assert cache.state().blobs == 0


def test_what_dead_processes_left_is_removed_after_a_week(cache):
    old, new = cache.room() / "old", cache.room() / "new"
    for path in (old, new):
        path.mkdir()
    os.utime(old, (time.time() - 8 * 86_400,) * 2)
    cache.room()
    assert not old.exists()
    assert new.exists()


def test_an_index_that_is_none_is_no_cache_and_can_be_cleared(cache, tmp_path):
    digest = put(cache, b"weights")
    (tmp_path / "cache" / "index.sqlite").write_bytes(b"nonsense" * 1_000)
    assert get(cache, digest) is None
    put(cache, b"weights")
    with pytest.raises(BackendError, match="cannot be used"):
        cache.state()
    cache.clear()
    assert get(cache, put(cache, b"weights")) == b"weights"


def test_a_folder_that_cannot_be_made_is_no_cache(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cache = BlobCache(tmp_path / "file" / "cache", 1_000)
    assert cache.room() is None
    assert not cache.take(Digest.of(b""), tmp_path / "target")
    cache.keep(Digest.of(b""), tmp_path / "file")
    with pytest.raises(BackendError):
        cache.state()
    with pytest.raises(BackendError):
        cache.clear()


HAMMER = """
import os, random, sys
from pathlib import Path
from lineage_registry.domain.digests import Digest
from lineage_registry.artifacts.blob_cache import BlobCache
folder, seed = Path(sys.argv[1]), int(sys.argv[2])
cache, dice, hits = BlobCache(folder, 100_000), random.Random(seed), 0
for turn in range(60):
    number = dice.randrange(20)
    data = random.Random(number).randbytes(10_000 + 500 * number)
    target = cache.room() / f"{seed}-{turn}"
    if cache.take(Digest.of(data), target):
        hits += 1
        assert target.read_bytes() == data
    else:
        target.write_bytes(data)
        cache.keep(Digest.of(data), target)
    target.unlink()
    if seed == 0 and turn == 40:
        os.kill(os.getpid(), 9)
print(hits)
"""


def test_processes_share_it_and_it_never_holds_more_than_its_limit(tmp_path):
    folder = tmp_path / "cache"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(folder), str(seed)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
        )
        for seed in range(4)
    ]
    most = 0
    while any(process.poll() is None for process in running):
        if (folder / "blobs").exists():
            sizes = []
            for path in (folder / "blobs").iterdir():
                try:
                    sizes.append(path.stat().st_size)
                except FileNotFoundError:
                    sizes.clear()  # it changes while we look: that count says nothing
                    break
            most = max(most, sum(sizes))
        time.sleep(0.002)
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [-9, 0, 0, 0]
    assert all(int(hits) for hits in said[1:])
    state = BlobCache(folder, 100_000).state()
    assert held(folder) == state.bytes <= 100_000
    assert most > 50_000
