"""What goes wrong ends in a sentence and a documented exit code; nothing is half-written."""

import json

import pytest

from lineage_registry.errors import RegistryError
from lineage_registry.problems import ExitCode


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("show nope", 3, "nope"),
        ("show clf:9", 3, "9"),
        ("show clf@nobody", 3, "nobody"),
        ("show clf:Shipping", 3, "Shipping"),
        ("show datasets:/nope/1", 3, "nope"),
        ("show runs:/nope", 3, "nope"),
        ("show deployments:/nope", 3, "nope"),
        ("show models:/", 2, "name"),
        ("show wat:/clf/1", 2, "wat"),
        ("show clf:1?when=now", 2, "as_of"),
        ("show clf:1 --as-of yesterday", 2, "yesterday"),
        ("show clf:1 --as-of 999999", 2, "999999"),
        ("version show clf", 2, "version"),
        ("promote clf:1 Shipping", 3, "Shipping"),
        ("promote datasets:/digits/1 Production", 2, "model"),
        ("rollback ens", 4, "Production"),
        ("register -n clf -m acc=high", 2, "acc"),
        ("register -n clf -m acc", 2, "KEY=VALUE"),
        ("register -n clf -t a=1 -t a=2", 2, "twice"),
        ("register -n clf --from nope:1", 3, "nope"),
        ("register -n clf --from base:1:=wat", 2, "finetune"),
        ("register -n clf --label one", 2, "one"),
        ("register -n .. --no-create", 2, "name"),
        ("register -n unheard --no-create", 3, "unheard"),
        ("register nowhere.bin -n clf", 3, "nowhere.bin"),
        ("register weights.bin -n clf --format wat", 2, "wat"),
        ("register - -n clf", 2, "stdin"),
        ("model create clf", 4, "clf"),
        ("model delete base --yes", 4, "base"),
        ("model delete base", 2, "--yes"),
        ("version depend base:1 clf:1", 4, "clf"),
        ("run log train-1", 2, "nothing"),
        ("run log train-1 -p a:=[1]", 2, "json"),
        ("run log train-1 -p a:=0042", 2, "json"),
        ("run log train-1 -p a:=NaN", 2, "json"),
        ("run log train-1 -p a:=null", 2, "json"),
        ("run log train-1 -p a:=1 -p a=2", 2, "twice"),
        ("run log train-1 -p :=1", 2, "key"),
        ("run start again --environment a=1 --no-environment", 2, "not both"),
        ("run use train-1 --tested-on digits:1:=No", 2, "role"),
        ("model list --limit 1 --all", 2, "not both"),
        ("model list --cursor x", 2, "next_cursor"),
        ("version search --metric acc~1", 2, "acc"),
        ("download base:1 out --role base", 2, "--run"),
        ("download base:1 out --run nope", 3, "nope"),
        ("dataset register -n digits --needs base:1", 2, "--needs"),
        ("run end nope", 3, "nope"),
        ("run end train-1 --failed --killed", 2, "not both"),
        ("lineage clf:1 --up 1 --down 2", 2, "depth"),
        ("lineage clf:1 --up 1 --direction downstream", 2, "twice"),
        ("lineage clf:1 --edge-kind wat", 2, "DERIVED_FROM"),
        ("lineage clf:1 --limit 0", 2, "limit"),
        ("export clf:1 -o x.doc", 2, ".doc"),
        ("export clf:1 -o x.svg --format wat", 2, "wat"),
        ("export clf:1 -o no/where/x.svg", 2, "no/where"),
        ("report clf:1 -o x.pdf", 2, ".pdf"),
        ("events --since yesterday", 2, "yesterday"),
        ("search --metric acc~1", 2, "acc"),
        ("inspect nowhere", 3, "nowhere"),
        ("inspect clf:1", 3, "models:/"),
        ("download ens:1", 2, "no files"),
        ("tag set clf:1 wat", 2, "KEY=VALUE"),
        ("tag set deployments:/web a=b", 2, "tags"),
        ("model update clf --tag a=b --if-match 1", 4, "changed"),
        ("impact clf:1 --fail-on deployments", 7, "deployments"),
        ("--url ftp://somewhere status", 2, "ftp"),
        ("--url http://127.0.0.1:9 status", 75, "reach"),
        ("--url /dev/null/registry status", 69, "/dev/null/registry"),
        ("--url /dev/null/registry/graph.sqlite status", 69, "/dev/null/registry"),
        ("--url /proc/registry status", 69, "/proc/registry"),
        ("--url ~nobody-of-this-name/registry status", 2, "not a registry"),
        (f"--url {'x' * 300} status", 2, "not a registry"),
        ("serve --host 0.0.0.0", 8, "0.0.0.0"),
        ("serve --url http://127.0.0.1:9", 2, "server"),
        ("lineag clf:1", 2, "lreg lineage`"),
        ("model shov clf", 2, "show"),
        ("load clf:1", 2, "download"),
        ("show clf:1 --wat", 2, "--wat"),
        ("show", 2, "REF"),
        ("register", 2, "--name"),
    ],
)
def test_an_error_has_a_sentence_and_its_exit_code(scene, monkeypatch, line, code, said):
    monkeypatch.setattr("sys.argv", ["lreg"])
    before = scene("status", "--json").answer
    done = scene(*line.split())
    assert done.code == code, done
    assert said.lower() in done.err.lower()
    if code != ExitCode.GATE:
        assert done.err.startswith("error: ")
        assert done.out == ""
    assert scene("status", "--json").answer == before
    assert scene("validate", "--json").answer["ok"]


@pytest.mark.parametrize("line", ["show nope --json", "--json show nope", "wat --json"])
def test_programs_get_the_problem_document(scene, line):
    done = scene(*line.split())
    document = json.loads(done.err)
    assert document["type"].startswith("urn:lineage-registry:problem:")
    assert document["detail"]
    assert done.out == ""
    assert done.code == (3 if "nope" in line else 2)


def test_a_line_of_a_batch_says_a_thing_once(scene, somewhere):
    (somewhere / "two.jsonl").write_text('{"name": "a"}\n{"name": "b", "name": "c"}\n')
    done = scene("batch", "register", "two.jsonl")
    assert (done.code, done.out) == (2, "")
    assert "line 2 cannot be read: the key 'name' is there twice" in done.err


def test_a_deleted_thing_is_gone_and_comes_back(scene):
    assert scene("version", "delete", "ens:1", "--yes").code == 0
    gone = scene("show", "ens:1", "--json")
    assert (gone.code, gone.problem["code"]) == (3, "deleted")
    assert scene("version", "restore", "ens:1").code == 0
    assert scene("show", "ens:1").code == 0


def test_a_dry_run_of_delete_tells_what_relies_on_it_and_deletes_nothing(scene):
    done = scene("version", "delete", "clf:1", "--dry-run")
    assert done.code == 0
    assert "clf:2" in done.out
    assert scene("show", "clf:1").code == 0


def test_what_blocks_a_delete_is_named(scene):
    done = scene("version", "delete", "clf:1", "--yes")
    assert done.code == 4
    assert "clf" in done.err


def test_the_same_key_does_a_thing_once(scene):
    first = scene("register", "-n", "clf", "--key", "once", "--json")
    again = scene("register", "-n", "clf", "--key", "once", "--json")
    other = scene("register", "-n", "ens", "--key", "once", "--json")
    assert first.answer["number"] == again.answer["number"]
    assert (other.code, other.problem["code"]) == (2, "idempotency-key-reused")


def test_changed_bytes_are_never_handed_out(scene, somewhere):
    blobs = somewhere / ".lineage-registry" / "artifacts"
    (blob,) = [p for p in blobs.rglob("*") if p.is_file() and p.stat().st_size == 10_240]
    blob.chmod(0o644)
    blob.write_bytes(b"x" * 10_240)
    done = scene("download", "base:1", "out")
    assert done.code == ExitCode.INTEGRITY
    assert not any(p.is_file() for p in (somewhere / "out").rglob("*"))
    found = scene("validate", "--bytes", "--json")
    assert found.code == ExitCode.INTEGRITY
    assert found.answer["findings"]


def test_a_refused_file_is_refused_by_inspect_and_by_register(scene, somewhere):
    (somewhere / "evil.pt").write_bytes(b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.")
    looked = scene("inspect", "evil.pt", "--format", "pytorch")
    assert looked.code == ExitCode.UNSAFE_FILE, looked
    sent = scene("register", "evil.pt", "-n", "evil", "--format", "pytorch")
    assert sent.code in {ExitCode.UNSAFE_FILE, ExitCode.USAGE}
    assert scene("show", "evil").code == ExitCode.NOT_FOUND


def test_an_unexpected_failure_is_a_sentence_and_debug_shows_the_rest(lreg, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("that was not planned")

    monkeypatch.setattr("lineage_registry.bootstrap.connect", broken)
    done = lreg("status")
    assert done.code == 1
    assert "that was not planned" in done.err
    assert "--debug" in done.err
    with pytest.raises(ZeroDivisionError):
        lreg("status", "--debug")


def test_debug_shows_where_a_known_error_came_from(scene):
    with pytest.raises(RegistryError):
        scene("show", "nope", "--debug")


def test_control_characters_of_others_do_not_reach_the_terminal(scene):
    done = scene("show", "x\x1b[31mred")
    assert done.code == 2
    scene("version", "update", "clf:1", "-d", "a\u202eb")
    assert "\u202e" not in scene("show", "clf:1").out
