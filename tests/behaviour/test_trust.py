"""Verdicts, refusals and trust: what is let in, what is loaded, and what the log says of it."""

import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from lineage_registry.domain.formats import POLICY_VERSION, Verdict
from lineage_registry.errors import (
    InvalidInputError,
    NotFoundError,
    UnreadableArtifactError,
    UnsafeArtifactError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import ACTOR, Place

PAYLOAD = b"\x80\x02cposix\nsystem\nX\x15\x00\x00\x00touch canary-was-here\x85R."


class Pair:
    """An object whose class a pickle names."""

    def __init__(self) -> None:
        self.weights = np.arange(3.0)


def pickled(place: Place) -> Path:
    path = place.file("pair.pkl")
    path.write_bytes(pickle.dumps(Pair()))
    return path


def trail(registry: Registry, **filters: object) -> list[tuple[str, str | None]]:
    return [(one.type, one.reason) for one in registry.events(**filters)]


def test_a_verdict_is_an_event_with_its_policy_and_reasons(place: Place) -> None:
    registry = place.registry
    made = registry.register("m", pickled(place), reason="first")
    (told,) = registry.events(type=["verdict.reached"])
    assert told.subjects == [made.reference]
    assert (told.actor, told.reason) == (ACTOR, "first")
    assert told.data["verdict"] == made.facts["verdict"] == "needs-trust"
    assert told.data["policy"] == POLICY_VERSION
    assert any("Pair" in reason for reason in told.data["reasons"])
    report = registry.audit_report(made.reference)
    assert "verdict.reached" in [event.type for event in report.events]
    place.demand_sound()


def test_files_of_another_format_than_named_are_said_to_be_of_theirs(place: Place) -> None:
    registry, path = place.registry, place.file("model.bin")
    save_file({"w": np.ones(2)}, path)
    with pytest.raises(UnreadableArtifactError, match="their format is safetensors, not pytorch"):
        registry.register("m", path, format="pytorch")
    found = registry.inspect(path, format="pytorch")
    assert found.verdict is Verdict.REFUSED
    assert "not pytorch" in found.reasons[-1]
    path.write_bytes(path.read_bytes()[:-1])
    broken = registry.inspect(path, format="safetensors")
    assert broken.verdict is Verdict.REFUSED
    assert not any("their format" in reason for reason in broken.reasons)


def test_files_that_are_refused_leave_an_event_and_nothing_else(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry = place.registry
    path = place.file("model.pt")
    path.write_bytes(PAYLOAD)
    with pytest.raises(UnsafeArtifactError, match=r"posix\.system"):
        registry.register("m", path, reason="try")
    with pytest.raises(NotFoundError):
        registry.model("m")
    registry.register("m")
    with pytest.raises(UnsafeArtifactError):
        registry.register("m", path)
    first, second = registry.events(type=["artifact.refused"])
    assert (first.actor, first.reason, first.subjects) == (ACTOR, "try", [])
    assert second.subjects == ["models:/m"]
    assert first.data["manifest"] == second.data["manifest"] == registry.inspect(path).digest
    assert first.data["policy"] == POLICY_VERSION
    assert any("posix.system" in reason for reason in first.data["reasons"])
    assert [one.number for one in registry.versions("m")] == [1]
    assert ("artifact.refused", None) in trail(registry, subject="models:/m")
    assert not list(tmp_path.rglob("canary*"))
    place.demand_sound()


def test_broken_files_are_refused_as_broken(place: Place) -> None:
    stream = io.BytesIO()
    torch.save({"w": torch.ones(3)}, stream)
    path = place.file("cut.pt")
    path.write_bytes(stream.getvalue()[:-30])
    with pytest.raises(UnreadableArtifactError):
        place.registry.register("m", path)
    assert trail(place.registry) == [("artifact.refused", None)]


def test_what_names_code_is_loaded_only_with_a_reason_that_is_logged_first(place: Place) -> None:
    registry = place.registry
    made = registry.register("m", pickled(place))
    with pytest.raises(UnsafeArtifactError) as refused:
        registry.load(made.reference)
    assert refused.value.hint is not None
    assert "trust=" in refused.value.hint
    assert "trust.granted" not in [kind for kind, _ in trail(registry)]
    loaded = registry.load(made.reference, trust="we trained it")
    assert loaded.weights.tolist() == [0, 1, 2]
    (told,) = registry.events(type=["trust.granted"])
    assert (told.reason, told.actor, told.subjects) == ("we trained it", ACTOR, [made.reference])
    assert told.data["manifest"] == made.manifest
    assert told.data["reason"] == "we trained it"
    with pytest.raises(UnsafeArtifactError):
        registry.load(made.reference)
    assert ("trust.granted", "we trained it") in trail(registry, subject=made.reference)


def test_code_beside_good_weights_needs_a_reason_too(place: Place) -> None:
    registry = place.registry
    folder = pickled(place).parent
    save_file({"w": np.ones(2)}, folder / "model.safetensors")
    made = registry.register("m", folder, format="safetensors")
    assert made.facts["verdict"] == "needs-trust"
    with pytest.raises(UnsafeArtifactError, match="Pair"):
        registry.load(made.reference)
    assert registry.load(made.reference, trust="ours")["w"].tolist() == [1, 1]
    (told,) = registry.events(type=["trust.granted"])
    assert told.reason == "ours"
    with pytest.raises(UnsafeArtifactError) as refused:
        registry.convert(made.reference, "safetensors")
    assert "trust=" in str(refused.value.hint)
    assert len(registry.events(type=["trust.granted"]).page().items) == 1
    converted = registry.convert(made.reference, "safetensors", trust="ours, again")
    assert converted.facts["verdict"] == "safe"
    assert registry.load(converted.reference)["w"].tolist() == [1, 1]


def test_what_names_code_is_converted_only_with_a_reason_that_is_logged_first(
    place: Place,
) -> None:
    registry = place.registry
    path = place.file("whole.pt")
    module = torch.nn.Linear(2, 3)
    torch.save({"epoch": 3, "model": module}, path)
    made = registry.register("net", path)
    assert made.facts["verdict"] == "needs-trust"
    with pytest.raises(UnsafeArtifactError):
        registry.convert("net:1", "safetensors")
    with pytest.raises(InvalidInputError):
        registry.convert("net:1", "safetensors", trust=" ")
    assert list(registry.runs()) == []
    converted = registry.convert("net:1", "safetensors", trust="we trained it")
    assert converted.facts["verdict"] == "safe"
    loaded = registry.load(converted.reference)
    assert torch.equal(loaded["weight"], module.state_dict()["weight"])
    (told,) = registry.events(type=["trust.granted"])
    assert (told.reason, told.actor, told.subjects) == ("we trained it", ACTOR, ["models:/net/1"])
    (began, *_) = registry.events(type=["run.started"])
    assert told.position < began.position
    place.demand_sound()


@pytest.mark.parametrize("reason", ["", "  ", True, 3])
def test_trust_is_a_reason_in_words(registry: Registry, place: Place, reason: object) -> None:
    made = registry.register("m", pickled(place))
    with pytest.raises(InvalidInputError):
        registry.load(made.reference, trust=reason)  # type: ignore[arg-type]
    assert "trust.granted" not in [kind for kind, _ in trail(registry)]


def test_trust_is_not_asked_for_where_nothing_runs(registry: Registry, place: Place) -> None:
    made = registry.register("m", {"w": np.ones(2)}, format="safetensors")
    assert registry.load(made.reference, trust="no need")["w"].tolist() == [1, 1]
    assert "trust.granted" not in [kind for kind, _ in trail(registry)]
    registry.register("bare")
    with pytest.raises(InvalidInputError):
        registry.trust("bare:1", reason="what of")
    with pytest.raises(InvalidInputError):
        registry.trust(made.reference)


def test_a_version_is_inspected_where_it_is_stored(registry: Registry, place: Place) -> None:
    path = pickled(place)
    made = registry.register("m", path)
    found = registry.inspect(made.reference)
    local = registry.inspect(path)
    assert found.verdict is Verdict.NEEDS_TRUST
    assert found.digest == local.digest == made.manifest
    told = found.model_dump()
    assert local.model_dump() == {key: told[key] for key in local.model_dump()}
    assert registry.inspect(path, digest=False).digest is None
    registry.delete_version("m:1")
    with pytest.raises(NotFoundError):
        registry.inspect(made.reference)
    assert registry.inspect(made.reference, deleted=True).parameters == 3


SERVED = """
import sys
from pathlib import Path
from lineage_registry.bootstrap import connect
from lineage_registry.ports import commands as c
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.registry.transfers import uploaded
folder, *paths = map(Path, sys.argv[1:])
import pickle
def forbidden(*_, **__): raise AssertionError("somebody unpickled")
pickle.load = pickle.loads = pickle.Unpickler = forbidden
with connect(str(folder), actor="server") as registry:
    for path in paths:
        with uploaded(registry.artifacts, LocalFiles(path), None) as files:
            command = c.RegisterVersion(space="models", name=path.stem, files=files)
            registry.sender.commands.run(command, c.Context("server"))
        registry.inspect(f"models:/{path.stem}/1")
heavy = {"torch", "numpy", "sklearn", "joblib", "keras", "h5py", "skops", "onnx", "transformers"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_the_side_that_stores_never_loads(tmp_path: Path) -> None:
    (tmp_path / "pair.pkl").write_bytes(pickle.dumps(Pair()))
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pt")
    torch.save({"w": torch.ones(3)}, tmp_path / "state.pt")
    np.save(tmp_path / "objects.npy", np.array([Pair()], dtype=object), allow_pickle=True)
    paths = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", SERVED, tmp_path / "registry", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


@pytest.mark.parametrize("atomic", [True, False])
def test_a_batch_that_holds_something_hostile_says_who_tried(place: Place, atomic: bool) -> None:
    path = place.file("model.pt")
    path.write_bytes(PAYLOAD)
    items = [{"name": "good"}, {"name": "bad", "model": path}]
    place.registry.register_many(items, atomic=atomic)
    (told,) = place.registry.events(type=["artifact.refused"])
    assert (told.actor, told.data["name"]) == (ACTOR, "bad")
    assert [one.name for one in place.registry.models()] == ([] if atomic else ["good"])
    place.demand_sound()
