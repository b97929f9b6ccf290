"""The server stack as docker-compose.yml starts it: three processes, by hand."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest

from lineage_registry.bootstrap import connect
from lineage_registry.errors import NotAuthenticatedError
from lineage_registry.settings import Settings
from tests.behaviour.places import remove_bucket, wipe_neo4j
from tests.servers.process import free_port

TOKEN = "a-token-of-the-test-suite"


@pytest.fixture
def stack(neo4j_server, s3_server, tmp_path: Path) -> Iterator[str]:
    """The API as a process of its own, in front of real Neo4j and real MinIO; gives its address."""
    bucket = f"stack-{uuid.uuid4().hex[:16]}"
    wipe_neo4j(neo4j_server)
    port = free_port()
    secure = str(s3_server.secure).lower()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LINEAGE_REGISTRY_URL": neo4j_server.uri,
        "LINEAGE_REGISTRY_NEO4J_USER": neo4j_server.user,
        "LINEAGE_REGISTRY_NEO4J_PASSWORD": neo4j_server.password,
        "LINEAGE_REGISTRY_ARTIFACTS": f"s3://{s3_server.endpoint}/{bucket}?secure={secure}",
        "LINEAGE_REGISTRY_S3_ACCESS_KEY": s3_server.access_key,
        "LINEAGE_REGISTRY_S3_SECRET_KEY": s3_server.secret_key,
        "LINEAGE_REGISTRY_API_KEYS": f"{TOKEN}=ada",
        "LINEAGE_REGISTRY_ALLOWED_HOSTS": "localhost,127.0.0.1",
    }
    command = [sys.executable, "-m", "lineage_registry", "serve", "--host", "0.0.0.0"]
    with (tmp_path / "api.log").open("wb") as log:
        api = subprocess.Popen(
            [*command, "--port", str(port)], env=environment, cwd=tmp_path, stderr=log, stdout=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(f"{address}/readyz", api, tmp_path / "api.log")
        yield address
    finally:
        api.terminate()
        api.wait(timeout=30)
        remove_bucket(s3_server, bucket)


def test_a_model_goes_in_and_comes_out_through_the_three_processes(stack, tmp_path):
    settings = Settings.model_validate({"url": stack, "api_token": TOKEN})
    with connect(settings=settings) as registry:
        weights = {"w": np.arange(12, dtype=np.float32).reshape(3, 4)}
        registry.register_dataset("digits", label="2026-10")
        version = registry.register("net", weights, datasets=["digits:2026-10"])
        registry.promote("net:1", "Production")
        assert version.created_by == "ada"
        assert np.array_equal(registry.load("net:1")["w"], weights["w"])
        assert registry.impact("datasets:/digits/1").production == ["models:/net/1"]
        assert registry.validate(bytes=True).ok


def test_the_stack_lets_nobody_in_without_a_key(stack):
    answer = httpx2.get(f"{stack}/api/v1/models")
    assert answer.status_code == 401
    assert answer.json()["status"] == 401
    settings = Settings.model_validate({"url": stack})
    with connect(settings=settings) as registry, pytest.raises(NotAuthenticatedError):
        list(registry.models())


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, log.read_text()
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
