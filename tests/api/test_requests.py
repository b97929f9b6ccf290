"""How requests are read and answers written: headers, conditions, pages, identities."""

import io
import re

import httpx2
import pytest
from starlette.testclient import TestClient

from lineage_registry.api import blobs, check_bind, create_app, is_loopback
from lineage_registry.api.blobs import Blobs
from lineage_registry.errors import NotPermittedError
from tests.api.conftest import TOKEN, asking, registry, two_versions

MODEL = "/api/v1/models/resnet"


def test_a_thing_has_an_etag_and_need_not_be_sent_twice(client, resnet):
    answer = client.get(MODEL)
    assert answer.headers["etag"] == f'"{answer.json()["revision"]}"'
    for header in (answer.headers["etag"], f"W/{answer.headers['etag']}", '"x", "1", "3"', "*"):
        again = client.get(MODEL, headers={"If-None-Match": header})
        expected = 304 if answer.headers["etag"] in header or header == "*" else 200
        assert again.status_code == expected


QUESTIONS = [
    "lineage?start=resnet:2",
    "impact?start=resnet:1",
    "exposure?start=resnet:2",
    "lineage/export?start=resnet:2&format=svg",
    "impact/export?start=resnet:1&format=html",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_need_not_be_sent_again_until_something_is_written(client, resnet, question):
    path = f"/api/v1/{question}"
    first = client.get(path)
    then = f"{path}&as_of=3"
    assert (first.status_code, client.get(then).content) == (200, first.content)
    tag = {"If-None-Match": first.headers["etag"]}
    for asked in (path, then):
        again = client.get(asked, headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert client.head(asked, headers=tag).status_code == 304
        assert client.get(asked, headers={"If-None-Match": '"3"'}).status_code == 200
    client.patch(MODEL, json={"description": "written"})
    assert client.get(path, headers=tag).status_code == 200
    assert client.get(then, headers=tag).status_code == 304


def test_the_tag_of_an_answer_is_its_own(client, parts, resnet, tmp_path):
    path = "/api/v1/lineage/export?start=resnet:2"
    forms = [client.get(path, headers={"Accept": kind}) for kind in ("text/html", "text/csv")]
    assert forms[0].headers["etag"] != forms[1].headers["etag"]
    assert forms[0].headers["vary"] == "Accept"
    question = f"/api/v1/{QUESTIONS[0]}"
    tag = client.get(question).headers["etag"]
    refused = client.patch(MODEL, json={"description": "x"}, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-input")
    with registry(tmp_path) as others, asking(others) as elsewhere:
        two_versions(others[0], "resnet")
        assert elsewhere.get(question).json()["revision"] == client.get(question).json()["revision"]
        assert elsewhere.get(question, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "question", ["status", "statistics", "audit-report?of=resnet:2", "siblings/export?of=resnet:2"]
)
def test_what_may_change_without_a_revision_has_no_tag(client, resnet, question):
    answer = client.get(f"/api/v1/{question}")
    assert answer.status_code == 200
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    "question",
    [
        *QUESTIONS,
        "models/resnet",
        "models",
        "status",
        "audit-report?of=resnet:2",
        "siblings?of=resnet:2",
        "siblings/export?of=resnet:2",
    ],
)
def test_the_description_says_what_has_a_tag(client, resnet, question):
    answer = client.get(f"/api/v1/{question}")
    assert answer.status_code == 200
    (path,) = (
        route.path
        for route in client.app.routes
        if "GET" in route.methods and route.path_regex.match(answer.url.path)
    )
    described = client.app.openapi()["paths"][path]["get"]
    tagged = "etag" in answer.headers
    assert ("304" in described["responses"]) is tagged
    assert ("headers" in described["responses"]["200"]) is tagged
    condition = {"$ref": "#/components/parameters/IfNoneMatch"}
    assert (condition in described["parameters"]) is tagged


def test_a_change_of_what_changed_meanwhile_is_refused(client, resnet):
    tag = client.get(MODEL).headers["etag"]
    first = client.patch(MODEL, json={"description": "one"}, headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    second = client.patch(MODEL, json={"description": "two"}, headers={"If-Match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "stale-write")
    assert client.get(MODEL).json()["description"] == "one"
    anyway = client.patch(MODEL, json={"description": "two"}, headers={"If-Match": "*"})
    assert anyway.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "3", '"x"', 'W/"3"', '"3", "4"', '"-3"', '"' + "9" * 30 + '"']
)
def test_a_condition_that_cannot_be_read_is_no_permission(client, resnet, header):
    answer = client.patch(MODEL, json={"description": "x"}, headers={"If-Match": header})
    assert answer.status_code == 422
    assert client.get(MODEL).json()["description"] is None


def test_the_same_request_with_the_same_key_is_done_once(client):
    key = {"Idempotency-Key": "once"}
    first = client.post("/api/v1/models/net/versions", json={}, headers=key)
    again = client.post("/api/v1/models/net/versions", json={}, headers=key)
    other = client.post("/api/v1/models/net/versions", json={"label": "1.0.0"}, headers=key)
    assert (first.status_code, first.content) == (201, again.content)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert client.get("/api/v1/models/net").json()["latest"] == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "\t", b"\xff"])
def test_a_key_that_is_none_is_refused(client, key):
    answer = client.post("/api/v1/models", json={"name": "a"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422


def test_every_answer_in_pages_links_to_the_next(client):
    for name in ("raw", "other"):
        client.post(f"/api/v1/datasets/{name}/versions", json={})
        taint = {"of": f"datasets:/{name}/1", "kind": "pii", "reason": "x"}
        assert client.post("/api/v1/taints", json=taint).status_code == 201
    for path, key in (("taints", "taints"), ("tainted", "nodes")):
        first = client.get(f"/api/v1/{path}?limit=1")
        url = re.fullmatch(r'<(\S+)>; rel="next"', first.headers["link"])[1]
        second = client.get(url)
        assert first.json()[key] != second.json()[key]
        assert "link" not in second.headers


def test_pages_link_to_the_next_and_join_to_the_whole(client):
    for number in range(5):
        client.post("/api/v1/models", json={"name": f"net {number}", "tags": {"a": "b&c"}})
    url, names = "/api/v1/models?limit=2&tag=a%3Db%26c&tag=a", []
    while url:
        answer = client.get(url)
        names += [item["name"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        url = re.fullmatch(r'<(/api/v1/models\?\S+)>; rel="next"', link)[1] if link else None
        assert bool(url) == bool(answer.json()["next_cursor"])
    assert names == [f"net {number}" for number in range(5)]


def test_an_empty_list_of_kinds_is_none_and_an_absent_one_all(client, resnet):
    path = "/api/v1/lineage?start=models:/resnet/2"
    assert len(client.get(path).json()["nodes"]) == 2
    assert len(client.get(f"{path}&edge_kinds=").json()["nodes"]) == 1
    kinds = "&edge_kinds=DERIVED_FROM&edge_kinds=GENERATED_BY"
    assert len(client.get(path + kinds).json()["nodes"]) == 2


def test_deletes_say_why_in_the_query(client, resnet):
    blocked = client.delete(f"{MODEL}/versions/1")
    assert (blocked.status_code, blocked.json()["code"]) == (409, "has-dependents")
    done = client.delete(f"{MODEL}/versions/1?force=true&reason=wrong%20data")
    assert (done.status_code, done.json()["status"]) == (200, "deleted")
    gone = client.get(f"{MODEL}/versions/1")
    assert (gone.status_code, gone.json()["code"]) == (410, "deleted")
    events = client.get("/api/v1/events?newest_first=true&limit=1").json()["items"]
    assert events[0]["reason"] == "wrong data"


@pytest.mark.parametrize(
    ("sent", "actor"),
    [(None, "anonymous"), ("ada", "ada"), ("zo%C3%AB", "zoë"), ("zoë".encode(), "zoë")],
)
def test_without_keys_whoever_asks_is_believed(client, sent, actor):
    headers = {} if sent is None else {"X-Actor": sent}
    answer = client.post("/api/v1/models", json={"name": "a"}, headers=headers)
    assert answer.json()["created_by"] == actor


@pytest.mark.parametrize("sent", ["x" * 201, "a%00b", "a%0ab", "%ff", "%ed%a0%80"])
def test_an_actor_that_is_no_name_is_refused(client, sent):
    answer = client.post("/api/v1/models", json={"name": "a"}, headers={"X-Actor": sent})
    assert answer.status_code == 422
    assert client.get("/api/v1/models").json()["items"] == []


def test_with_keys_the_key_says_who_asks(guarded):
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Actor": "mallory"}
    answer = guarded.post("/api/v1/models", json={"name": "a"}, headers=headers)
    assert answer.json()["created_by"] == "ada"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Authorization": b"Bearer \xff\xfe"},
        [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer other")],
        {"X-Actor": "ada"},
    ],
)
def test_any_other_key_is_no_key(guarded, headers):
    answer = guarded.post("/api/v1/models", json={"name": "a"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


def test_every_answer_carries_its_guards_and_its_number(client):
    for path in ("/healthz", "/api/v1/models", "/api/v1/models/nobody", "/nowhere"):
        answer = client.get(path, headers={"X-Request-ID": "from-me.1"})
        assert answer.headers["x-request-id"] == "from-me.1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "access-control-allow-origin" not in answer.headers
    odd = client.get("/healthz", headers={"X-Request-ID": "<script>"})
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["x-request-id"])


def test_a_foreign_host_name_is_refused(parts):
    app = create_app(*parts, allowed_hosts=["registry.example", "[::1]"])
    with TestClient(app) as client:
        for host in ("registry.example", "REGISTRY.example:8000", "[::1]", "[::1]:8000"):
            assert client.get("/healthz", headers={"Host": host}).status_code == 200
        for host in (
            "evil.example",
            "registry.example.evil",
            "",
            "127.0.0.1",
            "evil:registry.example",
        ):
            answer = client.get("/healthz", headers={"Host": host})
            assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    with TestClient(create_app(*parts, allowed_hosts=["*"])) as client:
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 200


def test_only_a_server_with_keys_is_reached_from_elsewhere():
    for host in ("127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"):
        assert is_loopback(host)
        check_bind(host, has_keys=False)
    for host in ("0.0.0.0", "::", "192.168.1.5", "registry.example", "", "127.0.0.1.evil.example"):
        with pytest.raises(NotPermittedError):
            check_bind(host, has_keys=False)
        check_bind(host, has_keys=True)
        check_bind(host, has_keys=False, insecure=True)


def test_what_is_not_there_and_what_is_not_taken_are_problems(client):
    nowhere = client.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not-found")
    refused = client.request("TRACE", "/api/v1/models")
    assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
    assert refused.json()["hint"] == "send GET, HEAD, POST"
    assert refused.headers["allow"] == "GET, HEAD, POST"
    for answer in (nowhere, refused):
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/api/v1/models",
        "/api/v1/models/resnet",
        "/api/v1/lineage?of=resnet:2",
        "/api/v1/lineage/export?of=resnet:2&format=csv-nodes",
        "/api/v1/models/nothing",
        "/api/v1/blobs",
        "/api/v1/log",
    ],
)
def test_a_head_is_a_get_without_its_body(served, resnet, path):
    with httpx2.Client(base_url=served.url) as client:
        got, asked = client.get(path), client.head(path)
        assert client.get(path).content == got.content  # nothing is left over on the connection
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    changing = {"date", "x-request-id", "transfer-encoding"}
    headers = {name: value for name, value in got.headers.items() if name not in changing}
    assert headers == {name: value for name, value in asked.headers.items() if name not in changing}


def test_a_head_of_what_has_not_changed_says_so(client, resnet):
    tag = client.head("/api/v1/models/resnet").headers["etag"]
    again = client.head("/api/v1/models/resnet", headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_a_head_reads_nothing_of_what_is_streamed(served, resnet, monkeypatch):
    for number in range(3):
        served.artifacts.put(io.BytesIO(b"%d" % number))
    monkeypatch.setattr(blobs, "_LINES", 1)
    read = []
    in_threads = Blobs._in_threads

    async def counted(self, parts, first):
        async for part in in_threads(self, parts, first):
            read.append(part)
            yield part

    monkeypatch.setattr(Blobs, "_in_threads", counted)
    with httpx2.Client(base_url=served.url) as client:
        assert client.head("/api/v1/blobs").status_code == 200
        assert read == []
        assert client.get("/api/v1/blobs").text.count("\n") == len(read) == 3


def test_readiness_names_what_fails_and_nothing_more(parts):
    commands, artifacts = parts
    with TestClient(create_app(commands, artifacts), base_url="http://localhost") as client:
        assert client.get("/readyz").json() == {
            "status": "ready",
            "checks": {"graph": "ok", "artifacts": "ok"},
        }
        for path in sorted(artifacts.root.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        artifacts.root.rmdir()
        artifacts.root.write_text("in the way")
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {"graph": "ok", "artifacts": "backend-error"}
        assert client.get("/healthz").status_code == 200
        artifacts.root.unlink()
        artifacts.root.mkdir()


def test_a_fault_of_ours_tells_nothing_of_itself(parts, caplog):
    class Broken:
        def stream(self, command, context):
            raise ZeroDivisionError("the secret of /etc/shadow")

    with TestClient(create_app(Broken(), parts[1]), base_url="http://localhost") as client:
        answer = client.get("/api/v1/models", headers={"X-Request-ID": "number-7"})
    assert (answer.status_code, answer.json()["code"]) == (500, "registry-error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "number-7" in answer.json()["hint"]
    assert "number-7" in caplog.text
    assert "ZeroDivisionError" in caplog.text
