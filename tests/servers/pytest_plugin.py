"""How a test run gets its servers: one of each for all workers, ended with the run."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.servers.addresses import Neo4jAddress, S3Address
from tests.servers.backends import docker_answers
from tests.servers.holder import Held, start_holder, stop_holder
from tests.servers.minio import minio_is_cached
from tests.servers.neo4j import neo4j_is_cached

_FOLDER = pytest.StashKey[Path]()
_OWNER = pytest.StashKey[int]()
_FIXTURES = {"neo4j_server": "neo4j", "s3_server": "s3"}


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", None)
    if given is None:
        config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="lineage-servers-"))
        config.stash[_OWNER] = os.getpid()
    else:
        config.stash[_FOLDER] = Path(given["servers_folder"])
        config.stash[_OWNER] = given["servers_owner"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    config = node.config  # type: ignore[attr-defined]
    node.workerinput["servers_folder"] = str(config.stash[_FOLDER])  # type: ignore[attr-defined]
    node.workerinput["servers_owner"] = config.stash[_OWNER]  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(_OWNER, None) != os.getpid():
        return
    for name in _FIXTURES.values():
        stop_holder(config.stash[_FOLDER] / f"{name}.json")
    shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server; what shares the one Neo4j database runs in one worker."""
    for item in items:
        for fixture, mark in _FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
        if item.get_closest_marker("neo4j"):
            item.add_marker(pytest.mark.xdist_group("neo4j"))


@pytest.fixture(scope="session")
def neo4j_server(pytestconfig: pytest.Config) -> Neo4jAddress:
    """A running Neo4j: `.uri`, `.user`, `.password`. Its one database is shared, so wipe it."""
    if given := Neo4jAddress.from_environment():
        return given
    line = os.environ.get("LINEAGE_NEO4J_LINE", "5")
    held = _held(pytestconfig, "neo4j", line, lambda: neo4j_is_cached(line))
    assert held.neo4j is not None
    return held.neo4j


@pytest.fixture(scope="session")
def s3_server(pytestconfig: pytest.Config) -> S3Address:
    """A running S3: `.endpoint`, `.access_key`, `.secret_key`, `.secure`. Make your own bucket."""
    if given := S3Address.from_environment():
        return given
    held = _held(pytestconfig, "s3", "5", minio_is_cached)
    assert held.s3 is not None
    return held.s3


def services_are_required() -> bool:
    """Tell whether a missing server is a failure (`LINEAGE_REQUIRE_SERVICES=1`), not a skip."""
    return os.environ.get("LINEAGE_REQUIRE_SERVICES") == "1"


def _held(config: pytest.Config, name: str, line: str, is_cached: Callable[[], bool]) -> Held:
    if not (services_are_required() or is_cached() or docker_answers()):
        pytest.skip(f"no {name} server: run `make services-fetch` once, or set its address")
    state = config.stash[_FOLDER] / f"{name}.json"
    with FileLock(state.with_suffix(".lock")):
        return Held.read(state) or start_holder(
            state, [name], line=line, owner=config.stash[_OWNER]
        )
