"""What people see, and what is written to files."""

import json
import sys
import tomllib
from pathlib import Path

import pytest

import lineage_registry
from lineage_registry.cli.drawing import draw
from lineage_registry.cli.lineage_views import lineage
from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from tests.processor import timed


def test_the_tree_shows_stages_roles_and_what_was_seen(scene):
    out = scene("lineage", "ens:1").out
    assert out.splitlines()[0] == "ens:1"
    assert "clf:2 [Production] (ensemble-member)" in out
    assert "(seen above)" in out
    assert "not complete" not in out


@pytest.mark.parametrize(
    ("options", "there", "absent"),
    [
        ("--up 1", "clf:2", "base:1 1.0.0 (finetune)"),
        ("--down 9", "deployments:/web", "digits"),
        ("--both", "deployments:/web", "nothing like this"),
        ("--edge-kind derived-from", "clf:1", "digits"),
        ("--node-kind model-version", "clf:1", "runs:/"),
        ("--stop-at clf:1", "clf:1", "finetune"),
    ],
)
def test_lineage_can_be_narrowed(scene, options, there, absent):
    out = scene("lineage", "clf:2" if "--up" not in options else "ens:1", *options.split()).out
    assert there in out
    assert absent not in out


def test_a_limit_that_cuts_is_said(scene):
    done = scene("lineage", "ens:1", "--limit", "2")
    assert "not complete" in done.out
    assert "model version" in done.err
    assert "--limit" in done.err
    cursor = done.err.split("--cursor ")[1].strip()
    rest = scene("lineage", "ens:1", "--cursor", cursor)
    whole = scene("lineage", "ens:1", "--json").answer
    assert f"{len(whole['nodes']) - 3} nodes" in rest.out
    deeper = scene("lineage", "ens:1", "--depth", "1", "--depth-unit", "versions")
    assert "lie deeper" in deeper.err


def test_a_tree_needs_what_json_may_leave_out(scene):
    done = scene("lineage", "ens:1", "--field", "stage")
    assert (done.code, "cannot be drawn" in done.err) == (2, True)
    rows = scene("lineage", "ens:1", "--field", "stage", "--json").answer["nodes"]
    assert rows[0].keys() == {"id", "reference", "stage"}


def test_history_is_as_it_was_at_a_revision(scene):
    revision = scene("status", "--json").answer["revision"]
    scene("promote", "clf:1", "Production")
    assert scene("show", "clf:2", "--json").answer["stage"] == "Archived"
    then = scene("show", "clf:2", "--as-of", revision, "--json").answer
    assert then["stage"] == "Production"


def test_a_rollback_can_be_looked_at_first(scene):
    looked = scene("rollback", "clf", "--dry-run")
    assert looked.out == "would roll back clf Production: clf:2 -> clf:1\n"
    assert scene("show", "clf:2", "--json").answer["stage"] == "Production"
    done = scene("rollback", "clf", "--reason", "drift")
    assert done.out == "rolled back clf Production: clf:2 -> clf:1\n"
    assert "rolled back: drift" in scene("show", "clf:2").out
    assert "drift" in scene("history", "clf").out


def test_impact_names_who_to_tell(scene):
    out = scene("impact", "datasets:/digits/1").out
    assert "ops" in out
    assert "deployments:/web" in out
    assert scene("impact", "ens:1").out == "nothing depends on ens:1\n"


@pytest.mark.parametrize("suffix", ["json", "dot", "mmd", "svg", "graphml", "html", "txt"])
def test_the_suffix_picks_the_format(scene, somewhere, suffix):
    assert scene("export", "ens:1", "-o", f"x.{suffix}").code == 0
    assert (somewhere / f"x.{suffix}").stat().st_size > 100


def test_an_export_goes_to_stdout_as_the_same_bytes(scene, somewhere):
    scene("export", "ens:1", "-o", "x.dot")
    assert scene("export", "ens:1", "--format", "dot").out == (somewhere / "x.dot").read_text()
    assert json.loads(scene("export", "ens:1").out)["nodes"]


@pytest.mark.parametrize("command", ["export", "lineage"])
@pytest.mark.parametrize("suffix", ["csv", "md", "txt", "gv", "nodes.csv"])
def test_a_format_has_the_name_of_its_suffix_too(scene, somewhere, command, suffix):
    assert scene(command, "ens:1", "-o", f"x.{suffix}").code == 0
    named = scene(command, "ens:1", "--format", suffix)
    assert (named.code, named.out) == (0, (somewhere / f"x.{suffix}").read_bytes().decode())


def test_an_old_file_stays_if_the_new_one_cannot_be_made(scene, somewhere):
    (somewhere / "x.svg").write_text("old")
    assert scene("export", "nope", "-o", "x.svg").code == 3
    assert (somewhere / "x.svg").read_text() == "old"
    assert [path.name for path in somewhere.glob(".x.svg*")] == []


def test_the_report_is_written_as_a_page_and_as_data(scene, somewhere):
    assert scene("report", "clf:2", "-o", "r.html").code == 0
    assert "<html" in (somewhere / "r.html").read_text()
    assert scene("report", "clf:2", "-o", "r.json").code == 0
    assert json.loads((somewhere / "r.json").read_text())["version"]["name"] == "clf"
    assert "only people can supply" in scene("report", "clf:2").out


def test_a_download_is_what_was_registered(scene, somewhere):
    done = scene("download", "base:1")
    assert done.code == 0
    assert (somewhere / "base-1" / "weights.bin").read_bytes() == bytes(range(256)) * 40


def test_a_long_chain_is_drawn_without_recursion(lreg, somewhere):
    with lineage_registry.connect(somewhere / ".lineage-registry") as registry:
        registry.register("chain")
        for number in range(1, 300):
            registry.register("chain", parents=[f"chain:{number}"])
    out = lreg("lineage", "chain:300").out
    assert len(out.splitlines()) == 302


def test_a_chain_of_ten_thousand_is_drawn_in_time(capsys):
    nodes = [
        LineageNode(n, f"models:/chain/{n}", NodeKind.MODEL_VERSION, 10_000 - n)
        for n in range(10_000, 0, -1)
    ]
    edges = [
        Edge(n, EdgeKind.DERIVED_FROM, n - 1, "finetune", 1, declared=True)
        for n in range(10_000, 1, -1)
    ]
    chain = Lineage(
        starts=["models:/chain/10000"],
        direction="upstream",
        nodes=nodes,
        edges=edges,
        depth_reached=9_999,
        truncated=False,
        revision=1,
        as_of=None,
    )
    _, took = timed(lambda: draw(lineage(chain, "unicode"), sys.stdout))
    assert took < 2
    assert len(capsys.readouterr().out.splitlines()) == 3 * 10_002


def test_search_finds_names_and_descriptions(scene):
    scene("version", "update", "base:1", "-d", "the first one")
    assert "clf" in scene("search", "cl").out
    assert "base:1" in scene("search", "first one").out
    assert "clf:2" in scene("search", "--metric", "acc>=0.95").out
    assert "nothing found" in scene("search", "zebra").err


def test_settings_tell_where_they_come_from_and_keep_their_secrets(lreg, monkeypatch):
    monkeypatch.setenv("LINEAGE_REGISTRY_NEO4J_PASSWORD", "hush-hush")
    monkeypatch.setenv("LINEAGE_REGISTRY_URL", "neo4j://me:hush-hush@host")
    done = lreg("config", "show", "--origin")
    assert "LINEAGE_REGISTRY_NEO4J_PASSWORD" in done.out
    assert "hush" not in done.out
    assert lreg("config", "show", "--url", "here", "--json").answer["url"] == "here"


def test_config_alone_shows_the_settings(lreg):
    assert lreg("config").out == lreg("config", "show").out
    assert lreg("config", "--url", "here", "--json").answer["url"] == "here"
    assert lreg("config", "--origin").out == lreg("config", "show", "--origin").out
    assert "Commands:" in lreg("config", "--help").out
    assert "no command 'nosuch'" in lreg("config", "nosuch").err


def test_programs_get_settings_as_what_they_are(lreg, monkeypatch):
    monkeypatch.setenv("LINEAGE_REGISTRY_API_TOKEN", "hush-hush-hush-hush")
    monkeypatch.setenv("LINEAGE_REGISTRY_CACHE_SIZE", "2 GB")
    shown = lreg("config", "show", "--json").answer
    assert shown["artifacts"] is shown["neo4j_password"] is shown["project_file"] is None
    assert shown["cache_size"] == 2 * 10**9
    assert shown["allowed_hosts"] == ["localhost", "127.0.0.1", "[::1]"]
    assert shown["api_token"] == "*" * 10
    assert "localhost, 127.0.0.1, [::1]" in lreg("config").out


def test_the_settings_say_where_things_really_are(lreg, somewhere, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(somewhere / "caches"))
    shown = lreg("config", "show", "--url", "here", "--json").answer
    assert shown["graph_place"] == str(somewhere / "here" / "graph.sqlite")
    assert shown["artifacts_place"] == str(somewhere / "here" / "artifacts")
    assert shown["cache_folder"] == str(somewhere / "caches" / "lineage-registry")
    origins = lreg("config", "show", "--url", "here", "--origin", "--json").answer
    assert origins["url"] == {"value": "here", "source": "command line"}
    assert origins["cache_folder"]["source"] == "XDG_CACHE_HOME"
    assert origins["user_file"]["source"] == "not there"
    assert not (somewhere / "here").exists()


@pytest.mark.parametrize(
    ("url", "artifacts", "graph", "bytes_"),
    [
        ("memory://", None, "in memory", "in a temporary folder"),
        ("neo4j://ada:hush@host:7687/lab", None, "neo4j://host:7687, database lab", "not set"),
        (
            "bolt://host",
            "s3://key:hush@s3:9000/b/p",
            "bolt://host, database neo4j",
            "s3://s3:9000/b/p",
        ),
        ("http://u:hush@host:8000/r", "x", "behind the server at http://host:8000/r", None),
        ("sqlite:/data/one.db", None, "/data/one.db", "/data/one.db.artifacts"),
        ("/data", "file:///bytes", "/data/graph.sqlite", "/bytes"),
    ],
)
def test_places_hold_no_secret(lreg, url, artifacts, graph, bytes_):
    given = [] if artifacts is None else ["--artifacts", artifacts]
    done = lreg("config", "show", "--url", url, *given, "--json")
    assert done.answer["graph_place"] == graph
    assert done.answer["artifacts_place"] == (graph if bytes_ is None else bytes_)
    people = lreg("config", "show", "--url", url, *given, "--origin")
    assert "hush" not in people.out + done.out


def test_the_doctor_says_what_is_wrong(lreg, monkeypatch, somewhere):
    assert lreg("doctor").code == 0
    (somewhere / "bad.sqlite").write_text("this is no database, and long enough to be read as one")
    done = lreg("doctor", "--url", "bad.sqlite", "--json")
    assert done.code == 1
    assert [each["name"] for each in done.answer["checks"] if each["state"] == "failed"] == [
        "registry"
    ]


def test_the_doctor_knows_every_extra(lreg):
    file = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    extras = {*project["optional-dependencies"]} - {"all"}
    found = lreg("doctor", "--json").answer["checks"]
    told = {each["name"]: each for each in found if each["name"].startswith("extra ")}
    assert {name.removeprefix("extra ") for name in told} == extras
    assert {each["state"] for each in told.values()} == {"ok"}


def test_upgrade_replays_the_log_and_changes_nothing(scene):
    before = scene("lineage", "ens:1", "--json").out
    assert "would replay" in scene("upgrade", "--dry-run").out
    assert scene("upgrade").code == 0
    assert scene("lineage", "ens:1", "--json").out == before
    assert scene("validate").code == 0


def test_tags_are_set_listed_and_removed_on_anything(scene):
    for reference in ("clf", "clf:2", "datasets:/digits", "datasets:/digits/1", "runs:/train-1"):
        assert scene("tag", "set", reference, "a=1", "b=two words").code == 0
        assert scene("tag", "remove", reference, "a").code == 0
        out = scene("tag", "list", reference).out
        assert "two words" in out
        assert not out.startswith("a ")


def test_the_cache_is_shown_and_emptied(lreg, monkeypatch, somewhere):
    shown = lreg("cache", "show", "--json")
    assert (shown.code, shown.answer["enabled"], shown.answer["blobs"]) == (0, True, 0)
    assert "at most" in lreg("cache", "show").out
    cleared = lreg("cache", "clear", "--json")
    assert (cleared.code, cleared.answer["bytes"]) == (0, 0)
    monkeypatch.setenv("LINEAGE_REGISTRY_CACHE_SIZE", "0")
    assert lreg("cache", "show", "--json").answer == {"enabled": False}
    assert "no cache" in lreg("cache", "show").out
    monkeypatch.setenv("LINEAGE_REGISTRY_CACHE_SIZE", "1GB")
    monkeypatch.setenv("LINEAGE_REGISTRY_CACHE", "/proc/nowhere")
    assert lreg("cache", "show").code != 0


def test_people_are_told_when_a_registry_was_made(lreg):
    assert lreg("search", "--url=here", "--json").err == ""
    first, again = lreg("search", "--url=there"), lreg("search", "--url=there")
    assert "made a new registry: there/graph.sqlite" in first.err.replace("\\", "/")
    assert "made" not in again.err
    assert lreg("search", "--url=memory:").err == again.err
    assert lreg("search", "--url=elsewhere", "-q").err == ""
