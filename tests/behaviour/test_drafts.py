"""Files are collected, listed, taken out and registered before there is a version."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

import lineage_registry
from lineage_registry.domain.digests import Digest
from lineage_registry.errors import (
    ArtifactNotFoundError,
    DraftNotFoundError,
    FormatError,
    IdempotencyMismatchError,
    InvalidInputError,
    InvalidNameError,
    ManifestIncompleteError,
    NotFoundError,
    StaleWriteError,
    UnsafeArtifactError,
)
from lineage_registry.ports import commands as c
from lineage_registry.ports.drafts import DraftEntry, DraftNote, note_name
from lineage_registry.registry import Registry
from lineage_registry.registry.registering import content_fields
from tests.behaviour.places import Place


def tree(place: Place, **texts: str) -> Path:
    """A folder with files; `__` in a name is a slash."""
    folder = place.folder / "source"
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def paths(registry: Registry, name: str = "next") -> list[str]:
    return [file.path for file in registry.draft(name).content().listed]


def test_files_are_collected_and_become_a_version(place, registry):
    folder = tree(place, a_txt="aaa", b_csv="bb", deep__c_txt="c")
    draft = registry.draft("next")
    first = draft.add(folder)
    assert (first.files, first.size, first.added) == (3, 6, 3)
    assert draft.add(folder / "a.txt", into="again/here").files == 4
    assert paths(registry) == ["a.txt", "again/here/a.txt", "b.csv", "deep/c.txt"]
    version = draft.register("net", description="from a draft")
    assert [file.path for file in version.files().files] == [
        "a.txt",
        "again/here/a.txt",
        "b.csv",
        "deep/c.txt",
    ]
    assert version.description == "from a draft"
    with pytest.raises(DraftNotFoundError):
        draft.content()
    assert (folder / "a.txt").exists()
    assert registry.drafts() == []
    place.demand_sound()


def test_the_attributes_of_a_drafted_file_are_listed(place, registry):
    folder = tree(place, b_csv="bb")
    os.utime(folder / "b.csv", (1_700_000_000, 1_700_000_000))
    before = datetime.now(UTC) - timedelta(minutes=1)
    registry.draft("next").add(folder)
    (file,) = registry.draft("next").content().listed
    assert (file.size, file.media_type) == (2, "text/csv")
    assert file.digest.startswith("sha256:")
    assert before < file.added_at
    assert file.modified_at is not None
    found = place.local.draft("next").content()
    assert found.created_by == "ada"
    assert found.expires_at - found.changed_at == timedelta(days=30)


def test_a_draft_of_a_dataset_and_of_anything_is_the_same(place, registry):
    folder = tree(place, readme_md="# hello", table_csv="1,2")
    registry.draft("one").add(folder)
    assert registry.draft("one").register_dataset("digits").reference == "datasets:/digits/1"
    registry.draft("two").add(folder)
    assert registry.draft("two").register("anything").format == "files"


def test_patterns_say_what_is_taken(place, registry):
    folder = tree(place, a_txt="a", b_csv="b", deep__c_csv="c", tmp__d_csv="d")
    (folder / ".hidden").write_text("h")
    draft = registry.draft("next")
    assert draft.add(folder, include=["*.csv"], exclude=["tmp/"]).added == 2
    assert paths(registry) == ["b.csv", "deep/c.csv"]
    draft.add(folder, exclude=["*.csv"])
    assert paths(registry) == [".hidden", "a.txt", "b.csv", "deep/c.csv"]
    with pytest.raises(InvalidInputError, match="no files to take"):
        draft.add(folder, include=["*.png"])


def test_a_path_that_is_there_is_replaced(place, registry):
    folder = tree(place, a_txt="old")
    draft = registry.draft("next")
    draft.add(folder)
    (folder / "a.txt").write_text("newer")
    assert draft.add(folder).size == 5


def test_files_and_folders_are_taken_out(place, registry):
    folder = tree(place, a_txt="a", deep__b_txt="b", deep__c_txt="c")
    draft = registry.draft("next")
    draft.add(folder)
    assert draft.remove("deep").files == 1
    assert paths(registry) == ["a.txt"]
    with pytest.raises(ArtifactNotFoundError, match="deep"):
        draft.remove("deep")
    draft.remove("a.txt")
    assert paths(registry) == []
    with pytest.raises(InvalidInputError, match="empty"):
        draft.register("net")
    assert draft.add(folder, include=["/a.txt"]).files == 1


def test_a_version_is_where_a_draft_can_begin(place, registry):
    registry.register_dataset("digits", tree(place, a_txt="a", b_txt="b"))
    draft = registry.draft("next")
    draft.add_version("datasets:/digits/1")
    draft.remove("b.txt")
    draft.add(place.file("c.txt", "c"))
    made = draft.register_dataset("digits", parents=["datasets:/digits/1"])
    assert [file.path for file in made.files().files] == ["a.txt", "c.txt"]
    with pytest.raises(NotFoundError):
        draft.add_version("datasets:/digits/9")
    registry.register("empty")
    with pytest.raises(InvalidInputError, match="no files"):
        draft.add_version("empty:1")


def test_moved_files_are_gone_and_what_changed_meanwhile_is_not(place, registry):
    folder = tree(place, a_txt="a", deep__b_txt="b")
    kept = folder / "kept.txt"
    kept.write_text("stored already")
    registry.draft("before").add(kept)

    def change(path: str, _step: int, _size: int) -> None:
        if path == "kept.txt":
            kept.write_text("changed meanwhile")

    assert registry.draft("next").add(folder, move=True, progress=change).moved == 2
    assert kept.read_text() == "changed meanwhile"
    assert not (folder / "deep" / "b.txt").exists()
    version = registry.draft("next").register("net")
    assert version.download(place.folder / "back").joinpath("deep", "b.txt").read_text() == "b"


def test_nothing_is_moved_when_the_stored_bytes_are_wrong(place):
    folder = tree(place, a_txt="some bytes")
    place.local.draft("first").add(folder)
    (file,) = place.local.draft("first").content().listed
    place.damage_blob(file.digest)
    with pytest.raises(Exception, match="sha256"):
        place.registry.draft("next").add(folder, move=True)
    assert (folder / "a.txt").read_text() == "some bytes"


def test_links_do_not_lead_out_of_the_folder(place, registry):
    folder = tree(place, a_txt="a")
    secret = place.file("secret.txt", "secret")
    (folder / "out.txt").symlink_to(secret)
    (folder / "in.txt").symlink_to(folder / "a.txt")
    (folder / "loop").symlink_to(folder)
    (folder / "broken").symlink_to(folder / "nowhere")
    done = registry.draft("next").add(folder, move=True)
    assert paths(registry) == ["a.txt", "in.txt"]
    assert {one.path: one.reason for one in done.skipped} == {
        "out.txt": "link out of the folder",
        "loop": "link to a folder",
        "broken": "broken link",
    }
    assert done.moved == 1
    (folder / "in.txt").unlink()
    assert registry.draft("next").add(folder, follow_links=True, into="x").added == 1
    assert "x/out.txt" in paths(registry)


def test_what_came_while_a_draft_was_registered_stays(place, registry):
    registry.draft("next").add(place.file("first/a.txt", "a"))

    def change(name: str) -> None:
        with content_fields(registry, registry.draft("next"), None, None) as found:
            assert [file.path for file in found["files"]] == ["a.txt"]
            if name == "added":
                registry.draft("next").add(place.file("second/b.txt", "b"))
            else:
                registry.draft("next").discard()

    change("added")
    assert paths(registry) == ["a.txt", "b.txt"]
    state = registry.draft("next").content().state
    registry.draft("next").remove("b.txt")
    with pytest.raises(StaleWriteError):
        registry.draft("next").discard(state=state)
    change("discarded")
    assert registry.drafts() == []


def test_the_same_registration_of_a_draft_is_done_once(place, registry):
    draft = registry.draft("next")
    draft.add(tree(place, a_txt="aaa", deep__c_txt="c"))
    held = draft.content(registered_with="k")
    with pytest.raises(DraftNotFoundError):
        registry.draft("other").register("net", key="k")
    first = draft.register("net", description="once", key="k")
    after = place.revision
    again = draft.register("net", description="once", key="k")
    assert (again.id, again.reference, again.manifest) == (
        first.id,
        "models:/net/1",
        first.manifest,
    )
    assert place.revision == after
    gone = draft.content(registered_with="k")
    assert (gone.state, gone.files, gone.size, bool(held.state)) == ("", 2, 4, True)
    assert [(one.path, one.digest) for one in gone.listed] == [
        (one.path, one.digest) for one in held.listed
    ]
    for wrong in ({"key": "k", "description": "twice"}, {"key": "k", "format": "files"}):
        with pytest.raises(IdempotencyMismatchError):
            draft.register("net", **wrong)
    for key in (None, "other"):
        with pytest.raises(DraftNotFoundError):
            draft.register("net", description="once", key=key)
    with pytest.raises(InvalidInputError):
        draft.register("net", key="x" * 201)
    draft.add(place.file("new.txt", "new"))
    with pytest.raises(IdempotencyMismatchError):
        draft.register("net", description="once", key="k")
    assert paths(registry) == ["new.txt"], "what was collected since is not thrown away"
    assert place.revision == after
    items = [{"name": "net", "model": draft}]
    (done,) = registry.register_many(items, key="b")
    (same,) = registry.register_many(items, key="b")
    assert done.value is not None
    assert same.value is not None
    assert (same.value.reference, done.value.reference) == ("models:/net/2", "models:/net/2")


def test_a_key_of_something_else_registered_no_draft(place, registry):
    registry.register("empty", key="none")
    registry.promote("empty:1", "Staging", key="stage")
    batch = [{"name": "a"}, {"name": "b"}]
    registry.register_many(batch, atomic=True, key="two")
    for key in ("none", "stage", "two"):
        with pytest.raises(DraftNotFoundError):
            registry.draft("next").register("net", key=key)


def test_a_draft_is_looked_into_where_it_is_stored(place, registry):
    draft = registry.draft("next")
    with pytest.raises(DraftNotFoundError):
        draft.inspect()
    good = tree(place)
    good.mkdir(exist_ok=True)
    good.joinpath("model.safetensors").write_bytes(save({"w": np.zeros((2, 3), np.float32)}))
    draft.add(good)
    found = draft.inspect()
    told = (found.format, found.verdict.value, found.tensors, found.parameters)
    assert told == ("safetensors", "safe", 1, 6)
    local = registry.inspect(good)
    assert (found.digest, found.bytes, found.dtypes) == (local.digest, local.bytes, local.dtypes)
    with pytest.raises(FormatError):
        draft.inspect(format="no-such")
    draft.add(place.file("evil.pkl", "cposix\nsystem\n(S'true'\ntR."))
    refused = draft.inspect()
    assert refused.verdict.value == "refused"
    assert refused.reasons
    assert place.revision == 0, "what would be refused leaves nothing"
    assert len(paths(registry)) == 2
    with pytest.raises(UnsafeArtifactError):
        draft.register("net")
    draft.remove("evil.pkl")
    assert draft.register("net").manifest == found.digest
    draft.add(place.file("a.txt", "a"))
    draft.remove("a.txt")
    with pytest.raises(InvalidInputError):
        draft.inspect()


def test_drafts_are_listed_and_thrown_away(place, registry):
    folder = tree(place, a_txt="a")
    registry.draft("two").add(folder)
    registry.draft("one.more").add(folder)
    registry.draft("one").add(folder)
    assert [(one.name, one.files) for one in registry.drafts()] == [
        ("one", 1),
        ("one.more", 1),
        ("two", 1),
    ]
    assert registry.draft("one").discard().files == 1
    assert [one.name for one in registry.drafts()] == ["one.more", "two"]
    with pytest.raises(DraftNotFoundError, match="one"):
        registry.draft("one").discard()


@pytest.mark.parametrize("name", ["", ".", "a/b", "a@b", "ä", "x" * 65, "-a"])
def test_only_plain_names_are_names_of_drafts(place, name):
    # Over HTTP a name with a slash is another address.
    with pytest.raises((InvalidNameError, NotFoundError, InvalidInputError)):
        place.registry.draft(name).content()


def test_what_is_not_stored_cannot_be_drafted(place, registry):
    file = {"path": "a", "digest": "sha256:" + "0" * 64, "size": 1}
    with pytest.raises(ManifestIncompleteError):
        place.local.sender.ask(c.AddToDraft, name="next", files=[file])
    folder = tree(place, a="a")
    registry.draft("next").add(folder)
    with pytest.raises(InvalidInputError):
        registry.draft("next").add(folder / "a", into="a")
    assert paths(registry) == ["a"]


def test_the_bytes_of_a_draft_are_pinned_until_it_ends(place, registry):
    registry.draft("next").add(tree(place, a_txt="a"))
    (file,) = registry.draft("next").content().listed
    assert {str(digest) for digest in place.artifacts.pinned_digests()} == {file.digest}
    registry.draft("next").discard()
    assert place.artifacts.pinned_digests() == frozenset()


def test_a_collection_keeps_what_a_draft_holds(place, registry, monkeypatch):
    monkeypatch.setattr("lineage_registry.api.conditions.LEAST_AGE", timedelta(0))
    registry.register("net", place.file("kept.txt", "kept"))
    registry.draft("next").add(tree(place, a_txt="drafted"))
    registry.draft("next").remove("a.txt")
    registry.draft("next").add(tree(place, b_txt="drafted too"))
    (file,) = [one for one in registry.draft("next").content().listed if one.path == "b.txt"]
    digest = Digest.parse(file.digest)
    for _ in range(2):
        registry.collect_garbage(dry_run=False, grace=timedelta(0))
    assert place.artifacts.contains([digest]) == {digest}
    registry.draft("next").discard()
    registry.collect_garbage(dry_run=False, grace=timedelta(0))
    assert place.artifacts.contains([digest]) == frozenset()
    place.demand_sound()


def test_an_expired_draft_is_gone(place, registry):
    moment = datetime.now(UTC)
    entry = DraftEntry(path="a", digest=None, changed_at=moment)
    note = DraftNote.of(
        [entry], created_at=moment, created_by="ada", expires_at=moment + timedelta(seconds=0.05)
    )
    place.artifacts.write_note(note_name("old"), note.encode())
    time.sleep(0.06)
    assert registry.drafts() == []
    assert place.artifacts.sweep() == 1


def test_what_two_people_add_at_once_is_kept(place, registry):
    folder = tree(place, a_txt="a", b_txt="b")
    registry.draft("next").add(folder / "a.txt")
    notes = place.artifacts.notes("draft-next@")
    registry.draft("next").add(folder / "b.txt")
    for name, data in notes.items():  # somebody who had read before writes now
        place.artifacts.write_note(name, data)
    assert paths(registry) == ["a.txt", "b.txt"]
    registry.draft("next").remove("a.txt")
    for name, data in notes.items():
        place.artifacts.write_note(name, data)
    assert paths(registry) == ["b.txt"]


def write_note(artifacts, entries):
    moment = datetime.now(UTC)
    note = DraftNote.of(
        entries, created_at=moment, created_by="ada", expires_at=moment + timedelta(days=1)
    )
    artifacts.write_note(note_name("next"), note.encode())


def test_what_was_taken_out_long_ago_is_forgotten(place, registry):
    now = datetime.now(UTC)
    ages = {"now": timedelta(0), "long": timedelta(days=2)}
    write_note(
        place.artifacts,
        [DraftEntry(path=path, digest=None, changed_at=now - age) for path, age in ages.items()],
    )
    registry.draft("next").add(tree(place, a_txt="a"))
    (data,) = place.artifacts.notes("draft-next@").values()
    assert [entry.path for entry in DraftNote.decode(data).entries] == ["a.txt", "now"]


def test_a_draft_does_not_grow_by_what_is_taken_out(place, registry, monkeypatch):
    monkeypatch.setattr("lineage_registry.services.drafts._MOST_PATHS", 3)
    for round_ in range(3):
        registry.draft("next").add(tree(place, a_txt="a") / "a.txt", into=f"{round_}")
        registry.draft("next").remove(f"{round_}")
    with pytest.raises(InvalidInputError, match="taken out"):
        registry.draft("next").add(tree(place, a_txt="a") / "a.txt", into="4")


def test_many_folders_are_taken_out_of_a_large_draft_at_once(tmp_path):
    at, digest = datetime.now(UTC), str(Digest.of(b"x"))
    entries = [
        DraftEntry(path=f"{n % 1_000:03}/{n}", digest=digest, size=1, changed_at=at)
        for n in range(50_000)
    ]
    with lineage_registry.connect(tmp_path) as registry:
        write_note(registry.artifacts, entries)
        started = time.monotonic()
        assert registry.draft("next").remove(*(f"{n:03}" for n in range(999))).files == 50
    assert time.monotonic() - started < 15
