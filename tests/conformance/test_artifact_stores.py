"""Every artifact store against every rule, and what only one kind of store can get wrong."""

import contextlib
import errno
import io
import multiprocessing
import os
import resource
import socket
import stat
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from minio import Minio

from lineage_registry.artifacts import s3_multipart
from lineage_registry.artifacts.local import LocalArtifactStore
from lineage_registry.artifacts.s3 import S3ArtifactStore
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    BackendError,
    BackendUnavailableError,
    InvalidInputError,
    StorageFullError,
)
from lineage_registry.ports.artifacts import Source
from lineage_registry.testing.artifacts import MIB, ArtifactStoreContract, pattern
from tests.buckets import client_of, store_in

BUCKET = "conformance"


class RawFolder:
    def __init__(self, root: Path):
        self.root = root

    def path(self, digest):
        return self.root / "blobs" / "sha256" / digest.hex[:2] / digest.hex

    def write(self, digest, data):
        self.remove(digest)
        self.path(digest).write_bytes(data)

    def remove(self, digest):
        self.path(digest).unlink()

    def names(self):
        return {str(path) for path in self.root.rglob("*") if path.is_file()}


class RawBucket:
    def __init__(self, client: Minio, prefix: str):
        self.client = client
        self.prefix = prefix

    def key(self, digest):
        return f"{self.prefix}/blobs/sha256/{digest.hex[:2]}/{digest.hex}"

    def write(self, digest, data):
        self.client.put_object(BUCKET, self.key(digest), io.BytesIO(data), len(data))

    def remove(self, digest):
        self.client.remove_object(BUCKET, self.key(digest))

    def names(self):
        objects = self.client.list_objects(BUCKET, f"{self.prefix}/", recursive=True)
        uploads = self.client._list_multipart_uploads(BUCKET).uploads
        unfinished = {item.object_name for item in uploads}
        return {item.object_name for item in objects} | {
            name for name in unfinished if name.startswith(f"{self.prefix}/")
        }


@pytest.fixture
def local_store(tmp_path_factory):
    return LocalArtifactStore(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def s3_store(s3_server):
    with store_in(s3_server, BUCKET) as store:
        store.check()
        yield store


class CuttingProxy:
    """Stands before a server and cuts each of the first connections after some bytes of answer."""

    def __init__(self, endpoint: str, *, cuts: int, after: int):
        host, _, port = endpoint.rpartition(":")
        self.target = (host, int(port))
        self.cuts = cuts
        self.after = after
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                for pump in (self.pump_up, self.pump_down):
                    threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def pump_up(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)

    def pump_down(self, client, server):
        passed = 0
        with client, server, contextlib.suppress(OSError):
            while data := server.recv(65536):
                passed += len(data)
                if passed > self.after and self.cuts:
                    self.cuts -= 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)


class TestLocalArtifactStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self, local_store):
        return local_store

    @pytest.fixture
    def raw(self, store):
        return RawFolder(store.root)


class TestS3ArtifactStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self, s3_store):
        return s3_store

    @pytest.fixture
    def raw(self, store, s3_server):
        return RawBucket(client_of(s3_server), store._prefix.rstrip("/"))


def put_many(root: str, seed: int) -> list[str]:
    store = LocalArtifactStore(Path(root))
    blobs = [b"shared %d" % n for n in range(30)] + [b"own %d %d" % (seed, n) for n in range(10)]
    return [str(store.put(io.BytesIO(blob)).digest) for blob in blobs]


class TestOnlyLocal:
    def test_many_processes_may_put_the_same_blobs(self, local_store):
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(4) as pool:
            answers = pool.starmap(put_many, [(str(local_store.root), seed) for seed in range(4)])
            pool.close()
            pool.join()
        assert len({digest for answer in answers for digest in answer}) == 30 + 4 * 10
        assert len(list(local_store.iter_digests())) == 30 + 4 * 10
        assert len(RawFolder(local_store.root).names()) == 30 + 4 * 10
        for digest in local_store.iter_digests():
            local_store.verify(digest)

    def test_a_full_disk_leaves_nothing_half_visible(self, local_store):
        code = (
            "import io, resource, sys; from pathlib import Path\n"
            "from lineage_registry.artifacts.local import LocalArtifactStore\n"
            "from lineage_registry.errors import StorageFullError\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))\n"
            "try: LocalArtifactStore(Path(sys.argv[1])).put(io.BytesIO(bytes(3 * 2**20)))\n"
            "except StorageFullError: sys.exit(7)\n"
        )
        command = [sys.executable, "-c", code, str(local_store.root)]
        assert subprocess.run(command, check=False, cwd=Path.cwd()).returncode == 7
        assert RawFolder(local_store.root).names() == set()
        assert local_store.put(io.BytesIO(bytes(3 * MIB))).size == 3 * MIB

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_no_room_is_told_from_other_failures(self, local_store, monkeypatch, number):
        def refuse(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageFullError):
            local_store.put(io.BytesIO(b"weights"))
        assert RawFolder(local_store.root).names() == set()

    def test_an_upload_that_was_killed_is_swept_when_it_is_old(self, local_store):
        code = (
            "import os, sys; from pathlib import Path\n"
            "from lineage_registry.artifacts.local import LocalArtifactStore\n"
            "from lineage_registry.testing.artifacts import pattern\n"
            "LocalArtifactStore(Path(sys.argv[1])).put(\n"
            "    pattern(9 << 20), progress=lambda _: os.kill(os.getpid(), 9) if os.path.getsize(\n"
            "        next(os.scandir(sys.argv[1] + '/tmp'))) else None)\n"
        )
        command = [sys.executable, "-c", code, str(local_store.root)]
        assert subprocess.run(command, check=False, cwd=Path.cwd()).returncode == -9
        assert list(local_store.iter_digests()) == []
        assert len(RawFolder(local_store.root).names()) == 1
        assert local_store.sweep() == 0
        time.sleep(0.01)
        assert local_store.sweep(older_than=timedelta(0)) == 1
        assert RawFolder(local_store.root).names() == set()

    def test_blobs_are_read_only_and_respect_the_umask(self, local_store):
        before = os.umask(0o027)
        try:
            digest = local_store.put(io.BytesIO(b"weights")).digest
            local_store.pin([digest])
        finally:
            os.umask(before)
        assert stat.S_IMODE(local_store.local_path(digest).stat().st_mode) == 0o440
        (note,) = (local_store.root / "pins").iterdir()
        assert stat.S_IMODE(note.stat().st_mode) == 0o640

    def test_strange_files_among_the_blobs_are_not_taken_for_blobs(self, local_store):
        digest = local_store.put(io.BytesIO(b"weights")).digest
        folder = local_store.local_path(digest).parent
        (folder / ".DS_Store").write_bytes(b"")
        (folder.parent / "notes.txt").write_bytes(b"")
        (folder / ("f" * 64)).write_bytes(b"in the wrong folder")
        assert list(local_store.iter_digests()) == [digest]

    def test_a_store_that_cannot_be_written_says_so(self, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        store = LocalArtifactStore(tmp_path / "file")
        with pytest.raises(BackendError):
            store.check()
        with pytest.raises(BackendError):
            store.put(io.BytesIO(b"weights"))

    def test_a_copy_to_a_full_disk_leaves_nothing(self, local_store, tmp_path):
        digest = local_store.put(pattern(3 * MIB)).digest
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
        try:
            with pytest.raises(StorageFullError):
                local_store.fetch(digest, tmp_path / "copy")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(tmp_path.iterdir()) == []

    def test_a_pin_that_is_replaced_while_pins_are_read_is_not_overlooked(
        self, local_store, monkeypatch
    ):
        digest = Digest("0" * 64)
        pins = [local_store.pin([digest])]
        real = LocalArtifactStore._read_note

        def read(store, name):
            if len(pins) < 4:  # somebody is faster, several times
                pins.append(store.pin([digest]))
                store.unpin(pins[-2])
            return real(store, name)

        monkeypatch.setattr(LocalArtifactStore, "_read_note", read)
        assert local_store.pinned_digests() == {digest}

    def test_an_unreadable_pin_stops_whoever_asks_what_is_pinned(self, local_store):
        local_store.pin([Digest("0" * 64)])
        (note,) = (local_store.root / "pins").iterdir()
        note.write_bytes(b'{"digests": []}')
        with pytest.raises(Exception, match="a pin cannot be read"):
            local_store.pinned_digests()


class TestOnlyS3:
    def connect(self, s3_server, **changes):
        return store_in(s3_server, **({"bucket": BUCKET, "prefix": ""} | changes))

    def test_who_knows_the_size_asks_one_question_less(self, s3_store, monkeypatch):
        digest, asked, real = s3_store.put(io.BytesIO(b"weights")).digest, [], S3ArtifactStore._size
        monkeypatch.setattr(
            S3ArtifactStore, "_size", lambda self, one: asked.append(one) or real(self, one)
        )
        for size in (7, None):
            with s3_store.open_at(digest, size) as file:
                assert file.read() == b"weights"
            assert len(asked) == (size is None)

    def test_of_many_that_are_stored_each_is_asked_for_once(self, s3_store, monkeypatch):
        asked, real = [], S3ArtifactStore._size
        monkeypatch.setattr(
            S3ArtifactStore, "_size", lambda self, one: asked.append(one) or real(self, one)
        )
        texts = [b"%d" % number for number in range(20)]
        sources = [Source(Digest.of(one), len(one), partial(io.BytesIO, one)) for one in texts]
        s3_store.put_many(sources)
        assert sorted(asked) == sorted(map(Digest.of, texts)) == list(s3_store.iter_digests())

    def test_a_server_that_does_not_answer_is_unavailable(self, s3_server):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            endpoint = f"127.0.0.1:{free.getsockname()[1]}"
        store = self.connect(s3_server, endpoint=endpoint, secure=False)
        for question in (store.check, lambda: store.put(io.BytesIO(b"weights"))):
            with pytest.raises(BackendUnavailableError) as caught:
                question()
            assert caught.value.hint

    @pytest.mark.parametrize("keys", [{"access_key": "nobody"}, {"secret_key": "wrong-secret"}])
    def test_wrong_keys_are_a_refusal_with_a_hint(self, s3_server, keys):
        store = self.connect(s3_server, **keys)
        questions = [store.check, lambda: store.size(Digest("0" * 64))]
        questions.append(lambda: store.put(io.BytesIO(b"weights")))
        for question in questions:
            with pytest.raises(BackendError) as caught:
                question()
            assert type(caught.value) is BackendError
            assert "check" in caught.value.hint

    def test_a_missing_bucket_is_created_only_if_that_is_wanted(self, s3_server):
        bucket = f"made-{uuid.uuid4().hex[:12]}"
        strict = self.connect(s3_server, bucket=bucket, create_bucket=False)
        with pytest.raises(BackendError, match="NoSuchBucket"):
            strict.check()
        with pytest.raises(BackendError, match="NoSuchBucket"):
            strict.put(io.BytesIO(b"weights"))
        self.connect(s3_server, bucket=bucket).check()
        strict.check()

    @pytest.mark.parametrize(
        "changes",
        [
            {"endpoint": "http://127.0.0.1:9000/path"},
            {"endpoint": ""},
            {"bucket": "x"},
            {"bucket": "a/b"},
            {"prefix": "a/../b"},
            {"prefix": "a\nb"},
        ],
    )
    def test_an_address_that_cannot_be_one_is_refused(self, s3_server, changes):
        with pytest.raises(InvalidInputError):
            self.connect(s3_server, **changes)

    @pytest.mark.parametrize(("cuts", "arrives"), [(3, True), (100, False)])
    def test_a_download_that_breaks_off_goes_on_where_it_stopped(
        self, s3_server, s3_store, cuts, arrives
    ):
        stored = s3_store.put(pattern(8 * MIB))
        proxy = CuttingProxy(s3_server.endpoint, cuts=cuts, after=MIB)
        prefix = s3_store._prefix
        with self.connect(s3_server, endpoint=proxy.endpoint, prefix=prefix) as store:
            if arrives:
                store.verify(stored.digest)
            else:
                with pytest.raises(BackendUnavailableError):
                    store.verify(stored.digest)
        assert (proxy.cuts == 0) == arrives
        proxy.listener.close()

    def test_an_abandoned_upload_is_swept_when_it_is_old(self, s3_store):
        client, key = s3_store._client, f"{s3_store._prefix}blobs/sha256/00/left"
        upload_id = client._create_multipart_upload(BUCKET, key, {})
        client._upload_part(BUCKET, key, b"part", None, upload_id, 1)
        client.put_object(BUCKET, f"{s3_store._prefix}staging/left", io.BytesIO(b"x"), 1)
        assert s3_store.sweep() == 0
        time.sleep(1.1)  # S3 counts in seconds
        assert s3_store.sweep(older_than=timedelta(0)) == 2
        assert s3_store.sweep(older_than=timedelta(0)) == 0

    def test_ten_thousand_parts_are_enough_for_five_tebibytes(self):
        most = 5 * 1024**4
        assert s3_multipart._part_size(most, 1) * 9_999 > most
        assert sum(s3_multipart._part_size(None, number) for number in range(10_000)) > most
        assert s3_multipart._part_size(None, 1) == s3_multipart._part_size(10, 1)
