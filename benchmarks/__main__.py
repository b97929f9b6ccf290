"""Measure and write `benchmarks/RESULTS.md`.

Without options everything is measured. With `--only` the rest of the report stays as earlier runs
left it: names of parts (questions, wide, generations, adversarial, layouts, commits, copies,
http, folders, inspection), of questions (recall, "common ancestors", ...), or of wide answers
(impact of 10^4: "wide:impact").
"""

import argparse
from collections.abc import Iterator, Sequence

from benchmarks import (
    adversarial,
    commits,
    copies,
    folders,
    generations,
    http,
    inspection,
    lineage,
    report,
    wide,
)
from benchmarks.places import ENGINES
from benchmarks.questions import QUESTIONS
from benchmarks.rows import Row, Rows

_SEED = 7
_HTTP_NODES = 100_000
_GRAPHS = tuple(dict.fromkeys(case.graph.name for case in adversarial.CASES))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000,1000000", help="nodes on SQLite")
    parser.add_argument("--neo4j-sizes", default="10000,100000", help="nodes on Neo4j")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--only", default="", help="parts or questions, with commas between")
    parser.add_argument("--seed", type=int, default=_SEED)
    given = parser.parse_args()
    rows = Rows(fresh=not given.only)
    for row in _measured(given, _listed(given.only)):
        rows.add(row)
        report.write(rows, given.seed)


def _measured(given: argparse.Namespace, only: Sequence[str]) -> Iterator[Row]:
    sizes = {
        "sqlite": [int(size) for size in _listed(given.sizes)],
        "neo4j": [int(size) for size in _listed(given.neo4j_sizes)],
    }
    engines = _listed(given.engines)
    for engine in engines:
        yield from _on(engine, sizes[engine], given.seed, only)
    if _chosen(only, "folders", ()):
        yield from folders.measure()
    if _chosen(only, "inspection", ()):
        yield from inspection.measure()
    if _chosen(only, "layouts", ()):
        yield from adversarial.measure_layouts()
    if "sqlite" in engines and _chosen(only, "http", ()):
        yield http.measure(min(max(sizes["sqlite"]), _HTTP_NODES), given.seed)


def _on(engine: str, sizes: Sequence[int], seed: int, only: Sequence[str]) -> Iterator[Row]:
    """Measure on one engine, the parts that take longest last."""
    if _chosen(only, "generations", ()):
        yield from generations.measure(engine)
    if names := _chosen(only, "wide", [f"wide:{name}" for name in wide.NAMES]):
        yield from wide.measure(engine, seed, [name.removeprefix("wide:") for name in names])
    if graphs := _chosen(only, "adversarial", _GRAPHS):
        yield from adversarial.measure(engine, graphs)
    if _chosen(only, "commits", ()):
        yield from commits.measure(engine)
    if _chosen(only, "copies", ()):
        yield from copies.measure(engine, seed=seed)
    if questions := _chosen(only, "questions", list(QUESTIONS)):
        for nodes in sizes:
            yield from lineage.measure(engine, nodes, seed, questions)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _chosen(only: Sequence[str], part: str, names: Sequence[str]) -> list[str]:
    """Return the names of a part that are asked for; the part alone asks for all."""
    if not only or part in only:
        return list(names) or [part]
    return [name for name in names if name in only]


if __name__ == "__main__":
    main()
