"""Progress on a terminal: a bar for what is under way, a number for what is done."""

import io
import time

import pytest
from rich.console import Console

from lineage_registry.cli import progress
from lineage_registry.registry.transfers import Step


@pytest.fixture
def terminal(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(
        progress,
        "Console",
        lambda **_: Console(file=screen, force_terminal=True, width=100, height=30),
    )
    return screen


def test_a_file_under_way_has_a_bar_and_one_that_is_done_is_counted(terminal):
    with progress.bars("storing") as step:
        step("a.bin", 10, 10)
        step("b.bin", 4, 10)
        time.sleep(0.3)
    seen = terminal.getvalue()
    assert "storing b.bin" in seen
    assert "storing: 1 file done" in seen


def test_a_step_of_work_is_named_while_it_lasts_and_is_no_file(terminal):
    with progress.bars("moving") as step:
        step("a.bin", 10, 10)
        step(Step("converting"), 0, 1)
        time.sleep(0.3)
        assert "converting" in terminal.getvalue()
        assert "moving converting" not in terminal.getvalue()
        lines = [one for one in terminal.getvalue().splitlines() if "converting" in one]
        assert not any("?" in one or "bytes" in one for one in lines)
        step(Step("converting"), 1, 1)
        terminal.truncate(0)
        time.sleep(0.3)
        assert "converting" not in terminal.getvalue()
        assert "1 file done" in terminal.getvalue()


def test_thousands_of_files_are_one_line(terminal):
    begun = time.process_time()
    with progress.bars("storing") as step:
        for number in range(5_000):
            step(f"{number}.txt", 3, 3)
        time.sleep(0.3)
    assert "5,000 files done" in terminal.getvalue()
    assert time.process_time() - begun < 5
