"""Answers with ten thousand nodes and more: impact, recall, a closure as JSON."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, NamedTuple

from benchmarks.graphs import Graph, tree
from benchmarks.lineage import captured
from benchmarks.places import loaded
from benchmarks.rows import Row, times
from benchmarks.timing import in_turns
from lineage_registry import exports
from lineage_registry.ports.commands import Context, GetLineage
from lineage_registry.registry import Registry

_START = "datasets:/recalled/1"
_ALL = 1_000_000
BARS = {
    ("sqlite", "impact"): ("p95", 150.0),
    ("neo4j", "impact"): ("p95", 500.0),
    ("sqlite", "recall"): ("p95", 1000.0),
    ("neo4j", "recall"): ("p95", 1000.0),
}
JSON_BAR = 1.5


class _Asked(NamedTuple):
    """A question; `bare` is what the engine is asked beside it, where that is something else."""

    versions: int
    rounds: int
    ask: Callable[[Registry], int]
    bare: Callable[[Registry], int] | None = None


def measure(engine: str, seed: int, names: Collection[str]) -> Iterator[Row]:
    """Ask what one dataset version led to."""
    for name in (name for name in _QUESTIONS if name in names):
        versions, rounds, ask, bare = _QUESTIONS[name]
        graph = Graph(f"tree-{versions}-{seed}", partial(tree, versions, seed))
        with loaded(engine, graph) as place:
            size = ask(place.registry)
            (raw_call,) = captured(place, [partial(bare or ask, place.registry)])
            mine, raw = in_turns([partial(ask, place.registry)] * rounds, [raw_call] * rounds)
            row: Row = {
                "part": "wide",
                "engine": engine,
                "graph": f"{2 * versions:,} nodes behind one dataset version",
                "question": name,
                "answer": size,
                **times("registry", mine),
                **times("raw", raw),
            }
            if (engine, name) in BARS:
                row["bar"] = BARS[engine, name][1]
                row["met"] = mine.p95 <= row["bar"]
            if bare is not None:
                row["bar ratio"] = JSON_BAR
                row["met"] = mine.p50 <= JSON_BAR * raw.p50
            yield row


def _impact(registry: Registry) -> int:
    return registry.impact(_START).total


def _recall(registry: Registry) -> int:
    """Name all of them, each with a witness path."""
    return len(registry.recall(_START, limit=10_000).versions)


def _nodes_and_edges(registry: Registry) -> int:
    """Have nodes and edges read, and nothing made of them: the least that an export needs."""
    return len(registry.descendants(_START, limit=_ALL).nodes)


def _closure(registry: Registry) -> int:
    """Write nodes and edges as JSON."""
    answer: Any = registry.descendants(_START, limit=_ALL)
    exports.export(answer, "json")
    return len(answer.nodes)


def _streamed(registry: Registry) -> int:
    """Do the same as a server does it, without ever holding them."""
    commands: Any = registry.sender.commands
    asked = GetLineage(start=[_START], direction="downstream", limit=_ALL)
    answer = commands.stream(asked, Context(actor="benchmark"))
    for _ in exports.export_chunks(answer, "json") or ():
        pass
    return len(answer.nodes)


_QUESTIONS: dict[str, _Asked] = {
    "impact": _Asked(5_000, 30, _impact),
    "recall": _Asked(10_000, 30, _recall),
    "closure": _Asked(50_000, 8, _closure, _nodes_and_edges),
    "streamed": _Asked(50_000, 8, _streamed, _nodes_and_edges),
}
NAMES = tuple(_QUESTIONS)
