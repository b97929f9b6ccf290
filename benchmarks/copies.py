"""Copies of the log: events per second out and in, beside the bare engine writing the same rows.

The copy holds commits of a hundred events; an event is a line, and makes about one node, 2.4 edges,
2.3 values and four entries of the audit trail. Raw sends what the engine was sent for the first
20,000 events, in the same transactions, over the bare driver, the best of three times. That also
warms a server up: its compilers have seen the statements, as those of a server that has been in
use have; in the first half a minute of its life it takes in half as many.
"""

import filecmp
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.graphs import Graph, realistic_graph
from benchmarks.places import Place, loaded
from benchmarks.rows import Row
from benchmarks.written import write, written

BARS = {"sqlite": 20_000, "neo4j": 5_000}
"""Events a second that an import of JSON Lines should take in."""
_NOTHING = Graph("nothing", lambda: iter(()))
_FORMS = {"sqlite": ("log.jsonl", "log.jsonl.gz", "log.parquet"), "neo4j": ("log.jsonl",)}
_RAW = 20_000
_TURNS = 3
_EVENTS_A_COMMIT = 100


def measure(engine: str, nodes: int = 100_000, seed: int = 7) -> Iterator[Row]:
    """Import a registry of `nodes` nodes in each form into an empty one, and export it again."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {form: Path(folder) / form for form in _FORMS[engine]}
        few = Path(folder) / "few.jsonl"
        events = _written(copies, few, realistic_graph(nodes, seed))
        with loaded(engine, _NOTHING, keep=False) as place:
            raw = _raw(place, few)
            for form, copy in copies.items():
                row = {"part": "copies", "engine": engine, "graph": f"{events:,}"}
                place.store.rebuild([])
                rate = _rate(events, partial(place.registry.import_log, copy))
                bar = {"met": rate >= BARS[engine]} if form == "log.jsonl" else {}
                yield {
                    **row,
                    "question": f"import {form}",
                    "a second": rate,
                    "raw a second": raw,
                    **bar,
                }
                again = copy.with_name(f"again-{form}")
                rate = _rate(events, partial(place.registry.export_log, again))
                if not filecmp.cmp(copy, again, shallow=False):
                    raise AssertionError(f"{form} came back with other bytes")
                hashing = _rate(events, partial(_hash, copy))
                yield {
                    **row,
                    "question": f"export {form}",
                    "a second": rate,
                    "raw a second": hashing,
                }


def _written(copies: dict[str, Path], few: Path, graph: Graph) -> int:
    with loaded("sqlite", graph) as source:
        for copy in copies.values():
            source.registry.export_log(copy)
        source.registry.export_log(few, as_of=_RAW // _EVENTS_A_COMMIT)
        return source.store.head().size


def _raw(place: Place, few: Path) -> float:
    """Return the events a second of the same statements without the registry."""
    with written(place) as transactions:
        place.registry.import_log(few)
    events, rates = place.store.head().size, []
    for _ in range(_TURNS):
        place.store.rebuild([])
        rates.append(_rate(events, partial(write, place, transactions)))
    return max(rates)


def _rate(rows: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return rows / (time.perf_counter() - begun)


def _hash(file: Path) -> None:
    with file.open("rb") as lines:
        for line in lines:
            hashlib.sha256(line).digest()
