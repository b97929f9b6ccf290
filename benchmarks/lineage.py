"""Questions on realistic graphs: through the registry, as raw statements, and in memory."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from benchmarks.graphs import realistic_graph
from benchmarks.memory import Memory
from benchmarks.places import Place, loaded
from benchmarks.questions import QUESTIONS, sample
from benchmarks.rows import Row, times
from benchmarks.timing import in_turns

_ASKED = {"sqlite": 300, "neo4j": 200}


def measure(engine: str, nodes: int, seed: int, names: Iterable[str]) -> Iterator[Row]:
    """Ask a realistic graph; the same nodes on every engine."""
    graph = realistic_graph(nodes, seed)
    with loaded("sqlite", graph) as place:
        memory = Memory(place.folder / "graph.sqlite")
    with loaded(engine, graph) as place:
        yield {
            "part": "load",
            "engine": engine,
            "graph": f"{nodes:,}",
            "events": place.loaded["events"],
            "a second": place.loaded["events"] / place.loaded["seconds"],
            "loaded on": place.loaded["on"],
        }
        for name in names:
            yield {
                "part": "questions",
                "engine": engine,
                "graph": f"{nodes:,}",
                "question": name,
                **_asked(place, memory, name, seed),
            }


def _asked(place: Place, memory: Memory, name: str, seed: int) -> Row:
    question = QUESTIONS[name]
    picked = sample(question, memory, _ASKED[place.engine], seed)
    calls: list[partial[Any]] = [
        partial(question.ask, place.registry, *place.references(ids)) for ids in picked
    ]
    sizes = [question.size(call()) for call in calls]
    ways: list[list[partial[Any]]] = [calls, captured(place, calls)]
    if question.memory is not None:
        ways.append([partial(question.memory, memory, *ids) for ids in picked])
    measured = in_turns(*ways)
    row: Row = {"answer": sum(sizes) / len(sizes)}
    for way, one in zip(("registry", "raw", "memory"), measured, strict=False):
        row |= times(way, one)
    return row


def captured(place: Place, calls: Iterable[partial[Any]]) -> list[partial[Any]]:
    """Return calls that send the engine what it was sent for each of these."""
    found = []
    for call in calls:
        with place.raw.listening() as asked:
            call()
        found.append(partial(place.raw.ask, asked))
    return found
