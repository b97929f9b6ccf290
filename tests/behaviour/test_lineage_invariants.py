"""What holds of every lineage, whatever was done to the registry: on random lives, with networkx.

The oracle is networkx on the edge list that the registry exports. Each invariant has its test here,
through the registry's class; what else proves it:

- ancestors and descendants are inverse: `oracle_rules.py` in `lineage_registry/testing/graph`
- a deeper question never has less, depth k is a ball: `tests/conformance/test_traversal.py`
- as of now is now: `test_time_travel.py`, for every question
- sent twice is done once: `test_versions.py`, `tests/api/test_requests.py`
- the order of arrival does not matter: only here
- nothing differs from itself: `tests/unit/test_lineage_comparison.py`
- an order has causes first: `tests/unit/test_dag.py`
- recall and exposure are inverse: `tests/conformance/test_recall.py`, on random graphs
- deleting never adds reachability, and hides nothing: `test_recall.py`, `test_taints.py`
- pages join to the whole: `tests/conformance/test_traversal.py`, while others write
"""

import csv
import random
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from lineage_registry.domain.graph import EDGE_RULES, EdgeKind, NodeKind
from lineage_registry.errors import RegistryError
from lineage_registry.ports.commands import COMMANDS, Command, Context, UpdateRun, Write
from lineage_registry.registry import Registry
from tests.behaviour.conftest import PLACES
from tests.behaviour.lives import Life
from tests.behaviour.places import Place

Graph = nx.MultiDiGraph
LINEAGE = [kind.value for kind, rule in EDGE_RULES.items() if rule.lineage]
STEPS = {"sqlite": 70, "neo4j": 25}


def _places(*names: str) -> list[Any]:
    return [place for place in PLACES if place.id in names]


everywhere = pytest.mark.parametrize(
    "place", _places("sdk-sqlite-folder", "sdk-neo4j-folder", "http-sqlite-folder"), indirect=True
)
on_both_engines = pytest.mark.parametrize(
    "place", _places("sdk-sqlite-folder", "sdk-neo4j-folder"), indirect=True
)


class Lived:
    """A registry after a random life, and its lineage as networkx has it: from effect to cause."""

    def __init__(self, place: Place, seed: int) -> None:
        self.registry = place.registry
        self.life = Life(place.local, seed)
        self.life.live(STEPS[place.graph.name])
        deployed = [one for one in self.life.deletable if one.startswith("deployments:")]
        self.names = [*self.life.versions, *self.life.runs, *deployed]
        self.graph = exported(self.registry, self.names, place.folder)
        self.names = sorted(self.graph.nodes)  # some were renamed since

    @property
    def alive(self) -> Graph:
        gone = [node for node, status in self.graph.nodes(data="status") if status == "deleted"]
        return self.graph.subgraph(self.graph.nodes - gone)

    def of_kind(self, kind: NodeKind) -> list[str]:
        return [node for node, found in self.graph.nodes(data="kind") if found == kind.value]


def exported(registry: Registry, names: Collection[str], folder: Path) -> Graph:
    """Return the lineage among these and all around them, read back from exported CSV."""
    answer = registry.lineage(*names, direction="both", deleted=True)
    assert not answer.truncated
    graph = Graph()
    for row in _rows(answer.export(folder / "all.nodes.csv")):
        graph.add_node(row["reference"], kind=row["kind"], status=row["status"])
    for row in _rows(answer.export(folder / "all.edges.csv")):
        ends = row["source_reference"], row["target_reference"]
        graph.add_edge(*ends, key=(row["kind"], row["role"]), kind=row["kind"])
    return graph


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture
def lived(place: Place) -> Lived:
    return Lived(place, seed=len(place.graph.name))


def far(answer: Any) -> dict[str, int]:
    return {node.reference: node.distance for node in answer.nodes}


def tied(answer: Any) -> set[tuple[str, str, str, str]]:
    named = {node.id: node.reference for node in answer.nodes}
    return {(named[one.source], one.kind, named[one.target], one.role) for one in answer.edges}


def tied_among(graph: Graph, nodes: Collection[str]) -> set[tuple[str, str, str, str]]:
    edges = graph.subgraph(nodes).edges(keys=True)
    return {(source, kind, target, role) for source, target, (kind, role) in edges}


@everywhere
def test_lineage_is_what_networkx_says_and_each_way_is_the_inverse_of_the_other(
    lived: Lived,
) -> None:
    up: dict[tuple[str, str], int] = {}
    down: dict[tuple[str, str], int] = {}
    for name in lived.names:
        causes = lived.registry.ancestors(name, deleted=True)
        effects = lived.registry.descendants(name, deleted=True)
        assert far(causes) == nx.single_source_shortest_path_length(lived.graph, name)
        assert far(effects) == nx.single_source_shortest_path_length(lived.graph.reverse(), name)
        assert tied(causes) == tied_among(lived.graph, far(causes))
        up |= {(name, cause): distance for cause, distance in far(causes).items()}
        down |= {(effect, name): distance for effect, distance in far(effects).items()}
    assert up == down
    assert len(up) > 2 * len(lived.names)


@everywhere
def test_what_is_alive_has_the_lineage_among_the_living(lived: Lived) -> None:
    alive = lived.alive
    assert set(alive.nodes) < set(lived.graph.nodes)
    for name in alive.nodes:
        found = lived.registry.ancestors(name)
        assert far(found) == nx.single_source_shortest_path_length(alive, name)
        assert tied(found) == tied_among(alive, far(found))


@everywhere
def test_a_depth_is_a_ball_and_a_deeper_question_never_has_less(lived: Lived) -> None:
    ways = {"upstream": lived.graph, "downstream": lived.graph.reverse()}
    for name in random.Random(1).sample(lived.names, 6):
        for direction, graph in ways.items():
            before: set[str] = set()
            whole = nx.single_source_shortest_path_length(graph, name)
            for depth in range(max(whole.values()) + 2):
                found = lived.registry.lineage(name, direction=direction, depth=depth, deleted=True)
                ball = nx.single_source_shortest_path_length(graph, name, cutoff=depth)
                assert far(found) == ball
                assert tied(found) == tied_among(lived.graph, ball)
                assert found.truncated == (len(ball) < len(whole))
                assert before <= set(ball)
                before = set(ball)


@everywhere
def test_as_of_now_is_now(lived: Lived) -> None:
    for name in lived.names[::3]:
        for direction in ("upstream", "downstream", "both"):
            ask = partial(lived.registry.lineage, name, direction=direction, deleted=True)
            now = ask()
            assert ask(as_of=now.revision) == now
            assert ask(as_of=now.as_of) == now


@everywhere
def test_nothing_differs_from_itself(lived: Lived) -> None:
    for version in lived.names:
        if lived.graph.nodes[version]["kind"] in {"model_version", "dataset_version"}:
            found = lived.registry.diff(version, version, deleted=True)
            assert found.same
            assert (found.causes, found.values, found.files) == ([], [], [])


@everywhere
def test_an_order_has_every_cause_before_its_effects(lived: Lived) -> None:
    for name in lived.names[::4]:
        found = lived.registry.order(name, direction="both", deleted=True)
        level = {
            node.reference: height for height, nodes in enumerate(found.levels) for node in nodes
        }
        around = {name} | nx.ancestors(lived.graph, name) | nx.descendants(lived.graph, name)
        assert set(level) == around
        for effect, cause in lived.graph.subgraph(around).edges():
            assert level[cause] < level[effect]
        # Causes first: the generations of the graph that is turned around.
        generations = nx.topological_generations(lived.graph.subgraph(around).reverse())
        assert [sorted(one) for one in generations] == [
            sorted(node.reference for node in nodes) for nodes in found.levels
        ]


@everywhere
def test_who_is_recalled_is_who_is_exposed(lived: Lived) -> None:
    carrying = Graph()
    carrying.add_nodes_from(lived.graph.nodes(data=True))
    kinds = {kind.value for kind, rule in EDGE_RULES.items() if rule.lineage and rule.carries}
    edges = lived.graph.edges(keys=True, data="kind")
    carrying.add_edges_from((a, b, key) for a, b, key, kind in edges if kind in kinds)
    models = lived.of_kind(NodeKind.MODEL_VERSION)
    data = lived.of_kind(NodeKind.DATASET_VERSION)
    exposed = {
        (source.reference, model)
        for model in models
        for source in lived.registry.exposure(model, limit=1_000).sources
    }
    recalled = {
        (start, one.reference)
        for start in data
        for one in lived.registry.recall(start, deleted=True, limit=1_000).versions
    }
    reached = {(a, b) for b in models for a in nx.descendants(carrying, b) if a in set(data)}
    assert recalled == exposed == reached
    assert recalled


@on_both_engines
def test_deleting_never_adds_reachability_and_restoring_gives_it_back(lived: Lived) -> None:
    chance = random.Random(2)
    versions = [
        one
        for one in lived.alive.nodes
        if lived.graph.nodes[one]["kind"] in {"model_version", "dataset_version"}
    ]
    start = chance.choice(lived.of_kind(NodeKind.DATASET_VERSION))
    recalled = recall_of(lived.registry, start)
    before = reachable(lived.registry, lived.alive.nodes)
    for version in chance.sample(versions, 4):
        lived.registry.delete_version(version, force=True, reason="does it hide or show?")
        after = reachable(lived.registry, lived.alive.nodes)
        assert after < before
        assert not any(version in pair for pair in after)
        assert recall_of(lived.registry, start) == recalled
        lived.registry.restore_version(version)
        assert reachable(lived.registry, lived.alive.nodes) == before


def recall_of(registry: Registry, start: str) -> set[str]:
    found = registry.recall(start, deleted=True, limit=1_000)
    return {one.reference for one in found.versions}


def reachable(registry: Registry, names: Collection[str]) -> set[tuple[str, str]]:
    """Return all pairs (effect, cause), asked one start at a time; deleted starts have none."""
    pairs = set()
    for name in names:
        try:
            pairs |= {(name, cause) for cause in far(registry.ancestors(name))}
        except RegistryError:
            continue
    return pairs


@everywhere
def test_pages_of_every_size_join_to_the_whole(lived: Lived) -> None:
    chance = random.Random(3)
    for name in chance.sample(lived.names, 4):
        whole = lived.registry.lineage(name, direction="both", deleted=True)
        limit = chance.randint(1, 5)
        pages = list(
            lived.registry.lineage_pages(name, direction="both", deleted=True, limit=limit)
        )
        assert [node for page in pages for node in page.nodes] == list(whole.nodes)
        edges = [edge for page in pages for edge in page.edges]
        assert sorted(edges) == list(whole.edges)
    data = lived.of_kind(NodeKind.DATASET_VERSION)
    models = lived.of_kind(NodeKind.MODEL_VERSION)
    recall = partial(lived.registry.recall, *data[:3], deleted=True)
    exposure = partial(lived.registry.exposure, *models, models=True)
    for ask, rows in ((recall, "versions"), (exposure, "sources")):
        joined, cursor = [], None
        while True:
            page = ask(limit=2, cursor=cursor)
            joined += getattr(page, rows)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert joined == getattr(ask(limit=1_000), rows)
        assert joined


class Plan:
    """Things to register, each named by itself, and what each comes from: a random DAG."""

    def __init__(self, seed: int, size: int) -> None:
        chance = random.Random(seed)
        self.causes: dict[str, list[tuple[EdgeKind, str, str]]] = {}
        for number in range(size):
            kind = chance.choice("rdm" if number else "d")
            known = list(self.causes)
            self.causes[f"{kind}{number}"] = [
                (*tie, cause)
                for cause in chance.sample(known, min(len(known), chance.randrange(4)))
                if (tie := _tie(kind, cause[0]))
            ]

    def shuffled(self, chance: random.Random) -> list[str]:
        """Return the things in some order that has causes first."""
        waiting = {name: {cause for *_, cause in ties} for name, ties in self.causes.items()}
        order: list[str] = []
        while waiting:
            ready = sorted(name for name, causes in waiting.items() if causes <= set(order))
            order.append(chance.choice(ready))
            del waiting[order[-1]]
        return order

    def register(self, registry: Registry, prefix: str, chance: random.Random) -> None:
        """Register everything; some of what a thing comes from is only told later."""
        late = []
        for name in self.shuffled(chance):
            ties: dict[EdgeKind, list[tuple[str, str]]] = {kind: [] for kind in EdgeKind}
            for kind, role, cause in self.causes[name]:
                tie = _reference(prefix, cause), role
                if kind in {EdgeKind.USED, EdgeKind.DEPENDS_ON} and chance.random() < 0.5:
                    late.append((kind, name, *tie))
                else:
                    ties[kind].append(tie)
            _register(registry, f"{prefix}{name}", name[0], ties)
        chance.shuffle(late)
        for kind, name, reference, role in late:
            if kind is EdgeKind.USED:
                registry.resume_run(f"{prefix}{name}").use(reference, role=role)
            else:
                registry.add_dependency(_reference(prefix, name), reference, role)


def _register(
    registry: Registry, name: str, kind: str, ties: dict[EdgeKind, list[tuple[str, str]]]
) -> None:
    made_by = min((run for run, _ in ties[EdgeKind.GENERATED_BY]), default=None)
    parents = ties[EdgeKind.DERIVED_FROM]
    if kind == "r":
        registry.run(run_id=name, inputs=ties[EdgeKind.USED])
    elif kind == "d":
        registry.register_dataset(name, parents=parents, run=made_by)
    else:
        needs = ties[EdgeKind.DEPENDS_ON]
        registry.register(name, parents=parents, dependencies=needs, run=made_by)


def _tie(effect: str, cause: str) -> tuple[EdgeKind, str] | None:
    if effect == "r":
        return None if cause == "r" else (EdgeKind.USED, "train")
    if cause == "r":
        return EdgeKind.GENERATED_BY, ""
    if effect == cause:
        return EdgeKind.DERIVED_FROM, "other"
    return (EdgeKind.DEPENDS_ON, "part") if effect == "m" else None


def _reference(prefix: str, name: str) -> str:
    if name[0] == "r":
        return f"runs:/{prefix}{name}"
    return f"{'models' if name[0] == 'm' else 'datasets'}:/{prefix}{name}/1"


@everywhere
def test_the_order_of_arrival_does_not_matter(place: Place) -> None:
    plan = Plan(seed=4, size=24)
    told = []
    for turn in range(3):
        prefix = f"p{turn}-"
        plan.register(place.registry, prefix, random.Random(turn))
        told.append({name: said_of(place.registry, prefix, name) for name in plan.causes})
    assert told[0] == told[1] == told[2]
    assert sum(len(ties) for _, ties, _ in told[0].values()) > 3 * len(plan.causes)


def said_of(registry: Registry, prefix: str, name: str) -> tuple[Any, Any, Any]:
    """Return distances, edges and what is recalled, without the prefix of this order."""
    reference = _reference(prefix, name)
    answer = registry.lineage(reference, direction="both")
    recalled = set() if name[0] == "r" else recall_of(registry, reference)
    return (
        {node.replace(prefix, ""): distance for node, distance in far(answer).items()},
        {tuple(part.replace(prefix, "") for part in tie) for tie in tied(answer)},
        {one.replace(prefix, "") for one in recalled},
    )


class Stutter:
    """Sends every write twice with the same key, and checks that the second does nothing."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._run = place.registry.sender.commands.run
        self._sent = 0
        self.done: set[type[Command[Any]]] = set()

    def run(self, command: Command[Any], context: Context) -> Any:
        if not isinstance(command, Write):
            return self._run(command, context)
        self._sent += 1
        keyed = Context(context.actor, f"key-{self._sent}", context.if_match)
        first = self._run(command, keyed)
        head = self._place.graph.head()
        again = self._run(command, keyed)
        assert self._place.graph.head() == head
        assert again == first
        self.done.add(type(command))
        return first


@everywhere
def test_every_command_that_is_sent_twice_is_done_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    stutter = Stutter(place)
    monkeypatch.setattr(place.registry.sender.commands, "run", stutter.run)
    Life(place.registry, seed=5).live(STEPS[place.graph.name])
    do_the_rest(place.registry)
    writes = {one for one in COMMANDS if issubclass(one, Write)}
    missing = sorted(one.__name__ for one in writes - stutter.done)
    assert not missing, f"do {', '.join(missing)} in do_the_rest"
    place.demand_sound()


def do_the_rest(registry: Registry) -> None:
    """Do once what a random life does not do, or does not surely do."""
    registry.create_model("rest")
    registry.register("rest")
    registry.register("rest")
    registry.add_dependency("rest:2", "models:/rest/1", "part")
    registry.log_version_metrics("rest:1", {"acc": 0.5})
    registry.update_version("rest:1", tags={"k": "v"})
    for version in ("rest:1", "rest:2"):
        registry.promote(version, "Production")
    registry.rollback("rest")
    registry.set_alias("rest:1", "best")
    registry.remove_alias("rest", "best")
    registry.set_licence("rest:1", "MIT")
    registry.define_licence("LicenseRef-house", ["attribution"])
    registry.collect_garbage(dry_run=False)
    registry.stop_obligations("rest:2", "rest:1", evidence="agreed")
    taint = registry.taint("rest:1", "leak", severity="info", reason="found")
    registry.lift_taint(taint.id, reason="cleaned")
    registry.remove_dependency("rest:2", "models:/rest/1", "part")
    registry.deploy("rest", "rest:1")
    registry.delete_deployment("rest")
    registry.configure_stages([*registry.stages(), "Shadow"])
    registry.register_many([{"name": "many"}, {"name": "many"}], atomic=True)
    registry.delete_many(["many:1", "many:9"])
    registry.delete_many(["many:2"], atomic=True)
    registry.collect_garbage(dry_run=False)
    registry.register("trusted", {"w": np.ones(2)})
    registry.trust("trusted:1", reason="ours")
    run = registry.run("rest")
    run.log_params(lr=0.1)
    run.log_metrics({"loss": 0.5})
    run.use("models:/rest/1")
    registry.sender.write(UpdateRun, {}, run_id=run.run_id, tags={"k": "v"})
    run.finish()
    registry.delete_version("rest:2", force=True, reason="done")
    registry.restore_version("rest:2")
    registry.import_rows([{"version": {"name": "row"}}, {"version": {"name": "row"}}])
    registry.collect_garbage(dry_run=False, force=True)
    registry.update("rest", description="what is left")
    registry.delete("rest", force=True, reason="done")
    registry.restore("rest")
