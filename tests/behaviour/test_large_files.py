"""Everything that moves the bytes of versions, with a file large enough to go in parts."""

import io
import random
import tarfile
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from lineage_registry.artifacts.s3 import S3ArtifactStore
from lineage_registry.errors import HasDependentsError
from lineage_registry.ports.uploads import PART_SIZE
from lineage_registry.registry import Registry
from tests.behaviour.conftest import PLACES, SIGNED
from tests.behaviour.places import Place

HERE_AND_FAR = [PLACES[0], *(one for one in PLACES if str(one.id).endswith("neo4j-s3")), SIGNED]
BIG = random.Random(0).randbytes(2 * PART_SIZE + 5)
NOW = timedelta(0)


@pytest.mark.parametrize("place", HERE_AND_FAR, indirect=True)
def test_a_model_from_its_files_to_the_garbage(
    place: Place, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_registry.api.conditions.LEAST_AGE", NOW)
    signed, sign = [], S3ArtifactStore._signed_url
    monkeypatch.setattr(
        S3ArtifactStore,
        "_signed_url",
        lambda self, one: signed.append(sign(self, one)) or signed[-1],
    )
    before = {"big.bin": BIG, "deep/a.txt": b"a", "empty": b""}
    after = before | {"deep/a.txt": b"A", "more.txt": b"more"}
    draft = registry.draft("next")
    assert draft.add(write(place.folder / "before", before)).files == 3
    assert draft.register("net").number == 1
    assert registry.drafts() == []
    made = registry.register_many(
        [
            {"name": "net", "model": write(place.folder / "after", after), "parents": ["net:1"]},
            {"name": "rows", "space": "datasets", "model": place.file("rows.csv", "1,2")},
        ],
        atomic=True,
    )
    assert [one.result().reference for one in made] == ["models:/net/2", "datasets:/rows/1"]
    big = {one.path: one.digest for one in registry.files("net:2").files}["big.bin"]

    target = place.folder / "target"
    assert (registry.pull("net:1", target).fetched, held(target)) == (3, before)
    pulled = registry.pull("net:2", target)
    assert (pulled.fetched, pulled.updated, pulled.kept, pulled.bytes) == (1, 1, 2, 5)
    assert held(target) == after
    for form in ("folder", "tar", "zip"):
        written = registry.export_files("net:2", place.folder / f"out.{form}", form=form)
        assert unpacked(written) == after
    assert any(signed) == (place.settings.s3_public_url is not None)

    stray = place.artifacts.put(io.BytesIO(b"stray")).digest
    assert registry.collect_garbage(dry_run=False, grace=NOW).removed.count == 1
    assert not place.artifacts.contains([stray])
    place.demand_sound()
    failed = registry.delete_many(["net:1", "rows:1"])
    assert isinstance(failed[0].error, HasDependentsError)
    gone = registry.delete_many(["net:2", "net:1"], atomic=True)
    assert [one.result().status for one in gone] == ["deleted", "deleted"]
    assert registry.collect_garbage(dry_run=False, grace=NOW).removed.count == 0
    place.damage_blob(big)
    registry.register("net", place.file("fine.txt"))
    rows = registry.verify("net", deleted=True)
    assert [row.state for row in rows] == ["damaged", "damaged", "verified"]


@pytest.mark.parametrize("place", HERE_AND_FAR, indirect=True)
def test_weights_from_a_module_to_a_passing_copy(place: Place, registry: Registry) -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(1024, 5000)  # 20 MB
    state = module.state_dict()
    first = registry.register_pytorch("net", module)
    made = registry.convert("net:1", "safetensors")
    assert (made.same_weights, made.weights) == (["models:/net/1"], first.weights)
    found = registry.same_weights("net:1")
    assert [node.reference for node in found.nodes] == [made.reference]
    checked = registry.verify_many(["net:1", made.reference])
    assert [one.result().state for one in checked] == ["verified", "verified"]
    with registry.temporary_model(made.reference) as loaded:
        assert all(torch.equal(loaded[name], state[name]) for name in state)
    both = registry.load_many(["net:1", made.reference])
    assert all(torch.equal(one.result()["bias"], state["bias"]) for one in both)
    place.demand_sound()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def held(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def unpacked(written: Path) -> dict[str, bytes]:
    if written.is_dir():
        return held(written)
    if written.suffix == ".zip":
        with zipfile.ZipFile(written) as file:
            return {name: file.read(name) for name in file.namelist()}
    with tarfile.open(written) as file:
        members = ((one.name, file.extractfile(one)) for one in file)
        return {name: data.read() for name, data in members if data is not None}
