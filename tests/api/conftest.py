"""A real registry on SQLite behind a real server, and the same in process."""

import contextlib
import threading
import time
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from lineage_registry.api import create_app, make_server
from lineage_registry.bootstrap import local
from lineage_registry.ports.commands import Commands, Context, CreateFamily, RegisterVersion
from lineage_registry.remote import HttpArtifactStore, HttpCommands
from lineage_registry.settings import Settings

ADA = Context("ada")
TOKEN = "ada-0123456789abcdef"


@contextlib.contextmanager
def running(app):
    """Run the app on a free port; give its address."""
    server = make_server(app, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(40)
        assert not thread.is_alive()


@dataclass
class Served:
    """A registry and where it is served."""

    url: str
    commands: Commands
    artifacts: object
    remote: HttpCommands
    remote_artifacts: HttpArtifactStore


@pytest.fixture
def parts(tmp_path_factory):
    """A new registry: its commands and its artifact store."""
    commands, artifacts = local(Settings(url=str(tmp_path_factory.mktemp("registry"))))
    with contextlib.closing(commands):
        yield commands, artifacts


@pytest.fixture
def served(parts):
    """The registry, and the same over HTTP."""
    app = create_app(*parts, allowed_hosts=["127.0.0.1", "registry.test"])
    with running(app) as url:
        remote, store = HttpCommands(url), HttpArtifactStore(url)
        yield Served(url, *parts, remote, store)
        remote.close()
        store.close()


@pytest.fixture
def client(parts):
    """The app in process, open to everybody."""
    with TestClient(create_app(*parts), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def guarded(parts):
    """The app in process, asking for a key."""
    app = create_app(*parts, api_keys={TOKEN: "ada"})
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def resnet(parts):
    """A model with two versions."""
    commands, _ = parts
    commands.run(CreateFamily(space="models", name="resnet"), ADA)
    first = commands.run(RegisterVersion(space="models", name="resnet"), ADA)
    parents = [{"reference": first.reference, "kind": "finetune"}]
    commands.run(RegisterVersion(space="models", name="resnet", parents=parents), ADA)
    return "resnet"
