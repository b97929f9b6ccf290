"""What a folder holds, which of it patterns mean, and what no pattern can bring along."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_registry import connect
from lineage_registry.domain.patterns import Patterns
from lineage_registry.errors import InvalidInputError, NotFoundError, UnreadableArtifactError
from lineage_registry.ports.scanning import scan
from lineage_registry.registry.transfers import sources_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for number, name in enumerate(("b.csv", "a.txt", "deep/c.bin", "deep/.hidden/d", ".env")):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * (number + 1))
        os.utime(path, (1_000 - number, 1_000 - number))
    return root


def names(found):
    return [file.path for file in found.files]


def test_files_come_by_name_time_or_size(folder):
    assert names(scan(folder)) == [".env", "a.txt", "b.csv", "deep/.hidden/d", "deep/c.bin"]
    assert names(scan(folder, sort="time")) == [
        "b.csv",
        "a.txt",
        "deep/c.bin",
        "deep/.hidden/d",
        ".env",
    ]
    assert names(scan(folder, sort="size"))[0] == ".env"
    assert names(scan(folder, sort="size", reverse=True))[0] == "b.csv"
    with pytest.raises(InvalidInputError, match="order"):
        scan(folder, sort="colour")


def test_each_file_has_its_attributes(folder):
    found = scan(folder)
    file = found.files[2]
    assert (file.path, file.size, file.media_type) == ("b.csv", 1, "text/csv")
    assert file.modified_at.timestamp() == 1_000
    assert found.files[0].media_type is None
    assert found.bytes == 15


def test_hidden_files_and_folders_are_left_out_if_asked(folder):
    assert names(scan(folder, exclude=[".*"])) == ["a.txt", "b.csv", "deep/c.bin"]


def test_one_file_is_a_scan_too(folder):
    assert names(scan(folder / "a.txt")) == ["a.txt"]
    assert names(scan(folder / "a.txt", exclude=["*.txt"])) == []


def test_what_cannot_be_scanned_is_said(folder, monkeypatch):
    with pytest.raises(NotFoundError, match="nowhere"):
        scan(folder / "nowhere")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(UnreadableArtifactError, match="Permission denied"):
        scan(folder)


def test_no_folder_or_file_is_left_out_in_silence(folder, monkeypatch):
    listed = os.scandir

    def refuse(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr("os.scandir", refuse)
    with connect("memory://") as registry:
        with pytest.raises(UnreadableArtifactError, match="deep"):
            registry.register("net", folder)
        with pytest.raises(UnreadableArtifactError, match="deep"):
            registry.draft("next").add(folder)
        assert list(registry.models()) == []


def test_a_file_that_went_away_is_said(folder):
    with pytest.raises(UnreadableArtifactError, match="gone"):
        sources_of({"gone": folder / "gone"})
    source = sources_of({"a": folder / "a.txt"})["a"]
    (folder / "a.txt").unlink()
    with pytest.raises(UnreadableArtifactError, match=re.escape("a.txt")):
        source.open()


def test_links_pipes_and_strange_names_are_skipped_and_said(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (folder / "to-file").symlink_to(folder / "a.txt")
    (folder / "to-outside").symlink_to(outside / "secret")
    (folder / "by-dots").symlink_to("../outside/secret")
    (folder / "to-folder").symlink_to(outside)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("x")
    found = scan(folder)
    assert {one.path: one.reason for one in found.skipped} == {
        "to-outside": "link out of the folder",
        "by-dots": "link out of the folder",
        "to-folder": "link to a folder",
        "loop": "broken link",
        "pipe": "pipe, socket or device",
        "\\udcff": "no Unicode",
    }
    assert "to-file" in names(found)
    followed = names(scan(folder, follow_links=True))
    assert {"to-outside", "by-dots"} <= set(followed)
    assert not any(name.startswith("to-folder/") for name in followed)


def test_a_link_to_the_folder_itself_is_scanned(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert names(scan(link)) == names(scan(folder))


def test_the_files_of_a_registry_are_never_taken(tmp_path):
    with connect(tmp_path / "data" / "registry") as registry:
        (tmp_path / "data" / "a.txt").write_text("a")
        registry.register("net", tmp_path / "data" / "a.txt")
        registry.draft("next").add(tmp_path / "data", move=True)
        assert [file.path for file in registry.draft("next").content().listed] == ["a.txt"]
        for inside in ("registry", "registry/artifacts"):
            with pytest.raises(InvalidInputError, match="no files to take"):
                registry.draft("other").add(tmp_path / "data" / inside)
        pulled = registry.pull("net:1", tmp_path / "data", delete=True)
        assert pulled.deleted == 0
        registry.validate(bytes=True)
        assert next(registry.verify("net")).state == "verified"


@pytest.mark.parametrize("patterns", [[""], ["# words"], ["!"], ["  "]])
def test_a_pattern_that_means_nothing_is_refused(patterns):
    with pytest.raises(InvalidInputError, match="pattern"):
        Patterns(patterns)


def test_one_pattern_alone_is_a_pattern():
    assert Patterns("*.txt").takes("a.txt")
    assert not Patterns("*.txt").takes("a.csv")


_NAME = st.sampled_from(["a", "b", "c.txt", "d.tmp", ".e", "f g"])
_PATH = st.lists(_NAME, min_size=1, max_size=3).map("/".join)
_PATTERN = st.sampled_from(
    ["*.txt", "/a", "a/", "a/b", "**/b", "a/**", "!c.txt", ".*", "/a/*", "b", "*/c.txt", "f*"]
)


@settings(max_examples=60, deadline=None)
@given(paths=st.sets(_PATH, min_size=1, max_size=8), patterns=st.lists(_PATTERN, min_size=1))
def test_exclude_means_what_git_means(tmp_path_factory, paths, patterns):
    root = tmp_path_factory.mktemp("repository")
    kept: set[str] = set()
    for path in sorted(paths):
        if not any(path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in kept):
            kept.add(path)
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("x")
    if all(re.match("!", pattern) for pattern in patterns):
        patterns = [*patterns, "*.txt"]
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("\n".join(patterns))
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
    ).stdout
    found = scan(root, exclude=[*patterns, "/.git/"])
    assert set(names(found)) == set(filter(None, listed.split("\0")))
