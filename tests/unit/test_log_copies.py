"""Copies of a log that are not as they were written, and files that are none."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_registry import connect
from lineage_registry.errors import (
    InvalidInputError,
    LogCopyDamagedError,
    LogCorruptError,
    NotFoundError,
    NotInstalledError,
)
from lineage_registry.ports.log_copies import LogHeader

Lines = list[bytes]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    with connect("memory://", actor="ada") as registry:
        for number in range(6):
            registry.register("m", tags={"n": str(number)})
        registry.export_log(path)
    return path


def _changed(lines: Lines) -> Lines:
    return [*lines[:3], lines[3].replace(b"ada", b"eve"), *lines[4:]]


def _missing(lines: Lines) -> Lines:
    return [*lines[:3], *lines[4:]]


def _twice(lines: Lines) -> Lines:
    return [*lines[:4], *lines[3:]]


def _swapped(lines: Lines) -> Lines:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def _half(lines: Lines) -> Lines:
    return [*lines[:3], lines[3][:40]]


def _cut(lines: Lines) -> Lines:
    return lines[:3]


def _too_many(lines: Lines) -> Lines:
    added = json.loads(lines[-1])
    text = lines[-1].replace(b'"position":%d' % added["position"], b'"position":8')
    return [*lines, text]


def _blank(lines: Lines) -> Lines:
    return [*lines[:3], b"\n", *lines[3:]]


def _windows(lines: Lines) -> Lines:
    return [lines[0], *(line.replace(b"\n", b"\r\n") for line in lines[1:])]


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (_changed, 4),
        (_missing, 4),
        (_twice, 5),
        (_swapped, 4),
        (_half, 4),
        (_cut, 4),
        (_too_many, 9),
        (_blank, 4),
        (_windows, 2),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_copy_is_refused_by_its_line_and_nothing_is_imported(
    copy: Path, damage: Callable[[Lines], Lines], line: int, packed: bool
) -> None:
    data = b"".join(damage(copy.read_bytes().splitlines(keepends=True)))
    path = copy.with_name("bad.jsonl.gz" if packed else "bad.jsonl")
    path.write_bytes(gzip.compress(data) if packed else data)
    with connect("memory://") as registry:
        with pytest.raises(LogCopyDamagedError, match=rf"line {line}: event {line - 1} is due"):
            registry.import_log(path)
        assert registry.status().events == 0


def test_a_copy_that_was_rewritten_with_all_hashes_but_the_root_is_refused(copy: Path) -> None:
    import hashlib

    header, *lines = copy.read_bytes().splitlines(keepends=True)
    body = lines[2].split(b'"event":')[1][:-2].replace(b"ada", b"eve")
    leaf = hashlib.sha256(b"\0" + body).hexdigest().encode()
    lines[2] = b'{"position":3,"leaf":"%s","event":%s}\n' % (leaf, body)
    copy.write_bytes(header + b"".join(lines))
    with connect("memory://") as registry:
        with pytest.raises(LogCopyDamagedError, match="not those that the header"):
            registry.import_log(copy)
        assert registry.status().events == 0


@pytest.mark.parametrize("kept", [0, 5, 30, -40, -8])
def test_a_compressed_copy_that_breaks_off_is_refused(copy: Path, kept: int) -> None:
    path = copy.with_name("cut.jsonl.gz")
    packed = gzip.compress(copy.read_bytes())
    path.write_bytes(packed[:kept] if kept else b"")
    with connect("memory://") as registry:
        with pytest.raises((LogCopyDamagedError, InvalidInputError)):
            registry.import_log(path)
        assert registry.status().events == 0


@pytest.mark.parametrize(
    "text",
    ["", "{}", "not json", '{"model": "m"}', '{"log_schema":"lineage-registry/log/9"}', "\0" * 99],
)
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".parquet"])
def test_a_file_that_is_no_copy_is_refused(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_text(text)
    with (
        connect("memory://") as registry,
        pytest.raises((InvalidInputError, LogCopyDamagedError), match="x"),
    ):
        registry.import_log(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.replace(b'"events":', b'"events":9,"events":'),
        lambda header: header.replace(b":", b": "),
    ],
    ids=["a member twice", "spaces"],
)
def test_a_header_that_is_not_as_it_is_written_is_refused(
    copy: Path, change: Callable[[bytes], bytes]
) -> None:
    header, rest = copy.read_bytes().split(b"\n", 1)
    copy.write_bytes(change(header) + b"\n" + rest)
    with connect("memory://") as registry:
        with pytest.raises(InvalidInputError, match="no copy of a log"):
            registry.import_log(copy)
        assert registry.status().events == 0


@pytest.mark.parametrize("name", ["log", "log.json", "log.csv", "log.gz", "log.jsonl.zip"])
def test_the_suffix_must_say_how(tmp_path: Path, name: str) -> None:
    with connect("memory://") as registry:
        with pytest.raises(InvalidInputError, match="says no format"):
            registry.export_log(tmp_path / name)
        with pytest.raises(InvalidInputError, match="says no format"):
            registry.import_log(tmp_path / name)
        with pytest.raises(NotFoundError):
            registry.import_log(tmp_path / "absent.jsonl")
        with pytest.raises(InvalidInputError, match="cannot write"):
            registry.export_log(tmp_path / "no" / "such" / "folder.jsonl")


def test_a_copy_whose_rows_are_no_log_is_refused_at_the_event(copy: Path) -> None:
    """Hashes that fit show that a file is whole, not that somebody's events make sense."""
    import hashlib

    from lineage_registry.domain.merkle import MerkleTree

    body = b'{"type":"no.such","v":1,"revision":1,"at":5,"actor":"eve","data":{}}'
    leaf = hashlib.sha256(b"\0" + body)
    tree = MerkleTree()
    tree.add(leaf.digest())
    header = {
        "log_schema": "lineage-registry/log/1",
        "events": 1,
        "revision": 1,
        "at": 5,
        "root": tree.root().hex(),
    }
    row = b'{"position":1,"leaf":"%s","event":%s}\n' % (leaf.hexdigest().encode(), body)
    copy.write_bytes(LogHeader.model_validate(header).line() + row)
    with connect("memory://") as registry:
        with pytest.raises(LogCorruptError, match="event 1 cannot be read"):
            registry.import_log(copy)
        assert registry.status().events == 0


def test_an_old_file_stays_until_the_new_one_is_whole(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copy.read_bytes()
    with connect("memory://") as registry:
        registry.register("m")
        commands = registry.sender.commands
        sound = commands.export_log
        monkeypatch.setattr(commands, "export_log", lambda command: [next(sound(command))[:-30]])
        with pytest.raises(LogCopyDamagedError, match="the log, line 3: event 2 is due"):
            registry.export_log(copy)
    assert copy.read_bytes() == before
    assert [one.name for one in copy.parent.iterdir()] == [copy.name]


def test_parquet_without_its_library_says_what_to_install(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "lineage_registry.registry.log_parquet", raising=False)
    with connect("memory://") as registry, pytest.raises(NotInstalledError, match="pyarrow"):
        registry.export_log(copy.with_suffix(".parquet"))
    assert not copy.with_suffix(".parquet").exists()
