"""Where a registry of a test lives, how it is reached, and the back door to what it stores."""

import io
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minio import Minio
from pydantic import SecretStr

from lineage_registry.bootstrap import connect
from lineage_registry.domain.digests import Digest
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.ports.graph import GraphStore
from lineage_registry.registry import Registry
from lineage_registry.services.local import LocalCommands
from lineage_registry.settings import Settings
from tests.buckets import client_of
from tests.servers import Neo4jAddress, S3Address

ACTOR = "ada"


@dataclass
class Place:
    """A registry with nothing in it.

    Attributes:
        registry: The entrance that the test goes through.
        local: The same registry without anything in between.
        folder: An empty folder.
    """

    registry: Registry
    local: Registry
    settings: Settings
    folder: Path

    @property
    def graph(self) -> GraphStore:
        commands = self.local.sender.commands
        assert isinstance(commands, LocalCommands)
        return commands.work.graph

    @property
    def artifacts(self) -> ArtifactStore:
        return self.local.artifacts

    @property
    def revision(self) -> int:
        return self.graph.head().revision

    def file(self, name: str, text: str = "content") -> Path:
        """Write a file outside the registry."""
        path = self.folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def again(self, actor: str) -> Registry:
        """Open the registry a second time, as somebody else."""
        return connect(settings=self.settings.model_copy(update={"actor": actor}))

    def demand_sound(self) -> None:
        """Check that nothing in the registry contradicts anything else."""
        found = self.local.validate(bytes=True)
        assert found.ok, found.findings

    def damage_blob(self, digest: str, *, remove: bool = False, more: bytes = b"") -> None:
        """Flip one bit of a blob behind the registry's back, lengthen it, or take it away."""
        name = Digest.parse(digest).hex
        if self.settings.artifacts and self.settings.artifacts.startswith("s3:"):
            _damage_object(self.settings, name, remove=remove, more=more)
            return
        root = self.folder / "artifacts"
        (path,) = root.rglob(name)
        if remove:
            path.unlink()
            return
        data = _damaged(path.read_bytes(), more)
        path.chmod(0o644)
        path.write_bytes(data)


@contextmanager
def opened(settings: Settings, folder: Path, entrance: str) -> Iterator[Place]:
    """Open a registry through an entrance: `sdk`, `http` or `cli`."""
    with connect(settings=settings) as local:
        if entrance == "sdk":
            yield Place(local, local, settings, folder)
            return
        if entrance == "cli":
            from tests.behaviour.by_cli import CliCommands

            typed = CliCommands(settings, local.artifacts)
            registry = Registry(typed, local.artifacts, local.formats, ACTOR)
            yield Place(registry, local, settings, folder)
            return
        with served(local) as url, connect(url, actor=ACTOR) as registry:
            there = settings.model_copy(update={"url": url, "artifacts": None})
            yield Remote(registry, local, settings, folder, there)


@dataclass
class Remote(Place):
    """A registry behind HTTP."""

    there: Settings

    def again(self, actor: str) -> Registry:
        return connect(settings=self.there.model_copy(update={"actor": actor}))


@contextmanager
def served(local: Registry) -> Iterator[str]:
    """Serve a registry over HTTP on loopback, in a thread."""
    from lineage_registry.api import create_app, make_server

    app = create_app(local.sender.commands, local.artifacts)
    server = make_server(app)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def settings_of(
    folder: Path, neo4j: Neo4jAddress | None, s3: S3Address | None, bucket: str
) -> Settings:
    """Return the settings of a registry in these servers, or in the folder."""
    given: dict[str, Any] = {"actor": ACTOR, "url": str(folder)}
    if neo4j is not None:
        given |= {
            "url": neo4j.uri,
            "neo4j_user": neo4j.user,
            "neo4j_password": SecretStr(neo4j.password),
            "artifacts": str(folder / "artifacts"),
        }
    if s3 is not None:
        secure = str(s3.secure).lower()
        given |= {
            "artifacts": f"s3://{s3.endpoint}/{bucket}?secure={secure}",
            "s3_access_key": SecretStr(s3.access_key),
            "s3_secret_key": SecretStr(s3.secret_key),
        }
    return Settings(**given)


def wipe_neo4j(address: Neo4jAddress) -> None:
    """Remove all nodes; the schema stays."""
    from neo4j import GraphDatabase

    with GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")


def remove_bucket(address: S3Address, bucket: str) -> None:
    client = client_of(address)
    if client.bucket_exists(bucket):
        for found in client.list_objects(bucket, recursive=True):
            client.remove_object(bucket, found.object_name or "")
        client.remove_bucket(bucket)


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _damaged(data: bytes, more: bytes) -> bytes:
    return data + more if more else data[:-1] + bytes([data[-1] ^ 1])


def _damage_object(settings: Settings, name: str, *, remove: bool, more: bytes) -> None:
    assert settings.artifacts
    assert settings.s3_access_key
    assert settings.s3_secret_key
    endpoint, _, bucket = settings.artifacts.removeprefix("s3://").partition("/")
    client = Minio(
        endpoint,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
        secure=False,
    )
    bucket = bucket.partition("?")[0]
    key = f"blobs/sha256/{name[:2]}/{name}"
    if remove:
        client.remove_object(bucket, key)
        return
    answer = client.get_object(bucket, key)
    data = _damaged(answer.read(), more)
    answer.close()
    answer.release_conn()
    client.put_object(bucket, key, io.BytesIO(data), len(data))
