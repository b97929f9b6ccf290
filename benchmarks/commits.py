"""A commit of one version with run, two parents and a dataset, beside the same statements raw.

Raw sends what the engine was sent for one such commit, in a durable transaction, with every new
position and revision shifted so that each round writes rows of its own.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import count
from typing import Any

from benchmarks.graphs import realistic_graph
from benchmarks.places import Place, loaded
from benchmarks.rows import Row, times
from benchmarks.timing import in_turns
from benchmarks.written import write, written
from lineage_registry.domain import registration, runs
from lineage_registry.domain.events import Event
from lineage_registry.domain.references import Reference, Space, parse_reference
from lineage_registry.domain.registration import Link, NewVersion
from lineage_registry.domain.resolution import resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.ports.graph import Request

_ROUNDS = 300
_FAR = 10**9


def measure(engine: str, nodes: int = 10_000, seed: int = 7) -> Iterator[Row]:
    """Register metadata, durably, on a graph of `nodes` nodes."""
    with loaded(engine, realistic_graph(nodes, seed), keep=False) as place:
        numbers = count()
        commit = partial(_commit, place, numbers)
        for _ in range(50):
            commit()
        raw = _raw(place, commit)
        for what, way in (
            ("commit: version, run, 2 parents, dataset", commit),
            ("Registry.register, the same", partial(_register, place)),
        ):
            mine, bare = in_turns([way] * _ROUNDS, [raw] * _ROUNDS, warm=0)
            yield {
                "part": "commits",
                "engine": engine,
                "graph": f"{nodes:,}",
                "question": what,
                **times("registry", mine),
                **times("raw", bare),
            }


def _commit(place: Place, numbers: Iterator[int]) -> None:
    parents = [Link(parse_reference(f"model-0:{number}"), "finetune") for number in (1, 2)]
    run_id = f"benchmark-{next(numbers)}"

    def decide(view: GraphView) -> Generator[Event, int, None]:
        data = resolve(view, parse_reference("datasets:/data-0/1"))
        inputs = [runs.Input(data.node, "train")]
        yield from runs.start(
            view, run_id, facts={}, params={}, tags={}, inputs=inputs, parent=None
        )
        run = Reference(Space.RUNS, run_id)
        yield from registration.register(
            view, NewVersion(Space.MODELS, "model-0", run=run, parents=parents)
        )

    place.store.transact(decide, Request(actor="benchmark"))


def _register(place: Place) -> None:
    place.registry.register(
        "model-0",
        parents=[("model-0:1", "finetune"), ("model-0:2", "finetune")],
        datasets=["data-0:1"],
    )


def _raw(place: Place, commit: Callable[[], None]) -> Callable[[], None]:
    head = place.store.head()
    with written(place) as found:
        commit()
    asked = [statement for transaction in found for statement in transaction]
    unique = {head.size + 1, head.size + 2, head.revision + 1, place.store.head().at}
    rounds = count(1)

    def once() -> None:
        far = _FAR + 10 * next(rounds)
        write(place, [[one._replace(parameters=_moved(one.parameters, far)) for one in asked]])

    def _moved(given: Any, far: int) -> Any:
        if isinstance(given, dict):
            return {key: _moved(value, far) for key, value in given.items()}
        if isinstance(given, list | tuple):
            return [_moved(value, far) for value in given]
        if type(given) is int and given in unique:
            return given + far
        if isinstance(given, str) and "/" in given:  # the key of an edge begins with its source
            first, _, rest = given.partition("/")
            return f"{int(first) + far}/{rest}" if first.isdigit() else given
        return given

    return once
