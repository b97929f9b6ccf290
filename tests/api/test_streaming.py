"""Answers that are too large to hold go out while they are read."""

import contextlib
import time

import httpx2
import pytest

from benchmarks.streaming import QUESTIONS, measure
from lineage_registry.api import create_app, exports
from lineage_registry.domain.graph import EdgeKind
from lineage_registry.exports import export
from lineage_registry.graph.sqlite.view import SqliteView
from lineage_registry.ports.commands import CreateFamily, GetLineage
from lineage_registry.testing.graph.writing import cause, data_version, dataset, fill, run
from tests.api.conftest import ADA, registry, running

USERS = 12_000
ASKED = {"start": "datasets:/hub/1", "direction": "downstream", "limit": "1000000"}


def hub():
    yield dataset("hub")
    yield data_version(1, 1)
    for number in range(USERS):
        yield run(f"r{number}", cause(EdgeKind.USED, 2, "train"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A server of a dataset that 12,000 runs read: its address, its commands, its graph."""
    with registry(tmp_path_factory.mktemp("large")) as (commands, artifacts):
        fill(commands.work.graph, hub())
        with running(create_app(commands, artifacts)) as url:
            yield f"{url}/api/v1", commands, commands.work.graph


def whole(commands):
    return commands.run(GetLineage.model_validate({**ASKED, "start": [ASKED["start"]]}), ADA)


def test_a_large_answer_has_the_bytes_of_the_one_that_is_held(large):
    url, commands, _ = large
    answer = httpx2.get(f"{url}/lineage", params=ASKED)
    assert "content-length" not in answer.headers
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == whole(commands).model_dump_json()
    assert len(answer.json()["edges"]) == USERS
    small = httpx2.get(f"{url}/lineage", params={**ASKED, "limit": "20"})
    assert "content-length" in small.headers


@pytest.mark.parametrize("name", ["json", "node-link", "csv-nodes", "csv-edges", "dot"])
def test_a_large_export_has_the_bytes_of_the_one_that_is_held(large, name):
    url, commands, _ = large
    answer = httpx2.get(f"{url}/lineage/export", params={**ASKED, "format": name})
    assert answer.content == export(whole(commands), name)
    assert "sandbox" in answer.headers["content-security-policy"]
    assert ("content-length" in answer.headers) == (name == "dot")


def test_what_a_server_cannot_hold_is_refused_with_what_it_can_write(large, monkeypatch):
    monkeypatch.setattr(exports, "_MOST_AT_ONCE", 11_000)
    answer = httpx2.get(f"{large[0]}/lineage/export", params={**ASKED, "format": "svg"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (413, "input-too-large")
    assert "csv-edges" in problem["hint"]


def test_what_fails_half_way_does_not_look_whole(large, monkeypatch):
    edges, calls = SqliteView.edges, []

    def failing(view, *question):
        calls.append(question)
        if len(calls) == 2:
            raise OSError("the disk is gone")
        return edges(view, *question)

    monkeypatch.setattr(SqliteView, "edges", failing)
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{large[0]}/lineage", params=ASKED)
    assert len(calls) == 2


def test_a_client_who_goes_away_keeps_nothing_open(large, monkeypatch):
    url, commands, graph = large
    opened, seen, view = [], [], graph.view

    @contextlib.contextmanager
    def counted(as_of=None):
        with view(as_of) as found:
            opened.append(found)
            seen.append(found)
            try:
                yield found
            finally:
                opened.remove(found)

    monkeypatch.setattr(graph, "view", counted)
    with httpx2.stream("GET", f"{url}/lineage", params=ASKED) as answer:
        next(answer.iter_raw(1_000))
    deadline = time.monotonic() + 10
    while opened:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    commands.run(CreateFamily(space="models", name=f"m{len(seen)}"), ADA)
    assert httpx2.get(f"{url}/lineage", params=ASKED).status_code == 200


@pytest.mark.slow
def test_the_largest_answers_take_no_more_memory_than_small_ones():
    idle, *rows = measure(100_000, keep=False)
    assert [row.question for row in rows] == list(QUESTIONS)
    for row in rows:
        assert row.megabytes > 2
        # Held, the same answers take 100 to 180 MiB more than an idle server.
        assert row.private < idle.private + 60, row
        assert row.rss < 200, row
