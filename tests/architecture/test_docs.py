"""What the documents say is true: blocks run, commands work, links lead somewhere."""

import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pytest
from safetensors.numpy import save_file

from lineage_registry import connect, errors
from lineage_registry.domain.graph import EdgeKind
from lineage_registry.exports.formats import FORMATS, TABLE_FORMATS
from lineage_registry.settings import PREFIX, Settings

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")])
LINKED = sorted([*PAGES, REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "CHANGELOG.md"])
BLOCK = re.compile(
    r"^(?P<skip><!-- not run: (?P<why>.*?) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
PROGRAMS = {"lreg", "lineage-registry"}
NOT_OURS = {"pip", "make", "docker", "cp", "export", "eval", "apt-get"}
"""Programs whose commands are shown and not run here; make's targets are checked by name."""


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    code: str
    why_not: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, match.start("code")) + 1,
            match["language"],
            match["code"],
            match["why"],
        )
        for match in BLOCK.finditer(text)
    ]


def with_blocks(language: str) -> list[Path]:
    return [page for page in PAGES if any(b.language == language for b in blocks(page))]


def named(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the examples register, and a registry that knows base:1."""
    for name in ("train.csv", "digits.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n", encoding="utf-8")
    save_file({"weights": np.zeros((64, 10), np.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "references.jsonl").write_text('"base:1"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    with connect(tmp_path / ".lineage-registry") as registry:
        registry.register("base")
    return tmp_path


@pytest.mark.parametrize("page", with_blocks("python"), ids=named)
def test_the_python_of_a_page_runs_from_top_to_bottom(page, folder, capsys):
    shared = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "python" and block.why_not is None:
            code = "\n" * (block.line - 1) + block.code
            exec(compile(code, str(page), "exec"), shared)
    if "registry" in shared:
        shared["registry"].close()


def sessions(page: Path) -> list[tuple[str, list[str]]]:
    """The commands of a page's console blocks, each with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for block in blocks(page):
        if block.language != "console" or block.why_not is not None:
            continue
        for line in block.code.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip():
                found[-1][1].append(line)
    return found


def shows(output: str, line: str) -> bool:
    wanted = r"\s+".join(re.escape(word).replace(r"\.\.\.", ".*") for word in line.split())
    return any(re.search(wanted, one) for one in output.splitlines())


@pytest.mark.parametrize("page", with_blocks("console"), ids=named)
def test_the_commands_of_a_page_work_and_print_what_it_shows(page, folder):
    server = None
    for command, shown in sessions(page):
        program, *arguments = shlex.split(command.partition(" | ")[0], comments=True)
        if program == "export":
            server = arguments  # what follows talks to a server, which other tests start
        if program not in PROGRAMS or server:
            assert program in NOT_OURS | PROGRAMS, command
            continue
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        for line in shown:
            assert shows(done.stdout, line), f"{command}\nshows no {line!r} but\n{done.stdout}"


def test_a_line_that_is_not_printed_is_noticed():
    assert shows("a  b sha256:12", "a b sha256:...")
    assert not shows("a  b", "a c")


@pytest.mark.parametrize("page", LINKED, ids=named)
def test_every_target_of_make_that_a_page_names_exists(page):
    targets = set(
        re.findall(r"^([a-z0-9-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    )
    text = page.read_text("utf-8")
    wanted = set(re.findall(r"(?:`|^\$ )make (?:-s )?([a-z0-9-]+)", text, re.MULTILINE))
    assert wanted <= targets


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", LINKED, ids=named)
def test_every_link_of_a_page_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            continue
        target = (page.parent / parts.path).resolve() if parts.path else page
        assert target.exists(), link
        assert REPOSITORY in target.parents, link
        if parts.fragment:
            assert parts.fragment in anchors(target), link


def test_every_error_has_its_heading_and_every_heading_its_error():
    codes = {
        kind.code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.RegistryError)
    }
    page = (REPOSITORY / "docs" / "errors.md").read_text("utf-8")
    assert set(re.findall(r"^## ([a-z0-9-]+)$", page, re.MULTILINE)) == codes


def test_every_decision_is_on_the_list_of_decisions():
    folder = REPOSITORY / "docs" / "adr"
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert listed == records
    assert [name[:4] for name in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    for name in records:
        text = (folder / name).read_text("utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ], name


def test_the_architecture_names_rooms_and_edges_as_they_are():
    text = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    package = REPOSITORY / "lineage_registry"
    rooms = {path.name for path in package.iterdir() if (path / "__init__.py").is_file()}
    assert [room for room in sorted(rooms) if f"`{room}`" not in text] == []
    assert [kind for kind in EdgeKind if kind not in text] == []
    paths = re.findall(r"`((?:lineage_registry|cypher|tests|examples)/[\w/.]+)`", text)
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_readme_and_exports_name_what_there_is():
    text = (REPOSITORY / "README.md").read_text("utf-8")
    exports = (REPOSITORY / "docs" / "exports.md").read_text("utf-8")
    formats = [*FORMATS.values(), *TABLE_FORMATS.values()]
    assert [known.name for known in formats if f"`{known.name}`" not in exports] == []
    assert [known.name for known in formats if f"`{known.suffixes[0]}`" not in exports] == []
    settings = re.findall(rf"\b{PREFIX}([A-Z0-9_]+)", text)
    assert settings
    assert [name for name in settings if name.lower() not in Settings.model_fields] == []
