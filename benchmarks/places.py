"""Registries to measure on: loaded with a graph, on either engine, with the bare engine beside.

Loading a large graph takes longer than asking it, so what only reads may keep it: the folder
.cache/benchmarks has a registry for each graph, as long as the code that makes it is unchanged.
"""

import hashlib
import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmarks.capture import RawNeo4j, RawSqlite
from benchmarks.graphs import Graph, commits
from lineage_registry.bootstrap import connect
from lineage_registry.domain.resolution import references_of
from lineage_registry.ports.graph import PROJECTION, GraphStore
from lineage_registry.registry import Registry
from lineage_registry.settings import Settings
from tests.servers import BENCHMARK, Neo4jServer

ENGINES = ("sqlite", "neo4j")
_ROOT = Path(__file__).parents[1]
_KEPT = _ROOT / ".cache" / "benchmarks"
# What decides how a graph lies in a store. The projection is raised whenever that changes; the
# rest is here for work in progress.
_DECIDING = {
    "sqlite": ("lineage_registry/graph/sqlite/statements.py",),
    "neo4j": ("cypher/schema/*.cypher", "cypher/write/apply.cypher"),
}


@dataclass
class Place:
    """A loaded registry.

    Attributes:
        loaded: Events, the seconds that loading took, and the day.
    """

    engine: str
    registry: Registry
    raw: Any
    folder: Path
    loaded: dict[str, Any]

    @property
    def store(self) -> GraphStore:
        """The graph store under the registry."""
        commands: Any = self.registry.sender.commands
        store: GraphStore = commands.work.graph
        return store

    def references(self, ids: Sequence[int]) -> list[str]:
        """Return the reference of each node."""
        with self.store.view() as view:
            named = references_of(view, ids)
        return [named[id_] for id_ in ids]


@contextmanager
def loaded(engine: str, graph: Graph, *, keep: bool = True) -> Iterator[Place]:
    """Give a registry that holds a graph.

    Args:
        engine: Where.
        graph: What.
        keep: Whether a registry loaded earlier will do, and this one is kept for later. Who
            writes into it says no.
    """
    folder = _kept(engine, graph) if keep else Path(tempfile.mkdtemp(prefix="lineage-benchmark-"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{folder}.lock"):
            if not (folder / "loaded.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
            with _sqlite(folder) if engine == "sqlite" else _neo4j(folder) as place:
                _load(place, graph)
                yield place
    finally:
        if not keep:
            shutil.rmtree(folder)
            Path(f"{folder}.lock").unlink(missing_ok=True)


def _kept(engine: str, graph: Graph) -> Path:
    digest = hashlib.sha256(str(PROJECTION).encode())
    patterns = ("benchmarks/graphs.py", "lineage_registry/domain/events/*.py", *_DECIDING[engine])
    for pattern in patterns:
        for path in sorted(_ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return _KEPT / f"{engine}-{graph.name}-{digest.hexdigest()[:12]}"


@contextmanager
def _sqlite(folder: Path) -> Iterator[Place]:
    with connect(settings=Settings(url=f"sqlite:{folder}", actor="benchmark")) as registry:
        place = Place("sqlite", registry, None, folder, {})
        place.raw = RawSqlite(place.store, folder / "graph.sqlite")  # type: ignore[arg-type]
        try:
            yield place
        finally:
            place.raw.close()


@contextmanager
def _neo4j(folder: Path) -> Iterator[Place]:
    with _server(folder) as server:
        settings = Settings.model_validate(
            {
                "url": server.uri,
                "artifacts": str(folder / "artifacts"),
                "actor": "benchmark",
                "neo4j_user": server.user,
                "neo4j_password": server.password,
            }
        )
        with connect(settings=settings) as registry:
            raw = RawNeo4j(server.uri, server.user, server.password)
            try:
                yield Place("neo4j", registry, raw, folder, {})
            finally:
                raw.close()


@contextmanager
def _server(folder: Path) -> Iterator[Neo4jServer]:
    """Start a server on the data of a folder; its password lies beside them."""
    server: Any = Neo4jServer(tuning=BENCHMARK, home=folder / "server")
    secret = folder / "password"
    if secret.exists():
        server.password = secret.read_text(encoding="utf-8")
        server._password_is_set = True  # noqa: SLF001 - it was, by the run that made the folder
    else:
        server.password = secrets.token_urlsafe(18)
        secret.touch(mode=0o600)
        secret.write_text(server.password, encoding="utf-8")
    with server:
        yield server


def _load(place: Place, graph: Graph) -> None:
    stamp = place.folder / "loaded.json"
    if not stamp.exists():
        begun = time.perf_counter()
        events = place.store.rebuild(commits(graph.make())).size
        seconds = time.perf_counter() - begun
        day = time.strftime("%Y-%m-%d", time.gmtime())
        stamp.write_text(
            json.dumps({"events": events, "seconds": seconds, "on": day}), encoding="utf-8"
        )
    place.loaded = json.loads(stamp.read_text(encoding="utf-8"))
