"""A large file in S3 is looked into where it lies: what goes over the wire is little."""

import io
import tarfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from minio import Minio

from lineage_registry.bootstrap import connect
from lineage_registry.domain.formats import Verdict
from lineage_registry.registry import Registry
from tests.behaviour.places import remove_bucket, settings_of
from tests.servers import S3Address

ELEMENTS = 6_000_000
MOST = 1_000_000


@pytest.fixture
def registry(s3_server: S3Address, tmp_path: Path) -> Iterator[Registry]:
    bucket = f"ranges-{uuid.uuid4().hex[:16]}"
    with connect(settings=settings_of(tmp_path, None, s3_server, bucket)) as opened:
        yield opened
    remove_bucket(s3_server, bucket)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what the store answers to requests for objects."""
    sizes: list[int] = []
    get = Minio.get_object

    def counted(self: Minio, *given: Any, **named: Any) -> Any:
        response = get(self, *given, **named)
        sizes.append(int(response.headers["Content-Length"]))
        return response

    monkeypatch.setattr(Minio, "get_object", counted)
    return sizes


@pytest.mark.s3
@pytest.mark.parametrize("kind", ["zip", "legacy", "tar"])
def test_little_of_a_large_file_is_fetched(
    kind: str, registry: Registry, fetched: list[int], tmp_path: Path
) -> None:
    stream = io.BytesIO()
    weights = {"w": torch.zeros(ELEMENTS), "b": torch.ones(3)}
    torch.save(weights, stream, _use_new_zipfile_serialization=kind != "legacy")
    path = tmp_path / "model"
    path.write_bytes(stream.getvalue())
    if kind == "tar":
        path = tmp_path / "model.tar"
        with tarfile.open(path, "w") as file:
            file.add(tmp_path / "model", "model.pt")
    registry.register("m", path)
    fetched.clear()
    found = registry.inspect("models:/m/1")
    assert (found.verdict, found.parameters) == (Verdict.SAFE, ELEMENTS + 3)
    assert found.bytes == path.stat().st_size > 4 * ELEMENTS
    assert 0 < sum(fetched) < MOST


@pytest.mark.s3
def test_many_files_are_asked_for_at_once_and_each_once(
    registry: Registry, fetched: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, together, most = tmp_path / "data", [0], [0]
    folder.mkdir()
    for number in range(40):
        np.save(folder / f"{number}.npy", np.full(2000, number))
    counted = Minio.get_object

    def slow(self: Minio, *given: Any, **named: Any) -> Any:
        together[0] += 1
        most[0] = max(most[0], together[0])
        time.sleep(0.02)
        together[0] -= 1
        return counted(self, *given, **named)

    registry.register("m", folder)
    monkeypatch.setattr(Minio, "get_object", slow)
    fetched.clear()
    assert registry.inspect("models:/m/1").verdict is Verdict.SAFE
    assert len(fetched) == 40 + 1  # the list of files
    assert most[0] > 4
