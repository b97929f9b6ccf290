"""Large files into every store: in parts, and on from where an earlier attempt stopped."""

import contextlib
import io
import os
import random
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from lineage_registry.artifacts import s3_multipart
from lineage_registry.artifacts.local import LocalArtifactStore
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import BackendError, DigestMismatchError
from lineage_registry.ports.uploads import PART_SIZE, fingerprint, part_size_of
from tests.buckets import client_of, store_in
from tests.servers.cache import REPOSITORY

MIB = 1024 * 1024
BUCKET = "uploads"


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def store(request, tmp_path):
    if request.param == "local":
        yield LocalArtifactStore(tmp_path / "store")
        return
    with store_in(request.getfixturevalue("s3_server"), BUCKET) as opened:
        yield opened


@pytest.fixture
def s3(s3_server):
    with store_in(s3_server, BUCKET) as opened:
        yield opened


def blob(path: Path, size: int, seed: int = 0) -> Path:
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


@pytest.mark.parametrize("size", [0, 1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, 2 * PART_SIZE])
def test_a_fingerprint_names_the_whole_and_its_parts(tmp_path, size):
    path = blob(tmp_path / "file", size)
    data, known = path.read_bytes(), fingerprint(path)
    assert (known.digest, known.size) == (Digest.of(data), size)
    cuts = range(0, max(size, 1), PART_SIZE)
    assert known.parts == tuple(Digest.of(data[at : at + PART_SIZE]) for at in cuts)
    assert sum(known.size_of(n) for n in range(1, len(known.parts) + 1)) == size


def test_ten_thousand_parts_are_enough_for_five_tebibytes():
    most = 5 * 1024**4
    assert part_size_of(most) * 10_000 >= most
    assert part_size_of(PART_SIZE) == PART_SIZE


@pytest.mark.parametrize("size", [0, 10, PART_SIZE, 2 * PART_SIZE + 7, 5 * PART_SIZE])
def test_a_file_of_any_size_is_stored_and_told_once(store, tmp_path, size):
    path, steps = blob(tmp_path / "file", size), []
    known = fingerprint(path)
    assert store.upload(path, known, progress=steps.append) == (known.digest, size, False)
    assert sum(steps) == size
    store.verify(known.digest)
    steps.clear()
    assert store.upload(path, known, progress=steps.append) == (known.digest, size, True)
    assert sum(steps) == size
    assert list(store.iter_digests()) == [known.digest]
    assert store.abandoned(older_than=timedelta(0)) == []


def test_a_file_that_changed_since_it_was_read_is_refused(store, tmp_path):
    path = blob(tmp_path / "file", 3 * PART_SIZE)
    known = fingerprint(path)
    with path.open("r+b") as file:
        file.seek(2 * PART_SIZE + 5)
        file.write(b"changed")
    with pytest.raises(DigestMismatchError):
        store.upload(path, known)
    with path.open("r+b") as file:
        file.truncate(2 * PART_SIZE)
    with pytest.raises(DigestMismatchError):
        store.upload(path, known)
    assert list(store.iter_digests()) == []


def test_many_may_upload_the_same_file_at_once(store, tmp_path):
    path = blob(tmp_path / "file", 3 * PART_SIZE)
    known, start = fingerprint(path), threading.Barrier(4)

    def work(_):
        start.wait()
        return store.upload(path, known)

    with ThreadPoolExecutor(4) as pool:
        assert {(one.digest, one.size) for one in pool.map(work, range(4))} == {
            (known.digest, known.size)
        }
    store.verify(known.digest)


KILLED = """
import os, signal, sys
from pathlib import Path
from lineage_registry.ports.uploads import fingerprint
{open}
path, told = Path(sys.argv[1]), 0
def progress(step):
    global told
    told += step
    if told >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
store.upload(path, fingerprint(path), progress=progress)
"""


def kill_at(bytes_, path, code):
    done = subprocess.run(
        [sys.executable, "-c", KILLED.replace("{open}", code), str(path), str(bytes_)],
        cwd=REPOSITORY,
        check=False,
    )
    assert done.returncode == -9


def open_s3(store, address):
    return (
        "from tests.buckets import store_in\n"
        "from tests.servers import S3Address\n"
        f"store = store_in({address!r}, {BUCKET!r}, prefix={store._prefix!r})"
    )


def open_local(store):
    return (
        "from lineage_registry.artifacts.local import LocalArtifactStore\n"
        f"store = LocalArtifactStore(Path({str(store.root)!r}))"
    )


@pytest.mark.s3
class TestS3:
    def test_after_a_kill_only_the_missing_parts_are_sent(
        self, s3, s3_server, tmp_path, monkeypatch
    ):
        path = blob(tmp_path / "file", 12 * PART_SIZE + 5)
        kill_at(6 * PART_SIZE, path, open_s3(s3, s3_server))
        assert list(s3.iter_digests()) == []
        sent, real, steps = [], s3_multipart.send, []

        def send(client, upload, number, data, digest):
            sent.append(number)
            return real(client, upload, number, data, digest)

        monkeypatch.setattr(s3_multipart, "send", send)
        known = fingerprint(path)
        s3.upload(path, known, progress=steps.append)
        assert 0 < len(sent) <= 7
        assert max(sent) == 13
        assert sum(steps) == known.size
        s3.verify(known.digest)
        assert s3.abandoned(older_than=timedelta(0)) == []

    def test_parts_of_another_file_are_not_taken_for_ours(self, s3, tmp_path):
        path = blob(tmp_path / "file", 3 * PART_SIZE)
        known, client = fingerprint(path), s3._client
        upload = s3_multipart.begin(client, BUCKET, s3._key(known.digest))
        wrong = os.urandom(PART_SIZE)
        for number in (2, 9):
            s3_multipart.send(client, upload, number, wrong, Digest.of(wrong))
        s3.upload(path, known)
        s3.verify(known.digest)

    def test_an_upload_that_somebody_gave_up_meanwhile_begins_again(
        self, s3, tmp_path, monkeypatch
    ):
        path = blob(tmp_path / "file", 4 * PART_SIZE)
        known, real, aborted, steps = fingerprint(path), s3_multipart.send, [], []

        def send(client, upload, number, data, digest):
            part = real(client, upload, number, data, digest)
            if number == 2 and not aborted:
                aborted.append(upload)
                s3_multipart.abort(client, upload)
            return part

        monkeypatch.setattr(s3_multipart, "send", send)
        s3.upload(path, known, progress=steps.append)
        assert aborted
        assert sum(steps) == known.size
        s3.verify(known.digest)

    def test_a_network_that_is_cut_is_told_and_the_next_call_goes_on(
        self, s3, tmp_path, monkeypatch
    ):
        path = blob(tmp_path / "file", 6 * PART_SIZE)
        known, real, sent = fingerprint(path), s3_multipart.send, []

        def send(client, upload, number, data, digest):
            if number == 5:
                raise urllib3.exceptions.ProtocolError("cut")
            sent.append(number)
            return real(client, upload, number, data, digest)

        with monkeypatch.context() as patch:
            patch.setattr(s3_multipart, "send", send)
            with pytest.raises(BackendError):
                s3.upload(path, known)
        there, again = set(sent), []
        assert there

        def count(client, upload, number, data, digest):
            again.append(number)
            return real(client, upload, number, data, digest)

        monkeypatch.setattr(s3_multipart, "send", count)
        s3.upload(path, known)
        assert set(again) == set(range(1, 7)) - there
        s3.verify(known.digest)

    def test_an_upload_that_still_grows_is_not_abandoned(self, s3, s3_server):
        client = client_of(s3_server)
        s3.check()
        upload = s3_multipart.begin(client, BUCKET, s3._key(Digest("0" * 64)))
        time.sleep(1.2)
        middle = datetime.now(UTC)
        data = os.urandom(100)
        s3_multipart.send(client, upload, 1, data, Digest.of(data))
        found = list(s3_multipart.unfinished(client, BUCKET, s3._prefix, middle))
        assert found == []
        assert s3.abandoned(older_than=timedelta(seconds=-5)) == [100]
        assert s3.sweep(older_than=timedelta(seconds=-5)) == 1
        with contextlib.suppress(Exception):
            client.remove_object(BUCKET, upload.key)


class TestLocal:
    @pytest.fixture
    def local(self, tmp_path):
        return LocalArtifactStore(tmp_path / "store")

    def test_after_a_kill_only_the_rest_is_written(self, local, tmp_path, monkeypatch):
        path = blob(tmp_path / "file", 3 * PART_SIZE)
        kill_at(2 * PART_SIZE, path, open_local(local))
        assert list(local.iter_digests()) == []
        (begun,) = (local.root / "tmp").iterdir()
        there, written = begun.stat().st_size, []
        assert there >= PART_SIZE
        real = os.write
        monkeypatch.setattr(
            os, "write", lambda fd, data: written.append(len(data)) or real(fd, data)
        )
        known = fingerprint(path)
        before = os.umask(0o027)
        try:
            assert not local.upload(path, known).existed
        finally:
            os.umask(before)
        assert sum(written) == known.size - there
        local.verify(known.digest)
        assert not stat.S_IMODE(local.local_path(known.digest).stat().st_mode) & 0o222

    @pytest.mark.parametrize("damage", ["flipped", "longer", "emptied"])
    def test_what_is_wrong_of_an_interrupted_copy_is_written_again(self, local, tmp_path, damage):
        path = blob(tmp_path / "file", 2 * PART_SIZE)
        known = fingerprint(path)
        begun = local.root / "tmp" / f"{known.digest.hex}.partial"
        begun.parent.mkdir(parents=True)
        data = bytearray(path.read_bytes())
        data[MIB + 3] ^= 1
        begun.write_bytes({"flipped": data, "longer": data + data, "emptied": b""}[damage])
        local.upload(path, known)
        local.verify(known.digest)
        assert list((local.root / "tmp").iterdir()) == []

    def test_an_interrupted_copy_is_swept_when_it_is_old(self, local, tmp_path):
        path = blob(tmp_path / "file", 3 * PART_SIZE)
        kill_at(PART_SIZE, path, open_local(local))
        assert local.abandoned() == []
        (size,) = local.abandoned(older_than=timedelta(seconds=-1))
        assert size >= PART_SIZE - MIB
        assert local.sweep(older_than=timedelta(seconds=-1)) == 1

    def test_a_source_that_cannot_be_read_is_an_error_and_leaves_nothing(self, local, tmp_path):
        path = blob(tmp_path / "file", PART_SIZE)
        known = fingerprint(path)
        path.unlink()
        with pytest.raises(BackendError):
            local.upload(path, known)
        assert local.put(io.BytesIO(b"x")).size == 1
