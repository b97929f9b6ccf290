"""Fetching from the Hub by its own library, from a server of the same shape on loopback."""

import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest

import lineage_registry
from lineage_registry.errors import BackendUnavailableError, InvalidInputError, NotFoundError
from tests.corpus.hub_cache import COMMIT, cached, card, llama

FILES = {**llama(card()), "onnx/model.txt": b"not wanted"}
REPOSITORY = "/acme/tuned"


class Hub(BaseHTTPRequestHandler):
    """One repository with one commit, as far as a snapshot asks for it."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        api = f"/api/models{REPOSITORY}"
        if path in {f"{api}/revision/main", f"{api}/revision/{COMMIT}"}:
            self.answer(json.dumps({"id": REPOSITORY[1:], "sha": COMMIT}).encode())
        elif path == f"{api}/tree/{COMMIT}":
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": sha(data)}
                for name, data in FILES.items()
            ]
            self.answer(json.dumps(tree).encode())
        elif path.startswith(f"{REPOSITORY}/resolve/{COMMIT}/"):
            data = FILES[path.removeprefix(f"{REPOSITORY}/resolve/{COMMIT}/")]
            self.answer(data, ETag=f'"{sha(data)}"', **{"X-Repo-Commit": COMMIT})
        else:
            known = path.startswith(api)
            self.send_response(404)
            self.send_header("X-Error-Code", "RevisionNotFound" if known else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def answer(self, data: bytes, **headers: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None: ...


def sha(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    return folder


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        there = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", there)
        monkeypatch.setattr(
            huggingface_hub.constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            there + "/{repo_id}/resolve/{revision}/{filename}",
        )
        yield server
        server.shutdown()
        thread.join(10)


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_a_revision_is_fetched_and_its_commit_recorded(hub, cache, revision):
    with lineage_registry.connect("memory://") as registry:
        made = registry.register_from_hub(
            "acme/tuned", revision=revision, allow_patterns=["*.json", "*.safetensors"]
        )
        assert made.source == f"hf://acme/tuned@{COMMIT}"
        assert [file.path for file in made.files().files] == ["config.json", "model.safetensors"]
        assert made.licence == "Apache-2.0", "the card is read, though it is not registered"
        assert not list(cache.rglob("model.txt"))
        assert registry.register_from_hub(
            "acme/tuned", offline=True, revision=revision, ignore_patterns=["*.md", "onnx/"]
        ).already


def test_what_the_hub_does_not_have_is_not_found(hub):
    with lineage_registry.connect("memory://") as registry:
        for wrong in ("acme/none", "acme/tuned@nothing", f"acme/tuned@{'1' * 40}"):
            with pytest.raises(NotFoundError, match="cannot get"):
                registry.register_from_hub(wrong)
        with pytest.raises(InvalidInputError, match="not a revision"):
            registry.register_from_hub("acme/tuned", revision="../../x")


def test_a_cache_that_lacks_files_is_refused_where_it_knows(hub, cache):
    with lineage_registry.connect("memory://") as registry:
        registry.register_from_hub("acme/tuned", allow_patterns="*.json")
        with pytest.raises(NotFoundError, match="not all"):
            registry.register_from_hub("acme/tuned", offline=True)


def test_a_hub_that_is_away_is_not_reached(hub):
    hub.shutdown()
    hub.server_close()
    with (
        lineage_registry.connect("memory://") as registry,
        pytest.raises(BackendUnavailableError),
    ):
        registry.register_from_hub("acme/tuned")


def test_who_imports_at_the_same_time_gets_the_same_version(cache, tmp_path):
    folder = cached(cache, "acme/tuned", llama(card()))

    def add(_: int) -> str:
        with lineage_registry.connect(tmp_path / "registry") as registry:
            return registry.register_from_hub(folder).reference

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(add, range(4))) == {"models:/acme--tuned/1"}
    with lineage_registry.connect(tmp_path / "registry") as registry:
        assert len(list(registry.versions("acme--tuned"))) == 1
        assert registry.validate(bytes=True).ok
