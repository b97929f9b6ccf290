"""Measure and write `benchmarks/RESULTS.md`: `python -m benchmarks --help`."""

import argparse
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import adversarial, commits, http, lineage
from benchmarks.places import ENGINES

_REPORT = Path(__file__).parent / "RESULTS.md"
_SEED = 7
_HTTP_NODES = 100_000


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="nodes of the graphs")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--neo4j-sizes", default="10000,100000", help="nodes on Neo4j")
    parser.add_argument("--seed", type=int, default=_SEED)
    given = parser.parse_args()
    sizes = {
        "sqlite": [int(size) for size in given.sizes.split(",") if size],
        "neo4j": [int(size) for size in given.neo4j_sizes.split(",") if size],
    }
    engines = [engine for engine in given.engines.split(",") if engine]
    with _REPORT.open("w", encoding="utf-8") as report:

        def write(text: str) -> None:
            report.write(text + "\n")
            report.flush()
            sys.stdout.write(text + "\n")

        _head(write, given.seed)
        _lineage(write, {engine: sizes[engine] for engine in engines}, given.seed)
        _commits(write, engines)
        if "sqlite" in engines:
            _http(write, min(max(sizes["sqlite"]), _HTTP_NODES), given.seed)
        _adversarial(write, engines)


def _head(write: Callable[[str], None], seed: int) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    write("# Results\n")
    write(f"Written by `python -m benchmarks` on {datetime.now(UTC):%Y-%m-%d}, seed {seed}, ")
    write(f"commit {commit}: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, ")
    write(f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}. Times are ")
    write("milliseconds. *Raw* is the same statements sent straight to the engine with the same ")
    write("rows fetched, in turns with the registry, in one run. Compare ratios, not times: the ")
    write("machine is shared. Uploads and exports: `python -m benchmarks.upload`, ")
    write("`python -m benchmarks.exports`.\n")


def _lineage(write: Callable[[str], None], sizes: dict[str, list[int]], seed: int) -> None:
    write("## Questions on realistic graphs\n")
    _table_head(write, "engine", "nodes", "question", "mean answer", *_TIMED)
    bulk = []
    for engine, counts in sizes.items():
        for nodes in counts:
            for row in lineage.measure(engine, nodes, seed):
                if isinstance(row, lineage.Bulk):
                    bulk.append(row)
                else:
                    _row(
                        write, engine, f"{nodes:,}", row.question, f"{row.answer:.0f}", *_timed(row)
                    )
    write("\n## Bulk load (replay of a log into an empty store)\n")
    _table_head(write, "engine", "events", "events per second")
    for one in bulk:
        _row(write, one.engine, f"{one.nodes:,}", f"{one.rate:,.0f}")


def _commits(write: Callable[[str], None], engines: Sequence[str]) -> None:
    write("\n## Durable commits on 10,000 nodes\n")
    _table_head(write, "engine", "what", *_TIMED)
    for engine in engines:
        for row in commits.measure(engine):
            _row(write, engine, row.question, *_timed(row))


def _http(write: Callable[[str], None], nodes: int, seed: int) -> None:
    row = http.measure(nodes, seed)
    write(f"\n## Ancestors over HTTP, SQLite, {nodes:,} nodes\n")
    _table_head(write, "over HTTP p50", "in process p50", "empty route p50", "2x + 1.5x", "p99")
    times = (row.http.p50, row.in_process.p50, row.empty.p50, row.bar, row.http.p99)
    _row(write, *(f"{time:.2f}" for time in times))


def _adversarial(write: Callable[[str], None], engines: Sequence[str]) -> None:
    write("\n## Adversarial graphs\n")
    _table_head(write, "engine", "graph", "question", "p50", "peak memory, MiB more")
    for engine in engines:
        for row in adversarial.measure(engine):
            _row(write, *row[:3], f"{row.milliseconds:.1f}", f"{row.memory:.0f}")


_TIMED = ("registry p50", "p99", "raw p50", "p99", "ratio of p50")


def _timed(row: lineage.Row) -> Iterator[str]:
    for times in (row.registry, row.raw):
        yield f"{times.p50:.2f}"
        yield f"{times.p99:.2f}"
    yield f"{row.ratio:.2f}"


def _table_head(write: Callable[[str], None], *cells: str) -> None:
    _row(write, *cells)
    _row(write, *("---" for _ in cells))


def _row(write: Callable[[str], None], *cells: str) -> None:
    write(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
