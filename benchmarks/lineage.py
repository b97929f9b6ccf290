"""Ancestors and descendants through the registry, beside the same statements sent raw."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from benchmarks.graphs import realistic
from benchmarks.places import Place, loaded
from benchmarks.timing import Times, in_turns
from lineage_registry.domain.graph import NodeKind

_QUESTIONS = 300


class Row(NamedTuple):
    """One line of the report; times in milliseconds."""

    engine: str
    nodes: int
    question: str
    answer: float
    registry: Times
    raw: Times

    @property
    def ratio(self) -> float:
        """The registry's median over the raw one."""
        return self.registry.p50 / self.raw.p50


class Bulk(NamedTuple):
    """How fast a graph was loaded."""

    engine: str
    nodes: int
    rate: float


def measure(engine: str, nodes: int, seed: int) -> Iterator[Row | Bulk]:
    """Load a realistic graph and ask it."""
    with loaded(engine, realistic(nodes, seed)) as place:
        yield Bulk(engine, nodes, place.nodes / place.seconds)
        models = place.sample(NodeKind.MODEL_VERSION, _QUESTIONS)
        data = place.sample(NodeKind.DATASET_VERSION, _QUESTIONS)
        yield _ask(place, nodes, "ancestors", models)
        yield _ask(place, nodes, "descendants", data)
        yield _get(place, nodes, models)


def _ask(place: Place, nodes: int, question: str, references: list[str]) -> Row:
    answer = getattr(place.registry, question)
    calls = [partial(answer, reference, limit=1_000_000) for reference in references]
    sizes = [len(call().nodes) for call in calls]
    times = _beside_raw(place, calls)
    return Row(place.engine, nodes, question, sum(sizes) / len(sizes), *times)


def _get(place: Place, nodes: int, references: list[str]) -> Row:
    calls = [partial(place.registry.version, reference) for reference in references]
    return Row(place.engine, nodes, "get a version", 1, *_beside_raw(place, calls))


def _beside_raw(place: Place, calls: list[partial[object]]) -> list[Times]:
    captured = []
    for call in calls:
        with place.raw.listening() as asked:
            call()
        captured.append(partial(place.raw.ask, asked))
    return in_turns(calls, captured)
