"""Fifty generations: through the registry, and as a loop over MLflow's client, in turns.

Each engine is compared with MLflow put up in the same way: a library on a local SQLite file beside
our SQLite engine, a client of MLflow's own server beside Neo4j, all on this machine.
`tags` beside a chain of versions alone, `runs` beside a chain in which a run made each version.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.graphs import Graph, generations
from benchmarks.places import loaded
from benchmarks.rows import Row, times
from benchmarks.timing import Times, in_turns
from lineage_registry.registry import Registry

PYTHON = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"
BAR = 100
_LENGTH = 50
_ROUNDS = 20
_HOW = {"sqlite": "file", "neo4j": "server"}
_NEWEST = f"chain:{_LENGTH}"
# A server compiles what it does often.
_WARM = {"sqlite": 20, "neo4j": 2_000}
_WAYS = {
    "tags": "each version, its tags",
    "runs": "each version, its tags and its run",
    "one search": "all versions of the model at once",
}
Ask = Callable[[str], dict[str, float]]


def measure(engine: str) -> Iterator[Row]:
    """Walk the same chain both ways."""
    if not PYTHON.exists():
        sys.stdout.write(f"no MLflow ({PYTHON}): not compared; `make bench` gets it\n")
        return
    for way, what in _WAYS.items():
        runs = way == "runs"
        graph = Graph(f"generations-{_LENGTH}-{runs}", partial(generations, _LENGTH, runs=runs))
        with loaded(engine, graph) as place, _mlflow(_HOW[engine]) as (version, ask):
            for _ in range(_WARM[engine]):
                place.registry.ancestors(_NEWEST)
            ours, loop = _walked(place.registry, partial(ask, way), _LENGTH * (2 if runs else 1))
            yield {
                "part": "generations",
                "engine": engine,
                "graph": f"{_LENGTH} generations",
                "question": what,
                "mlflow": version,
                **times("registry", ours),
                **times("loop", loop),
            } | ({} if way == "one search" else {"met": loop.p50 >= BAR * ours.p50})


def _walked(registry: Registry, ask: Callable[[], dict[str, float]], nodes: int) -> list[Times]:
    seconds: list[float] = []

    def mine() -> None:
        _demand(len(registry.ancestors(_NEWEST).nodes), nodes)

    def theirs() -> None:
        answer = ask()
        _demand(answer["found"], _LENGTH)
        seconds.append(answer["seconds"])

    ours, _ = in_turns([mine] * _ROUNDS, [theirs] * _ROUNDS)
    # What it took there, without the way to the other process and back; the first half was to warm.
    return [ours, Times(tuple(sorted(seconds[-_ROUNDS:])))]


@contextmanager
def _mlflow(how: str) -> Iterator[tuple[str, Ask]]:
    script = Path(__file__).with_name("mlflow_client.py")
    with tempfile.TemporaryDirectory(prefix="lineage-benchmark-") as folder:
        process = subprocess.Popen(
            [str(PYTHON), "-I", str(script), folder, str(_LENGTH), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told, heard = process.stdin, process.stdout
        if told is None or heard is None:
            raise RuntimeError("no pipes")

        def ask(way: str) -> dict[str, float]:
            told.write(way + "\n")
            told.flush()
            answer: dict[str, float] = json.loads(heard.readline())
            return answer

        try:
            yield json.loads(heard.readline())["version"], ask
        finally:
            told.close()
            process.wait(timeout=30)


def _demand(found: float, expected: int) -> None:
    if found != expected:
        raise RuntimeError(f"{found} generations instead of {expected}")
