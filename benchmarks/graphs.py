"""Seeded lineage graphs as streams of events: realistic ones and adversarial ones.

The realistic graph is made of projects, as an organisation's registry is: in each, datasets grow
version by version, runs read some of them and an earlier model, and make the next version. A few
foundation models and datasets are used everywhere. The last model of each project is in Production
and serves; a few early datasets are tainted, as many whatever the size. About 2.4 edges per node.
"""

import random
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from lineage_registry.domain.events import (
    Cause,
    DatasetCreated,
    DeploymentCreated,
    Event,
    ModelCreated,
    RunStarted,
    StageMoved,
    TaintRaised,
    VersionRegistered,
)
from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.ports.graph import Recorded, Request, record

_EVENTS_A_COMMIT = 100
_START = (
    1_760_000_000_000_000  # microseconds; a fixed day, so that the same seed gives the same log
)
Making = Generator[Event, None, int]
PROJECT = 650
"""Nodes of one project: what bounds an ancestry."""
_TAINTS = 20


class Graph(NamedTuple):
    """A graph that can be loaded; the name says all that decides what is in it."""

    name: str
    make: Callable[[], Iterator[Event]]


def realistic_graph(nodes: int, seed: int) -> Graph:
    """Return the realistic graph of about `nodes` nodes."""
    return Graph(f"realistic-{nodes}-{seed}", partial(realistic, nodes, seed))


def commits(events: Iterable[Event], *, size: int = _EVENTS_A_COMMIT) -> Iterator[Recorded]:
    """Put events into a log, `size` to a commit."""
    request = Request(actor="benchmark")
    for place, event in enumerate(events):
        revision = place // size + 1
        yield record(event, place + 1, revision, _START + revision * 1_000, request)


def realistic(nodes: int, seed: int = 7) -> Iterator[Event]:
    """Yield events that make about `nodes` nodes."""
    chance = random.Random(seed)
    log = _Log()
    shared: list[int] = []
    for created, kind in (
        (ModelCreated, NodeKind.MODEL_VERSION),
        (DatasetCreated, NodeKind.DATASET_VERSION),
    ):
        family = yield from log.family(created, f"foundation-{kind}")
        for _ in range(5):
            version = yield from log.version(kind, family)
            shared.append(version)
    project = 0
    while log.nodes < nodes:
        size = min(PROJECT, nodes - log.nodes)
        yield from _project(log, chance, project, shared, size)
        project += 1


def lattice(width: int = 3, levels: int = 60) -> Iterator[Event]:
    """Yield a diamond lattice: every node comes from all nodes of the level before."""
    log = _Log()
    family = yield from log.family(ModelCreated, "lattice")
    level: list[int] = []
    for _ in range(levels):
        made = []
        for _ in range(width):
            version = yield from log.version(NodeKind.MODEL_VERSION, family, parents=level)
            made.append(version)
        level = made


def chain(length: int = 10_000) -> Iterator[Event]:
    """Yield versions that each come from the one before."""
    log = _Log()
    family = yield from log.family(ModelCreated, "chain")
    last: list[int] = []
    for _ in range(length):
        last = [(yield from log.version(NodeKind.MODEL_VERSION, family, parents=last))]


def generations(length: int = 50, *, runs: bool) -> Iterator[Event]:
    """Yield versions that each come from the one before, made by a run that read it if `runs`."""
    log = _Log()
    family = yield from log.family(ModelCreated, "chain")
    last: list[int] = []
    for _ in range(length):
        run = (yield from log.run(last)) if runs else None
        last = [(yield from log.version(NodeKind.MODEL_VERSION, family, parents=last, run=run))]


def tree(versions: int, seed: int = 7) -> Iterator[Event]:
    """Yield one dataset version and `versions` model versions that use it, over each other.

    One in ten was trained on the data itself, the others tuned from an earlier one, so the
    distances are as in nature: about 20 edges at most. A hundred models with owners; one version
    in a hundred is in Production, where it serves.
    """
    chance, log = random.Random(seed), _Log()
    datasets = yield from log.family(DatasetCreated, "recalled")
    data = yield from log.version(NodeKind.DATASET_VERSION, datasets)
    models = []
    for number in range(100):
        family = yield from log.family(ModelCreated, f"user-{number}", owner=f"team-{number % 9}")
        models.append(family)
    made: list[int] = []
    for number in range(versions):
        parents = [chance.choice(made)] if made and chance.random() > 0.1 else []
        run = yield from log.run(parents or [data])
        family = models[number % len(models)]
        version = yield from log.version(NodeKind.MODEL_VERSION, family, parents=parents, run=run)
        made.append(version)
        if number % 100 == 50:
            yield from log.production(family, version)
            yield from log.deployment(f"service-{number}", version)


def hub(users: int = 200_000) -> Iterator[Event]:
    """Yield one dataset version and `users` runs that read it, each with one model version."""
    log = _Log()
    datasets = yield from log.family(DatasetCreated, "hub")
    models = yield from log.family(ModelCreated, "user")
    data = yield from log.version(NodeKind.DATASET_VERSION, datasets)
    for _ in range(users):
        run = yield from log.run([data])
        yield from log.version(NodeKind.MODEL_VERSION, models, run=run)


class _Log:
    """Counts positions, numbers and nodes while events are made."""

    def __init__(self) -> None:
        self.position = 0
        self.nodes = 0
        self.taints = 0
        self._numbers: dict[int, int] = {}

    def family(self, kind: type[ModelCreated], name: str, owner: str | None = None) -> Making:
        node = self._next()
        yield kind(name=name, key=name, owner=owner)
        self._numbers[node] = 0
        return node

    def version(
        self,
        kind: NodeKind,
        family: int,
        *,
        parents: Iterable[int] = (),
        run: int | None = None,
        needs: Iterable[int] = (),
    ) -> Making:
        node = self._next()
        self._numbers[family] += 1
        causes = [Cause(kind=EdgeKind.DERIVED_FROM, target=one, role="other") for one in parents]
        causes += [Cause(kind=EdgeKind.DEPENDS_ON, target=one) for one in needs]
        if run is not None:
            causes.append(Cause(kind=EdgeKind.GENERATED_BY, target=run))
        yield VersionRegistered(
            kind=kind,
            owner=family,
            number=self._numbers[family],
            facts={"format": "safetensors", "size": 1_000_000},
            metrics={"accuracy": 0.9} if kind is NodeKind.MODEL_VERSION else {},
            causes=causes,
        )
        return node

    def run(self, inputs: Iterable[int]) -> Making:
        node = self._next()
        yield RunStarted(
            run_id=f"run-{node}",
            params={"lr": 0.001},
            causes=[Cause(kind=EdgeKind.USED, target=one, role="train") for one in inputs],
            status="finished",
        )
        return node

    def deployment(self, name: str, version: int) -> Making:
        node = self._next()
        yield DeploymentCreated(name=name, key=name, version=version, owner="team")
        return node

    def production(self, model: int, version: int) -> Iterator[Event]:
        self.position += 1
        stage = "Production"
        yield StageMoved(
            model=model,
            pointer=f"stage/{stage}",
            before=None,
            version=version,
            below=0,
            stages={version: stage},
        )

    def taint(self, node: int) -> Iterator[Event]:
        self.position += 1
        self.taints += 1
        yield TaintRaised(
            taint=self.taints, node=node, kind="embargo", severity="warning", reason="benchmark"
        )

    def _next(self) -> int:
        self.position += 1
        self.nodes += 1
        return self.position


def _project(
    log: _Log, chance: random.Random, number: int, shared: list[int], size: int
) -> Iterator[Event]:
    first = log.nodes
    owner = f"team-{number % 50}"
    data_family = yield from log.family(DatasetCreated, f"data-{number}", owner)
    model_family = yield from log.family(ModelCreated, f"model-{number}", owner)
    data: list[int] = []
    models: list[int] = []
    while log.nodes - first < size:
        inputs = _some(chance, data, 4) + _some(chance, models, 2)
        if chance.random() < 0.05:
            inputs.append(chance.choice(shared))
        run = yield from log.run(dict.fromkeys(inputs))
        is_data = chance.random() < 0.4 or not data
        made, family, kind = (
            (data, data_family, NodeKind.DATASET_VERSION)
            if is_data
            else (models, model_family, NodeKind.MODEL_VERSION)
        )
        parents = _some(chance, made, 2)
        version = yield from log.version(kind, family, parents=parents, run=run)
        made.append(version)
    if models:
        yield from log.production(model_family, models[-1])
        yield from log.deployment(f"service-{number}", models[-1])
    if data and log.taints < _TAINTS:
        yield from log.taint(data[len(data) // 2])


def _some(chance: random.Random, found: list[int], most: int) -> list[int]:
    """Pick up to `most` of them, the younger the likelier."""
    count = chance.randint(0, most)
    return [
        found[-min(len(found), int(chance.expovariate(1 / 20)) + 1)] for _ in range(count) if found
    ]
