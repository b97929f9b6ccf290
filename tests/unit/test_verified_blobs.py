"""Loading verifies a blob once: again whenever anything about its file is not as it was."""

import io
import os
import time

import pytest

from lineage_registry.artifacts.local import LocalArtifactStore
from lineage_registry.errors import DigestMismatchError
from lineage_registry.registry import verified_blobs
from lineage_registry.registry.verified_blobs import verify_once


class Blob:
    """A large blob in a store that counts how often it is read through."""

    def __init__(self, folder, monkeypatch):
        self.store = LocalArtifactStore(folder / "store")
        self.digest = self.store.put(io.BytesIO(b"w" * 100)).digest
        self.place = self.store.local_path(self.digest)
        self.reads = 0
        verify = self.store.verify

        def counted(digest):
            self.reads += 1
            verify(digest)

        monkeypatch.setattr(type(self.store), "verify", lambda _, digest: counted(digest))

    def check(self):
        verify_once(self.store, self.digest, self.place)
        return self.reads

    def change(self, data):
        self.place.chmod(0o644)
        self.place.write_bytes(data)


@pytest.fixture
def blob(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(verified_blobs, "WORTH_NOTING", 10)
    return Blob(tmp_path, monkeypatch)


@pytest.fixture
def later(monkeypatch):
    """A clock that is ahead, so that what was just written counts as settled."""
    now = time.time

    def ahead(seconds):
        monkeypatch.setattr("time.time", lambda: now() + seconds)

    ahead(60)
    return ahead


def test_a_blob_is_read_once_and_then_known(blob, later):
    assert [blob.check() for _ in range(3)] == [1, 1, 1]


def test_a_file_that_was_just_written_is_read_each_time(blob):
    assert [blob.check() for _ in range(3)] == [1, 2, 3]


def test_what_was_known_is_read_again_after_a_week(blob, later):
    blob.check()
    later(8 * 24 * 3600)
    assert blob.check() == 2
    later(-3600)
    assert blob.check() == 3


def test_a_small_blob_is_read_each_time(blob, later, monkeypatch):
    monkeypatch.setattr(verified_blobs, "WORTH_NOTING", 1000)
    assert [blob.check() for _ in range(3)] == [1, 2, 3]


def test_damage_is_found_although_the_blob_was_known(blob, later):
    blob.check()
    blob.change(b"v" + b"w" * 99)
    with pytest.raises(DigestMismatchError):
        blob.check()


def test_damage_is_found_although_size_and_time_are_put_back(blob, later):
    before = blob.place.stat()
    blob.check()
    blob.change(b"v" + b"w" * 99)
    os.utime(blob.place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert blob.place.stat().st_mtime_ns == before.st_mtime_ns
    with pytest.raises(DigestMismatchError):
        blob.check()


def test_damage_is_found_in_a_file_that_took_its_place(blob, later):
    blob.check()
    other = blob.place.with_name("other")
    other.write_bytes(b"v" * 100)
    other.replace(blob.place)
    with pytest.raises(DigestMismatchError):
        blob.check()


def test_a_copy_elsewhere_is_not_known_by_the_first_ones_record(blob, later, tmp_path, monkeypatch):
    blob.check()
    second = Blob(tmp_path / "second", monkeypatch)
    assert second.digest == blob.digest
    assert second.check() == 1


def test_a_record_that_cannot_be_read_costs_a_read_and_nothing_else(blob, later, tmp_path):
    blob.check()
    (record,) = (tmp_path / "cache").rglob("*.json")
    for text in ("", "[]", "{", '[[1,2,3,4,5],"x"]', "null"):
        record.write_text(text)
        reads = blob.reads
        assert blob.check() == reads + 1
    record.unlink()
    record.parent.rmdir()
    record.parent.write_text("in the way")
    assert blob.check() == blob.reads
