"""What several notes of a draft say together does not depend on who wrote when, or how often."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.digests import Digest
from lineage_registry.errors import IntegrityError, InvalidNameError
from lineage_registry.ports.drafts import DraftEntry, DraftNote, by_draft, joined, note_name
from lineage_registry.ports.pins import PinNote

_START = datetime(2026, 1, 1, tzinfo=UTC)
_ENTRIES = st.builds(
    lambda path, digest, second: DraftEntry(
        path=path,
        digest=digest and f"sha256:{digest * 64}",
        changed_at=_START + timedelta(seconds=second),
    ),
    st.sampled_from("abc"),
    st.sampled_from([None, "1", "2"]),
    st.integers(0, 4),
)


def note(entries):
    return DraftNote.of(entries, created_at=_START, created_by="ada", expires_at=_START)


_NOTES = st.lists(st.lists(_ENTRIES, max_size=4).map(note), max_size=5)


@given(_NOTES, st.randoms())
def test_the_order_of_notes_does_not_matter_nor_how_often_one_is_there(notes, random):
    again = [*notes, *notes]
    random.shuffle(again)
    assert joined(again) == joined(notes)


@given(_NOTES, _NOTES)
def test_a_note_that_replaces_others_says_what_they_said(some, others):
    merged = note(joined(some).values())
    assert joined([merged, *others]) == joined([*some, *others])


@given(_NOTES)
def test_of_two_about_one_path_the_later_holds(notes):
    found = joined(notes)
    for one in notes:
        for entry in one.entries:
            assert found[entry.path].changed_at >= entry.changed_at


@given(st.lists(_ENTRIES, max_size=6))
def test_a_note_is_one_of_a_pin_too(entries):
    written = note(entries)
    assert DraftNote.decode(written.encode()) == written
    pin = PinNote.decode(written.encode())
    assert pin.expires_at == written.expires_at
    kept = {entry.digest for entry in entries if entry.digest is not None}
    assert pin.digests == frozenset(map(Digest.parse, kept))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", json.dumps({"entries": 1}).encode()])
def test_what_is_no_note_is_said(data):
    with pytest.raises(IntegrityError):
        DraftNote.decode(data)


def test_notes_are_told_apart_by_their_names():
    names = {note_name(draft): b"" for draft in ("a", "a", "a.b", "a-b")}
    assert {draft: len(found) for draft, found in by_draft(names).items()} == {
        "a": 2,
        "a.b": 1,
        "a-b": 1,
    }
    for wrong in ("", ".a", "a/b", "a@b", "a b", "x" * 65):
        with pytest.raises(InvalidNameError):
            note_name(wrong)
