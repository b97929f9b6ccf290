"""The audit trail, the audit report, and validation that finds every kind of damage."""

from datetime import UTC, datetime, timedelta

import pytest

from lineage_registry.errors import (
    ArtifactNotFoundError,
    DigestMismatchError,
    InvalidInputError,
    ModelNotFoundError,
)
from lineage_registry.registry import Registry
from tests.behaviour.doors import BackDoor
from tests.behaviour.places import ACTOR, Place


def test_the_trail_holds_every_change_with_who_when_and_why(place: Place) -> None:
    registry = place.registry
    start = datetime.now(UTC) - timedelta(seconds=1)
    registry.create_model("m", reason="new project")
    bob = place.again("bob")
    bob.register("m", reason="first try")
    bob.close()
    registry.promote("m:1", "Production")
    events = list(registry.events())
    assert [(one.position, one.revision, one.type, one.actor, one.reason) for one in events] == [
        (1, 1, "model.created", ACTOR, "new project"),
        (2, 2, "version.registered", "bob", "first try"),
        (3, 3, "stage.moved", ACTOR, None),
    ]
    assert [one.subjects for one in events] == [
        ["models:/m"],
        ["models:/m/1", "models:/m"],
        ["models:/m", "models:/m/1"],
    ]
    assert all(start <= one.at <= datetime.now(UTC) + timedelta(seconds=1) for one in events)
    assert events[0].at < events[1].at < events[2].at
    assert events[2].data["pointer"] == "stage/Production"
    assert len({one.leaf for one in events}) == 3


def test_the_trail_is_filtered_by_subject_actor_type_and_time(place: Place) -> None:
    registry = place.registry
    registry.register("a")
    registry.register("b", parents=["a:1"])
    registry.register("b")
    registry.promote("b:1", "Staging")
    with place.again("bob") as bob:
        bob.update("a", owner="bob")
        bob.delete_version("b:2")

    def positions(**filters: object) -> list[int]:
        return [one.position for one in registry.events(**filters)]

    everything = positions()
    assert everything == list(range(1, 9))
    assert positions(newest_first=True) == everything[::-1]
    assert positions(subject="a") == [1, 2, 4, 7]
    assert positions(subject="a:1") == [2, 4]
    assert positions(subject="models:/b") == [3, 4, 5, 6, 8]
    assert positions(subject="b:2") == [5, 8]
    assert positions(by="bob") == [7, 8]
    assert positions(by="nobody") == []
    assert positions(type=["stage.moved", "node.deleted"]) == [6, 8]
    assert positions(type=["node.deleted"], by="ada") == []
    assert positions(as_of=2) == [1, 2, 3, 4]
    moved = next(iter(registry.events(type=["stage.moved"]))).at
    assert positions(since=moved) == [6, 7, 8]
    assert positions(until=moved) == [1, 2, 3, 4, 5]
    assert positions(since=moved, until=moved) == []
    for limit in (1, 2, 3, 100):
        assert positions(limit=limit) == everything
        assert positions(limit=limit, newest_first=True) == everything[::-1]
        assert positions(limit=limit, subject="models:/b") == [3, 4, 5, 6, 8]
    with pytest.raises(ModelNotFoundError):
        positions(subject="nobody")
    days = [event.at.astimezone(UTC).date() for event in registry.events()]
    assert positions(since=days[0].isoformat()) == everything
    assert positions(until=days[0].isoformat()) == []
    assert positions(until=(days[-1] + timedelta(days=1)).isoformat()) == everything
    assert positions(since=moved.isoformat(), until=moved.isoformat()) == []
    for wrong in (
        {"limit": 0},
        {"limit": 1001},
        {"since": "soon"},
        {"since": 5},
        {"until": "2026-01-01T00:00:00"},
        {"colour": "red"},
    ):
        with pytest.raises(InvalidInputError):
            positions(**wrong)
    with pytest.raises(InvalidInputError):
        positions(since=datetime(2026, 1, 1))  # noqa: DTZ001


def test_an_audit_report_holds_what_an_auditor_asks_for(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("images", place.file("i.csv"))
    with registry.run("train", run_id="r", inputs=["images:1"], params={"lr": 1}):
        registry.register("base", place.file("w.bin"))
    registry.create_model("net", owner="ann", description="Sorts digits")
    registry.register("net", parents=["base:1"])
    registry.promote("net:1", "Production", reason="passed")
    registry.deploy("shop", "net:1")
    report = registry.audit_report("net:Production")
    assert report.version.reference == "models:/net/1"
    assert (report.model_owner, report.model_description) == ("ann", "Sorts digits")
    assert [one.reference for one in report.ancestry.nodes] == [
        "models:/net/1",
        "models:/base/1",
        "runs:/r",
        "datasets:/images/1",
    ]
    assert [one.run_id for one in report.runs] == ["r"]
    assert [one.reference for one in report.sources] == ["datasets:/images/1"]
    assert report.impact.deployments == ["deployments:/shop"]
    assert [(one.stage, one.reason) for one in report.moves] == [("Production", "passed")]
    assert [one.type for one in report.events] == [
        "version.registered",
        "stage.moved",
        "deployment.created",
    ]
    assert report.files == []
    assert report.generated_by == ACTOR
    assert (report.log.size, report.revision) == (place.graph.head().size, place.revision)
    assert {one.item for one in report.missing}
    proof = registry.validate().log
    assert report.log == proof
    again = registry.audit_report("net:Production", as_of=report.revision)
    assert again.model_copy(update={"generated_at": report.generated_at}) == report
    old = registry.audit_report("base:1", as_of=3)
    assert old.impact.total == 0
    assert old.log.size < proof.size


def test_an_audit_report_tells_of_damaged_and_missing_files(place: Place) -> None:
    registry = place.registry
    place.file("net/a.bin", "a" * 100)
    place.file("net/b.bin", "b" * 100)
    place.file("net/c.bin", "c" * 100)
    registry.register("net", place.folder / "files" / "net")
    files = {one.path: one.digest for one in registry.files("net:1").files}
    place.damage_blob(files["a.bin"])
    place.damage_blob(files["b.bin"], remove=True)

    def states(*, verify: bool) -> dict[str, str]:
        report = registry.audit_report("net:1", verify=verify)
        assert report.verified is verify
        return {one.file.path: one.state for one in report.files}

    assert states(verify=True) == {"a.bin": "different", "b.bin": "missing", "c.bin": "verified"}
    assert states(verify=False)["b.bin"] == "missing"
    assert states(verify=False)["c.bin"] == "not checked"


def test_a_flipped_bit_is_never_loaded(place: Place) -> None:
    import numpy as np

    registry = place.registry
    registry.register("net", {"w": np.arange(100.0)})
    registry.register("text", place.file("t.txt", "some text"))
    for reference in ("net:1", "text:1"):
        for file in registry.files(reference).files:
            place.damage_blob(file.digest)
    with pytest.raises(DigestMismatchError):
        registry.load("net:1")
    target = place.folder / "out"
    with pytest.raises(DigestMismatchError):
        registry.download("text:1", target)
    assert not (target / "t.txt").exists()
    found = registry.validate(bytes=True)
    assert not found.ok
    assert {one.kind for one in found.findings} == {"different-bytes"}
    assert {one.subject for one in found.findings} == {"models:/net/1", "models:/text/1"}
    assert all("repair" in (one.hint or "") for one in found.findings)
    assert registry.validate().ok


def test_missing_bytes_are_never_loaded(place: Place) -> None:
    registry = place.registry
    registry.register("text", place.file("t.txt", "some text"))
    place.damage_blob(registry.files("text:1").files[0].digest, remove=True)
    with pytest.raises(ArtifactNotFoundError):
        registry.download("text:1", place.folder / "out")
    found = registry.validate()
    assert [one.kind for one in found.findings] == ["missing-bytes"]
    assert "t.txt" in found.findings[0].detail


def test_a_damaged_file_list_is_found(place: Place) -> None:
    registry = place.registry
    registry.register("a", place.file("a.txt", "a"))
    registry.register("b", place.file("b.txt", "b"))
    for name, remove in (("a", False), ("b", True)):
        manifest = registry.version(f"{name}:1").manifest
        assert manifest is not None
        place.damage_blob(manifest, remove=remove)
    found = registry.validate()
    assert sorted((one.kind, one.subject) for one in found.findings) == [
        ("different-bytes", "models:/a/1"),
        ("missing-bytes", "models:/b/1"),
    ]
    with pytest.raises(DigestMismatchError):
        registry.files("a:1")
    with pytest.raises(ArtifactNotFoundError):
        registry.files("b:1")


def test_a_registry_that_was_used_hard_is_sound(place: Place) -> None:
    registry = place.registry
    assert registry.validate().model_dump(include={"ok", "events", "nodes", "edges"}) == {
        "ok": True,
        "events": 0,
        "nodes": 0,
        "edges": 0,
    }
    registry.register_dataset("d", place.file("d.csv"))
    with registry.run("r", inputs=["d:1"]) as run:
        run.log_metrics({"a": 1.0})
        registry.register("m", place.file("m.bin"))
    registry.promote("m:1", "Production")
    registry.deploy("shop", "m:1")
    found = registry.validate(bytes=True)
    assert found.ok
    assert (found.nodes, found.edges, found.blobs) == (6, 3, 3)
    assert found.events == place.graph.head().size
    assert len(found.log.root) == 64


def kinds(registry: Registry) -> set[str]:
    found = registry.validate()
    assert found.ok is (not found.findings)
    return {one.kind for one in found.findings}


def test_a_graph_that_was_changed_without_an_event_is_found(place: Place) -> None:
    registry = place.registry
    registry.register("a", description="honest")
    registry.register("b", parents=["a:1"])
    a, b = registry.version("a:1").id, registry.version("b:1").id
    door = BackDoor(place)
    assert kinds(registry) == set()
    door.forge_value(a, "description", "forged")
    found = registry.validate().findings
    assert [one.kind for one in found] == ["graph-differs-from-log"]
    assert str(a) in found[0].subject
    assert "description" in found[0].detail
    door.forge_value(a, "description", "honest")
    assert kinds(registry) == set()
    door.add_edge(a, b)
    assert kinds(registry) == {"graph-differs-from-log"}
    door.remove_edges(a)
    assert kinds(registry) == set()
    door.remove_edges(b)
    assert kinds(registry) == {"graph-differs-from-log"}


def test_a_log_that_was_changed_is_found(place: Place) -> None:
    registry = place.registry
    registry.register("a", description="honest")
    registry.register("b")
    door = BackDoor(place)
    door.forge_event(2, "honest", "forged")
    found = registry.validate().findings
    assert found[0].kind == "log-changed"
    assert found[0].subject == "event 2"
    door.forge_event(2, "forged", "honest")
    assert kinds(registry) == set()
    door.forge_actor(2, "mallory")
    assert "log-changed" in kinds(registry)
    door.forge_actor(2, "ada")
    assert kinds(registry) == set()
    door.remove_event(2)
    assert "log-gap" in kinds(registry)


def test_an_event_taken_from_the_end_of_the_log_is_found(place: Place) -> None:
    registry = place.registry
    registry.register("a")
    registry.register("b")
    BackDoor(place).remove_event(4)
    assert "log-gap" in kinds(registry)
