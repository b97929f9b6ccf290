"""What was loaded from afar is kept here, and never believed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lineage_registry.bootstrap import connect
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import DigestMismatchError
from lineage_registry.ports.artifacts import ArtifactStore
from lineage_registry.registry import Registry
from lineage_registry.settings import Settings
from tests.behaviour.places import ACTOR, served

WEIGHTS = np.arange(1000, dtype=np.float32)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Registry]:
    """A registry in a folder, with a model in it."""
    file = tmp_path / "m.safetensors"
    save_file({"weights": WEIGHTS}, file)
    with connect(tmp_path / "r") as registry:
        registry.register("m", file)
        yield registry


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[Digest]:
    """What came over the wire."""
    found: list[Digest] = []
    real = ArtifactStore.fetch

    def fetch(self: ArtifactStore, digest: Digest, target: Path, **options: object) -> None:
        found.append(digest)
        real(self, digest, target, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(ArtifactStore, "fetch", fetch)
    return found


@pytest.fixture
def url(here: Registry) -> Iterator[str]:
    with served(here) as address:
        yield address


def load(registry: Registry) -> None:
    steps: list[int] = []
    loaded = registry.load("m:1", progress=lambda _, step, __: steps.append(step))
    assert np.array_equal(np.asarray(loaded["weights"]), WEIGHTS)
    assert sum(steps) == registry.files("m:1").files[0].size


def test_the_second_load_takes_no_bytes_over_the_wire(url: str, fetched: list[Digest]) -> None:
    for _ in range(2):
        with connect(url, actor=ACTOR) as there:
            load(there)
            assert there.cache
            assert there.cache.state().blobs == 1
    assert len(fetched) == 1


def test_bytes_that_were_damaged_in_the_cache_are_fetched_again(
    url: str, fetched: list[Digest]
) -> None:
    with connect(url, actor=ACTOR) as there:
        load(there)
        assert there.cache
        (kept,) = (there.cache.state().folder / "blobs").iterdir()
        data = bytearray(kept.read_bytes())
        data[-1] ^= 1
        kept.chmod(0o644)
        kept.write_bytes(data)
        load(there)
        load(there)
    assert len(fetched) == 2


def test_bytes_that_are_damaged_where_they_come_from_are_not_kept(url: str, here: Registry) -> None:
    digest = Digest.parse(here.files("m:1").files[0].digest)
    path = here.artifacts.local_path(digest)
    assert path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with connect(url, actor=ACTOR) as there:
        with pytest.raises(DigestMismatchError):
            there.load("m:1")
        assert there.cache
        assert there.cache.state().blobs == 0
        room = there.cache.room()
        assert room
        assert list(room.iterdir()) == []


def test_a_cache_of_no_size_is_none(url: str, fetched: list[Digest]) -> None:
    settings = Settings(url=url, actor=ACTOR, cache_size=0)
    with connect(settings=settings) as there:
        load(there)
        load(there)
        assert there.cache is None
    assert len(fetched) == 2


def test_a_cache_that_cannot_be_used_is_no_harm(
    url: str, tmp_path: Path, fetched: list[Digest]
) -> None:
    (tmp_path / "file").write_text("")
    with connect(settings=Settings(url=url, cache=str(tmp_path / "file"))) as there:
        load(there)
        load(there)
    assert len(fetched) == 2


def test_a_registry_in_a_folder_needs_none(here: Registry) -> None:
    assert here.cache is None
    load(here)
