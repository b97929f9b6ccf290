"""Large files over HTTP: in parts, on from where they stopped, past the server into S3."""

import base64
import contextlib
import io
import os
import random
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from lineage_registry.api import create_app
from lineage_registry.api.blobs import Blobs
from lineage_registry.artifacts.local import LocalArtifactStore
from lineage_registry.artifacts.local_staging import LocalStaging
from lineage_registry.artifacts.s3 import S3ArtifactStore
from lineage_registry.artifacts.s3_staging import S3Staging
from lineage_registry.bootstrap import local
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    BackendUnavailableError,
    DigestMismatchError,
    InvalidInputError,
)
from lineage_registry.ports.uploads import PART_SIZE, Fingerprint, fingerprint
from lineage_registry.remote import HttpArtifactStore
from lineage_registry.settings import Settings
from tests.api.conftest import running
from tests.buckets import client_of, store_in, url_of
from tests.conformance.test_artifact_stores import CuttingProxy
from tests.servers.cache import REPOSITORY

MIB = 1024 * 1024
BUCKET = "presigned"
TOKENS = {"ada-0123456789abcdef": "ada", "bob-0123456789abcdef": "bob"}


def blob(path, size, seed=0):
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


@contextlib.contextmanager
def serving(folder, artifacts, **options):
    """Serve a registry whose bytes are in `artifacts`."""
    commands, own = local(Settings(url=str(folder)))
    app = create_app(commands, artifacts, **options)
    with contextlib.closing(commands), contextlib.closing(own), running(app) as url:
        yield url


@pytest.fixture
def behind(tmp_path):
    """The store behind the server."""
    return LocalArtifactStore(tmp_path / "behind")


@pytest.fixture
def url(tmp_path, behind):
    with serving(tmp_path / "registry", behind) as address:
        yield address


@pytest.fixture
def store(url):
    with HttpArtifactStore(url) as opened:
        yield opened


@pytest.fixture
def sent(monkeypatch):
    """The numbers of the parts that came through the server."""
    numbers = []
    for staging in (LocalStaging, S3Staging):
        real = staging._put_part

        def put_part(self, name, id_, number, *rest, real=real):
            numbers.append(number)
            return real(self, name, id_, number, *rest)

        monkeypatch.setattr(staging, "_put_part", put_part)
    return numbers


KILLED = """
import os, signal, sys
from pathlib import Path
from lineage_registry.ports.uploads import fingerprint
from lineage_registry.remote import HttpArtifactStore
told = 0
def progress(step):
    global told
    told += step
    if told >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
path = Path(sys.argv[2])
HttpArtifactStore(sys.argv[1]).upload(path, fingerprint(path), progress=progress)
"""


def kill_at(bytes_, path, url):
    command = [sys.executable, "-c", KILLED, url, str(path), str(bytes_)]
    assert subprocess.run(command, cwd=REPOSITORY, check=False).returncode == -9


def ask(method, url, **options):
    return urllib3.request(method, url, retries=False, **options)


def content_digest(data):
    said = base64.b64encode(bytes.fromhex(Digest.of(data).hex)).decode()
    return {"Content-Digest": f"sha-256=:{said}:", "Content-Type": "application/octet-stream"}


def begin(url, known, **options):
    said = {"size": known.size, "parts": [str(part) for part in known.parts]}
    return ask("POST", f"{url}/api/v1/blobs/{known.digest}/upload", json=said, **options)


def finish(url, known, id_, **options):
    said = {"size": known.size, "parts": [str(part) for part in known.parts], "upload": id_}
    return ask("POST", f"{url}/api/v1/blobs/{known.digest}/upload/finish", json=said, **options)


def put_part(url, known, id_, number, data, **options):
    options.setdefault("headers", content_digest(data))
    path = f"{url}/api/v1/blobs/{known.digest}/upload/parts/{number}"
    return ask("PUT", f"{path}?size={known.size}&upload={id_}", body=data, **options)


def test_a_large_file_comes_in_parts_and_is_one_blob(store, behind, sent, tmp_path):
    path, steps = blob(tmp_path / "file", 3 * PART_SIZE + 7), []
    known = fingerprint(path)
    assert store.upload(path, known, progress=steps.append) == (known.digest, known.size, False)
    assert sum(steps) == known.size
    assert sorted(sent) == [1, 2, 3, 4]
    behind.verify(known.digest)
    assert behind.abandoned(older_than=timedelta(seconds=-5)) == []
    assert store.upload(path, known).existed
    assert len(sent) == 4


def test_after_a_killed_client_and_a_killed_server_only_the_missing_parts_come(
    behind, sent, tmp_path
):
    path = blob(tmp_path / "file", 8 * PART_SIZE)
    known = fingerprint(path)
    with serving(tmp_path / "registry", behind) as url:
        kill_at(4 * PART_SIZE, path, url)
    assert list(behind.iter_digests()) == []
    before = set(sent)
    sent.clear()
    with serving(tmp_path / "registry", behind) as url, HttpArtifactStore(url) as store:
        store.upload(path, known)
    assert 4 <= len(before) < 8
    assert len(sent) <= 4
    assert before | set(sent) == set(range(1, 9))
    behind.verify(known.digest)


def test_what_an_abandoned_upload_left_is_swept(behind, tmp_path):
    path = blob(tmp_path / "file", 4 * PART_SIZE)
    # Only a server that has ended writes nothing more of the parts that were on their way.
    with serving(tmp_path / "registry", behind) as url:
        kill_at(2 * PART_SIZE, path, url)
    assert behind.abandoned() == []
    (size,) = behind.abandoned(older_than=timedelta(seconds=-5))
    assert size >= 2 * PART_SIZE
    assert behind.sweep(older_than=timedelta(seconds=-5)) == 1
    assert list((behind.root / "staging").iterdir()) == []


def test_a_part_with_other_bytes_than_announced_is_refused(url, tmp_path):
    known = fingerprint(blob(tmp_path / "file", 2 * PART_SIZE))
    id_ = begin(url, known).json()["upload"]
    data = b"x" * PART_SIZE
    wrong = put_part(url, known, id_, 1, data, headers=content_digest(b"y" * PART_SIZE))
    assert (wrong.status, wrong.json()["code"]) == (422, "digest-mismatch")
    for headers in ({}, {"Content-Digest": "md5=:AAAA:"}, {"Content-Digest": "sha-256=:x:"}):
        assert put_part(url, known, id_, 1, data, headers=headers).status == 422


def test_of_several_parts_of_one_number_the_last_one_counts(url, behind, tmp_path):
    path = blob(tmp_path / "file", PART_SIZE + 100)
    known, data = fingerprint(path), path.read_bytes()
    id_ = begin(url, known).json()["upload"]
    for other in range(5):
        assert put_part(url, known, id_, 2, bytes([other]) * 100).status == 204
    assert len([one for one in behind.root.glob("staging/**/*") if one.is_file()]) == 1
    assert begin(url, known).json()["missing"] == [1, 2]
    put_part(url, known, id_, 1, data[:PART_SIZE])
    put_part(url, known, id_, 2, data[PART_SIZE:])
    assert begin(url, known).json()["missing"] == []
    assert finish(url, known, id_).status == 201
    behind.verify(known.digest)


@pytest.mark.parametrize(
    ("number", "length", "status"),
    [(1, 0, 422), (1, PART_SIZE - 1, 422), (2, 99, 422), (2, 101, 413), (3, 100, 422)],
)
def test_a_part_has_the_length_that_follows_from_the_size(url, tmp_path, number, length, status):
    known = fingerprint(blob(tmp_path / "file", PART_SIZE + 100))
    id_ = begin(url, known).json()["upload"]
    assert put_part(url, known, id_, number, bytes(length)).status == status
    assert begin(url, known).json()["missing"] == [1, 2]


def test_parts_that_together_are_another_file_become_no_blob(url, behind, tmp_path):
    known = fingerprint(blob(tmp_path / "file", 2 * PART_SIZE))
    lie = Fingerprint(Digest("0" * 64), known.size, known.parts)
    id_, data = begin(url, lie).json()["upload"], (tmp_path / "file").read_bytes()
    for number, at in ((1, 0), (2, PART_SIZE)):
        assert put_part(url, lie, id_, number, data[at : at + PART_SIZE]).status == 204
    refused = finish(url, lie, id_)
    assert (refused.status, refused.json()["code"]) == (422, "digest-mismatch")
    assert list(behind.iter_digests()) == []
    assert finish(url, lie, id_).status == 404


def test_an_upload_is_finished_only_when_all_parts_are_there(url, behind, tmp_path):
    known = fingerprint(blob(tmp_path / "file", 2 * PART_SIZE))
    id_, data = begin(url, known).json()["upload"], (tmp_path / "file").read_bytes()
    put_part(url, known, id_, 2, data[PART_SIZE:])
    refused = finish(url, known, id_)
    assert refused.json()["code"] == "manifest-incomplete"
    assert refused.json()["context"]["missing"] == [1]
    assert begin(url, known).json()["missing"] == [1]
    put_part(url, known, id_, 1, data[:PART_SIZE])
    assert finish(url, known, id_).status == 201
    behind.verify(known.digest)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"size": 2 * PART_SIZE, "parts": []}, 422),
        ({"size": -1, "parts": []}, 422),
        ({"size": True, "parts": []}, 422),
        ({"size": 1, "parts": ["x"]}, 422),
        ({"size": 1, "parts": "x"}, 422),
        ({"parts": [f"sha256:{'0' * 64}"]}, 422),
        ({"size": 2**50, "parts": [f"sha256:{'0' * 64}"]}, 413),
        ([], 422),
        (None, 422),
    ],
)
def test_nonsense_begins_nothing(url, behind, said, status):
    refused = ask("POST", f"{url}/api/v1/blobs/sha256:{'0' * 64}/upload", json=said)
    assert refused.status == status
    assert not (behind.root / "staging").exists()


@pytest.mark.parametrize(
    ("number", "id_", "status"),
    [
        ("0", None, 422),
        ("10001", None, 422),
        ("1x", None, 422),
        ("%2e%2e", None, 422),
        ("1", "..%2f..%2fblobs", 404),
        ("1", "0" * 32, 404),
        ("1", "", 422),
        ("1", "%00", 422),
    ],
)
def test_nonsense_puts_no_part(url, tmp_path, number, id_, status):
    known = fingerprint(blob(tmp_path / "file", 2 * PART_SIZE))
    good = begin(url, known).json()["upload"]
    data = bytes(PART_SIZE)
    assert put_part(url, known, good if id_ is None else id_, number, data).status == status


def test_a_part_is_no_larger_than_a_part(url, tmp_path):
    known = fingerprint(blob(tmp_path / "file", 2 * PART_SIZE))
    id_ = begin(url, known).json()["upload"]
    assert put_part(url, known, id_, 1, bytes(PART_SIZE + 1)).status == 413


@contextlib.contextmanager
def slow_part(url, known, id_, number, data):
    """A connection that has sent the head of a part, and its first byte."""
    where = urlsplit(url)
    said = content_digest(data) | {"Host": where.netloc, "Content-Length": str(len(data))}
    path = f"/api/v1/blobs/{known.digest}/upload/parts/{number}?size={known.size}&upload={id_}"
    lines = [f"PUT {path} HTTP/1.1", "Connection: close", *map(": ".join, said.items())]
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + data[:1])
        yield connection


def test_a_part_may_come_slowly_if_it_comes(url, tmp_path, monkeypatch):
    monkeypatch.setattr("lineage_registry.api.bodies.PATIENCE", 1)
    path = blob(tmp_path / "file", 2 * PART_SIZE)
    known, data = fingerprint(path), path.read_bytes()[:PART_SIZE]
    id_ = begin(url, known).json()["upload"]
    with slow_part(url, known, id_, 1, data) as connection:
        for at in range(1, PART_SIZE, MIB):
            time.sleep(0.12)
            connection.sendall(data[at : at + MIB])
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 204 ")
    with slow_part(url, known, id_, 1, data) as connection:
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 408 ")


def test_slow_parts_do_not_keep_others_waiting(url, tmp_path):
    path = blob(tmp_path / "file", 2 * PART_SIZE)
    known, data = fingerprint(path), path.read_bytes()[:PART_SIZE]
    id_ = begin(url, known).json()["upload"]
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(slow_part(url, known, id_, 1, data))
        assert put_part(url, known, id_, 1, data, timeout=20).status == 204


def test_who_asks_again_while_an_upload_is_finished_waits_for_it(
    url, behind, tmp_path, monkeypatch
):
    path = blob(tmp_path / "file", 2 * PART_SIZE)
    known, data, calls = fingerprint(path), path.read_bytes(), []
    id_, real = begin(url, known).json()["upload"], LocalStaging._finish
    put_part(url, known, id_, 1, data[:PART_SIZE])
    put_part(url, known, id_, 2, data[PART_SIZE:])

    def slow(self, *arguments):
        calls.append(arguments)
        time.sleep(1)
        return real(self, *arguments)

    monkeypatch.setattr(LocalStaging, "_finish", slow)
    said = {"size": known.size, "parts": [str(part) for part in known.parts], "upload": id_}
    address = f"{url}/api/v1/blobs/{known.digest}/upload/finish"
    with pytest.raises(urllib3.exceptions.TimeoutError):
        ask("POST", address, json=said, timeout=0.2)
    assert finish(url, known, id_).status == 201
    assert len(calls) == 1
    behind.verify(known.digest)


def test_an_upload_belongs_to_who_began_it(tmp_path, behind):
    known = fingerprint(blob(tmp_path / "file", 2 * PART_SIZE))
    with serving(tmp_path / "registry", behind, api_keys=TOKENS) as url:
        ada, bob = ({"Authorization": f"Bearer {token}"} for token in TOKENS)
        id_ = begin(url, known, headers=ada).json()["upload"]
        data = bytes(PART_SIZE)
        theirs = put_part(url, known, id_, 1, data, headers=bob | content_digest(data))
        assert theirs.status == 404
        assert finish(url, known, id_, headers=bob).status == 404
        ours = put_part(url, known, id_, 1, data, headers=ada | content_digest(data))
        assert ours.status == 204
        path = f"{url}/api/v1/blobs/{known.digest}/upload?size={known.size}&upload={id_}"
        assert ask("DELETE", path, headers=bob).status == 204  # of theirs there is none
        assert begin(url, known, headers=ada).json()["upload"] == id_
        assert ask("DELETE", path, headers=ada).status == 204
        assert put_part(url, known, id_, 1, data, headers=ada | content_digest(data)).status == 404


@pytest.fixture
def s3(s3_server):
    """A store in S3 that clients reach at the same address as the server."""
    with store_in(s3_server, BUCKET, public_url=url_of(s3_server)) as opened:
        opened.check()
        yield opened


@pytest.fixture
def into_s3(tmp_path, s3):
    with serving(tmp_path / "registry", s3) as url, HttpArtifactStore(url) as store:
        yield url, store


@pytest.fixture
def streamed(monkeypatch):
    """The blobs that the server passed on by itself."""
    digests, real = [], Blobs._whole

    def whole(self, digest):
        digests.append(digest)
        return real(self, digest)

    monkeypatch.setattr(Blobs, "_whole", whole)
    return digests


def sign(url, known, id_, number, part):
    path = f"{url}/api/v1/blobs/{known.digest}/upload/parts/{number}/signed"
    return ask("POST", path, json={"size": known.size, "upload": id_, "part": str(part)})


@pytest.mark.s3
class TestPresigned:
    def test_bytes_go_past_the_server_both_ways(self, into_s3, s3, sent, streamed, tmp_path):
        _, store = into_s3
        path = blob(tmp_path / "file", 3 * PART_SIZE + 7)
        known = fingerprint(path)
        assert not store.upload(path, known).existed
        assert sent == []
        s3.verify(known.digest)
        assert s3.abandoned(older_than=timedelta(seconds=-5)) == []
        store.fetch(known.digest, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == path.read_bytes()
        assert streamed == []
        small = store.put(io.BytesIO(b"small")).digest
        assert store.open(small).read() == b"small"
        assert streamed == [small]

    def test_after_a_kill_only_the_missing_parts_are_sent(self, into_s3, s3, tmp_path, monkeypatch):
        url, store = into_s3
        path = blob(tmp_path / "file", 8 * PART_SIZE)
        kill_at(4 * PART_SIZE, path, url)
        known = fingerprint(path)
        there = 8 - len(begin(url, known).json()["missing"])
        assert 4 <= there < 8
        numbers, real = [], S3Staging._sign_part

        def sign_part(self, name, id_, number, *rest):
            numbers.append(number)
            return real(self, name, id_, number, *rest)

        monkeypatch.setattr(S3Staging, "_sign_part", sign_part)
        store.upload(path, known)
        assert len(numbers) == 8 - there
        s3.verify(known.digest)

    def test_a_signed_request_is_good_for_one_part_in_staging_for_a_while(
        self, into_s3, s3, tmp_path
    ):
        url, _ = into_s3
        path = blob(tmp_path / "file", 2 * PART_SIZE)
        known, data = fingerprint(path), path.read_bytes()
        id_ = begin(url, known).json()["upload"]
        answer = sign(url, known, id_, 1, known.parts[0])
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        signed = answer.json()
        target, headers = signed["url"], signed["headers"]
        parts = urlsplit(target)
        assert parts.path.startswith(f"/{BUCKET}/{s3._prefix}staging/")
        assert int(parse_qs(parts.query)["X-Amz-Expires"][0]) <= 15 * 60
        first = data[:PART_SIZE]

        def put(to=target, body=first, **changes):
            return ask("PUT", to, body=body, headers=headers | changes).status

        other = bytes([first[0] ^ 1]) + first[1:]
        assert put(body=other) == 400
        assert put(body=first[:-1], **{"content-length": str(PART_SIZE - 1)}) == 403
        assert put(**{"x-amz-checksum-sha256": "A" * 43 + "="}) == 403
        assert put(target.replace("partNumber=1", "partNumber=2")) == 403
        assert put(target.replace("/staging/", "/blobs/")) == 403
        assert put(target.replace("/staging/", "/staging/../blobs/")) in {400, 403}
        assert put(target.replace("X-Amz-Expires=900", "X-Amz-Expires=604800")) == 403
        assert ask("GET", target).status in {400, 403}
        assert put() == 200
        put_part(url, known, id_, 2, data[PART_SIZE:])
        assert finish(url, known, id_).status == 201
        assert put() == 404
        s3.verify(known.digest)

    def test_a_url_for_reading_gives_one_blob_and_takes_nothing(self, into_s3, tmp_path):
        url, store = into_s3
        path = blob(tmp_path / "file", PART_SIZE + 1)
        known = fingerprint(path)
        store.upload(path, known)
        led = ask("GET", f"{url}/api/v1/blobs/{known.digest}?direct=true", redirect=False)
        assert led.status == 307
        assert led.headers["Referrer-Policy"] == "no-referrer"
        assert led.headers["Cache-Control"] == "no-store"
        target = led.headers["Location"]
        assert ask("GET", target).data == path.read_bytes()
        assert ask("PUT", target, body=b"x").status == 403
        assert ask("DELETE", target).status == 403
        assert ask("GET", f"{url}/api/v1/blobs/{known.digest}", redirect=False).status == 200

    def test_parts_that_together_are_another_file_become_no_blob(self, into_s3, s3, tmp_path):
        url, _ = into_s3
        path = blob(tmp_path / "file", PART_SIZE + 100)
        data, known = path.read_bytes(), fingerprint(path)
        lie = Fingerprint(Digest("0" * 64), known.size, known.parts)
        id_ = begin(url, lie).json()["upload"]
        put_part(url, lie, id_, 1, data[:PART_SIZE])
        put_part(url, lie, id_, 2, data[PART_SIZE:])
        refused = finish(url, lie, id_)
        assert (refused.status, refused.json()["code"]) == (422, "digest-mismatch")
        assert list(s3.iter_digests()) == []
        assert s3.abandoned(older_than=timedelta(seconds=-5)) == []

    def test_only_what_was_read_is_promoted(self, into_s3, s3, tmp_path, monkeypatch):
        url, _ = into_s3
        path = blob(tmp_path / "file", PART_SIZE + 100)
        data, known = path.read_bytes(), fingerprint(path)
        id_, real = begin(url, known).json()["upload"], S3Staging._checked

        def checked(self, key, fingerprint_):
            etag = real(self, key, fingerprint_)
            wrong = os.urandom(known.size)
            s3._client.put_object(BUCKET, key, io.BytesIO(wrong), len(wrong))
            return etag

        monkeypatch.setattr(S3Staging, "_checked", checked)
        put_part(url, known, id_, 1, data[:PART_SIZE])
        put_part(url, known, id_, 2, data[PART_SIZE:])
        assert finish(url, known, id_).status >= 400
        assert list(s3.iter_digests()) == []

    def test_another_server_finishes_what_one_takes_long_to_finish(
        self, into_s3, s3, tmp_path, monkeypatch
    ):
        url, _ = into_s3
        path = blob(tmp_path / "file", PART_SIZE + 100)
        data, known = path.read_bytes(), fingerprint(path)
        id_, real = begin(url, known).json()["upload"], S3Staging._checked
        reading, done = threading.Event(), threading.Event()

        def slow(self, key, fingerprint_):
            etag = real(self, key, fingerprint_)
            if not reading.is_set():
                reading.set()
                assert done.wait(60)
            return etag

        monkeypatch.setattr(S3Staging, "_checked", slow)
        put_part(url, known, id_, 1, data[:PART_SIZE])
        put_part(url, known, id_, 2, data[PART_SIZE:])
        with serving(tmp_path / "other", s3) as other, ThreadPoolExecutor() as pool:
            first = pool.submit(finish, url, known, id_)
            assert reading.wait(60)
            try:
                assert finish(other, known, id_).status == 201
            finally:
                done.set()
            assert first.result().status == 404
            assert begin(url, known).json() == {"existed": True}
        s3.verify(known.digest)
        assert s3.abandoned(older_than=timedelta(seconds=-5)) == []

    def test_damaged_bytes_are_noticed_by_who_reads_them(self, into_s3, s3, tmp_path):
        _, store = into_s3
        path = blob(tmp_path / "file", PART_SIZE + 1)
        known = fingerprint(path)
        store.upload(path, known)
        wrong = b"x" + path.read_bytes()[1:]
        s3._client.put_object(BUCKET, s3._key(known.digest), io.BytesIO(wrong), len(wrong))
        with pytest.raises(DigestMismatchError):
            store.fetch(known.digest, tmp_path / "copy")
        assert not (tmp_path / "copy").exists()

    def test_an_address_that_clients_do_not_reach_is_no_harm(
        self, s3_server, tmp_path, sent, streamed
    ):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
        path = blob(tmp_path / "file", 3 * PART_SIZE)
        known = fingerprint(path)
        with (
            store_in(s3_server, BUCKET, public_url=nowhere) as behind,
            serving(tmp_path / "registry", behind) as url,
            HttpArtifactStore(url) as store,
        ):
            store.upload(path, known)
            assert set(sent) == {1, 2, 3}
            behind.verify(known.digest)
            store.verify(known.digest)
            assert streamed == [known.digest]

    @pytest.mark.parametrize(("cuts", "arrives"), [(3, True), (100, False)])
    def test_a_download_from_s3_that_breaks_off_goes_on_where_it_stopped(
        self, s3_server, s3, tmp_path, cuts, arrives
    ):
        path = blob(tmp_path / "file", 8 * MIB)
        known = fingerprint(path)
        s3.upload(path, known)
        proxy = CuttingProxy(s3_server.endpoint, cuts=cuts, after=MIB)
        with (
            store_in(
                s3_server, BUCKET, prefix=s3._prefix, public_url=f"http://{proxy.endpoint}"
            ) as behind,
            serving(tmp_path / "registry", behind) as url,
            HttpArtifactStore(url) as store,
        ):
            if arrives:
                store.verify(known.digest)
            else:
                with pytest.raises(BackendUnavailableError):
                    store.verify(known.digest)
        assert (proxy.cuts == 0) == arrives
        proxy.listener.close()

    def test_without_a_public_address_bytes_pass_the_server(self, s3_server, tmp_path, sent):
        path = blob(tmp_path / "file", 2 * PART_SIZE + 1)
        known = fingerprint(path)
        client = client_of(s3_server)
        with (
            store_in(s3_server, BUCKET) as behind,
            serving(tmp_path / "registry", behind) as url,
            HttpArtifactStore(url) as store,
        ):
            store.upload(path, known)
            assert sorted(sent) == [1, 2, 3]
            behind.verify(known.digest)
            assert behind.signed_url(known.digest) is None
            staged = client.list_objects(BUCKET, f"{behind._prefix}staging/", recursive=True)
            assert list(staged) == []


@pytest.mark.parametrize("address", ["s3.example.com", "ftp://x", "https://x/y", "https://"])
def test_a_public_address_that_is_none_is_refused(address):
    with pytest.raises(InvalidInputError):
        S3ArtifactStore("h:1", "bucket", "key", "secret", public_url=address)
