"""What every folder shares: the real servers (`neo4j_server`, `s3_server`), and patience."""

import uuid
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.servers.pytest_plugin"]

# How long an example takes says what else the machine does, not what the code does.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees what another one, or the user, has loaded before."""
    place: Path = tmp_path_factory.getbasetemp() / "caches" / uuid.uuid4().hex
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
