"""Files over HTTP: one by its path, drafts and batches by plain requests."""

import contextlib
import io
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.blob_frames import read_frames, write_frames
from lineage_registry.ports.commands import RegisterVersion
from tests.api.conftest import ADA

CONTENT = "/api/v1/models/net/versions/1/content"


@pytest.fixture
def net(parts):
    commands, artifacts = parts
    stored = {path: artifacts.put(io.BytesIO(path.encode())) for path in ("a.txt", "deep/ü b.txt")}
    files = [
        {"path": path, "digest": str(one.digest), "size": one.size} for path, one in stored.items()
    ]
    commands.run(RegisterVersion(space="models", name="net", files=files), ADA)
    commands.run(RegisterVersion(space="datasets", name="net", files=files[:1]), ADA)
    return files


def test_one_file_is_got_by_its_path(client, net):
    answer = client.get(CONTENT, params={"path": "deep/ü b.txt"})
    assert answer.content.decode() == "deep/ü b.txt"
    assert answer.history[0].status_code == 307
    part = client.get(CONTENT, params={"path": "a.txt"}, headers={"Range": "bytes=2-"})
    assert (part.status_code, part.content) == (206, b"txt")
    data = "/api/v1/datasets/net/versions/latest/content"
    assert client.get(data, params={"path": "a.txt", "as_of": "2"}).text == "a.txt"


def test_who_follows_with_direct_is_led_past_the_server_if_it_can_lead(client, net):
    led = client.get(CONTENT, params={"path": "a.txt", "direct": "true"}, follow_redirects=False)
    assert led.headers["location"] == f"/api/v1/blobs/{net[0]['digest']}?direct=true"
    led = client.get(CONTENT, params={"path": "a.txt"}, follow_redirects=False)
    assert led.headers["location"] == f"/api/v1/blobs/{net[0]['digest']}"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{CONTENT}?path=a.txt&direct=perhaps", 422),
        (f"{CONTENT}?path=b.txt", 404),
        (f"{CONTENT}?path=", 404),
        (f"{CONTENT}?path=../a.txt", 404),
        (CONTENT, 422),
        (f"{CONTENT}?path=a.txt&path=a.txt", 422),
        (f"{CONTENT}?path=a.txt&size=1", 422),
        (f"{CONTENT}?path=a.txt&as_of=never", 422),
        (CONTENT.replace("/1/", "/9/") + "?path=a.txt", 404),
    ],
)
def test_what_is_not_there_or_wrong_is_a_problem(client, net, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_draft_is_collected_and_registered_by_plain_requests(client, net):
    made = client.post("/api/v1/drafts/next/files", json={"files": net})
    assert (made.status_code, made.json()["files"], made.json()["created_by"]) == (
        200,
        2,
        "anonymous",
    )
    left = client.delete("/api/v1/drafts/next/files", params={"path": "deep"})
    assert left.json()["files"] == 1
    listed = client.get("/api/v1/drafts/next").json()["listed"]
    assert [file["path"] for file in listed] == ["a.txt"]
    keys = ("path", "digest", "size")
    files = [{key: file[key] for key in keys} for file in listed]
    registered = client.post("/api/v1/datasets/pictures/versions", json={"files": files})
    assert registered.status_code == 201
    assert client.delete("/api/v1/drafts/next").status_code == 200
    gone = client.get("/api/v1/drafts/next")
    assert (gone.status_code, gone.json()["code"]) == (404, "draft-not-found")
    assert client.get("/api/v1/drafts").json() == {"drafts": []}


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "../a", "digest": "sha256:" + "0" * 64, "size": 1}],
        [{"path": "a", "digest": "sha256:0", "size": 1}],
        [{"path": "a", "digest": "sha256:" + "0" * 64, "size": -1}],
        [{"path": "a", "digest": "sha256:" + "0" * 64, "size": 1}],
        [{"path": "", "digest": "sha256:" + "0" * 64, "size": 1}],
    ],
)
def test_a_draft_takes_only_files_that_can_be_of_a_version(client, net, files):
    answer = client.post("/api/v1/drafts/next/files", json={"files": files})
    assert answer.status_code == 422
    assert client.get("/api/v1/drafts").json() == {"drafts": []}


def test_a_batch_answers_item_by_item(client, net):
    answer = client.post(
        "/api/v1/batch/register",
        json={"items": [{"name": "a"}, {"name": "b", "parents": [{"reference": "c:1"}]}]},
    )
    assert answer.status_code == 200
    assert answer.json()["ok"] is False
    first, second = answer.json()["items"]
    assert (first["state"], first["value"]["reference"]) == ("done", "models:/a/1")
    assert (second["state"], second["problem"]["status"]) == ("failed", 404)
    assert second["problem"]["type"].startswith("urn:")
    checked = client.post("/api/v1/batch/verify", json={"references": ["net:1", "net:9"]}).json()
    assert [one["state"] for one in checked["items"]] == ["done", "failed"]
    assert client.post("/api/v1/batch/register", json={"items": []}).status_code == 422
    many = {"items": [{"name": "a"}] * 1001}
    assert client.post("/api/v1/batch/register", json=many).status_code == 422


def test_many_small_blobs_are_put_in_one_message(client, parts):
    blobs = [(Digest.of(data), data) for data in (b"", b"\n", b"one 1\ntwo", bytes(1000))]
    answer = client.post("/api/v1/blobs", content=write_frames(blobs))
    assert (answer.status_code, answer.json()) == (200, {"stored": 4})
    for name, data in blobs:
        assert client.get(f"/api/v1/blobs/{name}").content == data
    assert client.post("/api/v1/blobs", content=b"").json() == {"stored": 0}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (write_frames([(Digest.of(b"right"), b"wrong")]), "digest-mismatch"),
        (b"sha256:0 1\na", "invalid-input"),
        (b"no message", "invalid-input"),
        (b"x" * 1000, "invalid-input"),
        (write_frames([(Digest.of(b"cut"), b"cut")])[:-1], "invalid-input"),
        (write_frames([(Digest.of(b""), b"")] * 1001), "invalid-input"),
        (f"{Digest.of(b'a')} -1\na".encode(), "invalid-input"),
        (f"{Digest.of(b'a')} {'9' * 20}\na".encode(), "invalid-input"),
    ],
)
def test_a_message_of_blobs_that_is_wrong_stores_nothing(client, parts, message, code):
    answer = client.post("/api/v1/blobs", content=message)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert list(parts[1].iter_digests()) == []


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_a_message_of_blobs_reads_as_it_was_written(texts):
    blobs = [(Digest.of(data), data) for data in texts]
    assert read_frames(write_frames(blobs)) == blobs


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader_of_messages(message):
    with contextlib.suppress(InvalidInputError):
        read_frames(message)


def test_who_collects_from_afar_leaves_alone_what_others_sent_a_moment_ago(client, net, parts):
    data = b"registered in a moment"
    client.put(f"/api/v1/blobs/{Digest.of(data)}", content=data)
    asked = {"dry_run": False, "grace": 0}
    done = client.post("/api/v1/gc", json=asked).json()
    assert (done["removed"]["count"], done["young"]["count"]) == (0, 1)
    assert client.get(f"/api/v1/blobs/{Digest.of(data)}").content == data
    (blob,) = [path for path in parts[1].root.rglob(Digest.of(data).hex) if path.is_file()]
    os.utime(blob, (time.time() - 3700,) * 2)
    assert client.post("/api/v1/gc", json=asked).json()["removed"]["count"] == 1
