"""Random lineage graphs that keep the table of edges, and random questions about them."""

import random
from collections.abc import Iterator, Sequence

from hypothesis import strategies as st

from lineage_registry.domain.events import Cause, Event
from lineage_registry.domain.graph import EDGE_RULES, EdgeKind, NodeKind
from lineage_registry.domain.view import Comparison, Direction, Filter, Selection, Walk
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.writing import (
    cause,
    commit,
    data_version,
    dataset,
    delete,
    depend,
    deployment,
    end,
    model,
    put,
    restore,
    run,
    undepend,
    version,
    write,
)

_SPECIES = (
    *(NodeKind.MODEL_VERSION,) * 5,
    *(NodeKind.DATASET_VERSION,) * 3,
    *(NodeKind.RUN,) * 3,
    NodeKind.DEPLOYMENT,
)
_VALUES = (0, 1, 2, 1.5, "a", "Ab", "b", True)


class RandomGraph:
    """A graph that grows from a seed, in a store.

    Attributes:
        size: How high the ids of its nodes go.
        ids: Its nodes, but for the three that own the versions.
    """

    def __init__(self, store: GraphStore, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._kinds: dict[int, NodeKind] = {}
        self._late: list[tuple[int, int]] = []

    @property
    def size(self) -> int:
        """How high the ids of its nodes go."""
        return max(self._kinds)

    @property
    def ids(self) -> list[int]:
        """Its nodes, but for the three that own the versions."""
        return sorted(self._kinds)[3:]

    def grow(self, nodes: int) -> None:
        """Add nodes in a few commits, and shake the graph after each."""
        write(self._store, model("m"), model("n"), dataset("d"))
        for owner in (1, 2, 3):
            self._kinds[owner] = NodeKind.DATASET if owner == 3 else NodeKind.MODEL
        while len(self._kinds) < nodes:
            first = self._store.head().size + 1
            commit(self._store, *[self._birth(first + i) for i in range(nodes // 4)])
            commit(self._store, *self._shakes(nodes // 3))
            commit(self._store, *self._shakes(nodes // 3))

    def _birth(self, node: int) -> Event:
        kind = self._random.choice(_SPECIES)
        causes = list(self._causes(kind))
        targets = [i for i, k in self._kinds.items() if k is NodeKind.MODEL_VERSION]
        if kind is NodeKind.DEPLOYMENT and not targets:
            kind = NodeKind.RUN
        self._kinds[node] = kind
        match kind:
            case NodeKind.MODEL_VERSION:
                return version(self._random.choice([1, 2]), node, *causes)
            case NodeKind.DATASET_VERSION:
                return data_version(3, node, *causes)
            case NodeKind.DEPLOYMENT:
                return deployment(f"s{node}", self._random.choice(targets))
            case _:
                return run(f"r{node}", *causes)

    def _causes(self, source: NodeKind) -> Iterator[Cause]:
        for kind, rule in EDGE_RULES.items():
            if kind is EdgeKind.SERVES:
                continue
            ends = {target for start, target in rule.ends if start is source}
            targets = [i for i, k in self._kinds.items() if k in ends]
            for target in self._random.sample(targets, min(len(targets), self._chance())):
                role = self._random.choice(sorted(rule.roles or {"", "x", "y"}))
                yield cause(kind, target, role, inferred=self._random.random() < 0.3)

    def _chance(self) -> int:
        return self._random.choice((0, 0, 1, 1, 2))

    def _shakes(self, count: int) -> Iterator[Event]:
        nodes = [i for i in self._kinds if i > 3]
        for _ in range(count):
            node = self._random.choice(nodes)
            match self._random.randrange(10):
                case 0:
                    yield delete(node)
                case 1 if self._random.random() < 0.5:
                    yield restore(node)
                case 2:
                    # Whether a node changed by a value that came and went is left open: it did.
                    yield put(node, z=1)
                    yield end(node, f"param/{self._random.choice('xy')}")
                case 3 | 4:
                    yield put(node, **{self._random.choice("xy"): self._random.choice(_VALUES)})
                case _:
                    yield from self._late_dependency()

    def _late_dependency(self) -> Iterator[Event]:
        if self._late and self._random.random() < 0.4:
            yield undepend(*self._random.choice(self._late))
            return
        versions = [i for i, k in self._kinds.items() if k is NodeKind.MODEL_VERSION]
        if len(versions) > 1:
            target, source = sorted(self._random.sample(versions, 2))
            self._late.append((source, target))
            yield depend(source, target)


def filters(*, often: bool = False) -> st.SearchStrategy[tuple[Filter, ...]]:
    """Draw filters on the values that random graphs have."""
    one = st.builds(
        Filter,
        st.sampled_from(["param/x", "param/y"]),
        st.sampled_from(Comparison),
        st.sampled_from(_VALUES),
    )
    some = st.lists(one, min_size=1, max_size=2).map(tuple)
    return st.one_of(st.just(()), some) if often else st.one_of(st.just(()), st.just(()), some)


def walks(size: int) -> st.SearchStrategy[Walk]:
    """Draw a way to traverse a graph whose ids go up to `size`; each parameter is often unset."""
    every = st.none()
    node_kinds = st.one_of(every, every, every, st.frozensets(st.sampled_from(NodeKind)))
    stops = st.frozensets(st.integers(1, size), max_size=6)
    some_kinds = st.frozensets(st.sampled_from(EdgeKind), min_size=1)
    return st.builds(
        Walk,
        direction=st.sampled_from(Direction),
        depth=st.one_of(st.none(), st.integers(0, 6)),
        kinds=st.one_of(st.just(Walk().kinds), st.just(frozenset(EdgeKind)), some_kinds),
        through=node_kinds,
        stop_at=st.one_of(st.just(frozenset()), st.just(frozenset()), stops),
        deleted=st.booleans(),
        inferred=st.booleans(),
        report=node_kinds,
        having=filters(),
        limit=st.one_of(st.none(), st.integers(0, 12)),
        edges=st.booleans(),
    )


def starts(ids: Sequence[int]) -> st.SearchStrategy[list[int]]:
    """Draw where to begin, the same node twice now and then."""
    few = st.lists(st.sampled_from(ids), min_size=1, max_size=3)
    return st.one_of(few, few, st.lists(st.sampled_from(ids), min_size=5, max_size=12))


def selections() -> st.SearchStrategy[Selection]:
    """Draw what to list."""
    return st.builds(
        Selection,
        kind=st.sampled_from(NodeKind),
        owner=st.sampled_from([None, None, 1, 2, 3]),
        filters=filters(often=True),
        deleted=st.booleans(),
        newest_first=st.booleans(),
    )
