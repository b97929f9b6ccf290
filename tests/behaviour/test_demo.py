"""The demo does what it says, leaves what it promises, and its next commands work when copied."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import lineage_registry

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "examples" / "demo.py"


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("LINEAGE_")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**own, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    done = run(sys.executable, "-W", "error", DEMO, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def accuracies(said: str) -> dict[str, float]:
    lines = re.findall(r"models:/(\S+)/(\d+) +accuracy ([\d.]+)%", said)
    return {f"{name}:{number}": float(value) for name, number, value in lines}


def test_the_models_learn_and_the_bad_delivery_hurts(demo):
    reached = accuracies(demo[1])
    assert reached["digits:1"] > 85
    assert reached["digits:2"] > reached["digits:1"]
    assert reached["digits-ensemble:1"] > 90
    assert reached["digits-ensemble:2"] < reached["digits-ensemble:1"] - 5


def test_the_registry_it_leaves_is_repaired_and_sound(demo):
    with lineage_registry.connect(demo[0] / "demo-registry") as registry:
        assert registry.version("models:/digits-ensemble/Production").number == 1
        assert registry.version("digits-ensemble:2").status == "rolled_back"
        assert registry.deployment("digits-api").serves == "models:/digits-ensemble/1"
        assert registry.impact("datasets:/digits-autumn/1").production == []
        assert registry.ancestors("digits-ensemble:1").nodes[-1].reference == "runs:/import"
        assert len(registry.metric_history("train-base", "loss").points) == 12
        tests = registry.get_run("train-base").inputs
        assert [one.reference for one in tests if one.edge == "EVALUATED_ON"] == [
            "datasets:/digits-test/1"
        ]
        assert all(one.edge != "USED" or "test" not in one.reference for one in tests)
        assert registry.validate(bytes=True).ok


def test_every_file_it_names_is_there(demo):
    folder, said = demo
    written = "\n".join(line for line in said.splitlines() if "lineage-registry --url" not in line)
    named = set(re.findall(r"demo-registry/out/\S+", written))
    assert {Path(name).suffix for name in named} == {".html", ".json", ".svg", ".mmd"}
    assert all((folder / name).stat().st_size > 1_000 for name in named)
    out = folder / "demo-registry" / "out"
    report = (out / "audit.json").read_bytes()
    assert json.loads(report)["version"]["reference"] == "models:/digits-ensemble/1"
    assert hashlib.sha256(report).hexdigest() in (out / "audit.html").read_text("utf-8")


def test_it_prints_where_production_comes_from(demo):
    assert "models:/digits-ensemble/1 [Production]" in demo[1]
    assert re.search(r"used datasets:/digits-raw/1 .*\(train\)", demo[1])


def test_the_next_commands_work_when_copied(demo):
    folder, said = demo
    commands = re.findall(r"^  (\S*lineage-registry .+)$", said, re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        program, *arguments = shlex.split(command)
        found = program if "/" in program else Path(sys.executable).with_name(program)
        done = run(found, *arguments, cwd=folder)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout.strip() or done.stderr.strip(), command
    assert (folder / "demo-registry" / "out" / "rolled-back.html").is_file()


def test_it_replaces_its_own_folder_and_nobody_elses(tmp_path):
    theirs = tmp_path / "demo-registry"
    theirs.mkdir()
    (theirs / "precious").write_text("mine", encoding="utf-8")
    done = run(sys.executable, DEMO, cwd=tmp_path)
    assert done.returncode == 1
    assert "was not made by this demo" in done.stderr
    assert (theirs / "precious").read_text(encoding="utf-8") == "mine"


def test_it_runs_again_over_its_own_folder(demo):
    done = run(sys.executable, DEMO, cwd=demo[0])
    assert done.returncode == 0, done.stderr
    assert accuracies(done.stdout) == accuracies(demo[1])
