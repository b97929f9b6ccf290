"""The same with many things: one result for each, together or one by one."""

from typing import Any

import pytest

from lineage_registry.errors import (
    AlreadyExistsError,
    HasDependentsError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
    VersionNotFoundError,
)
from lineage_registry.ports import commands as c
from tests.behaviour.places import Place


def states(items: Any) -> list[str]:
    return [item.state for item in items]


def test_each_version_is_registered_or_says_why_not(place, registry):
    done = registry.register_many(
        [
            {"name": "net", "model": place.file("a.txt", "a"), "metrics": {"acc": 0.5}},
            {"name": "net", "parents": ["missing:1"]},
            {"name": "net", "parents": [("net:1", "finetune")], "label": "1.0.0"},
            {"name": "net", "label": "1.0.0"},
            {"name": "net", "model": place.folder / "nowhere"},
            {"name": "digits", "space": "datasets", "model": place.file("d.csv", "1")},
            {"name": "net", "wrong": 1},
            {"model": place.file("a.txt", "a")},
        ]
    )
    assert states(done) == [
        "done",
        "failed",
        "done",
        "failed",
        "failed",
        "done",
        "failed",
        "failed",
    ]
    assert [item.index for item in done] == list(range(8))
    assert done[0].result().reference == "models:/net/1"
    assert done[0].result().files().files[0].size == 1
    assert done[2].result().parents[0].role == "finetune"
    assert done[5].result().reference == "datasets:/digits/1"
    assert isinstance(done[1].error, NotFoundError)
    with pytest.raises(AlreadyExistsError):
        done[3].result()
    assert isinstance(done[4].error, NotFoundError)
    assert isinstance(done[6].error, InvalidInputError)
    assert [version.number for version in registry.versions("net")] == [2, 1]
    place.demand_sound()


def test_atomic_registrations_are_one_commit(place, registry):
    before = place.revision
    done = registry.register_many(
        [
            {"name": "base", "model": place.file("a.txt", "a")},
            {"name": "net", "parents": ["base:1"]},
            {"name": "net", "parents": ["net:1"]},
        ],
        atomic=True,
        reason="together",
    )
    assert [item.result().reference for item in done] == [
        "models:/base/1",
        "models:/net/1",
        "models:/net/2",
    ]
    assert place.revision == before + 1
    assert next(registry.events(newest_first=True)).reason == "together"
    assert place.artifacts.pinned_digests() == frozenset()
    place.demand_sound()


def test_atomic_registrations_are_none_if_one_fails(place, registry):
    before = place.revision
    done = registry.register_many(
        [{"name": "net"}, {"name": "net", "parents": ["missing:1"]}, {"name": "net"}], atomic=True
    )
    assert states(done) == ["undone", "failed", "undone"]
    assert isinstance(done[1].error, NotFoundError)
    with pytest.raises(RegistryError, match="another item"):
        done[0].result()
    assert place.revision == before
    done = registry.register_many([{"name": "net"}, {"name": "no\nname"}], atomic=True)
    assert states(done) == ["undone", "failed"]
    done = registry.register_many([{"name": "a"}, {"nothing": 1}, {"name": "b"}], atomic=True)
    assert states(done) == ["undone", "failed", "undone"]
    assert place.revision == before


def test_a_draft_stays_until_its_version_is_there(place, registry):
    registry.draft("one").add(place.file("a.txt", "a"))
    drafted = {"name": "net", "model": registry.draft("one")}
    for wrong in ({"name": "b", "parents": ["missing:1"]}, {"nothing": 1}):
        done = registry.register_many([drafted, wrong], atomic=True)
        assert states(done) == ["undone", "failed"]
        assert registry.draft("one").content().files == 1
    assert states(registry.register_many([{"name": "net", "label": "no label!"}, drafted])) == [
        "failed",
        "done",
    ]
    assert registry.drafts() == []
    registry.draft("two").add(place.file("a.txt", "a"))
    twice = {"name": "net", "model": registry.draft("two")}
    assert states(registry.register_many([twice], atomic=True)) == ["done"]
    assert registry.drafts() == []
    assert place.artifacts.pinned_digests() == frozenset()


def test_too_many_for_one_commit_are_refused(registry):
    with pytest.raises(InvalidInputError, match=r"1.001 items"):
        registry.register_many([{"name": "net"}] * 1001, atomic=True)
    with pytest.raises(InvalidInputError, match=r"1.001 items"):
        registry.delete_many(["net:1"] * 1001, atomic=True)
    with pytest.raises(InvalidInputError):
        registry.register_many([], atomic=True)
    assert registry.register_many([]) == []


def test_a_batch_that_is_repeated_does_nothing_twice(place):
    registry = place.local
    for atomic in (False, True):
        items = [{"name": f"net-{atomic}"}, {"name": f"net-{atomic}"}]
        first = registry.register_many(items, atomic=atomic, key=f"k-{atomic}")
        again = registry.register_many(items, atomic=atomic, key=f"k-{atomic}")
        assert [one.result().reference for one in again] == [
            one.result().reference for one in first
        ]
        assert len(list(registry.versions(f"net-{atomic}"))) == 2
        gone = [f"net-{atomic}:1", f"net-{atomic}:latest"]
        for _ in range(2):
            done = registry.delete_many(gone, atomic=atomic, key=f"d-{atomic}")
            assert [one.result().number for one in done] == [1, 2]
        assert list(registry.versions(f"net-{atomic}")) == []


def test_each_version_is_deleted_or_says_why_not(place, registry):
    for _ in range(3):
        registry.register("net")
    registry.register("child", parents=["net:2"])
    done = registry.delete_many(["net:1", "net:2", "net:9", "net", "net:3"])
    assert states(done) == ["done", "failed", "failed", "failed", "done"]
    assert done[0].result().status == "deleted"
    assert isinstance(done[1].error, HasDependentsError)
    assert isinstance(done[2].error, VersionNotFoundError)
    assert [version.number for version in registry.versions("net")] == [2]


def test_atomic_deletes_are_all_or_none(place, registry):
    for _ in range(2):
        registry.register("net")
    registry.register("child", parents=["net:2"])
    before = place.revision
    assert states(registry.delete_many(["net:1", "net:2"], atomic=True)) == ["undone", "failed"]
    assert place.revision == before
    # What relies on another one goes first.
    done = registry.delete_many(["child:1", "net:2", "net:1"], atomic=True)
    assert [one.result().reference for one in done] == [
        "models:/child/1",
        "models:/net/2",
        "models:/net/1",
    ]
    assert place.revision == before + 1


def test_many_are_loaded_pulled_and_verified(place, registry):
    good = registry.register("good", {"w": _array()})
    bad = registry.register("bad", place.file("b.txt", "bad"))
    plain = registry.register("plain", place.file("p.txt", "plain"))
    place.damage_blob(bad.files().files[0].digest)
    references = [good.reference, bad.reference, "missing:1", plain.reference]
    loaded = registry.load_many([good.reference, "missing:1"])
    assert states(loaded) == ["done", "failed"]
    assert list(loaded[0].result()["w"]) == [1.0, 2.0]
    pulled = registry.pull_many(references, place.folder / "all")
    assert states(pulled) == ["done", "failed", "failed", "done"]
    assert (place.folder / "all" / "models" / "plain-1" / "p.txt").read_text() == "plain"
    checked = registry.verify_many(references)
    assert states(checked) == ["done", "done", "failed", "done"]
    assert [item.value and item.value.state for item in checked] == [
        "verified",
        "damaged",
        None,
        "verified",
    ]
    quick = registry.verify_many(references, read=False)
    assert [item.value and item.value.state for item in quick] == [
        "present",
        "present",
        None,
        "present",
    ]


def test_a_model_and_a_dataset_of_one_name_are_pulled_apart(place, registry):
    registry.register("same", place.file("a.txt", "a"))
    registry.register_dataset("same", place.file("b.txt", "b"))
    target = place.folder / "all"
    pulled = registry.pull_many(["models:/same/1", "datasets:/same/1"], target, delete=True)
    assert states(pulled) == ["done", "done"]
    found = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.txt"))
    assert found == ["datasets/same-1/b.txt", "models/same-1/a.txt"]


def test_every_version_is_checked_with_what_is_wrong(place, registry):
    first = registry.register("net", place.file("a.txt", "same"))
    registry.register("net")
    third = registry.register("net", _folder(place, a="same", b="other", c="third"))
    registry.register_dataset("digits", place.file("d.csv", "data"))
    by_path = {file.path: file.digest for file in third.files().files}
    place.damage_blob(by_path["b"])
    place.damage_blob(by_path["c"], remove=True)
    rows = list(registry.verify())
    assert [(row.reference, row.state, row.files, row.bytes) for row in rows] == [
        ("models:/net/1", "verified", 1, 4),
        ("models:/net/2", "no files", 0, 0),
        ("models:/net/3", "damaged", 3, 14),
        ("datasets:/digits/1", "verified", 1, 4),
    ]
    assert [(one.path, one.state) for one in rows[2].problems] == [
        ("b", "different"),
        ("c", "missing"),
    ]
    quick = [row.state for row in registry.verify(read=False)]
    assert quick == ["present", "no files", "damaged", "present"]
    assert [row.reference for row in registry.verify(space="datasets")] == ["datasets:/digits/1"]
    assert [row.reference for row in registry.verify("net:1", "datasets:/digits")] == [
        "models:/net/1",
        "datasets:/digits/1",
    ]
    registry.delete_version("net:1")
    assert "models:/net/1" not in [row.reference for row in registry.verify("net")]
    assert "models:/net/1" in [row.reference for row in registry.verify("net", deleted=True)]
    with pytest.raises(NotFoundError):
        list(registry.verify("nothing"))
    with pytest.raises(InvalidInputError):
        list(registry.verify("runs:/none", "net"))
    place.damage_blob(str(first.manifest))
    (row,) = list(registry.verify("net:1", deleted=True))
    assert [(one.path, one.state) for one in row.problems] == [(None, "different")]


def test_what_is_missing_or_cut_is_stored_when_the_same_files_are_registered_again(place, registry):
    folder = _folder(place, a="first", b="second")
    first = registry.register("net", folder)
    by_path = {file.path: file.digest for file in first.files().files}
    place.damage_blob(by_path["a"], more=b"!")
    place.damage_blob(by_path["b"], remove=True)
    assert _states(registry.verify()) == ["damaged"]
    registry.register("net", folder)
    assert _states(registry.verify()) == ["verified", "verified"]
    for remove in (True, False):
        place.damage_blob(str(first.manifest), remove=remove, more=b"!")
        registry.register("net", folder)
    assert _states(registry.verify()) == ["verified"] * 4


def test_damaged_versions_are_repaired_from_files_with_the_right_bytes(place, registry):
    folder = _folder(place, a="first", b="second", c="third", d="fourth")
    first = registry.register("net", folder)
    registry.register("net", _folder(place, c="third"))
    by_path = {file.path: file.digest for file in first.files().files}
    place.damage_blob(by_path["a"], more=b"!")
    place.damage_blob(by_path["b"], remove=True)
    place.damage_blob(by_path["c"])
    (damaged, shared) = registry.verify()
    assert (damaged.state, shared.state) == ("damaged", "damaged")
    assert "--repair" in damaged.hint

    part = _folder(place, other="third", more="nothing of it")
    told = []
    rows = list(registry.verify(repair=part, progress=lambda *step: told.append(step)))
    assert told == [("other", 5, 5)]
    assert [problem.path for problem in rows[0].problems] == ["a", "b"]
    assert _states(rows) == ["damaged", "verified"]
    assert _states(registry.verify("net:1", repair=folder / "a", read=False)) == ["damaged"]
    assert _states(registry.verify("net:1", repair=folder)) == ["verified"]
    place.demand_sound()

    place.damage_blob(str(first.manifest))
    place.damage_blob(by_path["d"])
    assert _states(registry.verify("net:1", repair=part)) == ["damaged"]
    (row,) = registry.verify("net:1", repair=folder)
    assert (row.state, row.files, row.hint) == ("verified", 4, None)
    place.demand_sound()


def test_a_deleted_version_is_repaired_and_a_path_that_is_none_is_said(place, registry):
    made = registry.register("net", place.file("a.txt", "right"))
    (file,) = made.files().files
    place.damage_blob(file.digest)
    registry.delete_version("net:1")
    assert _states(registry.verify("net", repair=place.folder)) == []
    with pytest.raises(NotFoundError):
        registry.verify(repair=place.folder / "nowhere")
    (row,) = registry.verify("net", deleted=True, repair=place.folder / "files")
    assert row.state == "verified"


def test_a_check_that_was_stopped_is_taken_up_again(registry):
    for _ in range(5):
        registry.register("net")
    page = registry.verify().page(limit=2)
    assert [row.reference for row in page.items] == ["models:/net/1", "models:/net/2"]
    registry.register("net")
    rest = registry.verify().page(limit=10, cursor=page.next_cursor)
    assert [row.reference for row in rest.items] == [f"models:/net/{n}" for n in (3, 4, 5)]
    assert rest.next_cursor is None


def test_statistics_count_what_there_is(place, registry):
    registry.create_model("net", owner="ml")
    registry.register("net", _folder(place, a="same", b="other"))
    registry.register("net", _folder(place, a="same", c="new"))
    before = registry.register("net").revision
    registry.register_dataset("digits", place.file("a.txt", "same"))
    registry.promote("net:1", "Production")
    registry.delete_version("net:3")
    found = registry.statistics()
    assert (found.versions, found.files, found.bytes) == (3, 5, 20)
    assert (found.blobs, found.stored_bytes, found.saved_bytes) == (3, 12, 8)
    groups = {(one.by, one.name): (one.count, one.bytes) for one in found.groups}
    assert groups["kind", "model_version"] == (2, 16)
    assert groups["kind", "dataset_version"] == (1, 4)
    assert groups["kind", "model"] == (1, 0)
    assert groups["format", "files"] == (3, 20)
    assert groups["stage", "Production"] == (1, 9)
    assert groups["owner", "ml"] == (2, 16)
    assert groups["owner", None] == (1, 4)
    then = registry.statistics(as_of=before, stored=False)
    assert (then.versions, then.bytes, then.blobs, then.saved_bytes) == (3, 16, None, None)
    assert registry.statistics(deleted=True).versions == 4
    assert found.table().columns == ("by", "name", "count", "bytes")


def test_statistics_of_nothing_and_of_lists_that_are_gone(place, registry):
    empty = registry.statistics()
    assert (empty.versions, empty.stored_bytes, empty.saved_bytes) == (0, 0, 0)
    version = registry.register("net", place.file("a.txt", "same"))
    place.damage_blob(str(version.manifest), remove=True)
    found = registry.statistics()
    assert (found.unread, found.blobs, found.saved_bytes, found.bytes) == (1, 0, None, 4)


def test_a_batch_over_http_takes_the_fields_of_its_commands(place: Place) -> None:
    answer = place.local.sender.write(
        c.RegisterVersions, {}, items=[{"name": "net"}, {"name": "net", "space": "runs"}, {}]
    )
    assert not answer.ok
    assert states(answer.items) == ["done", "failed", "failed"]
    assert answer.items[1].problem is not None
    assert answer.items[1].problem["code"] == "invalid-input"


def test_a_batch_of_commands_with_its_key_is_done_once(place: Place) -> None:
    for _ in range(2):
        answer = place.local.sender.write(
            c.RegisterVersions, {"key": "once"}, items=[{"name": "net"}, {"name": "net"}]
        )
        assert [item.result().number for item in answer.items] == [1, 2]
    assert len(list(place.local.versions("net"))) == 2


def _folder(place: Place, **texts: str) -> Any:
    folder = place.folder / ("folder-" + "-".join(texts))
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def _array() -> Any:
    import numpy as np

    return np.array([1.0, 2.0])


def _states(rows):
    return [row.state for row in rows]
