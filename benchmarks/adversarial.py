"""Graphs that enumerate paths, recurse or fill the memory of a naive engine."""

import resource
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.graphs import chain, hub, lattice
from benchmarks.places import loaded
from lineage_registry import exports

_ROUNDS = 20
# A server compiles what it does often; exports have nothing to warm up.
_WARM = {"sqlite": 1, "neo4j": 40}


class Row(NamedTuple):
    """One line of the report: median milliseconds, and MiB that the peak memory grew by."""

    engine: str
    graph: str
    question: str
    milliseconds: float
    memory: float


def measure(engine: str) -> Iterator[Row]:
    """Ask the lattice, the chain and the hub."""
    with loaded(engine, lattice()) as place:
        yield _row(
            engine, "lattice 60 x 3", "ancestors", lambda: place.registry.ancestors("lattice:180")
        )
    with loaded(engine, chain()) as place:
        whole = place.registry.ancestors("chain:10000", limit=20_000)
        yield _row(
            engine,
            "chain of 10,000",
            "ancestors",
            lambda: place.registry.ancestors("chain:10000", limit=20_000),
        )
        if engine == "sqlite":
            for name in ("tree", "json", "svg", "html"):
                yield _row(
                    engine,
                    "chain of 10,000",
                    f"export {name}",
                    lambda name=name: exports.export(whole, name),
                    3,
                )
    with loaded(engine, hub()) as place:
        start = "datasets:/hub/1"
        yield _row(
            engine,
            "hub of 200,000",
            "closest 100",
            lambda: place.registry.descendants(start, limit=100),
        )
        yield _row(
            engine, "hub of 200,000", "impact counts", lambda: place.registry.impact(start), 3
        )


def _row(
    engine: str, graph: str, question: str, ask: Callable[[], object], rounds: int = _ROUNDS
) -> Row:
    before = _peak()
    for _ in range(_WARM[engine] if rounds == _ROUNDS else 1):
        ask()
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    taken.sort()
    return Row(engine, graph, question, taken[len(taken) // 2] * 1e3, _peak() - before)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
