"""Same weights: found when they are registered, and asked for, whatever the format."""

from pathlib import Path

import pytest
import torch

from lineage_registry.errors import InvalidInputError, VersionNotFoundError
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.ports import commands as c
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.registry.transfers import uploaded
from tests.behaviour.places import Place


def state(shift: float = 0.0) -> dict[str, torch.Tensor]:
    whole = torch.arange(12.0).reshape(3, 4) + shift
    return {"w": whole, "turned": whole.T, "tied": whole}


def files_in_every_form(folder: Path) -> dict[str, Path]:
    SafetensorsHandler().save(state(), folder / "one")
    SafetensorsHandler().save(state(), folder / "shards", max_shard_size=1)
    PyTorchHandler().save({"model": state(), "epoch": 1}, folder / "zip")
    (folder / "legacy").mkdir()
    torch.save(state(), folder / "legacy" / "m.pt", _use_new_zipfile_serialization=False)
    return {name: folder / name for name in ("one", "shards", "zip", "legacy")}


def test_the_same_tensors_are_found_in_every_format(place: Place) -> None:
    registry = place.registry
    made = {
        name: registry.register(name, path)
        for name, path in files_in_every_form(place.folder / "given").items()
    }
    other = registry.register("other", state(1.0))
    (weights,) = {one.weights for one in made.values()}
    assert weights is not None
    assert other.weights not in {None, weights}
    assert made["one"].same_weights == []
    assert made["legacy"].same_weights == [
        "models:/one/1",
        "models:/shards/1",
        "models:/zip/1",
    ]
    assert other.same_weights == []
    found = registry.same_weights("zip:1")
    assert [node.reference for node in found.nodes] == [
        "models:/one/1",
        "models:/shards/1",
        "models:/legacy/1",
    ]
    assert (found.of, found.weights, found.truncated) == ("models:/zip/1", weights, False)
    by_digest = registry.same_weights(weights, limit=2)
    assert len(by_digest.nodes) == 2
    assert by_digest.truncated
    assert registry.version("one:1").same_weights == [
        "models:/shards/1",
        "models:/zip/1",
        "models:/legacy/1",
    ]
    place.demand_sound()


def test_deleted_versions_are_shown_if_asked_and_the_past_stays(place: Place) -> None:
    registry = place.registry
    registry.register("a", state())
    before = place.revision
    registry.register("b", state())
    registry.delete_version("b:1")
    assert registry.same_weights("a:1").nodes == []
    assert len(registry.same_weights("a:1", deleted=True).nodes) == 1
    assert registry.same_weights("a:1", as_of=before).nodes == []
    assert len(registry.same_weights("a:1", as_of=before + 1).nodes) == 1


def test_what_holds_no_tensors_has_no_digest(place: Place) -> None:
    registry = place.registry
    registry.register("words", place.file("notes.txt"))
    registry.register("nothing")
    for name in ("words:1", "nothing:1"):
        found = registry.same_weights(name)
        assert (found.weights, found.nodes) == (None, [])
        assert registry.version(name).same_weights is None
    nobody = registry.same_weights(f"sha256:{'0' * 64}")
    assert nobody.nodes == []
    with pytest.raises(InvalidInputError):
        registry.same_weights("sha256:short")
    with pytest.raises(VersionNotFoundError):
        registry.same_weights("nothing:9")


def test_a_client_that_says_a_wrong_digest_is_not_believed(place: Place) -> None:
    local = place.local
    SafetensorsHandler().save(state(), place.folder / "given")
    right = str(SafetensorsHandler().weights(LocalFiles(place.folder / "given")))
    with uploaded(local.artifacts, LocalFiles(place.folder / "given"), None) as files:
        fields = {"space": "models", "name": "m", "files": files}
        with pytest.raises(InvalidInputError, match="tensors have the digest"):
            local.sender.write(c.RegisterVersion, {}, **fields, weights=f"sha256:{'0' * 64}")
        made = local.sender.write(c.RegisterVersion, {}, **fields, weights=right)
    assert made.weights == right
    assert "weights_told_by" not in made.facts


def test_of_large_files_the_client_is_believed_and_that_is_said(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("services.content_weights", "registry.transfers"):
        monkeypatch.setattr(f"lineage_registry.{module}.MAX_READ", 10)
    made = place.local.register("m", state())
    assert made.weights is not None
    assert made.facts["weights_told_by"] == "client"
    monkeypatch.setattr("lineage_registry.registry.transfers.MAX_READ", 10**9)
    assert place.local.register("m", state(1.0)).weights is None


def test_what_a_client_said_of_large_files_is_read_again_by_a_check_of_the_bytes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = place.local
    monkeypatch.setattr("lineage_registry.services.content_weights.MAX_READ", 10)
    SafetensorsHandler().save(state(), place.folder / "given")
    right = str(SafetensorsHandler().weights(LocalFiles(place.folder / "given")))
    wrong = f"sha256:{'0' * 64}"
    with uploaded(local.artifacts, LocalFiles(place.folder / "given"), None) as files:
        for name, weights in (("honest", right), ("liar", wrong), ("again", wrong)):
            fields = {"space": "models", "name": name, "files": files, "weights": weights}
            local.sender.write(c.RegisterVersion, {}, **fields)
    text = place.file("notes.txt", "no tensors at all")
    with uploaded(local.artifacts, LocalFiles(text), None) as files:
        fields = {"space": "models", "name": "text", "files": files, "weights": wrong}
        local.sender.write(c.RegisterVersion, {}, **fields)
    assert place.registry.validate().ok
    found = place.registry.validate(bytes=True).findings
    assert [one.kind for one in found] == ["different-weights", "different-weights"]
    assert right in found[0].detail
    assert wrong in found[0].detail
    assert "none that can be read" in found[1].detail
    place.damage_blob(local.files("honest:1").files[0].digest)
    found = place.registry.validate(bytes=True).findings
    assert "different-bytes" in [one.kind for one in found]
