"""Bad input over HTTP gets its documented error: never a 500, nothing half-written."""

import json
import socket
import time

import httpx2
import pytest

from lineage_registry.api.json_text import parse_json
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.commands import GetStatus
from tests.api.conftest import ADA, asking, registry, serving, two_versions

MODELS = "/api/v1/models"

# Names that are none.
NAMES = [
    "..",
    ".",
    "a/b",
    "a%2fb",
    "%252e%252e",
    "a;b",
    "a\0b",
    "a\\b",
    "a" * 10_000,
    "a.",
    "a ",
    "a\n",
    "",
    " a",
    "a..b",
    "a:b",
    "a@b",
    "a?b",
    "a#b",
    "`a`",
    "a'--",
    "a\u202eb",
    "a\u200bb",
    "p\u0430ypal",
    "\ufb01ne",
    "model\u0661",
    "a\ud800",
    "\u0301a",
    "\U0001f600",
]

# Versions that are none of a model.
VERSIONS = [
    "1.0",
    "01.0.0",
    "1.0.0+x",
    "v1.0",
    "10" * 30,
    "0",
    "-1",
    "\u00b2",
    "\u0661",
    "1e3",
    "0x1",
    "..",
    "1 ",
    " 1",
    "1\n",
    "@",
    "@@a",
    "@1",
    "latest?",
    "",
    "1;2",
    "a/b",
    "Production'",
]

# Text that would be a query.
INJECTIONS = [
    "x' OR 1=1 --",
    '"}) DETACH DELETE n //',
    "`) RETURN 1 //",
    "\\u0060) RETURN 1 //",
    "$name",
    "a`b",
    "'; DROP TABLE nodes; --",
    "*/ RETURN 1 /*",
]

# Bodies that are no JSON, or JSON that hurts.
BODIES = [
    b'{"name": "\xff"}',
    b'{"name": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"name": "a", "name": "b"}',
    b'{"name": NaN}',
    b'{"name": "a", "tags": {"a": Infinity}}',
    b'{"name": 1e999}',
    b'{"name": ' + b"9" * 5_000 + b"}",
    b'{"name": 9223372036854775808}',
    b'{"name": "a\\u0000"}',
    b"[" * 300 + b"]" * 300,
    b"[" * 100_000,
    b'{"a":' * 65 + b"1" + b"}" * 65,
    b'{"name"',
    b"null",
    b"[]",
    b'"a"',
    b"1",
    b"\xef\xbb\xbf{}",
    '{"name": "a"}'.encode("utf-16"),
    b'{"name": "a"} {}',
    b'{"name": null}',
    b'{"name": ["a"]}',
    b'{"name": {"a": 1}}',
    b'{"name": true}',
    b"{}",
    b"\0",
    b'{"name": "a", "colour": 1}',
    b'{"name": "a", "space": "runs"}',
    b"{'name': 'a'}",
    b'{"name": "a", "tags": {"k": "\\u0000"}}',
    b'{"name": "a", "tags": {"": "v"}}',
    b'{"name": "a", "description": "\\u0000"}',
    b'{"name": "a", "description": "\\udead"}',
    b"{" + b",".join(b'"k%d":1' % n for n in range(90_000)) + b"}",
    b'{"name": "a", "description": "' + b"x" * 200_000 + b'"}',
]


def is_refused(answer, *statuses):
    assert answer.status_code in (statuses or (422,)), answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return True


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """One registry for all of them: what is refused leaves no trace for the next."""
    with registry(tmp_path_factory.mktemp("registry")) as parts:
        yield parts


@pytest.fixture(scope="module")
def served(parts):
    with serving(parts) as served:
        yield served


@pytest.fixture(scope="module")
def client(parts):
    with asking(parts) as client:
        yield client


@pytest.fixture(scope="module")
def resnet(parts):
    return two_versions(parts[0], "resnet")


@pytest.fixture
def untouched(parts):
    """Nothing is written by what is refused."""
    before = parts[0].run(GetStatus(), ADA)
    yield
    assert parts[0].run(GetStatus(), ADA) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_refused_in_a_body(client, untouched, name):
    body = json.dumps({"name": name}).encode()
    headers = {"Content-Type": "application/json"}
    assert is_refused(client.post(MODELS, content=body, headers=headers))


def _quoted(text):
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_a_name_that_is_none_is_refused_in_a_path(served, untouched, name):
    with httpx2.Client(base_url=served.url) as client:
        for path in (f"{MODELS}/{_quoted(name)}", f"{MODELS}/{_quoted(name)}/versions/1"):
            assert is_refused(client.get(path))
            assert is_refused(client.delete(path))


@pytest.mark.parametrize("version", [version for version in VERSIONS if version])
def test_a_version_that_is_none_is_refused(client, resnet, version):
    assert is_refused(client.get(f"{MODELS}/resnet/versions/{_quoted(version)}"), 404, 422)
    assert is_refused(client.delete(f"{MODELS}/resnet/versions/{_quoted(version)}"), 404, 422)
    answer = client.post(f"{MODELS}/resnet/versions", json={"label": version})
    assert is_refused(answer)
    assert client.get(f"{MODELS}/resnet").json()["latest"] == 2


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_that_would_be_a_query_is_text(client, resnet, text):
    name = f"safe {INJECTIONS.index(text)}"
    made = client.post(MODELS, json={"name": name, "tags": {"k": text}, "description": text})
    assert made.json()["tags"] == {"k": text}
    found = client.get(MODELS, params={"tag": f"k={text}"}).json()["items"]
    assert [item["name"] for item in found] == [name]
    assert client.get(MODELS, params={"text": text}).json()["items"] == []
    for field, value in (("tag", f"{text}=1"), ("metric", f"{text}>1"), ("stage", text)):
        answer = client.get("/api/v1/search/models/versions", params={field: value})
        assert answer.status_code in {200, 404, 422}
    for path in ("/api/v1/lineage", "/api/v1/impact"):
        assert is_refused(client.get(path, params={"start": text}), 404, 422)
    answer = client.get("/api/v1/lineage", params={"start": "resnet", "edge_kinds": text})
    assert is_refused(answer)
    assert is_refused(client.get("/api/v1/events", params={"cursor": text}))
    assert client.get(f"{MODELS}/resnet").json()["latest"] == 2


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_none_is_refused(client, untouched, body):
    answer = client.post(MODELS, content=body, headers={"Content-Type": "application/json"})
    assert is_refused(answer)


def test_a_body_too_large_is_refused_before_and_while_it_comes(client, untouched):
    headers = {"Content-Type": "application/json"}
    small = client.post(MODELS, content=b"x" * (2**20 + 1), headers=headers)
    assert is_refused(small, 413)
    versions = f"{MODELS}/a/versions"
    assert is_refused(client.post(versions, content=b" " * (2**24 + 1), headers=headers), 413)
    lying = client.post(MODELS, content=b"{}", headers={**headers, "Content-Length": "99" * 10})
    assert is_refused(lying, 413, 422)


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
def test_a_body_of_another_kind_is_refused(client, untouched, content_type):
    answer = client.post(MODELS, content=b'{"name": "a"}', headers={"Content-Type": content_type})
    assert is_refused(answer)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1&limit=2",
        "limit=" + "9" * 5000,
        "colour=red",
        "name",
        "&",
        "tag=%ff",
        "tag=%ed%a0%80",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "x" * 501,
        "as_of=x",
        "as_of=-1",
        "as_of=",
        "as_of=2026-01-01T00:00:00",
        "as_of=999999999999999999",
        "deleted=maybe",
        "space=runs",
        "=1",
        "tag=" + "x" * 3000,
        "&".join(["tag=a"] * 6000),
    ],
)
def test_a_query_that_is_none_is_refused(client, untouched, query):
    assert is_refused(client.get(f"{MODELS}?{query}"), 422, 404)


@pytest.mark.parametrize(
    "query",
    [
        "since=x",
        "since=2026-01-01",
        "since=2026-01-01T00:00:00",
        "until=99999999999999999",
        "until=-1",
        "since=0001-01-01T00:00:00Z",
        "until=9999-12-31T23:59:59-12:00",
        "type=%00",
        "subject=x:y:z",
    ],
)
def test_odd_times_and_types_never_break_the_trail(client, resnet, query):
    answer = client.get(f"/api/v1/events?{query}")
    assert answer.status_code in {200, 404, 422}, answer.text


@pytest.mark.parametrize(
    "reference",
    [
        "models:/",
        "models://a",
        "models:/a/b/c",
        "runs:/x/1",
        "deployments:/a@b",
        "what:/a",
        "models:/a@",
        "a:b:c",
        "a@b@c",
        "models:/a?as_of=",
        "models:/a?x=1",
        "\0",
        "x" * 2000,
        "datasets:/../x",
        "a\n",
        "models:/nobody",
        "nobody:1",
        "resnet@nobody",
        "resnet:9",
        "runs:/nobody",
        "deployments:/nobody",
        "datasets:/nobody/1",
        "models:/resnet/Production",
        "resnet:1?as_of=1",
    ],
)
def test_a_reference_to_nothing_is_refused_everywhere(client, resnet, untouched, reference):
    for path, name in [
        ("lineage", "start"),
        ("impact", "start"),
        ("siblings", "of"),
        ("neighbours", "of"),
        ("audit-report", "of"),
        ("path", "source"),
        ("lineage/export", "start"),
        ("audit-report/html", "of"),
    ]:
        params = {name: reference} | ({"target": "resnet:1"} if path == "path" else {})
        answer = client.get(f"/api/v1/{path}", params=params)
        assert is_refused(answer, 404, 410, 422), path
    answer = client.post(f"{MODELS}/resnet/versions", json={"parents": [{"reference": reference}]})
    assert is_refused(answer, 404, 410, 422)
    answer = client.post("/api/v1/runs", json={"inputs": [{"reference": reference}]})
    assert is_refused(answer, 404, 410, 422)
    answer = client.put("/api/v1/deployments/web", json={"version": reference})
    assert is_refused(answer, 404, 410, 422)


def test_an_edge_that_would_close_a_cycle_is_refused_with_the_way_back(client, resnet, untouched):
    path = f"{MODELS}/resnet/versions/1/dependencies"
    for on in ("resnet:2", "resnet:1"):
        answer = client.post(path, json={"on": on})
        assert is_refused(answer, 409)
        assert answer.json()["code"] == "lineage-cycle"
        assert answer.json()["context"]["path"]


def _raw(url, request, *, patience=10):
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=patience) as connection:
        try:
            connection.sendall(request)
            return connection.makefile("rb").read()
        except ConnectionError:
            return b""


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/v1/models/%ff HTTP/1.1",
        b"GET /api/v1/models/\xff HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"GET /api/v1/models/%ed%a0%80 HTTP/1.1",
        b"GET /api/v1/models/a%0a HTTP/1.1",
        b"GET /api/v1/models/a%2fversions HTTP/1.1",
        b"DELETE /api/v1/models/a/versions/.. HTTP/1.1",
        b"DELETE /api/v1/models/a/versions/%2e%2e HTTP/1.1",
        b"GET /../../etc/passwd HTTP/1.1",
        b"GET /api/v1/models?\xff=1 HTTP/1.1",
        b"GET http://evil/api/v1/models HTTP/1.1",
        b"G\xffT / HTTP/1.1",
        b"GET /api/v1/models/%zz HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
        b"GET /api/v1/models HTTP/9.9",
        b"\x16\x03\x01",
    ],
    ids=range(17),
)
def test_requests_that_no_client_library_sends_break_nothing(served, untouched, line):
    answer = _raw(
        served.url, line + b"\r\nHost: 127.0.0.1\r\nX-Actor: \xff\r\nConnection: close\r\n\r\n"
    )
    assert answer[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 405", b"HTTP/1.1 422"}
    assert b"Traceback" not in answer


def test_a_json_body_without_end_is_cut(served, untouched):
    head = b"POST /api/v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = _raw(served.url, head + chunk * 1000)
    assert answer[:12] in {b"HTTP/1.1 413", b""}  # nothing where the reset was faster


def test_a_body_that_comes_too_slowly_is_given_up(served, untouched, monkeypatch):
    monkeypatch.setattr("lineage_registry.api.bodies.PATIENCE", 0.2)
    head = b"POST /api/v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{"
    started = time.monotonic()
    answer = _raw(served.url, head)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started < 5


def test_json_is_read_as_it_is_written():
    assert parse_json('{"a": [1, 2.5, -1e3, "\\ud83d\\ude00ü", null, true]}'.encode()) == {
        "a": [1, 2.5, -1000.0, "\U0001f600ü", None, True]
    }
    deepest = b"[" * 64 + b"]" * 64
    parse_json(deepest)
    with pytest.raises(InvalidInputError, match="deep"):
        parse_json(b"[" + deepest + b"]")
    parse_json(b"[" + b"{}," * 1000 + b'"[[["]')


@pytest.mark.parametrize("head", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
def test_a_head_that_does_not_come_ends_the_connection(served, monkeypatch, head):
    monkeypatch.setattr("lineage_registry.api.server.HEAD_PATIENCE", 0.2)
    assert _raw(served.url, head) == b""
    if head:  # also after a request that was in time
        whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        assert _raw(served.url, whole + head).startswith(b"HTTP/1.1 200 ")
