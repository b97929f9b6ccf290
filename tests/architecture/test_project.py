"""Setting up twice a month apart gives the same, and no file says where packages came from."""

import re
import subprocess
import tomllib

import pytest

from tests.servers.cache import REPOSITORY

LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))


def pins(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def needs(*extras: str) -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return {re.match(r"[A-Za-z0-9._-]+", need).group().lower() for need in wanted}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_version_has_a_hash_and_no_host(lock):
    text = lock.read_text()
    assert pins(text)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"\S+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("demo", ()),
        ("server", ("neo4j", "s3", "pictures", "server")),
        ("dev", ("neo4j", "s3", "torch", "onnx", "remote", "pictures", "server")),
    ],
)
def test_a_lock_holds_all_that_the_package_asks_for(lock, extras):
    locked = pins((REPOSITORY / "requirements" / f"{lock}.txt").read_text())
    assert needs(*extras) <= set(locked)


def test_the_locks_agree_with_each_other():
    whole = pins((REPOSITORY / "requirements" / "dev.txt").read_text())
    for name in ("demo", "server"):
        part = pins((REPOSITORY / "requirements" / f"{name}.txt").read_text())
        assert {k: v for k, v in part.items() if not v <= whole.get(k, set())} == {}


def test_the_demo_needs_no_torch():
    assert "torch" not in pins((REPOSITORY / "requirements" / "demo.txt").read_text())


def test_make_help_names_every_target():
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+?)(?<!\\)$", makefile, re.MULTILINE | re.DOTALL)
    declared = set(phony.group(1).replace("\\", " ").split())
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in shown.stdout.splitlines()} == declared
