"""A folder is brought to what a version holds: only what changed, and nothing outside of it."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from lineage_registry.errors import (
    ArtifactNotFoundError,
    DigestMismatchError,
    InvalidInputError,
    NotFoundError,
    StageNotFoundError,
)
from tests.behaviour.places import Place


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def target(place: Place) -> Path:
    """Where to; two versions of a model are there to be pulled."""
    for texts in (
        {"a.txt": "a", "deep/b.txt": "b", "deep/er/c.txt": "c"},
        {"a.txt": "A", "deep/b.txt": "b", "new.txt": "new"},
    ):
        folder = place.folder / f"source{len(texts['a.txt'] + str(texts))}"
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        place.local.register("net", folder)
    return place.folder / "target"


def held(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_only_what_changed_is_fetched(registry, target):
    first = registry.pull("net:1", target)
    assert (first.fetched, first.kept, first.bytes) == (3, 0, 3)
    assert held(target) == {"a.txt": "a", "deep/b.txt": "b", "deep/er/c.txt": "c"}
    inode = (target / "deep" / "b.txt").stat().st_ino
    second = registry.pull("net:2", target)
    assert [(file.path, file.action) for file in second.files] == [
        ("a.txt", "updated"),
        ("deep/b.txt", "kept"),
        ("new.txt", "fetched"),
    ]
    assert (target / "deep" / "b.txt").stat().st_ino == inode
    assert (target / "deep" / "er" / "c.txt").exists()
    assert registry.pull("net:2", target).bytes == 0
    assert not list(target.rglob("*.partial"))


def test_what_the_version_does_not_have_is_removed_if_asked(registry, target):
    registry.pull("net:1", target)
    (target / ".env").write_text("hidden")
    (target / "link").symlink_to(target / "a.txt")
    done = registry.pull("net:2", target, delete=True)
    assert [file.path for file in done.files if file.action == "deleted"] == ["deep/er/c.txt"]
    assert held(target) == {
        ".env": "hidden",
        "link": "A",
        "a.txt": "A",
        "deep/b.txt": "b",
        "new.txt": "new",
    }
    assert not (target / "deep" / "er").exists()


def test_a_dry_run_changes_nothing(registry, target):
    registry.pull("net:1", target)
    before = held(target)
    done = registry.pull("net:2", target, delete=True, dry_run=True)
    assert (done.updated, done.fetched, done.kept, done.deleted) == (1, 1, 1, 1)
    assert held(target) == before


def test_one_file_or_one_folder_is_pulled(registry, target):
    registry.pull("net:1", target, "deep")
    assert held(target) == {"deep/b.txt": "b", "deep/er/c.txt": "c"}
    registry.pull("net:2", target, "new.txt", "deep/", delete=True)
    assert held(target) == {"deep/b.txt": "b", "new.txt": "new"}
    with pytest.raises(ArtifactNotFoundError, match="depp") as caught:
        registry.pull("net:1", target, "depp/b.txt")
    assert "deep/b.txt" in str(caught.value.hint)
    done = registry.pull("net:1", target, include=["*.txt"], exclude=["deep/"])
    assert [file.path for file in done.files] == ["a.txt"]


def test_data_and_anything_are_pulled_alike(place, registry):
    registry.register_dataset("digits", place.file("digits.csv", "1,2"))
    done = registry.pull("datasets:/digits/1", place.folder / "data")
    assert done.reference == "datasets:/digits/1"
    assert held(place.folder / "data") == {"digits.csv": "1,2"}


def test_a_change_of_the_same_size_is_seen(registry, target):
    registry.pull("net:1", target)
    registry.pull("net:1", target)
    (target / "a.txt").write_text("X")
    done = registry.pull("net:1", target)
    assert [file.path for file in done.files if file.action == "updated"] == ["a.txt"]


def test_what_is_known_is_not_read_again_unless_asked(place, target, monkeypatch):
    place.local.pull("net:1", target)
    read = []

    def counted(stream, name):
        read.append(stream.name)
        return hash_file(stream, name)

    hash_file = hashlib.file_digest
    monkeypatch.setattr("hashlib.file_digest", counted)
    assert place.local.pull("net:1", target).kept == 3
    assert read == []
    assert place.local.pull("net:1", target, check=True).kept == 3
    assert len(read) == 3
    (target / "a.txt").touch()
    assert place.local.pull("net:1", target).kept == 3
    assert len(read) == 4


def test_a_record_that_cannot_be_read_costs_time_only(place, target, cache):
    place.local.pull("net:1", target)
    time.sleep(0.1)
    place.local.pull("net:1", target)
    (record,) = (cache / "lineage-registry" / "digests").iterdir()
    for broken in (b"", b"[]", b"{", b'{"a.txt": 1}', b'{"a.txt": [[1], 2]}'):
        record.write_bytes(broken)
        assert place.local.pull("net:1", target).kept == 3
    record.unlink()
    record.parent.rmdir()
    record.parent.write_text("in the way")
    assert place.local.pull("net:1", target).kept == 3


def test_damaged_bytes_never_arrive(place, registry, target):
    registry.pull("net:1", target)
    changed = next(file for file in place.local.files("net:2").files if file.path == "a.txt")
    place.damage_blob(changed.digest)
    with pytest.raises(DigestMismatchError):
        registry.pull("net:2", target)
    assert (target / "a.txt").read_text() == "a"


def test_nothing_is_written_through_a_link(place, registry, target):
    outside = place.folder / "outside"
    outside.mkdir()
    target.mkdir()
    (target / "deep").symlink_to(outside)
    with pytest.raises(InvalidInputError, match="link"):
        registry.pull("net:1", target)
    assert list(outside.iterdir()) == []
    (target / "deep").unlink()
    (target / "a.txt").symlink_to(outside / "a.txt")
    registry.pull("net:1", target)
    assert not (target / "a.txt").is_symlink()
    assert list(outside.iterdir()) == []


def test_what_is_in_the_way_is_said(place, registry, target):
    with pytest.raises(InvalidInputError, match="no folder"):
        registry.pull("net:1", place.file("in-the-way"))
    (target / "a.txt").mkdir(parents=True)
    with pytest.raises(InvalidInputError, match="a folder"):
        registry.pull("net:1", target)
    with pytest.raises(NotFoundError):
        registry.pull("net:9", target)


def test_a_run_that_pulls_has_an_input(registry, target):
    with registry.run("tune") as run:
        registry.pull("net:1", target, dry_run=True)
        registry.pull("net:2", target, role="teacher")
        with registry.temporary_folder("net:1") as folder:
            assert folder.exists()
    read = {(one.reference, one.role) for one in run.get().inputs}
    assert read == {("models:/net/2", "teacher"), ("models:/net/1", "base")}


def test_the_past_is_pulled_too(registry, target):
    before = registry.version("net:1").revision
    assert registry.pull("net:latest", target, as_of=before).reference == "models:/net/1"
    assert registry.pull(f"net:latest?as_of={before}", target).kept == 3


def test_a_temporary_model_leaves_nothing(place, registry, cache, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    registry.register("weights", {"w": np.arange(4.0)})

    def there():
        blobs = cache / "lineage-registry" / "artifacts"
        return sorted({*tmp_path.iterdir(), *blobs.rglob("*")} - {cache})

    before = there()
    with registry.temporary_model("weights:1") as model:
        assert list(model["w"]) == [0, 1, 2, 3]
        assert there() != before
    assert there() == before
    with pytest.raises(ZeroDivisionError), registry.temporary_model("weights:1"):
        raise ZeroDivisionError
    with registry.temporary_folder("weights:1") as folder:
        assert [path.name for path in folder.iterdir()]
    with pytest.raises(ZeroDivisionError), registry.temporary_folder("weights:1"):
        raise ZeroDivisionError
    assert there() == before


def test_who_has_no_home_pulls_too(place, target, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")

    def refuse():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", refuse)
    assert place.local.pull("net:1", target).fetched == 3
    assert place.local.pull("net:1", target).kept == 3


def test_the_latest_version_and_the_latest_of_a_stage(registry):
    for _ in range(3):
        registry.register("net")
    registry.promote("net:2", "Staging")
    registry.promote("net:1", "Staging", archive=False)
    assert registry.latest("net").number == 3
    assert registry.latest("net", stage="Staging").number == 2
    assert registry.version("net:Staging").number == 1
    registry.register_dataset("digits")
    assert registry.latest("datasets:/digits").reference == "datasets:/digits/1"
    with pytest.raises(StageNotFoundError):
        registry.latest("net", stage="Production")
    with pytest.raises(NotFoundError):
        registry.latest("nothing")
