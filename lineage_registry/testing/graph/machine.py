"""A store and the reference side by side, through random lives of a registry.

Answers are remembered with their revision, and asked again later: by revision, by time, and after
a replay.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import networkx as nx
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lineage_registry.domain.events import AliasMoved, DeploymentMoved, Event
from lineage_registry.domain.graph import EDGE_RULES, LINEAGE, REGISTRY, EdgeKind, NodeKind, Scalar
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.errors import AlreadyExistsError, LineageCycleError
from lineage_registry.ports.graph import Decide, GraphStore, Request
from lineage_registry.testing.graph.back_door import RawGraph
from lineage_registry.testing.graph.races import (
    PRODUCTION,
    add_dependency,
    promote,
    register_next,
    take_name,
)
from lineage_registry.testing.graph.random_graphs import selections, walks
from lineage_registry.testing.graph.writing import (
    cause,
    data_version,
    delete,
    deployment,
    end,
    put,
    restore,
    run,
    tie,
    undepend,
    version,
    yielding,
)
from lineage_registry.testing.reference_graph import ReferenceGraph, ReferenceView

OpenEmpty = Callable[[], AbstractContextManager[tuple[GraphStore, RawGraph]]]

_VALUES: tuple[Scalar, ...] = (0, 1, 1.0, -2.5, "", "a", "Ab", True, False)
_KEYS = ("param/x", "param/y", "deleted", "stage", "name", "last_number", PRODUCTION, "alias/best")
_NAMES = ("resnet", "Resnet", "bert", "caf\u00e9")


class Answer(NamedTuple):
    """What was answered once."""

    revision: int
    time: datetime | None
    ask: Callable[[GraphView], Any]
    said: Any


class StoppedError(Exception):
    """A decision that changes its mind."""


class GraphMachine(RuleBasedStateMachine):
    """The rules of the game; give it `open_empty` by deriving from it."""

    open_empty: ClassVar[OpenEmpty]

    def __init__(self) -> None:
        super().__init__()
        self._opened = type(self).open_empty()
        self.store, self.raw = self._opened.__enter__()
        self.model = ReferenceGraph()
        self.remembered: list[Answer] = []
        self.keyed: dict[str, int] = {}
        self.runs = 0

    # -- writing ---------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """Have something to work with from the first step on."""
        self._write(take_name("first"))
        self._write(register_next(1))

    @rule(name=st.sampled_from(_NAMES))
    def create_model(self, name: str) -> None:
        """Take a name, unless it is taken."""
        taken = (REGISTRY, f"model/{name.casefold()}") in self.model.values
        if taken:
            with pytest.raises(AlreadyExistsError):
                self.store.transact(take_name(name), Request("ada"))
        else:
            self._write(take_name(name))

    @rule(data=st.data(), twice=st.booleans())
    def register_version(self, data: st.DataObject, *, twice: bool) -> None:
        """Register versions, the second one a child of the first."""
        owner = self._draw(data, NodeKind.MODEL)
        causes = self._draw_causes(data, NodeKind.MODEL_VERSION)
        last = int(self._now().value(owner, "last_number") or 0)

        def decide(_view: GraphView) -> Generator[Event, int, None]:
            node = yield version(owner, last + 1, *causes, params={"x": last})
            if twice:
                parent = cause(EdgeKind.DERIVED_FROM, node, "merged")
                yield version(owner, last + 2, parent)

        self._write(decide)

    @rule(data=st.data())
    def register_data(self, data: st.DataObject) -> None:
        """Register a dataset version; of a model, for what it matters to a store."""
        causes = self._draw_causes(data, NodeKind.DATASET_VERSION)
        self._write(yielding(data_version(1, len(self.model.nodes), *causes)))

    @rule(data=st.data())
    def start_run(self, data: st.DataObject) -> None:
        """Start a run with inputs."""
        self.runs += 1
        self._write(yielding(run(f"r{self.runs}", *self._draw_causes(data, NodeKind.RUN))))

    @precondition(lambda self: self._ids(NodeKind.RUN))
    @rule(data=st.data())
    def read_back(self, data: st.DataObject) -> None:
        """Let a run read anything, itself perhaps an ancestor of it: no lineage, so no cycle."""
        node = self._draw(data, NodeKind.RUN)
        target = self._draw(data, NodeKind.MODEL_VERSION)
        inferred = data.draw(st.booleans())
        self._write(yielding(tie(node, cause(EdgeKind.READ_BACK, target, inferred=inferred))))

    @rule(data=st.data())
    def deploy(self, data: st.DataObject) -> None:
        """Serve a version, or serve another one where one is served."""
        target = self._draw(data, NodeKind.MODEL_VERSION)
        services = self._ids(NodeKind.DEPLOYMENT)
        if not services:
            self._write(yielding(deployment("service", target)))
            return
        (edge,) = self._now().edges(services, Direction.UPSTREAM, {EdgeKind.SERVES})
        moved = DeploymentMoved(deployment=services[0], before=edge.target, version=target)
        self._write(yielding(moved))

    @rule(data=st.data())
    def depend_late(self, data: st.DataObject) -> None:
        """Draw an edge between versions that are there, unless it closes a cycle."""
        source = self._draw(data, NodeKind.MODEL_VERSION)
        target = self._draw(data, NodeKind.MODEL_VERSION)
        if self._now().path(target, source, LINEAGE) is None:
            self._write(add_dependency(source, target))
            return
        before = self.store.head()
        with pytest.raises(LineageCycleError) as caught:
            self.store.transact(add_dependency(source, target), Request("ada"))
        way: Any = caught.value.context["path"]
        assert (way[0], way[-1]) == (target, source)
        assert self.store.head() == before

    @rule(data=st.data())
    def depend_again(self, data: st.DataObject) -> None:
        """Draw an edge that was drawn before, whether it has ended or not."""
        late = [key for key in self.model.ties if key[3] == "tokenizer"]
        if late:
            source, _, target, _ = data.draw(st.sampled_from(late))
            if self._now().path(target, source, LINEAGE) is None:
                self._write(add_dependency(source, target))

    @rule(data=st.data())
    def drop_dependency(self, data: st.DataObject) -> None:
        """End an edge that was drawn late, or is not there at all."""
        drawn = [e for e in self._now().live() if e.kind is EdgeKind.DEPENDS_ON]
        drawn = [e for e in drawn if e.role == "tokenizer"] or drawn
        if drawn:
            edge = data.draw(st.sampled_from(drawn))
            self._write(yielding(undepend(edge.source, edge.target, edge.role)))

    @rule(data=st.data())
    def promote_version(self, data: st.DataObject) -> None:
        """Move a version to Production."""
        target = self._draw(data, NodeKind.MODEL_VERSION)
        self._write(promote(self.model.nodes[target].owner, target))

    @rule(data=st.data(), gone=st.booleans())
    def move_alias(self, data: st.DataObject, *, gone: bool) -> None:
        """Move an alias, or end it."""
        target = self._draw(data, NodeKind.MODEL_VERSION)
        owner = self.model.nodes[target].owner
        moved = AliasMoved(
            model=owner,
            pointer="alias/best",
            before=None,
            version=None if gone else target,
            below=0,
        )
        self._write(yielding(moved))

    @rule(data=st.data())
    def delete_or_restore(self, data: st.DataObject) -> None:
        """Turn a node's deletion round."""
        node = data.draw(st.sampled_from(sorted(self.model.nodes)))
        deleted = self._now().is_deleted(node)
        self._write(yielding(restore(node) if deleted else delete(node)))

    @rule(data=st.data(), values=st.lists(st.sampled_from(_VALUES), min_size=1, max_size=3))
    def set_values(self, data: st.DataObject, values: list[Scalar]) -> None:
        """Set a value, more than once in a commit perhaps, and end it perhaps."""
        node = data.draw(st.sampled_from(sorted(self.model.nodes)))
        key = data.draw(st.sampled_from(["x", "y"]))
        events: list[Event] = [put(node, **{key: value}) for value in values]
        if data.draw(st.booleans()):
            events.append(end(node, f"param/{key}"))
        # A value that comes and goes within a commit leaves open whether its node has changed.
        self._write(yielding(put(node, z=1), *events))

    @rule(key=st.sampled_from(["k1", "k2", "k3"]))
    def repeat_a_request(self, key: str) -> None:
        """Send a request that may have been sent before."""
        request = Request("ada", key=key, digest=f"digest of {key}")
        if key not in self.keyed:
            self.keyed[key] = self._write(yielding(run(f"keyed-{key}")), request)
            return
        again = self.store.transact(yielding(run("never")), request)
        assert (again.replayed, again.revision) == (True, self.keyed[key])

    @rule(data=st.data())
    def change_ones_mind(self, data: st.DataObject) -> None:
        """Fail after some events were yielded and looked at."""
        node = self._draw(data, NodeKind.MODEL_VERSION)
        before = self.raw.counts(), self.store.head()

        def decide(view: GraphView) -> Generator[Event, int, None]:
            child = yield version(1, 99, cause(EdgeKind.DERIVED_FROM, node, "other"))
            assert view.path(child, node, LINEAGE) == [child, node]
            yield put(node, x="no")
            raise StoppedError

        with pytest.raises(StoppedError):
            self.store.transact(decide, Request("ada"))
        assert (self.raw.counts(), self.store.head()) == before

    # -- reading ---------------------------------------------------------------------------------

    @rule(data=st.data())
    def ask_for_a_walk(self, data: st.DataObject) -> None:
        """Ask for a traversal and its census."""
        ids = sorted(self.model.nodes)
        begin = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=2))
        walk = data.draw(walks(ids[-1]))

        def ask(view: GraphView) -> Any:
            found = view.walk(begin, walk)
            return list(found.distances.items()), list(found.edges), found[2:]

        self._ask(ask)
        self._ask(lambda view: view.census(begin, walk))

    @rule(data=st.data())
    def ask_for_values(self, data: st.DataObject) -> None:
        """Ask for values, their history and the nodes that carry them."""
        node = data.draw(st.sampled_from(sorted(self.model.nodes)))
        self._ask(lambda view: _typed(view.values([(node, k) for k in _KEYS])))
        self._ask(lambda view: [view.history(node, key) for key in _KEYS])
        self._ask(lambda view: [(n, _typed(n.values)) for n in view.nodes([node]).values()])
        self._ask(lambda view: view.changed([node]))

    @rule(wanted=selections())
    def ask_for_a_list(self, wanted: Any) -> None:
        """Ask for a list."""
        self._ask(lambda view: view.select(wanted, None, 50))

    @precondition(lambda self: self.remembered)
    @rule(data=st.data(), by_time=st.booleans())
    def ask_again(self, data: st.DataObject, *, by_time: bool) -> None:
        """Ask something again, as of when it was asked."""
        self._ask_again(data.draw(st.sampled_from(self.remembered)), by_time=by_time)

    @rule()
    def replay(self) -> None:
        """Replay the log."""
        before = self.raw.snapshot()
        self.store.rebuild(list(self.store.log()))
        assert self.raw.snapshot() == before

    # -- what always holds -----------------------------------------------------------------------

    @invariant()
    def the_head_is_where_the_log_ends(self) -> None:
        """Compare the head with the reference."""
        head = self.store.head()
        assert head.revision == max(self.model.times, default=0)

    def teardown(self) -> None:
        """Ask everything once more, replay, and close the store."""
        try:
            self._look_back()
        finally:
            self._opened.__exit__(None, None, None)

    def _look_back(self) -> None:
        self.replay()
        for answer in self.remembered:
            self._ask_again(answer, by_time=False)
        for revision in self.model.times:
            with self.store.view(revision) as view:
                assert _whole(view, self.model) == _whole(
                    ReferenceView(self.model, revision), self.model
                )
        lineage = nx.DiGraph((e.source, e.target) for e in self._now().live() if e.kind in LINEAGE)
        assert nx.is_directed_acyclic_graph(lineage)

    # -- by what the rules do it -----------------------------------------------------------------

    def _now(self) -> ReferenceView:
        return ReferenceView(self.model, max(self.model.times, default=0))

    def _ids(self, *kinds: NodeKind) -> list[int]:
        return [node.id for node in self.model.nodes.values() if node.kind in kinds]

    def _draw(self, data: st.DataObject, kind: NodeKind) -> int:
        return data.draw(st.sampled_from(self._ids(kind)), kind.value)

    def _draw_causes(self, data: st.DataObject, source: NodeKind) -> list[Any]:
        found = []
        for kind in data.draw(st.lists(st.sampled_from(sorted(LINEAGE)), max_size=3)):
            rule_of = EDGE_RULES[kind]
            targets = self._ids(*(target for start, target in rule_of.ends if start is source))
            if targets:
                role = data.draw(st.sampled_from(sorted(rule_of.roles or {"", "x"})))
                inferred = data.draw(st.booleans())
                target = data.draw(st.sampled_from(targets))
                found.append(cause(kind, target, role, inferred=inferred))
        return found

    def _write(self, decide: Decide, request: Request | None = None) -> int:
        done = self.store.transact(decide, request or Request("ada"))
        assert not done.replayed
        for recorded in done.events:
            self.model.apply(recorded.revision, recorded.at, recorded.changes())
        return done.revision

    def _ask(self, ask: Callable[[GraphView], Any]) -> None:
        with self.store.view() as view:
            said = ask(view)
            revision, time = view.revision, view.at(view.revision)
        assert said == ask(self._now())
        self.remembered.append(Answer(revision, time, ask, said))

    def _ask_again(self, answer: Answer, *, by_time: bool) -> None:
        as_of = answer.time if by_time and answer.time else answer.revision
        with self.store.view(as_of) as view:
            assert view.revision == answer.revision
            assert answer.ask(view) == answer.said


def _whole(view: GraphView, model: ReferenceGraph) -> object:
    ids = sorted(model.nodes)
    return view.nodes(ids), view.edges(ids, Direction.UPSTREAM, list(EdgeKind)), view.changed(ids)


def _typed(values: Any) -> dict[Any, tuple[type, Scalar]]:
    return {key: (type(value), value) for key, value in values.items()}
