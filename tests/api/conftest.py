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


@contextlib.contextmanager
def registry(folder):
    """Open a new registry: its commands and its artifact store."""
    commands, artifacts = local(Settings(url=str(folder)))
    with contextlib.closing(commands):
        yield commands, artifacts


@contextlib.contextmanager
def serving(parts):
    """Serve a registry."""
    with running(create_app(*parts)) as url:
        remote, store = HttpCommands(url), HttpArtifactStore(url)
        with contextlib.closing(remote), contextlib.closing(store):
            yield Served(url, *parts, remote, store)


def asking(parts):
    """Return a client of the app in process, open to everybody."""
    return TestClient(create_app(*parts), base_url="http://localhost")


def two_versions(commands, name):
    """Make a model with two versions."""
    commands.run(CreateFamily(space="models", name=name), ADA)
    first = commands.run(RegisterVersion(space="models", name=name), ADA)
    parents = [{"reference": first.reference, "kind": "finetune"}]
    commands.run(RegisterVersion(space="models", name=name, parents=parents), ADA)
    return name


@pytest.fixture
def parts(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as parts:
        yield parts


@pytest.fixture
def served(parts):
    with serving(parts) as served:
        yield served


@pytest.fixture
def client(parts):
    with asking(parts) as client:
        yield client


@pytest.fixture
def guarded(parts):
    """The app in process, asking for a key."""
    app = create_app(*parts, api_keys={TOKEN: "ada"})
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def resnet(parts):
    return two_versions(parts[0], "resnet")
