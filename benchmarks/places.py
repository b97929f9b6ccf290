"""Registries to measure on: loaded with a graph, on either engine, with the bare engine beside."""

import random
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.capture import RawNeo4j, RawSqlite
from benchmarks.graphs import commits
from lineage_registry.bootstrap import connect
from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import Selection
from lineage_registry.ports.graph import GraphStore
from lineage_registry.registry import Registry
from lineage_registry.settings import Settings
from tests.servers import BENCHMARK, Neo4jServer

ENGINES = ("sqlite", "neo4j")
_SAMPLED_FROM = 50_000


@dataclass
class Place:
    """A loaded registry.

    Attributes:
        seconds: How long loading took.
    """

    engine: str
    registry: Registry
    raw: Any
    folder: Path
    nodes: int = 0
    seconds: float = 0.0

    @property
    def store(self) -> GraphStore:
        """The graph store under the registry."""
        commands: Any = self.registry.sender.commands
        store: GraphStore = commands.work.graph
        return store

    def sample(self, kind: NodeKind, count: int, seed: int = 3) -> list[str]:
        """Return references of nodes picked at random, over all ages."""
        with self.store.view() as view:
            last = self.store.head().size
            chance = random.Random(seed)
            found: dict[int, None] = {}
            while len(found) < count:
                after = chance.randrange(max(last - 100, 1))
                found.update(dict.fromkeys(view.select(Selection(kind), after, 1)))
                if not view.select(Selection(kind), 0, count):
                    break
            return list(references_of(view, list(found)).values())


@contextmanager
def loaded(engine: str, events: Iterable[Event]) -> Iterator[Place]:
    """Give a registry that holds what the events say; it is gone afterwards."""
    with _sqlite(events) if engine == "sqlite" else _neo4j(events) as place:
        yield place


@contextmanager
def _sqlite(events: Iterable[Event]) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="lineage-benchmark-"))
    try:
        registry = connect(settings=Settings(url=f"sqlite:{folder}", actor="benchmark"))
        place = Place("sqlite", registry, None, folder)
        _load(place, events)
        place.raw = RawSqlite(place.store, folder / "graph.sqlite")  # type: ignore[arg-type]
        yield place
        place.raw.close()
        registry.close()
    finally:
        shutil.rmtree(folder)


@contextmanager
def _neo4j(events: Iterable[Event]) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="lineage-benchmark-"))
    try:
        with Neo4jServer(tuning=BENCHMARK) as server:
            settings = Settings.model_validate(
                {
                    "url": server.uri,
                    "artifacts": str(folder),
                    "actor": "benchmark",
                    "neo4j_user": server.user,
                    "neo4j_password": server.password,
                }
            )
            registry = connect(settings=settings)
            raw = RawNeo4j(server.uri, server.user, server.password)
            place = Place("neo4j", registry, raw, folder)
            _load(place, events)
            yield place
            raw.close()
            registry.close()
    finally:
        shutil.rmtree(folder)


def _load(place: Place, events: Iterable[Event]) -> None:
    begun = time.perf_counter()
    place.nodes = place.store.rebuild(commits(events)).size
    place.seconds = time.perf_counter() - begun
