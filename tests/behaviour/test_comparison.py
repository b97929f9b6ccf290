"""What differs between two versions: causes, values and files."""

import pytest

from lineage_registry.domain.tables import Table
from lineage_registry.errors import (
    DeletedError,
    InvalidQueryError,
    InvalidReferenceError,
    VersionNotFoundError,
)
from lineage_registry.ports.commands import Diff
from lineage_registry.registry import Registry
from tests.behaviour.places import Place


@pytest.fixture
def releases(place: Place) -> Registry:
    """clf:1 of base:1, digits:1 and tok:1; clf:2 of base:2, digits:3, with other values."""
    registry = place.registry
    for text in ("a", "b", "c"):
        registry.register_dataset("digits", place.file("digits.csv", text))
    registry.register("base")
    registry.register("base", parents=["base:1"])
    registry.register("tok")
    data, model = place.file("train/data.txt", "one"), place.file("train/model.bin", "weights")
    with registry.run("train", run_id="r1", inputs=["digits:1"], params={"lr": 0.1, "old": 1}):
        registry.register(
            "clf",
            data.parent,
            parents=[("base:1", "finetune")],
            dependencies=[("tok:1", "tokenizer")],
            metrics={"acc": 0.5},
            format="files",
        )
    data.write_text("three")
    place.file("train/more.txt", "more")
    model.unlink()
    with registry.run("train", run_id="r2", inputs=["digits:3"], params={"lr": 0.3}):
        registry.register(
            "clf",
            data.parent,
            parents=[("base:2", "finetune")],
            metrics={"acc": 0.75},
            format="files",
        )
    return registry


def causes(found: Diff) -> list[tuple[str, str | None, str | None, int | None, int, bool]]:
    return [
        (one.change, one.before, one.after, one.versions, one.distance, one.direct)
        for one in found.causes
    ]


def test_causes_are_matched_by_what_they_are(releases: Registry) -> None:
    found = releases.diff("clf:1", "clf:2")
    assert (found.before, found.after, found.same) == ("models:/clf/1", "models:/clf/2", False)
    assert causes(found) == [
        ("changed", "models:/base/1", "models:/base/2", 1, 1, True),
        ("removed", "models:/tok/1", None, None, 1, True),
        ("changed", "runs:/r1", "runs:/r2", None, 1, True),
        ("changed", "datasets:/digits/1", "datasets:/digits/3", 2, 2, True),
        ("added", None, "models:/base/1", None, 2, False),
    ]
    tie = found.causes[1].links_before
    assert [(one.edge, one.role) for one in tie] == [("DEPENDS_ON", "tokenizer")]
    assert found.unchanged == 0
    assert not found.truncated
    assert found.revision == found.before_revision == found.after_revision


def test_values_of_versions_and_runs_are_compared(releases: Registry) -> None:
    found = releases.diff("clf:1", "clf:2")
    told = {(one.of, one.group, one.key): (one.before, one.after) for one in found.values}
    assert told["version", "metric", "acc"] == (0.5, 0.75)
    assert told["run", "param", "lr"] == (0.1, 0.3)
    assert told["run", "param", "old"] == (1, None)
    assert {one.change for one in found.values if one.key == "old"} == {"removed"}
    assert {one.delta for one in found.values if one.key == "acc"} == {0.25}


def test_files_are_compared_by_path(releases: Registry) -> None:
    found = releases.diff("clf:1", "clf:2")
    assert [(one.change, one.path, one.size_before, one.size_after) for one in found.files] == [
        ("changed", "data.txt", 3, 5),
        ("removed", "model.bin", 7, None),
        ("added", "more.txt", None, 4),
    ]
    stored = {file.path: file.digest for file in releases.files("clf:2").files}
    assert {one.path: one.digest_after for one in found.files if one.digest_after} == stored
    assert releases.diff("clf:1", "clf:2", files=False).files == []


def test_nothing_differs_from_itself(releases: Registry) -> None:
    for reference in ("clf:1", "clf:2", "base:2", "datasets:/digits/1"):
        found = releases.diff(reference, reference)
        assert (found.same, found.causes, found.values, found.files) == (True, [], [], [])


def test_turned_around_it_says_the_opposite(releases: Registry) -> None:
    for one, other in (("clf:1", "clf:2"), ("clf:2", "base:2"), ("clf:1", "datasets:/digits/2")):
        demand_mirrored(releases.diff(one, other), releases.diff(other, one))


def demand_mirrored(found: Diff, turned: Diff) -> None:
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}
    assert [
        (swapped[one.change], one.after, one.before, one.links_after, one.links_before)
        for one in turned.causes
    ] == [
        (one.change, one.before, one.after, one.links_before, one.links_after)
        for one in found.causes
    ]
    assert [one.versions for one in found.causes] == [
        None if one.versions is None else -one.versions for one in turned.causes
    ]
    assert [(swapped[one.change], one.key, one.after, one.before) for one in turned.values] == [
        (one.change, one.key, one.before, one.after) for one in found.values
    ]
    assert [(swapped[one.change], one.path, one.digest_after) for one in turned.files] == [
        (one.change, one.path, one.digest_before) for one in found.files
    ]
    assert (found.same, found.unchanged) == (turned.same, turned.unchanged)


def test_a_version_is_compared_with_itself_as_it_was(place: Place, releases: Registry) -> None:
    before = place.revision
    releases.register("tok")
    releases.add_dependency("clf:2", "tok:2", "tokenizer")
    releases.log_version_metrics("clf:2", {"acc": 0.8})
    found = releases.diff(f"clf:2?as_of={before}", "clf:2")
    assert causes(found) == [("added", None, "models:/tok/2", None, 1, True)]
    assert [(one.key, one.before, one.after) for one in found.values] == [("acc", 0.75, 0.8)]
    assert (found.before_revision, found.after_revision) == (before, place.revision)
    assert found.revision == place.revision
    demand_mirrored(found, releases.diff("clf:2", f"clf:2?as_of={before}"))
    assert releases.diff("clf:2", "clf:2", as_of=before).same
    assert releases.diff(f"clf:2?as_of={before}", "clf:2", as_of=before).same


def test_another_role_of_the_same_cause_is_a_change(registry: Registry) -> None:
    registry.register("base")
    registry.register("m", parents=[("base:1", "finetune")])
    registry.register("m", parents=[("base:1", "quantized")])
    (only,) = registry.diff("m:1", "m:2").causes
    assert (only.change, only.before, only.after) == ("changed", "models:/base/1", "models:/base/1")
    assert [one.role for one in (*only.links_before, *only.links_after)] == [
        "finetune",
        "quantized",
    ]


def test_deleted_things_are_compared_if_asked(releases: Registry) -> None:
    releases.delete_version("datasets:/digits/3", force=True, reason="broken")
    gone = ("changed", "datasets:/digits/1", "datasets:/digits/3", 2, 2, True)
    assert gone not in causes(releases.diff("clf:1", "clf:2"))
    assert gone in causes(releases.diff("clf:1", "clf:2", deleted=True))
    with pytest.raises(DeletedError):
        releases.diff("datasets:/digits/1", "datasets:/digits/3")
    assert not releases.diff("datasets:/digits/1", "datasets:/digits/3", deleted=True).same


def test_a_limit_is_said(releases: Registry) -> None:
    found = releases.diff("clf:1", "clf:2", limit=2)
    assert found.truncated
    assert len(found.files) == 2


def test_it_reads_as_a_table(releases: Registry) -> None:
    table = releases.diff("clf:1", "clf:2").table()
    assert isinstance(table, Table)
    assert table.columns == ("change", "what", "name", "before", "after", "delta", "distance")
    assert ("changed", "run", None, "runs:/r1", "runs:/r2", None, 1) in table.rows
    assert ("changed", "metric of version", "acc", 0.5, 0.75, 0.25, 0) in table.rows


def test_what_cannot_be_compared_is_refused(registry: Registry) -> None:
    registry.register("m")
    for wrong in ("m", "runs:/r", "deployments:/d", "m:latest?when=1"):
        with pytest.raises(InvalidReferenceError):
            registry.diff("m:1", wrong)
    with pytest.raises(VersionNotFoundError):
        registry.diff("m:1", "m:2")
    with pytest.raises(InvalidQueryError):
        registry.diff("m:1", "m:1?as_of=1000")
