"""The program as its own process: streams, pipes, signals, colours, imports, time."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lineage_registry import __version__
from tests.cli.conftest import PROGRAM, own_environment

HEAVY = {"torch", "transformers", "fastapi", "neo4j", "minio", "numpy", "safetensors"}
NOT_FOR_HELP = HEAVY | {"rich", "pydantic", "httpx2", "networkx", "sqlite3"}


def loaded(arguments: list[str], cwd: Path) -> set[str]:
    script = (
        "import sys, json\n"
        "from lineage_registry.cli import main\n"
        f"code = main({arguments!r})\n"
        "print(json.dumps([code, *sorted({n.partition('.')[0] for n in sys.modules})]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=cwd,
        env=own_environment(PYTHONPATH=str(Path(__file__).resolve().parents[2])),
        capture_output=True,
        text=True,
        check=True,
    )
    code, *names = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done
    return set(names)


@pytest.mark.parametrize(
    ("line", "not_wanted"),
    [
        ("--help", NOT_FOR_HELP),
        ("model --help", HEAVY | {"rich", "networkx"}),
        ("lineage --help", HEAVY | {"rich", "networkx"}),
        ("search", HEAVY),
        ("inspect weights.safetensors", HEAVY),
    ],
)
def test_a_command_loads_only_what_it_needs(somewhere, line, not_wanted):
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(8)
    (somewhere / "weights.safetensors").write_bytes(data)
    assert not loaded(line.split(), somewhere) & not_wanted


def test_the_import_test_sees_a_heavy_import(somewhere):
    (somewhere / "a.txt").write_text("x")
    assert "rich" in loaded(["inspect", "a.txt"], somewhere)


def test_both_names_and_the_module_say_the_version(process, somewhere):
    for command in (
        [PROGRAM],
        [PROGRAM.with_name("lineage-registry")],
        [sys.executable, "-m", "lineage_registry"],
    ):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"lineage-registry {__version__}\n"


def test_data_goes_to_stdout_and_everything_else_to_stderr(process):
    made = process("register", "-n", "clf", "--json")
    assert (made.code, made.err) == (0, "")
    assert made.answer["reference"] == "models:/clf/1"
    drawn = process("export", "clf:1", "-o", "x.svg")
    assert drawn.out == ""
    assert "wrote x.svg" in drawn.err
    assert process("export", "clf:1", "-o", "x.svg", "-q").err == ""
    failed = process("show", "nope")
    assert (failed.code, failed.out) == (3, "")


def test_a_run_can_be_driven_from_a_script(process):
    run = process("run", "start", "train").out.strip()
    assert process("run", "log", run, "-m", "loss=0.5").code == 0
    assert process("register", "-n", "clf", "--run", run).code == 0
    assert process("run", "end", run).code == 0
    assert process("run", "show", run, "--json").answer["outputs"] == ["models:/clf/1"]


def test_json_lines_are_one_document_a_line_and_never_cut(process):
    for _ in range(3):
        process("register", "-n", "clf")
    lines = process("events", "--jsonl").out.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [1, 2, 3, 4]
    page = process("events", "--json", "--limit", "2").answer
    assert [one["position"] for one in page["items"]] == [1, 2]
    rest = process("events", "--jsonl", "--cursor", page["next_cursor"]).out.splitlines()
    assert [json.loads(line)["position"] for line in rest] == [3, 4]


def test_a_pipe_gets_no_colours_and_whole_lines(process):
    process("register", "-n", "clf", "-d", "word " * 100)
    process("model", "update", "clf", "-d", "word " * 100)
    out = process("model", "list").out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 2
    assert "\x1b" in process("model", "list", FORCE_COLOR="1").out
    assert "\x1b" not in process("model", "list", FORCE_COLOR="1", NO_COLOR="1").out
    assert all(len(line) <= 60 for line in process("model", "list", COLUMNS="60").out.splitlines())


def test_a_terminal_without_unicode_gets_an_ascii_tree(process):
    process("register", "-n", "base")
    process("register", "-n", "clf", "--from", "base:1")
    assert "`- " in process("lineage", "clf:1", PYTHONIOENCODING="ascii").out


def test_a_reader_that_leaves_ends_the_program_quietly(process, somewhere):
    process("register", "-n", "clf")
    with subprocess.Popen(
        [PROGRAM, "events", "--jsonl"],
        cwd=somewhere,
        env=own_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


@pytest.fixture
def interruptible():
    """Let children be interrupted: a suite in the background of a shell may not be, nor they."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_with_130(process, somewhere):
    with subprocess.Popen(
        [PROGRAM, "model", "delete", "clf"],
        cwd=somewhere,
        env=own_environment(),
        stdin=(ends := pty.openpty())[1],
        stdout=subprocess.PIPE,
        stderr=ends[1],
    ) as running:
        said = b""
        while b"[y/N]" not in said:
            said += os.read(ends[0], 1000)
        running.send_signal(signal.SIGINT)
        running.wait(20)
    assert running.returncode == 130
    os.close(ends[0])
    os.close(ends[1])


@pytest.mark.parametrize(("answer", "gone"), [(b"y\n", True), (b"\n", False)])
def test_a_terminal_is_asked_before_a_delete(process, somewhere, answer, gone):
    process("register", "-n", "clf")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, "model", "delete", "clf"],
        cwd=somewhere,
        env=own_environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as running:
        os.write(ours, answer)
        running.stdout.read()
    assert running.returncode == 0
    os.close(ours)
    os.close(theirs)
    assert process("show", "clf").code == (3 if gone else 0)


@pytest.mark.parametrize("name", ["png", "pdf"])
def test_a_picture_does_not_go_to_a_terminal(process, somewhere, name):
    process("register", "-n", "clf")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [PROGRAM, "lineage", "clf:1", "--format", name],
        cwd=somewhere,
        env=own_environment(),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert f"-o FILE.{name}" in done.stderr


def test_a_server_starts_answers_and_stops(process, somewhere):
    process("register", "-n", "clf")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port)],
        cwd=somewhere,
        env=own_environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert f"http://127.0.0.1:{port}" in running.stderr.readline()
            here = process("show", "clf:1", "--json").answer
            asked = ("--url", f"http://127.0.0.1:{port}", "show", "clf:1", "--json")
            until = time.monotonic() + 60
            while (done := process(*asked)).code == 75 and time.monotonic() < until:
                time.sleep(0.2)
            assert done.answer == here
        finally:
            running.send_signal(signal.SIGTERM)
            rest = running.communicate(timeout=60)[1]
    assert "Traceback" not in rest


def test_completion_offers_commands(process):
    done = process(_LREG_COMPLETE="complete_bash", COMP_WORDS="lreg mod", COMP_CWORD="1")
    assert "model" in done.out
