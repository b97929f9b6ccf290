"""Every file of the corpus gets the only verdict that is right, soon, and nothing in it runs."""

import time
from pathlib import Path

import pytest

from lineage_registry.domain.formats import Inspection
from lineage_registry.formats.builtin import handlers
from lineage_registry.testing.formats import MemoryFiles
from tests.corpus import all_good, all_hostile
from tests.corpus.cases import CANARY

SECONDS = 20.0
"""On a machine that is busy with other tests; a quiet one takes a tenth."""
HOSTILE, GOOD = all_hostile(), all_good()


@pytest.fixture(autouse=True)
def canary(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())


def judged(case) -> Inspection:
    files = MemoryFiles(case.make())
    started = time.monotonic()
    found = handlers().inspect(files)
    assert time.monotonic() - started < SECONDS
    return found


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_file_is_seen_for_what_it_is(case):
    found = judged(case)
    assert (found.verdict, bool(found.reasons)) == (case.verdict, True), found.reasons
    assert all(reason.isprintable() and len(reason) < 2_000 for reason in found.reasons)


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_a_good_file_is_not_refused(case):
    found = judged(case)
    assert found.verdict == case.verdict, found.reasons
    assert Inspection.model_validate_json(found.model_dump_json()) == found


def test_a_payload_that_ran_would_be_seen(canary, tmp_path):
    Path(CANARY).touch()
    assert list(tmp_path.iterdir()) == [tmp_path / CANARY]
    Path(CANARY).unlink()
