"""What a user gets from `pip install`: a wheel that is complete, light and quick to start."""

import os
import resource
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.servers.cache import REPOSITORY

HEAVY = {
    "fastapi",
    "httpx2",
    "minio",
    "neo4j",
    "numpy",
    "onnx",
    "starlette",
    "torch",
    "transformers",
}
BIN = Path(sys.executable).parent


def uv(*arguments: object) -> None:
    program = shutil.which("uv", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert program, "uv is needed: make setup puts it into .venv"
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv(
        "build",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        folder,
        REPOSITORY,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder with the programs of a fresh environment: the wheel and its core needs only."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    uv("venv", "-q", "--python", sys.executable, venv)
    locked = REPOSITORY / "requirements" / "demo.txt"
    uv("pip", "install", "-q", "--python", venv / "bin" / "python", "-c", locked, wheel)
    return venv / "bin"


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_", "PYTHON"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )


def loaded_by(python: Path, statement: str, cwd: Path) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after `statement`."""
    listing = "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    script = f"{statement}\nimport sys\n{listing}"
    done = run(python, "-W", "error", "-c", script, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_every_query_file_is_in_the_wheel(wheel):
    ours = {p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / "cypher").rglob("*.cypher")}
    assert ours
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".cypher")}
    assert packed == {f"lineage_registry/{name}" for name in ours}


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"lineage_registry"}
    assert "lineage_registry/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_package_imports_with_its_core_needs_only(installed, tmp_path):
    done = run(installed / "python", "-W", "error", "-c", "import lineage_registry", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["lineage-registry", "lreg"])
def test_the_program_starts_with_its_core_needs_only(installed, tmp_path, program):
    done = run(installed / program, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_importing_the_package_loads_no_driver_and_no_framework(tmp_path):
    assert not loaded_by(Path(sys.executable), "import lineage_registry", tmp_path) & HEAVY


def test_the_light_import_test_sees_a_heavy_import(tmp_path):
    assert "neo4j" in loaded_by(Path(sys.executable), "import neo4j", tmp_path) & HEAVY


def test_help_costs_less_than_200_ms_of_cpu(tmp_path):
    def cpu_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run(BIN / "lineage-registry", "--help", cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # The least of several: what other processes disturb only adds.
    assert min(cpu_seconds() for _ in range(7)) < 0.2


def test_the_import_contracts_hold(tmp_path):
    done = run(BIN / "lint-imports", "--cache-dir", tmp_path, cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
