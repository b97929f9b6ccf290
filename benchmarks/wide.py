"""Answers with ten thousand nodes and more: impact, recall, a closure as JSON."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from benchmarks.graphs import Graph, tree
from benchmarks.lineage import beside_raw
from benchmarks.places import loaded
from benchmarks.rows import Row, times
from lineage_registry import exports
from lineage_registry.registry import Registry

_ROUNDS = 30
_FEW = 8
_START = "datasets:/recalled/1"
BARS = {
    ("sqlite", "impact"): ("p95", 150.0),
    ("neo4j", "impact"): ("p95", 500.0),
    ("sqlite", "recall"): ("p95", 1000.0),
    ("neo4j", "recall"): ("p95", 1000.0),
}
JSON_BAR = 1.5


def measure(engine: str, seed: int, names: Collection[str]) -> Iterator[Row]:
    """Ask what one dataset version led to."""
    for name, versions, ask, rounds in (
        ("impact", 5_000, _impact, _ROUNDS),
        ("recall", 10_000, _recall, _ROUNDS),
        ("closure", 50_000, _closure, _FEW),
    ):
        if name not in names:
            continue
        graph = Graph(f"tree-{versions}-{seed}", partial(tree, versions, seed))
        with loaded(engine, graph) as place:
            size = ask(place.registry)
            mine, raw = beside_raw(place, [partial(ask, place.registry)] * rounds)
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
            if name == "closure":
                row["bar ratio"] = JSON_BAR
                row["met"] = mine.p50 <= JSON_BAR * raw.p50
            yield row


def _impact(registry: Registry) -> int:
    return registry.impact(_START).total


def _recall(registry: Registry) -> int:
    """Name all of them, each with a witness path."""
    return len(registry.recall(_START, limit=10_000).versions)


def _closure(registry: Registry) -> int:
    """Write nodes and edges as JSON."""
    answer: Any = registry.descendants(_START, limit=1_000_000)
    exports.export(answer, "json")
    return len(answer.nodes)
