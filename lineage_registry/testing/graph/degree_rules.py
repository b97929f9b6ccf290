"""Rules of degrees: how many direct neighbours a node has, and which nodes have the most."""

from lineage_registry.domain.graph import LINEAGE, EdgeKind, NodeKind
from lineage_registry.domain.view import Direction
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.rules import Rules
from lineage_registry.testing.graph.writing import (
    cause,
    commit,
    delete,
    depend,
    derived,
    model,
    restore,
    run,
    undepend,
    version,
    write,
    write_family,
)

_UP, _DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
_ALL = frozenset(EdgeKind)
_NODES = frozenset(NodeKind)


class DegreeRules(Rules):
    """What `degrees` promises."""

    def test_a_degree_counts_the_direct_causes_or_effects(self, store: GraphStore) -> None:
        f = write_family(store)
        ids = [f.top, f.base, f.raw, f.service, f.top, 999]
        with store.view() as view:
            up, down = view.degrees(ids, _UP), view.degrees(ids, _DOWN)
        assert up == {f.top: 2, f.base: 1, f.service: 1}
        assert down == {f.top: 2, f.base: 2, f.raw: 3}

    def test_a_degree_counts_a_neighbour_once_whatever_ties_there_are(
        self, store: GraphStore
    ) -> None:
        ties = (derived(2), derived(2, "merged"), cause(EdgeKind.DEPENDS_ON, 2, "x"))
        write(store, model("m"), version(1, 1), version(1, 2, *ties))
        with store.view() as view:
            assert view.degrees([3, 2], _UP) == {3: 1}
            assert view.degrees([3, 2], _DOWN) == {2: 1}

    def test_a_degree_counts_along_the_kinds_asked_for(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.degrees([f.exam], _UP) == {f.exam: 2}
            assert view.degrees([f.exam], _UP, _ALL) == {f.exam: 3}
            assert view.degrees([f.exam], _UP, [EdgeKind.CHILD_OF]) == {f.exam: 1}
            assert view.degrees([f.exam], _UP, []) == {}
            assert view.degrees([], _UP, _ALL) == {}
            assert view.degrees([f.model, f.data], _DOWN, _ALL) == {}

    def test_a_degree_leaves_deleted_neighbours_out_unless_asked(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.left), delete(f.base))
        with store.view() as view:
            assert view.degrees([f.top, f.base], _UP) == {f.top: 1, f.base: 1}
            assert view.degrees([f.base], _DOWN) == {f.base: 1}
            assert view.degrees([f.top], _UP, deleted=True) == {f.top: 2}
            assert view.degrees([f.base], _DOWN, deleted=True) == {f.base: 2}
        commit(store, restore(f.left))
        with store.view() as view:
            assert view.degrees([f.top], _UP) == {f.top: 2}

    def test_a_degree_leaves_edges_out_that_nobody_declared_if_told_to(
        self, store: GraphStore
    ) -> None:
        write(store, model("m"), version(1, 1), version(1, 2))
        guessed = cause(EdgeKind.USED, 2, "base", inferred=True)
        write(store, run("r", guessed, cause(EdgeKind.USED, 3, "base")), run("s", guessed))
        with store.view() as view:
            assert view.degrees([4, 5], _UP) == {4: 2, 5: 1}
            assert view.degrees([4, 5], _UP, inferred=False) == {4: 1}
            assert view.degrees([2, 3], _DOWN, inferred=False) == {3: 1}

    def test_a_degree_is_as_of_its_revision(self, store: GraphStore) -> None:
        write(store, model("m"), version(1, 1), version(1, 2))
        for event in (depend(3, 2), delete(2), restore(2), undepend(3, 2)):
            commit(store, event)
        seen: list[tuple[dict[int, int], list[tuple[int, int]]]] = []
        for revision in range(1, 6):
            with store.view(revision) as view:
                seen.append((view.degrees([3], _UP), view.busiest(_NODES, _UP, limit=1)))
        there = ({3: 1}, [(3, 1)])
        assert seen == [({}, []), there, ({}, []), there, ({}, [])]


class BusiestRules(Rules):
    """What `busiest` promises."""

    def test_the_busiest_nodes_come_first_and_equal_ones_by_id(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.busiest(_NODES, _DOWN, limit=9) == [
                (f.raw, 3),
                (f.base, 2),
                (f.top, 2),
                (f.clean, 1),
                (f.job, 1),
                (f.left, 1),
                (f.right, 1),
            ]
            assert view.busiest(_NODES, _UP, limit=3) == [(f.left, 2), (f.top, 2), (f.exam, 2)]

    def test_the_busiest_list_ends_at_its_limit(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.busiest(_NODES, _DOWN, limit=2) == [(f.raw, 3), (f.base, 2)]
            assert view.busiest(_NODES, _DOWN, limit=0) == []

    def test_the_busiest_nodes_are_of_the_kinds_asked_for(self, store: GraphStore) -> None:
        f = write_family(store)
        models, data = NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION
        with store.view() as view:
            assert view.busiest([models, models], _DOWN, limit=2) == [(f.base, 2), (f.top, 2)]
            both = view.busiest({models, data}, _DOWN, {EdgeKind.DERIVED_FROM}, limit=2)
            assert both == [(f.base, 2), (f.raw, 1)]
            assert view.busiest([], _DOWN, limit=9) == []
            assert view.busiest(_NODES, _DOWN, [], limit=9) == []

    def test_deleted_nodes_are_neither_busy_nor_neighbours_unless_asked(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        commit(store, delete(f.raw), delete(f.left))
        with store.view() as view:
            assert view.busiest(_NODES, _DOWN, limit=2) == [(f.top, 2), (f.clean, 1)]
            assert not {f.raw, f.left} & dict(view.busiest(_NODES, _DOWN, limit=9)).keys()
            everything = view.busiest(_NODES, _DOWN, LINEAGE, limit=2, deleted=True)
            assert everything == [(f.raw, 3), (f.base, 2)]
