"""The artifact store over HTTP keeps every rule that artifact stores keep, and a few more."""

import io
import socket
import time
from pathlib import Path

import pytest

from lineage_registry.api import create_app
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    BackendUnavailableError,
    DigestMismatchError,
    InputTooLargeError,
)
from lineage_registry.remote import HttpArtifactStore
from lineage_registry.testing.artifacts import MIB, ArtifactStoreContract, pattern
from tests.api.conftest import running


class Folder:
    """The back door: the folder behind the server."""

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


class TestHttpArtifactStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self, served):
        return served.remote_artifacts

    @pytest.fixture
    def raw(self, served):
        return Folder(served.artifacts.root)


@pytest.fixture
def raw(served):
    return Folder(served.artifacts.root)


def _wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _connect(url):
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def _head(digest, *more):
    lines = [f"PUT /api/v1/blobs/{digest} HTTP/1.1", "Host: 127.0.0.1", *more, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_an_upload_that_stops_leaves_nothing(served, raw, framing):
    digest = Digest.of(b"x" * 100_000)
    with _connect(served.url) as connection:
        connection.sendall(_head(digest, framing))
        connection.sendall(b"182b8\r\n" if "chunked" in framing else b"")
        connection.sendall(b"x" * 99_000)
        _wait_until(raw.names)  # it is being written
        assert served.artifacts.contains([digest]) == frozenset()
    _wait_until(lambda: not raw.names())
    assert list(served.artifacts.iter_digests()) == []


@pytest.mark.parametrize("sent", [b"too short", b"much too long for what was said"])
def test_a_body_of_another_length_than_announced_is_refused(served, raw, sent):
    digest = Digest.of(sent)
    with _connect(served.url) as connection:
        chunk = f"{len(sent):x}\r\n".encode() + sent + b"\r\n0\r\n\r\n"
        connection.sendall(
            _head(f"{digest}?size=12", "Transfer-Encoding: chunked", "Connection: close") + chunk
        )
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 422 ")
    assert b"digest-mismatch" in answer
    assert raw.names() == set()


def test_bytes_of_another_name_are_the_callers_mistake(client):
    answer = client.put(f"/api/v1/blobs/{Digest.of(b'one')}", content=b"two")
    assert answer.status_code == 422
    assert answer.json()["code"] == "digest-mismatch"


def test_a_damaged_blob_is_replaced_by_its_right_bytes_only(client, served, raw):
    digest = served.artifacts.put(io.BytesIO(b"right")).digest
    raw.write(digest, b"wrong")
    path = f"/api/v1/blobs/{digest}"
    assert client.put(path, content=b"right").json()["existed"]
    assert client.put(f"{path}?replace=true", content=b"other").status_code == 422
    assert client.put(f"{path}?replace=perhaps", content=b"right").status_code == 422
    assert raw.path(digest).read_bytes() == b"wrong"
    answer = client.put(f"{path}?replace=true", content=b"right")
    assert (answer.status_code, answer.json()["size"]) == (201, 5)
    served.artifacts.verify(digest)


def test_a_chunked_upload_without_end_is_cut_at_the_limit(parts):
    raw = Folder(parts[1].root)
    app = create_app(*parts, max_upload_bytes=2 * MIB)
    with running(app) as url, HttpArtifactStore(url) as store:
        # The right digest: a wrong one the client may notice before the server has answered.
        digest = Digest.of(pattern(3 * MIB).read())
        with pytest.raises(InputTooLargeError, match="2097152"):
            store.put(pattern(3 * MIB), expected=digest, size=3 * MIB)
        sent = 0
        with _connect(url) as connection, pytest.raises(OSError):  # noqa: PT012
            connection.sendall(_head(Digest.of(b"?"), "Transfer-Encoding: chunked"))
            while sent < 100 * MIB:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
        assert sent < 50 * MIB
        _wait_until(lambda: not raw.names())


def test_an_upload_that_is_too_slow_is_ended(parts, monkeypatch):
    monkeypatch.setattr("lineage_registry.api.bodies.PATIENCE", 0.3)
    raw = Folder(parts[1].root)
    with running(create_app(*parts)) as url, _connect(url) as connection:
        connection.sendall(_head(Digest.of(b"slow"), "Content-Length: 4") + b"sl")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"input-incomplete" in answer
    assert raw.names() == set()


def test_slow_uploads_do_not_keep_others_waiting(parts):
    with running(create_app(*parts)) as url, HttpArtifactStore(url) as store:
        slow = [_connect(url) for _ in range(60)]
        try:
            for number, connection in enumerate(slow):
                digest = Digest.of(bytes([number]))
                connection.sendall(_head(digest, "Content-Length: 10") + b"x")
            started = time.monotonic()
            store.check()
            assert time.monotonic() - started < 5
        finally:
            for connection in slow:
                connection.close()


def test_ranges_are_what_was_asked_for(client, parts):
    data = bytes(range(256))
    path = f"/api/v1/blobs/{parts[1].put(io.BytesIO(data)).digest}"
    for span, start, end in [
        ("0-0", 0, 1),
        ("250-", 250, 256),
        ("-6", 250, 256),
        ("9-999", 9, 256),
    ]:
        answer = client.get(path, headers={"Range": f"bytes={span}"})
        assert (answer.status_code, answer.content) == (206, data[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/256"
    for odd in ("bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=x-"):
        answer = client.get(path, headers={"Range": odd})
        assert (answer.status_code, answer.content) == (200, data)
    for outside in ("256-", "-0", "9-8"):
        answer = client.get(path, headers={"Range": f"bytes={outside}"})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == "bytes */256"
    stale = client.get(path, headers={"Range": "bytes=0-0", "If-Range": '"other"'})
    assert stale.status_code == 200


def test_a_download_is_nothing_that_a_browser_would_run(client, parts):
    digest = parts[1].put(io.BytesIO(b"<script>")).digest
    answer = client.get(f"/api/v1/blobs/{digest}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"] == f'"{digest}"'
    again = client.get(f"/api/v1/blobs/{digest}", headers={"If-None-Match": f'"{digest}"'})
    assert (again.status_code, again.content) == (304, b"")


def test_a_damaged_blob_never_arrives_as_a_whole(served, raw):
    data = pattern(3 * MIB).read()
    digest = served.artifacts.put(io.BytesIO(data)).digest
    raw.write(digest, data[:-1] + b"?")
    with _connect(served.url) as connection:
        request = f"GET /api/v1/blobs/{digest} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        connection.sendall(request.encode())
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(body) < len(data)
    with pytest.raises(DigestMismatchError):
        served.remote_artifacts.verify(digest)


def test_a_server_that_is_gone_is_unavailable(served):
    store = HttpArtifactStore("http://127.0.0.1:9")
    with pytest.raises(BackendUnavailableError):
        store.put(io.BytesIO(b"x"))
    with pytest.raises(BackendUnavailableError):
        store.check()


@pytest.mark.parametrize(
    "path", ["nothing", "sha256:short", f"sha256:{'A' * 64}", "..%2f..%2fetc", "sha256:" + "0" * 65]
)
def test_only_a_digest_names_a_blob(client, path):
    for method in ("GET", "PUT", "HEAD"):
        assert client.request(method, f"/api/v1/blobs/{path}").status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, [], {"digests": 1}, {"digests": [1]}, {"digests": ["x"]}, {"digests": [], "ttl": "x"}],
)
def test_wrong_lists_of_digests_are_refused(client, body):
    assert client.post("/api/v1/pins", json=body).status_code == 422
