"""Graphs that enumerate paths, recurse or fill the memory of a naive engine, and large layouts."""

import resource
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

from benchmarks.graphs import Graph, chain, hub, lattice
from benchmarks.places import Place, loaded
from benchmarks.rows import Row, times
from benchmarks.timing import in_turns
from lineage_registry import exports
from lineage_registry.registry import Registry
from tests.golden import lineages

_ROUNDS = 20
_FEW = 3
# A server compiles what it does often, and goes on doing so for hundreds of calls.
_WARM = {"sqlite": 1, "neo4j": 400}
_WARM_SECONDS = 30
_HUB = "datasets:/hub/1"


class Case(NamedTuple):
    """One question; its bars are medians in milliseconds, by engine."""

    graph: Graph
    question: str
    ask: Callable[[Registry], object]
    rounds: int
    bars: dict[str, float]


_LATTICE = Graph("lattice of 60 levels x 3", lattice)
_CHAIN = Graph("chain of 10,000", chain)
_MANY = Graph("hub of 200,000 users", hub)
CASES = (
    Case(
        _LATTICE,
        "ancestors",
        lambda registry: registry.ancestors("lattice:180"),
        _ROUNDS,
        {"sqlite": 5, "neo4j": 20},
    ),
    Case(
        _CHAIN,
        "ancestors",
        lambda registry: registry.ancestors("chain:10000", limit=20_000),
        _ROUNDS,
        {"sqlite": 250, "neo4j": 250},
    ),
    Case(
        _MANY,
        "closest 100",
        lambda registry: registry.descendants(_HUB, limit=100),
        _ROUNDS,
        {},
    ),
    Case(_MANY, "impact counts", lambda registry: registry.impact(_HUB), _FEW, {}),
)
LAYOUTS: dict[str, Callable[[], Any]] = {
    "5,000 versions and runs": lambda: lineages.chain_with_runs(2_500),
    "chain of 2,000": lambda: lineages.chain(2_000),
    "star of 1,000": lambda: lineages.star(1_000),
}
_PICTURES = ("svg", "html", "dot", "mermaid")
LAYOUT_BAR = 1_000


def measure(engine: str, graphs: Collection[str]) -> Iterator[Row]:
    """Ask the lattice, the chain and the hub."""
    for graph in dict.fromkeys(case.graph for case in CASES):
        cases = [case for case in CASES if case.graph == graph and case.graph.name in graphs]
        if cases:
            with loaded(engine, graph._replace(name=graph.name.replace(" ", "-"))) as place:
                for case in cases:
                    yield _asked(place, case)


def _asked(place: Place, case: Case) -> Row:
    before = _peak()
    begun = time.monotonic()
    for _ in range(_WARM[place.engine] if case.rounds == _ROUNDS else 1):
        case.ask(place.registry)
        if time.monotonic() - begun > _WARM_SECONDS:
            break
    (taken,) = in_turns([lambda: case.ask(place.registry)] * case.rounds)
    row: Row = {
        "part": "adversarial",
        "engine": place.engine,
        "graph": case.graph.name,
        "question": case.question,
        **times("registry", taken),
        "MiB": _peak() - before,
    }
    bar = case.bars.get(place.engine)
    if bar is not None:
        row |= {"bar": bar, "met": taken.p50 <= bar}
    return row


def measure_layouts() -> Iterator[Row]:
    """Draw large answers, which needs no engine."""
    for name, make in LAYOUTS.items():
        answer = make()
        for picture in _PICTURES:

            def draw(answer: Any = answer, picture: str = picture) -> object:
                return exports.export(answer, picture)

            (taken,) = in_turns([draw] * _FEW)
            yield {
                "part": "layouts",
                "engine": "",
                "graph": name,
                "question": picture,
                **times("registry", taken),
                "bar": LAYOUT_BAR,
                "met": taken.p50 <= LAYOUT_BAR,
            }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
