"""A version's files as a folder, a tar or a zip."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from lineage_registry.errors import (
    ArtifactNotFoundError,
    DigestMismatchError,
    IntegrityError,
    InvalidInputError,
    VersionNotFoundError,
)
from tests.behaviour.places import Place

TEXTS = {"a.txt": "first", "deep/er/b.txt": "second", "empty": ""}


@pytest.fixture
def target(place: Place) -> Path:
    for name, text in TEXTS.items():
        place.file(name, text)
    place.registry.register("net", place.folder / "files")
    return place.folder / "out"


def test_a_version_is_written_in_every_form(place: Place, target: Path) -> None:
    registry, told = place.registry, []
    registry.export_files("net:1", target / "net.zip", progress=lambda *step: told.append(step))
    registry.export_files("net:1", target / "net.tar")
    registry.export_files("net:1", target / "net")
    with zipfile.ZipFile(target / "net.zip") as packed:
        assert packed.testzip() is None
        assert {name: packed.read(name).decode() for name in packed.namelist()} == TEXTS
    with tarfile.open(target / "net.tar") as packed:
        found = {one.name: packed.extractfile(one).read().decode() for one in packed}  # type: ignore[union-attr]
        assert found == TEXTS
        assert {(one.mtime, one.mode, one.uid) for one in packed} == {(0, 0o644, 0)}
    assert {name: (target / "net" / name).read_text() for name in TEXTS} == TEXTS
    assert sum(size for _, size, _ in told) == 11
    assert sorted(path.name for path in target.iterdir()) == ["net", "net.tar", "net.zip"]


def test_the_same_version_gives_the_same_archive(place: Place, target: Path) -> None:
    registry = place.registry
    for form in ("tar", "zip"):
        first = registry.export_files("net:1", target / "first", form=form).read_bytes()
        (target / "first").unlink()
        assert registry.export_files("net:1", target / "second", form=form).read_bytes() == first
        (target / "second").unlink()


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_what_is_damaged_leaves_nothing(place: Place, target: Path, form: str) -> None:
    damaged = place.registry.files("net:1").files[1]
    target.mkdir()
    (target / "net").write_text("before")
    place.damage_blob(damaged.digest)
    with pytest.raises(DigestMismatchError):
        place.registry.export_files("net:1", target / "net", form=form)
    place.damage_blob(damaged.digest, remove=True)
    with pytest.raises(ArtifactNotFoundError):
        place.registry.export_files("net:1", target / "net", form=form)
    assert {path.name: path.read_text() for path in target.iterdir()} == {"net": "before"}


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_what_became_longer_leaves_nothing(place: Place, target: Path, form: str) -> None:
    (file,) = place.registry.register("long", place.file("../w.bin", "w" * 3_000_000)).files().files
    place.damage_blob(file.digest, more=b"x" * 6_000_000)
    with pytest.raises(IntegrityError):
        place.registry.export_files("long:1", target / "long", form=form)
    assert not target.exists() or not list(target.iterdir())


@pytest.mark.parametrize("form", ["folder", "tar", "zip"])
def test_no_file_is_written_outside_the_target(
    place: Place, target: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = place.registry
    told = registry.files("net:1")
    climbing = told.files[0].model_copy(update={"path": "../../climbed"})
    hostile = told.model_copy(update={"files": [climbing]})
    monkeypatch.setattr(registry, "files", lambda *_, **__: hostile)
    with pytest.raises(InvalidInputError):
        registry.export_files("net:1", target / "x", form=form)  # type: ignore[arg-type]
    assert not list(place.folder.rglob("climbed"))
    assert not (target / "x").is_file()


def test_what_cannot_be_written_is_said(place: Place, target: Path) -> None:
    registry = place.registry
    registry.register("nothing")
    target.mkdir()
    with pytest.raises(InvalidInputError, match="no form"):
        registry.export_files("net:1", target / "x", form="rar")  # type: ignore[arg-type]
    for name in ("x.tar.gz", "x.tgz", "x.RAR"):
        with pytest.raises(InvalidInputError, match="nothing is packed"):
            registry.export_files("net:1", target / name)
        assert not (target / name).exists()
    with pytest.raises(InvalidInputError, match="no files"):
        registry.export_files("nothing:1", target / "x.zip")
    with pytest.raises(InvalidInputError, match="is a folder"):
        registry.export_files("net:1", target, form="zip")
    with pytest.raises(VersionNotFoundError):
        registry.export_files("net:9", target / "x.zip")
    place.file("in-the-way")
    with pytest.raises(InvalidInputError, match="cannot write"):
        registry.export_files("net:1", place.folder / "files" / "in-the-way" / "x.zip")
