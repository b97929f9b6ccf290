"""Content addresses: one way to write them, one manifest for one list of named files."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.digests import Digest, FileEntry, Manifest
from lineage_registry.errors import InvalidInputError

A, B = Digest.of(b"a"), Digest.of(b"b")


@given(st.binary())
def test_a_digest_is_the_sha256_and_reads_back(data):
    digest = Digest.of(data)
    assert digest.hex == hashlib.sha256(data).hexdigest()
    assert Digest.parse(str(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 64,
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "0" * 64 + "\n",
        "sha256:" + "A" * 64,
        "SHA256:" + "a" * 64,
        "sha512:" + "0" * 64,
        "sha256:" + "\u0660" * 64,
        " sha256:" + "0" * 64,
        "x" * 100_000,
    ],
)
def test_only_the_written_form_is_read(text):
    with pytest.raises(InvalidInputError) as caught:
        Digest.parse(text)
    assert len(caught.value.message) < 200


def test_the_digest_of_a_manifest_never_changes():
    manifest = Manifest.of([FileEntry("b.txt", B, 1), FileEntry("a/w.bin", A, 7)])
    assert [entry.path for entry in manifest.files] == ["a/w.bin", "b.txt"]
    assert manifest.size == 8
    written = f"lineage-registry/manifest/v1\n{A.hex} 7 a/w.bin\n{B.hex} 1 b.txt\n"
    assert manifest.digest.hex == hashlib.sha256(written.encode()).hexdigest()


paths = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)


@given(paths, st.randoms())
def test_the_order_of_the_files_does_not_matter(names, random):
    files = [FileEntry(name, Digest.of(name.encode()), 1) for name in names]
    shuffled = random.sample(files, len(files))
    assert Manifest.of(files) == Manifest.of(shuffled)
    assert Manifest.of(files).digest == Manifest.of(shuffled).digest


@pytest.mark.parametrize(
    "other",
    [FileEntry("y", A, 1), FileEntry("x", B, 1), FileEntry("x", A, 2), FileEntry("x/1", A, 1)],
)
def test_a_name_a_size_and_bytes_each_change_the_digest(other):
    assert Manifest.of([other]).digest != Manifest.of([FileEntry("x", A, 1)]).digest


def test_no_files_are_a_manifest_too_and_not_the_empty_blob():
    assert Manifest.of([]).digest != Digest.of(b"")
    assert Manifest.of([]).size == 0


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "C:/x",
        "C:x",
        "a\nb",
        "a\0b",
        "a\u202eb",
        "\ud800",
        "x" * 1025,
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path):
    with pytest.raises(InvalidInputError):
        Manifest.of([FileEntry(path, A, 1)])


@pytest.mark.parametrize("path", ["weights.bin", "a/b/c.d", "ひらがな/モデル.bin", "a b", "x..y"])
def test_an_ordinary_path_is_taken(path):
    assert Manifest.of([FileEntry(path, A, 1)]).files[0].path == path


@pytest.mark.parametrize("second", ["x", "x/y", "x/y/z"])
def test_two_files_that_cannot_lie_in_one_folder_are_refused(second):
    with pytest.raises(InvalidInputError):
        Manifest.of([FileEntry("x", A, 1), FileEntry(second, B, 1)])
