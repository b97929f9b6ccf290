"""Drafts, pulls, checks and batches as people and programs type them."""

import hashlib
import json

import pytest


def test_files_are_moved_into_a_draft_registered_and_pulled(lreg, somewhere):
    folder = somewhere / "delivery"
    folder.mkdir()
    for name in ("a.csv", "b.csv", "c.tmp"):
        (folder / name).write_text(name)
    (folder / "link").symlink_to("/etc/hostname")
    added = lreg("draft", "add", "next", folder, "--exclude", "*.tmp", "--into", "data", "--move")
    assert "next  2 files" in added.out
    assert "2 files moved" in added.out
    assert "link out of the folder" in added.out
    assert sorted(path.name for path in folder.iterdir()) == ["c.tmp", "link"]
    assert "data/a.csv" in lreg("draft", "show", "next").out
    assert "next" in lreg("draft", "list").out
    both = lreg("register", "-n", "net", folder, "--draft", "next")
    assert (both.code, "not both" in both.err) == (2, True)
    assert lreg("register", "-n", "net", "--draft", "next").code == 0
    assert "there are no drafts" in lreg("draft", "list").out
    pulled = lreg("pull", "net:1", "here", "--json")
    assert pulled.answer["fetched"] == 2
    (somewhere / "here" / "extra.txt").write_text("x")
    asked = lreg("pull", "net:1", "here", "--delete")
    assert (asked.code, "give --yes" in asked.err) == (2, True)
    assert "deleted  extra.txt" in lreg("pull", "net:1", "here", "--delete", "--dry-run").out
    assert (somewhere / "here" / "extra.txt").exists()
    assert lreg("pull", "net:1", "here", "--delete", "--yes").code == 0
    assert not (somewhere / "here" / "extra.txt").exists()


def test_a_link_out_of_a_folder_is_registered_only_if_asked(lreg, somewhere):
    folder = somewhere / "delivery"
    folder.mkdir()
    (folder / "link").symlink_to(somewhere / "secret")
    (somewhere / "secret").write_text("secret")
    for words in (("register", "-n", "net"), ("dataset", "register", "-n", "d"), ("inspect",)):
        refused = lreg(*words, folder)
        assert (refused.code, "--follow-links" in refused.err) == (2, True), words
        assert lreg(*words, folder, "--follow-links").code == 0


def test_a_pull_can_be_the_input_of_a_run(scene):
    assert scene("run", "start", "--id", "tune-1").code == 0
    assert scene("pull", "base:1", "here", "--run", "tune-1", "--role", "teacher").code == 0
    assert "base:1 (teacher)" in scene("run", "show", "tune-1").out
    assert scene("pull", "base:1", "here", "--role", "teacher").code == 2


def test_nothing_to_add_is_said(lreg):
    assert lreg("draft", "add", "next").code == 2
    missing = lreg("draft", "add", "next", "nowhere")
    assert (missing.code, "nowhere" in missing.err) == (3, True)
    assert lreg("draft", "show", "next").code == 3
    assert lreg("draft", "discard", "next").code == 2


def test_a_damaged_version_ends_a_check_with_its_code(scene, somewhere):
    assert scene("verify").code == 0
    (digest,) = {
        file["digest"] for file in scene("version", "files", "base:1", "--json").answer["files"]
    }
    (blob,) = (somewhere / ".lineage-registry").rglob(digest.removeprefix("sha256:"))
    blob.chmod(0o644)
    blob.write_bytes(b"x" * blob.stat().st_size)
    done = scene("verify")
    assert done.code == 5
    assert "weights.bin is different" in done.out
    assert scene("verify", "--no-read").code == 0
    rows = [json.loads(line) for line in scene("verify", "--jsonl", "--models").out.splitlines()]
    assert [row["state"] for row in rows].count("damaged") == 1
    (somewhere / "lines.jsonl").write_text('"base:1"\n"clf:1"\n')
    assert scene("batch", "verify", "lines.jsonl").code == 5


def test_a_damaged_version_is_repaired_from_a_folder_of_right_files(lreg, somewhere):
    (somewhere / "backup").mkdir()
    (somewhere / "backup" / "copy of it.txt").write_text("right")
    (somewhere / "w.txt").write_text("right")
    assert lreg("register", "w.txt", "--name", "net").code == 0
    digest = hashlib.sha256(b"right").hexdigest()
    (blob,) = (somewhere / ".lineage-registry").rglob(digest)
    blob.chmod(0o644)
    blob.write_text("wrong")
    found = lreg("verify")
    assert (found.code, "--repair PATH" in found.err) == (5, True)
    assert lreg("verify", "--repair", "nowhere").code == 3
    (somewhere / "w.txt").write_text("other")
    assert lreg("verify", "--repair", "w.txt").code == 5
    mended = lreg("verify", "--json", "--repair", "backup")
    assert (mended.code, mended.err) == (0, "")
    assert [row["state"] for row in mended.answer["items"]] == ["verified"]
    assert (blob.read_text(), blob.stat().st_mode & 0o222) == ("right", 0)


def test_a_batch_has_a_line_for_each_and_ends_with_the_first_failure(process, somewhere):
    (somewhere / "w.txt").write_text("w")
    lines = '{"name": "net", "path": "w.txt"}\n\n{"name": "net", "parents": ["gone:1"]}\n'
    done = process("batch", "register", "-", "--jsonl", stdin=lines)
    assert done.code == 3
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["state"] for row in rows] == ["done", "failed"]
    assert rows[0]["value"]["reference"] == "models:/net/1"
    assert rows[1]["problem"]["code"] == "model-not-found"
    people = process("batch", "register", "-", "--atomic", stdin=lines)
    assert people.code == 3
    assert "undone" in people.out
    pulled = process("batch", "pull", "-", "--into", "all", stdin='"net:1"\n"net:7"\n')
    assert pulled.code == 3
    assert (somewhere / "all" / "models" / "net-1" / "w.txt").read_text() == "w"
    gone = process("batch", "delete", "-", "--yes", stdin='{"reference": "net:1"}\n')
    assert gone.code == 0


@pytest.mark.parametrize("text", ["", "{", "[1]", "1", "null", '{"name": 1}', '"a" "b"'])
def test_lines_that_cannot_be_done_are_said(lreg, somewhere, text):
    (somewhere / "lines.jsonl").write_text(text)
    for verb in ("register", "verify", "pull"):
        done = lreg("batch", verb, "lines.jsonl")
        assert done.code == 2, (verb, done.out, done.err)
    assert lreg("batch", "verify", "nowhere.jsonl").code == 3


def test_a_folder_is_scanned_without_a_registry(lreg, somewhere):
    (somewhere / "big.bin").write_bytes(b"x" * 10)
    (somewhere / "small.txt").write_text("x")
    done = lreg("scan", ".", "--sort", "size", "--json")
    assert [file["path"] for file in done.answer["files"]] == ["big.bin", "small.txt"]
    assert not (somewhere / ".lineage-registry").exists()
    assert lreg("scan", ".", "--include", "!").code == 2


def test_options_of_a_conversion_may_be_json_and_are_checked(lreg, somewhere):
    import torch

    program = torch.export.export(torch.nn.Linear(3, 2).eval(), (torch.ones(2, 3),))
    torch.export.save(program, somewhere / "net.pt2")
    assert lreg("register", "net.pt2", "--name", "net").code == 0
    for said, answer in {
        "true": "which dimensions vary",
        '{"x": {"0": "batch"}}': "exported with",
        '{"x": ': "no JSON",
    }.items():
        done = lreg("convert", "net:1", "--to", "onnx", "--option", f"dynamic_shapes={said}")
        assert (done.code, answer in done.err) == (2, True), done.err


def test_what_needs_trust_is_converted_with_a_reason(lreg, somewhere):
    import torch

    torch.save(torch.nn.Linear(2, 3), somewhere / "whole.pt")
    assert lreg("register", "-n", "net", somewhere / "whole.pt").code == 0
    refused = lreg("convert", "net:1", "--to", "safetensors")
    assert (refused.code, "--trust" in refused.err) == (6, True)
    done = lreg("convert", "net:1", "--to", "safetensors", "--trust", "our own", "--json")
    assert (done.code, done.answer["facts"]["verdict"]) == (0, "safe")
    events = lreg("events", "--type", "trust.granted", "--json").out
    assert "our own" in events
