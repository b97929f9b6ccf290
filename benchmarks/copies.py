"""Copies of the log: rows per second out and in, beside hashing the same lines and nothing else.

`python -m benchmarks.copies [sqlite|neo4j] [nodes]`
"""

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.graphs import Graph, realistic_graph
from benchmarks.places import loaded

_NOTHING = Graph("nothing", lambda: iter(()))
_FORMS = ("log.jsonl", "log.jsonl.gz", "log.parquet")


def measure(engine: str, nodes: int = 100_000, seed: int = 7) -> None:
    """Export a registry in each form, then import each into an empty one on the same engine."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in _FORMS]
        with loaded(engine, realistic_graph(nodes, seed)) as source:
            rows = source.store.head().size
            for file in files:
                rate = _rate(rows, partial(source.registry.export_log, file))
                print(f"{engine}: export {file.name} {rate:,.0f} rows/s")
        print(f"hash the lines: {_rate(rows, partial(_hash, files[0])):,.0f} rows/s")
        for file in files:
            with loaded(engine, _NOTHING, keep=False) as target:
                rate = _rate(rows, partial(target.registry.import_log, file))
                print(f"{engine}: import {file.name} {rate:,.0f} rows/s")


def _rate(rows: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return rows / (time.perf_counter() - begun)


def _hash(file: Path) -> None:
    with file.open("rb") as lines:
        for line in lines:
            hashlib.sha256(line).digest()


if __name__ == "__main__":
    given = sys.argv[1:]
    measure(given[0] if given else "sqlite", int(given[1]) if given[1:] else 100_000)
