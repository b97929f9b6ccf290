"""The command line in this process and in others, on a registry in a temporary folder."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lineage_registry.cli import main

PROGRAM = Path(sys.executable).with_name("lreg")


class Done(NamedTuple):
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def problem(self) -> Any:
        """The JSON document on stderr."""
        return json.loads(self.err)


Lreg = Callable[..., Done]


def own_environment(**extra: str) -> dict[str, str]:
    names = ("LINEAGE_", "PYTHON", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "XDG_")
    own = {key: value for key, value in os.environ.items() if not key.startswith(names)}
    return {**own, **extra}


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, far from anybody's settings."""
    for name in list(os.environ):
        if name.startswith(("LINEAGE_REGISTRY_", "FORCE_COLOR", "COLUMNS")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LINEAGE_REGISTRY_ACTOR", "tester")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lreg(somewhere: Path, capsys: pytest.CaptureFixture[str]) -> Lreg:
    """Call the command line in this process."""

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "\x1b" not in out + err
        return Done(code, out, err)

    return call


@pytest.fixture
def process(somewhere: Path) -> Lreg:
    """Call the command line as its own process."""

    def call(*arguments: object, stdin: str = "", **environment: str) -> Done:
        done = subprocess.run(
            [str(PROGRAM), *(str(each) for each in arguments)],
            cwd=somewhere,
            env=own_environment(LINEAGE_REGISTRY_ACTOR="tester", **environment),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def scene(lreg: Lreg, somewhere: Path) -> Lreg:
    """A small registry: data, a base model, two versions of a classifier, an ensemble."""
    (somewhere / "digits.csv").write_text("a,b\n1,2\n")
    (somewhere / "rows.jsonl").write_text('{"model": {"name": "from-elsewhere"}}\n')
    (somewhere / "versions.jsonl").write_text('{"name": "many"}\n{"name": "many"}\n')
    (somewhere / "references.jsonl").write_text('"many:1"\n{"reference": "many:2"}\n')
    (somewhere / "weights.bin").write_bytes(bytes(range(256)) * 40)
    for line in (
        "dataset register digits.csv -n digits --label 2026-10",
        "run start train --id train-1 --data digits:1:=train -p lr=3e-4",
        "register weights.bin -n base --run train-1 --label 1.0.0",
        "register -n clf --from base:1:=finetune --data digits:1 -m acc=0.93",
        "register -n clf --from clf:1:=retrained --data digits:1 -m acc=0.95 -t team=vision",
        "register -n ens --needs clf:2:=ensemble-member --needs base:1",
        "promote clf:1 Production --reason first",
        "promote clf:2 Production --reason better",
        "deployment set web clf:2 --owner ops",
        "draft add other rows.jsonl digits.csv",
    ):
        done = lreg(*line.split())
        assert done.code == 0, (line, done.err)
    return lreg
