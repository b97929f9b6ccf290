"""What users of other lineage systems reported, each as a small scene that must go well here.

docs/faults-of-others.md has the list of reports and names these tests, or says why there is none.
Numbers in the names are those of the reports: `datahub_3141` is issue or pull request 3141 there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import EdgeKind
from lineage_registry.errors import (
    AlreadyExistsError,
    InvalidInputError,
    LineageCycleError,
    ModelNotFoundError,
    RegistryError,
)
from lineage_registry.ports.commands import COMMANDS, Query, build
from lineage_registry.registry import Registry
from lineage_registry.testing.graph.writing import (
    cause,
    data_version,
    dataset,
    derived,
    fill,
    model,
    run,
    version,
)
from tests.behaviour.conftest import PLACES
from tests.behaviour.places import Place
from tests.behaviour.test_many_at_once import race

TABLE = Path(__file__).parents[2] / "docs" / "faults-of-others.md"
FAN = 1_200
STEPS = 4


def _places(*names: str) -> pytest.MarkDecorator:
    chosen = [place for place in PLACES if place.id in names]
    return pytest.mark.parametrize("place", chosen, indirect=True)


on_both_engines = _places("sdk-sqlite-folder", "sdk-neo4j-folder")
over_http = _places("http-sqlite-folder")
on_sqlite = _places("sdk-sqlite-folder")


@pytest.fixture
def line(place: Place) -> Registry:
    """raw:1 <- run one <- a:1 <- b:1 <- c:1, and web serves c:1."""
    registry = place.registry
    registry.register_dataset("raw")
    with registry.run("one", run_id="one", inputs=["raw:1"]):
        registry.register("a")
    registry.register("b", parents=["a:1"])
    registry.register("c", parents=["b:1"])
    registry.deploy("web", "c:1")
    return registry


@pytest.fixture
def fan(place: Place) -> Registry:
    """fan:1 <- ... <- fan:4, and 1,200 versions that come from that one."""
    fill(place.graph, _fan())
    return place.registry


def _fan() -> Iterator[Event]:
    yield model("fan")
    yield version(1, 1)
    for number in range(2, STEPS + 1):
        yield version(1, number, derived(number))
    for number in range(STEPS + 1, STEPS + FAN + 1):
        yield version(1, number, derived(STEPS + 1))


def _lattice(levels: int, width: int = 3) -> Iterator[Event]:
    """Every version comes from all of the level before: `width ** levels` ways."""
    yield model("lattice")
    for number in range(levels * width):
        below = 2 + (number // width - 1) * width
        parents = range(below, below + width) if number >= width else ()
        yield version(1, number + 1, *(derived(one, "merged") for one in parents))


def names(answer: Any) -> list[str]:
    return [node.reference.partition(":/")[2].removesuffix("/1") for node in answer.nodes]


@on_both_engines
def test_datahub_8687_a_dense_graph_costs_its_nodes_not_its_paths(place: Place) -> None:
    fill(place.graph, _lattice(60))  # 3 ** 59 ways: enumerating them never ends
    assert len(place.registry.ancestors("lattice:180").nodes) == 178
    assert place.registry.impact("lattice:1").total == 177


@on_both_engines
def test_datahub_7219_lineage_goes_many_hops(place: Place) -> None:
    fill(place.graph, _chain(300))
    found = place.registry.ancestors("chain:300")
    assert [node.distance for node in found.nodes] == list(range(300))


def _chain(length: int) -> Iterator[Event]:
    yield model("chain")
    yield version(1, 1)
    for number in range(2, length + 1):
        yield version(1, number, derived(number))


@on_both_engines
def test_datahub_3118_a_thing_tied_by_several_edges_is_one_node(line: Registry) -> None:
    line.register("d", parents=["c:1"], dependencies=["models:/c/1", ("models:/b/1", "part")])
    found = line.ancestors("d:1", depth=1)
    assert sorted(names(found)) == ["b", "c", "d"]
    assert line.impact("c:1").total == 2  # d:1 once, and the deployment
    assert len(found.edges) == 4


@on_both_engines
def test_datahub_3141_concurrent_edges_are_not_lost(line: Registry) -> None:
    line.register("whole")
    for number in range(8):
        line.register(f"part{number}")
    done = race(
        *(
            lambda number=number: line.add_dependency("whole:1", f"models:/part{number}/1", "part")
            for number in range(8)
        )
    )
    assert not [one for one in done if isinstance(one, RegistryError)]
    assert len(line.ancestors("whole:1").edges) == 8


@on_both_engines
def test_datahub_3119_an_empty_list_of_kinds_means_none_and_an_absent_one_all(
    line: Registry,
) -> None:
    assert names(line.ancestors("c:1", edge_kinds=[])) == ["c"]
    assert names(line.ancestors("c:1", node_kinds=[])) == ["c"]
    assert names(line.ancestors("c:1", through=[])) == ["c"]
    everything = ["c", "b", "a", "one", "raw"]
    assert names(line.ancestors("c:1", edge_kinds=None, node_kinds=None)) == everything
    assert line.recall("datasets:/raw/1", stage=[]).total == 0
    assert line.recall("datasets:/raw/1").total == 3


@on_both_engines
def test_datahub_7522_many_ask_for_a_wide_graph_at_once(fan: Registry) -> None:
    answers = race(*[lambda: fan.descendants("fan:1", limit=2_000)] * 6)
    assert {len(one.nodes) for one in answers if not isinstance(one, RegistryError)} == {
        STEPS + FAN
    }
    assert all(one == answers[0] for one in answers)


def test_datahub_19413_every_limit_is_clamped_in_one_place() -> None:
    limited = [one for one in COMMANDS if issubclass(one, Query) and "limit" in one.model_fields]
    assert len(limited) > 10
    for command in limited:
        with pytest.raises(InvalidInputError) as refused:
            build(command, {"limit": 1_000_001})
        assert "/limit" in {error["pointer"] for error in refused.value.context["errors"]}


@on_both_engines
def test_datahub_19413_a_page_is_no_larger_than_its_limit_at_any_depth(fan: Registry) -> None:
    page = fan.descendants("fan:1", limit=5)
    assert (len(page.nodes), page.truncated_by) == (6, "limit")
    second = fan.descendants("fan:1", limit=5, cursor=page.next_cursor)
    assert (len(second.nodes), second.given) == (5, 5)


@on_both_engines
def test_datahub_19528_a_start_without_lineage_or_none_at_all_scans_nothing(fan: Registry) -> None:
    fan.register("alone")
    with Work.of(fan) as work:
        assert names(fan.lineage("alone:1", direction="both")) == ["alone"]
        with pytest.raises(ModelNotFoundError):
            fan.ancestors("nothing:1")
    assert work.rows < 20


class Work:
    """How many rows an engine gives while a block runs."""

    def __init__(self) -> None:
        self.rows = 0

    @classmethod
    @contextmanager
    def of(cls, registry: Registry) -> Iterator["Work"]:
        """Count in the engine under a registry that is here."""
        commands: Any = registry.sender.commands
        store, work = commands.work.graph, cls()
        if store.name == "neo4j":
            yield work  # what a server reads is planned: tests/conformance/test_neo4j_plans.py
            return
        reading = store._database.reading

        @contextmanager
        def counted() -> Iterator[Any]:
            with reading() as rows:

                def execute(statement: str, parameters: Any = ()) -> list[Any]:
                    found = list(rows(statement, parameters))
                    work.rows += len(found)
                    return found

                yield execute

        store._database.reading = counted
        try:
            yield work
        finally:
            del store._database.reading


@on_sqlite
def test_datahub_19072_some_of_several_paths_are_said_to_be_some(place: Place) -> None:
    fill(place.graph, _lattice(6))
    found = place.registry.paths("lattice:16", "lattice:1", limit=2)
    assert (len(found.paths), found.total, found.complete) == (2, 3**4, False)
    assert place.registry.paths("lattice:4", "lattice:1").complete


@on_both_engines
def test_datahub_18636_a_removed_edge_is_gone_from_the_next_answer(
    line: Registry, place: Place
) -> None:
    line.add_dependency("c:1", "models:/a/1", "part")
    with place.again("bob") as other:
        for one in (line, other):
            assert len(one.ancestors("c:1", depth=1).nodes) == 3
        line.remove_dependency("c:1", "models:/a/1", "part")
        for one in (line, other):
            assert len(one.ancestors("c:1", depth=1).nodes) == 2


@on_sqlite
def test_datahub_18623_an_empty_answer_is_forgotten_when_something_comes(line: Registry) -> None:
    line.register("new")
    assert names(line.descendants("new:1")) == ["new"]
    assert line.impact("new:1").total == 0
    line.register("next", parents=["new:1"])
    assert names(line.descendants("new:1")) == ["new", "next"]
    assert line.impact("new:1").total == 1


@over_http
def test_datahub_7351_each_parameter_is_part_of_the_question(line: Registry) -> None:
    sizes = [len(line.ancestors("c:1", depth=depth).nodes) for depth in (1, 3, 1, 2, 0)]
    assert sizes == [2, 4, 2, 3, 1]


@on_both_engines
def test_datahub_6688_every_question_leaves_deleted_things_out_alike(line: Registry) -> None:
    line.register("left", parents=["b:1"])
    line.delete_version("b:1", force=True, reason="bad")
    hidden = "models:/b/1"
    answers = [
        line.ancestors("c:1"),
        line.descendants("a:1"),
        line.roots("c:1"),
        line.leaves("a:1"),
        line.order("c:1"),
        line.common_ancestors("c:1", "left:1"),
        line.impact("a:1"),
        line.siblings("c:1"),
        line.neighbours("c:1"),
        line.recall("datasets:/raw/1").versions,
    ]
    for answer in answers:
        said = answer if isinstance(answer, list) else [answer]
        assert not [
            one for one in said if f'"{hidden}"' in one.model_dump_json(exclude={"path", "shared"})
        ], answer
    assert "b" in names(line.ancestors("c:1", deleted=True))


@on_sqlite
def test_datahub_17683_an_unknown_cause_makes_no_ghost(place: Place) -> None:
    for known in ("none:1", "models:/none/1"):
        with pytest.raises(ModelNotFoundError):
            place.registry.register("m", parents=[known])
    assert place.revision == 0
    assert not list(place.registry.models())


@on_sqlite
def test_datahub_18742_a_model_is_upstream_of_the_dataset_that_it_scores(line: Registry) -> None:
    with line.run("score", run_id="score", inputs=[("models:/c/1", "scorer"), "raw:1"]):
        line.register_dataset("scored")
    assert {"c", "score", "raw"} <= set(names(line.ancestors("datasets:/scored/1")))
    assert "scored" in names(line.descendants("a:1"))


@on_sqlite
def test_marquez_3058_a_question_reads_what_it_is_about_however_large_the_rest(
    line: Registry, place: Place
) -> None:
    def read() -> int:
        with Work.of(line) as work:
            line.lineage("b:1", direction="both")
            line.impact("a:1")
        return work.rows

    before = read()
    line.register("other")
    for number in range(1, 150):
        line.register("other", parents=[f"other:{number}"])
    assert before
    assert read() == before


@on_both_engines
def test_marquez_2893_a_depth_is_exactly_so_many_edges(line: Registry) -> None:
    for depth in range(5):
        assert len(line.ancestors("c:1", depth=depth).nodes) == depth + 1


@on_both_engines
def test_marquez_2014_what_lies_beside_is_not_in_the_lineage(line: Registry) -> None:
    line.register("beside", datasets=["raw:1"])
    line.register("below", parents=["a:1"])
    both = names(line.lineage("b:1", direction="both"))
    assert sorted(both) == ["a", "b", "c", "one", "raw", "web"]


@on_sqlite
def test_marquez_3093_each_run_of_a_job_has_its_own_inputs(place: Place) -> None:
    registry = place.registry
    for number in (1, 2):
        registry.register_dataset("raw")
        with registry.run("nightly", run_id=f"n{number}", inputs=[f"datasets:/raw/{number}"]):
            registry.register("m")
    for number in (1, 2):
        found = registry.ancestors(f"m:{number}")
        assert [node.reference for node in found.nodes] == [
            f"models:/m/{number}",
            f"runs:/n{number}",
            f"datasets:/raw/{number}",
        ]


@on_both_engines
def test_marquez_2708_what_is_sent_again_changes_nothing(line: Registry, place: Place) -> None:
    for _ in range(3):
        line.run("two", run_id="two", inputs=["raw:1"], key="start two")
        line.register("d", parents=["c:1"], run="runs:/two", key="register d")
    before = place.revision, line.lineage("d:1", direction="both")
    line.add_dependency("c:1", "models:/a/1", "part")
    after = line.ancestors("c:1").edges
    line.add_dependency("c:1", "models:/a/1", "part")
    assert line.ancestors("c:1").edges == after
    assert [one.number for one in line.versions("d")] == [1]
    assert before[0] == before[1].revision


@on_sqlite
def test_marquez_2767_a_failure_without_inputs_takes_no_edge_away(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("raw")
    job = registry.run("stream", run_id="stream", inputs=["raw:1"])
    registry.register("m", run=job.reference)
    before = registry.lineage("runs:/stream", direction="both").edges
    job.fail("out of memory")
    after = registry.lineage("runs:/stream", direction="both")
    assert after.edges == before
    assert {node.reference: node.status for node in after.nodes}["runs:/stream"] == "failed"


@on_sqlite
def test_marquez_2519_a_run_id_that_is_taken_joins_no_two_graphs(line: Registry) -> None:
    line.register_dataset("other")
    with pytest.raises(AlreadyExistsError):
        line.run("another job", run_id="one", inputs=["other:1"])
    assert "other" not in names(line.ancestors("c:1"))


@on_both_engines
def test_marquez_3085_a_deleted_thing_is_no_bridge_unless_asked_for(line: Registry) -> None:
    line.delete_version("b:1", force=True, reason="bad")
    assert names(line.ancestors("c:1")) == ["c"]
    assert names(line.descendants("a:1")) == ["a"]
    assert names(line.ancestors("c:1", deleted=True))[-1] == "raw"


@on_sqlite
def test_marquez_3066_a_run_shows_its_edges_while_it_runs(place: Place) -> None:
    registry = place.registry
    registry.register_dataset("raw")
    registry.run("long", run_id="long", inputs=["raw:1"])
    found = registry.descendants("datasets:/raw/1")
    assert [(node.reference, node.status) for node in found.nodes][1:] == [
        ("runs:/long", "running")
    ]


@on_sqlite
def test_marquez_1520_there_are_pages_time_travel_and_parent_runs(line: Registry) -> None:
    then = line.ancestors("c:1").revision
    with line.run("outer", run_id="outer"), line.run("inner", run_id="inner"):
        line.register("d", parents=["c:1"])
    pages = list(line.lineage_pages("d:1", limit=2))
    assert [len(page.nodes) for page in pages] == [3, 2, 2]
    assert "d" not in names(line.descendants("a:1", as_of=then))
    around = line.neighbours("runs:/inner").neighbours
    assert ("runs:/outer", "CHILD_OF") in [(one.reference, one.edge) for one in around]


@on_both_engines
def test_openmetadata_18500_a_huge_graph_is_cut_and_counted(place: Place) -> None:
    fill(place.graph, _hub(10_050))
    found = place.registry.descendants("datasets:/hub/1")
    assert (len(found.nodes), found.truncated_by) == (10_001, "limit")
    assert found.omitted == {"run": 50}
    near = place.registry.descendants("datasets:/hub/1", limit=20)
    assert near.has_more is not None
    assert (len(near.nodes), near.has_more[near.nodes[0].id]) == (21, 10_030)


def _hub(users: int) -> Iterator[Event]:
    yield dataset("hub")
    yield data_version(1, 1)
    for number in range(users):
        yield run(f"r{number}", cause(EdgeKind.USED, 2, "train"))


@on_both_engines
def test_openmetadata_30047_a_write_neither_reads_nor_returns_the_graph(fan: Registry) -> None:
    fan.register("other")
    with Work.of(fan) as work:
        made = fan.register("new", parents=[f"fan:{STEPS}"])
        tied = fan.add_dependency("new:1", "models:/other/1", "part")
    assert work.rows < 200
    for answer in (made, tied):
        assert len(answer.model_dump_json()) < 2_000


@on_both_engines
def test_openmetadata_19094_a_cycle_or_a_loop_is_refused_with_the_way(line: Registry) -> None:
    for target in ("models:/c/1", "models:/a/1"):
        with pytest.raises(LineageCycleError):
            line.add_dependency(target.partition(":/")[2].replace("/", ":"), target, "part")
    with pytest.raises(LineageCycleError) as refused:
        line.add_dependency("a:1", "models:/c/1", "part")
    for step in ("a/1", "b/1", "c/1"):
        assert step in str(refused.value.message) + str(refused.value.context)


@over_http
def test_openmetadata_28562_a_program_gets_as_much_as_it_can_take(
    fan: Registry, place: Place
) -> None:
    found = fan.descendants("fan:1", limit=20, fields=["distance"])
    assert len(found.model_dump_json()) < 2_500
    assert [node.distance for node in found.nodes][:5] == [0, 1, 2, 3, 4]
    assert (found.truncated, found.omitted) == (True, {"model_version": FAN + STEPS - 1 - 20})


@on_both_engines
def test_neo4j_9031_the_same_edge_at_the_same_moment_is_one_edge(line: Registry) -> None:
    line.register("other")
    race(*[lambda: line.add_dependency("c:1", "models:/other/1", "part")] * 8)
    found = line.ancestors("c:1", edge_kinds=["DEPENDS_ON"])
    assert len(found.edges) == 1


@on_both_engines
def test_spline_738_many_writers_at_once_are_all_served(place: Place) -> None:
    registry = place.registry
    registry.register("base")
    done = race(
        *(
            lambda number=number: registry.register(f"m{number}", parents=["base:1"])
            for number in range(12)
        )
    )
    assert not [one for one in done if isinstance(one, RegistryError)]
    assert registry.impact("base:1").total == 12


@on_both_engines
def test_schedoscope_168_a_walk_over_edges_that_may_form_a_circle_ends(place: Place) -> None:
    registry = place.registry
    with registry.run("loop", run_id="loop") as loop:
        made = registry.register("m")
        loop.loaded(made)
    kinds = [kind.value for kind in EdgeKind]
    found = registry.lineage("m:1", direction="both", edge_kinds=kinds)
    assert sorted(names(found)) == ["loop", "m"]
    assert {edge.kind for edge in found.edges} == {EdgeKind.GENERATED_BY, EdgeKind.READ_BACK}


@on_sqlite
def test_mlflow_15454_a_model_says_which_model_it_was_made_from(line: Registry) -> None:
    line.register("small", parents=[("c:1", "quantized")])
    (edge,) = line.ancestors("small:1", depth=1).edges
    assert (edge.kind, edge.role) == ("DERIVED_FROM", "quantized")


@on_sqlite
def test_openlineage_3401_what_is_left_out_is_not_deleted(place: Place) -> None:
    registry = place.registry
    registry.register("m", description="first", tags={"team": "vision"}, metrics={"acc": 0.5})
    registry.update_version("m:1", tags={"more": "yes"})
    registry.log_version_metrics("m:1", {"loss": 0.1})
    found = registry.version("m:1")
    assert found.description == "first"
    assert found.tags == {"team": "vision", "more": "yes"}
    assert dict(found.metrics) == {"acc": 0.5, "loss": 0.1}


class Line(NamedTuple):
    """A line of the table: its number, and what it says of tests."""

    number: int
    said: str


def _lines() -> list[Line]:
    found = re.findall(r"^\| (\d+) \|.*\|([^|]*)\|$", TABLE.read_text("utf-8"), re.MULTILINE)
    return [Line(int(number), said.strip()) for number, said in found]


def test_the_table_and_the_tests_name_each_other() -> None:
    lines = _lines()
    assert [line.number for line in lines] == list(range(1, 34))
    named = {name for line in lines for name in re.findall(r"`(test_\w+)`", line.said)}
    here = {name for name in globals() if name.startswith("test_") and "_the_table_" not in name}
    assert named >= here, sorted(here - named)
    everywhere = "\n".join(
        path.read_text("utf-8")
        for folder in ("tests", "lineage_registry/testing")
        for path in (TABLE.parents[1] / folder).rglob("*.py")
    )
    for name in named:
        assert f"def {name}(" in everywhere, name
    for line in lines:
        assert re.search(r"`test_\w+`", line.said) or line.said.startswith("does not apply: ")
