"""The corpus at every entrance: no hostile file runs or is let in; what looking at all costs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineage_registry.bootstrap import connect
from lineage_registry.cli import main
from lineage_registry.errors import RegistryError
from lineage_registry.formats.builtin import handlers
from lineage_registry.ports.filesets import LocalFiles
from lineage_registry.registry import Registry
from lineage_registry.settings import Settings
from tests.behaviour.places import served
from tests.corpus import all_good, all_hostile
from tests.corpus.cases import CANARY, Case

HOSTILE, GOOD = all_hostile(), all_good()
SECONDS = 20.0
MEBIBYTES = 600
REFUSED = 6


def named(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def on_disk(cases: list[Case], folder: Path) -> dict[str, Case]:
    """Write the cases as folders, by a name that any disk takes."""
    places = {}
    for number, case in enumerate(cases):
        place = folder / f"{number:04}"
        for name, content in case.make().items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        places[place.name] = case
    return places


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a payload makes, it makes where the test runs."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob(f"*{CANARY}*"))


def test_there_is_enough_of_both() -> None:
    assert len(HOSTILE) >= 150
    assert len(GOOD) >= 100
    assert len(set(named(HOSTILE))) == len(HOSTILE)


@pytest.mark.parametrize("cases", [HOSTILE, GOOD], ids=["hostile", "good"])
def test_looking_takes_bounded_time_and_memory(cases: list[Case], tmp_path: Path) -> None:
    places = on_disk(cases, tmp_path / "cases")
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus", str(tmp_path / "cases")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    *told, (_, heavy, peak) = map(json.loads, done.stdout.splitlines())
    assert [name for name, _, _ in told] == sorted(places)
    slow = [(places[name].name, took) for name, _, took in told if took > SECONDS]
    assert not slow
    assert heavy == []
    assert peak < MEBIBYTES
    if cases is HOSTILE:
        assert "safe" not in {verdict for _, verdict, _ in told}


@contextmanager
def entrance(kind: str, folder: Path) -> Iterator[tuple[Registry, Registry]]:
    """Give an entrance, and the registry behind it."""
    with connect(settings=Settings(url=str(folder), actor="ada")) as local:
        if kind == "sdk":
            yield local, local
            return
        with served(local) as url, connect(url, actor="ada") as registry:
            yield registry, local


@pytest.mark.parametrize("kind", ["sdk", "http"])
def test_no_entrance_lets_a_hostile_file_in(kind: str, tmp_path: Path) -> None:
    places = on_disk(HOSTILE, tmp_path / "cases")
    with entrance(kind, tmp_path / "registry") as (registry, local):
        refused = 0
        for name, case in places.items():
            model = f"case-{name}"
            try:
                registry.register(model, tmp_path / "cases" / name)
            except RegistryError:
                refused += 1
                continue
            assert case.verdict != "refused", case.name
            with pytest.raises(RegistryError):
                registry.load(f"{model}:1")
        noted = sum(1 for _ in local.events(type=["artifact.refused"]))
        assert noted >= 0.9 * refused > 100
        assert sum(1 for _ in local.models()) == len(HOSTILE) - refused
        assert local.validate(bytes=True).ok


def test_the_command_line_tells_hostile_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = on_disk(HOSTILE, tmp_path / "cases")
    for name, case in places.items():
        code = main(["inspect", "--json", str(tmp_path / "cases" / name)])
        said = capsys.readouterr()
        if not said.out:
            assert code != 0
            continue
        found = json.loads(said.out)
        assert found["verdict"] == case.verdict, case.name
        assert code == (REFUSED if case.verdict == "refused" else 0)
        if case.verdict != "refused":
            assert "warning" in said.err


def test_no_handler_runs_a_hostile_file(tmp_path: Path) -> None:
    formats = handlers()
    for name, case in on_disk(HOSTILE, tmp_path / "cases").items():
        folder = tmp_path / "cases" / name
        files = LocalFiles(folder)
        try:
            handler = formats.detect(files)
            handler.load(folder)
        except RegistryError:
            continue
        # Weights that are safe by themselves may be loaded from beside what is not.
        assert handler.name == "files" or len(files.paths()) > 1, case.name
