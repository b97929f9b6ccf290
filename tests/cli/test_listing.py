"""Lists: how much of one is printed, where it goes on, and what is said about the rest."""

import json

import pytest

from lineage_registry.registry import rows


@pytest.fixture
def many(lreg):
    """A model with 105 versions."""
    from lineage_registry import connect

    with connect(".lineage-registry", actor="tester") as registry:
        for _ in range(105):
            registry.register("many")
    return lreg


def numbers(done):
    return [one["number"] for one in done.answer["items"]]


def test_pages_go_on_where_the_one_before_ended(many):
    first = many("version", "list", "many", "--limit", 60, "--json")
    many("register", "-n", "many")
    cursor = first.answer["next_cursor"]
    second = many("version", "list", "many", "--limit", 60, "--cursor", cursor, "--json")
    assert numbers(first) + numbers(second) == list(range(105, 0, -1))
    assert first.answer["revision"] == second.answer["revision"] == 105
    assert second.answer["next_cursor"] is None


def test_a_limit_above_a_page_is_answered_in_several(many, monkeypatch):
    monkeypatch.setattr(rows, "MAX_PAGE", 20)
    done = many("version", "list", "many", "--limit", 50, "--json")
    assert numbers(done) == list(range(105, 55, -1))
    rest = many("version", "list", "many", "--cursor", done.answer["next_cursor"], "--json")
    assert numbers(rest) == list(range(55, 0, -1))


@pytest.mark.parametrize("options", [["--all", "--json"], ["--jsonl"], ["--all", "--jsonl"]])
def test_everything_is_there_if_it_is_asked_for(many, options):
    done = many("version", "list", "many", *options)
    printed = numbers(done) if "--json" in options else [*map(json.loads, done.out.splitlines())]
    assert len(printed) == 105
    assert done.err == ""


def test_people_are_told_of_the_rest_and_how_to_see_it(many):
    done = many("version", "list", "many")
    assert len(done.out.splitlines()) == 101
    words = done.err.split()
    cursor = words[words.index("--cursor") + 1]
    rest = many("version", "list", "many", "--cursor", cursor)
    assert len(rest.out.splitlines()) == 6
    assert rest.err == ""
    assert len(many("version", "list", "many", "--all").out.splitlines()) == 106
    cut = many("version", "list", "many", "--jsonl", "--limit", 2)
    assert len(cut.out.splitlines()) == 2
    assert "--cursor" in cut.err


@pytest.mark.parametrize(
    "words",
    [
        "model list",
        "dataset list",
        "model versions clf",
        "dataset versions digits",
        "version list clf",
        "version search",
        "version search --dataset",
        "run list",
        "deployment list",
        "events",
    ],
)
def test_every_list_comes_in_pages(scene, words):
    whole = scene(*words.split(), "--all", "--json").answer
    assert whole["next_cursor"] is None
    joined, cursor = [], []
    while True:
        page = scene(*words.split(), "--limit", 1, *cursor, "--json").answer
        joined += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = ["--cursor", page["next_cursor"]]
    assert joined == whole["items"]
    assert joined
