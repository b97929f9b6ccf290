"""Rules of traversal: what is reached, what is reported, what is said to be left out."""

from collections import Counter
from dataclasses import replace

from lineage_registry.domain.graph import LINEAGE, EdgeKind, NodeKind
from lineage_registry.domain.view import (
    Column,
    Comparison,
    Direction,
    Filter,
    GraphView,
    Origin,
    Walk,
)
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.rules import Rules
from lineage_registry.testing.graph.writing import (
    cause,
    commit,
    delete,
    depend,
    derived,
    details,
    model,
    put,
    restore,
    run,
    tie,
    undepend,
    version,
    write,
    write_family,
)

_UP = Walk()
_DOWN = Walk(Direction.DOWNSTREAM)
_ALL = frozenset(EdgeKind)


class WalkRules(Rules):
    """What each parameter of a walk means, on graphs small enough to see."""

    def test_upstream_reaches_every_cause_at_its_smallest_distance(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.service], _UP)
        assert list(found.distances.items()) == [
            (f.service, 0),
            (f.top, 1),
            (f.left, 2),
            (f.right, 2),
            (f.raw, 3),
            (f.base, 3),
            (f.job, 4),
            (f.clean, 5),
        ]
        assert (found.depth_reached, found.truncated) == (5, False)

    def test_downstream_reaches_every_effect(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.raw], _DOWN)
        assert list(found.distances.items()) == [
            (f.raw, 0),
            (f.clean, 1),
            (f.left, 1),
            (f.exam, 1),
            (f.job, 2),
            (f.top, 2),
            (f.base, 3),
            (f.service, 3),
            (f.right, 4),
        ]

    def test_a_node_reached_by_two_ways_is_reported_once(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top], Walk(kinds=frozenset({EdgeKind.DERIVED_FROM})))
        assert list(found.distances) == [f.top, f.left, f.right, f.base]

    def test_the_edges_of_a_walk_are_those_among_what_it_reports_each_once(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top], _UP)
        assert [(e.source, e.kind.value, e.target) for e in found.edges] == [
            (f.clean, "DERIVED_FROM", f.raw),
            (f.job, "USED", f.clean),
            (f.base, "GENERATED_BY", f.job),
            (f.left, "DEPENDS_ON", f.raw),
            (f.left, "DERIVED_FROM", f.base),
            (f.right, "DERIVED_FROM", f.base),
            (f.top, "DERIVED_FROM", f.left),
            (f.top, "DERIVED_FROM", f.right),
        ]
        assert all(e.declared and e.since == 1 for e in found.edges)

    def test_edges_are_left_out_when_not_asked_for(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top], Walk(edges=False))
        assert list(found.edges) == []
        assert len(found.distances) == 7

    def test_edges_between_reported_nodes_come_even_if_the_walk_did_not_need_them(
        self, store: GraphStore
    ) -> None:
        write(store, model("m"), *(version(1, n) for n in range(1, 5)))
        for source, target in ((5, 4), (5, 3), (4, 3), (3, 2)):
            commit(store, depend(source, target))
        walks = (Walk(depth=1), Walk(stop_at=frozenset({4, 3})), Walk(limit=2))
        with store.view() as view:
            for walk in walks:
                found = view.walk([5], walk)
                assert list(found.distances) == [5, 3, 4]
                assert [(e.source, e.target) for e in found.edges] == [(4, 3), (5, 3), (5, 4)]

    def test_parallel_edges_lead_to_one_node_and_are_all_reported(self, store: GraphStore) -> None:
        ties = (derived(2), derived(2, "merged"), cause(EdgeKind.DEPENDS_ON, 2, "x"))
        write(store, model("m"), version(1, 1), version(1, 2, *ties))
        with store.view() as view:
            found = view.walk([3], _UP)
        assert found.distances == {3: 0, 2: 1}
        assert [(e.kind.value, e.role) for e in found.edges] == [
            ("DEPENDS_ON", "x"),
            ("DERIVED_FROM", "finetune"),
            ("DERIVED_FROM", "merged"),
        ]

    def test_many_starts_share_one_walk(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top, f.base, f.top], _UP)
            assert list(found.distances.items())[:5] == [
                (f.base, 0),
                (f.top, 0),
                (f.job, 1),
                (f.left, 1),
                (f.right, 1),
            ]
            assert found.distances[f.clean] == found.distances[f.raw] == 2

    def test_no_starts_reach_nothing(self, store: GraphStore) -> None:
        write_family(store)
        with store.view() as view:
            found = view.walk([], _UP)
            assert (dict(found.distances), list(found.edges)) == ({}, [])
            assert (found.depth_reached, found.truncated) == (0, False)
            assert view.census([], _UP) == ({}, {})

    def test_no_kinds_follow_nothing_and_absent_kinds_follow_lineage(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top], Walk(kinds=frozenset()))
            assert (dict(found.distances), list(found.edges)) == ({f.top: 0}, [])
            assert not found.truncated
            assert view.walk([f.exam], _UP) == view.walk([f.exam], Walk(kinds=LINEAGE))
            every = view.walk([f.exam], Walk(kinds=_ALL, depth=1))
        assert set(every.distances) == {f.exam, f.raw, f.top, f.job}
        assert {e.kind for e in every.edges} == {
            EdgeKind.CHILD_OF,
            EdgeKind.EVALUATED_ON,
            EdgeKind.USED,
        }

    def test_only_edges_of_the_kinds_are_followed_and_reported(self, store: GraphStore) -> None:
        f = write_family(store)
        kinds = frozenset({EdgeKind.SERVES, EdgeKind.DEPENDS_ON})
        with store.view() as view:
            assert list(view.walk([f.service], Walk(kinds=kinds)).distances) == [f.service, f.top]
            found = view.walk([f.left, f.base], Walk(kinds=kinds))
        assert list(found.distances) == [f.base, f.left, f.raw]
        assert [e.kind for e in found.edges] == [EdgeKind.DEPENDS_ON]

    def test_depth_counts_edges_and_says_what_it_cuts_off(self, store: GraphStore) -> None:
        f = write_family(store)
        kinds = frozenset({EdgeKind.DERIVED_FROM, EdgeKind.SERVES})
        seen = []
        with store.view() as view:
            for depth in range(5):
                found = view.walk([f.service], Walk(depth=depth, kinds=kinds))
                seen.append((len(found.distances), found.depth_reached, found.truncated))
        assert seen == [(1, 0, True), (2, 1, True), (4, 2, True), (5, 3, False), (5, 3, False)]

    def test_depth_cuts_nothing_off_where_only_known_nodes_lie_behind(
        self, store: GraphStore
    ) -> None:
        write(store, model("m"), version(1, 1), version(1, 2, derived(2)))
        write(store, version(1, 3, derived(2), derived(3)))
        with store.view() as view:
            found = view.walk([4], Walk(depth=1))
        assert (dict(found.distances), found.truncated) == ({4: 0, 2: 1, 3: 1}, False)

    def test_a_limit_keeps_the_closest_and_says_what_it_cuts_off(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            whole = view.walk([f.service], _UP)
            for limit in range(10):
                found = view.walk([f.service], Walk(limit=limit))
                kept = list(whole.distances.items())[: limit + 1]
                assert list(found.distances.items()) == kept
                assert found.truncated == (limit < 7)
                assert found.depth_reached == kept[-1][1]
                assert list(found.edges) == [
                    e
                    for e in whole.edges
                    if e.source in found.distances and e.target in found.distances
                ]

    def test_starts_do_not_count_towards_the_limit(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top, f.service, f.exam], Walk(limit=1))
        assert list(found.distances) == [f.top, f.service, f.exam, f.raw]
        assert found.truncated

    def test_a_node_of_another_kind_than_those_to_walk_through_is_not_reached(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        models = Walk(through=frozenset({NodeKind.MODEL_VERSION}))
        with store.view() as view:
            found = view.walk([f.service], models)
            assert list(found.distances) == [f.service, f.top, f.left, f.right, f.base]
            assert not found.truncated
            nothing = view.walk([f.service], Walk(through=frozenset()))
            assert dict(nothing.distances) == {f.service: 0}

    def test_a_walk_reaches_a_stop_and_does_not_go_on_from_it(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.walk([f.top], Walk(stop_at=frozenset({f.left, f.right})))
            assert list(found.distances) == [f.top, f.left, f.right]
            assert not found.truncated
            around = view.walk([f.top], Walk(stop_at=frozenset({f.left, 999})))
            assert f.base in around.distances
            at_start = view.walk([f.top], Walk(stop_at=frozenset({f.top})))
            assert list(at_start.distances) == [f.top]

    def test_a_walk_stops_before_deleted_nodes_unless_asked(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.base))
        with store.view() as view:
            found = view.walk([f.top], _UP)
            assert list(found.distances) == [f.top, f.left, f.right, f.raw]
            assert all(f.base not in (e.source, e.target) for e in found.edges)
            assert not found.truncated
            everything = view.walk([f.top], Walk(deleted=True))
        with store.view(1) as view:
            assert everything == view.walk([f.top], _UP)
        commit(store, restore(f.base))
        with store.view() as view:
            assert f.clean in view.walk([f.top], _UP).distances

    def test_a_deleted_start_counts(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.left), delete(f.top))
        with store.view() as view:
            found = view.walk([f.top, f.left], _UP)
            assert found.distances[f.base] == 1
            assert found.distances[f.top] == found.distances[f.left] == 0
            assert (f.top, f.left) in [(e.source, e.target) for e in found.edges]
            alone = view.walk([f.top], _UP)
            assert list(alone.distances)[:2] == [f.top, f.right]
            assert f.left not in alone.distances

    def test_edges_that_nobody_declared_are_followed_unless_told_not_to(
        self, store: GraphStore
    ) -> None:
        write(store, model("m"), version(1, 1), version(1, 2))
        guessed = cause(EdgeKind.USED, 2, "base", inferred=True)
        declared = cause(EdgeKind.USED, 3, "base")
        write(store, run("r", guessed, declared), run("s", guessed))
        with store.view() as view:
            assert list(view.walk([4], _UP).distances) == [4, 2, 3]
            strict = view.walk([4], Walk(inferred=False))
            assert list(strict.distances) == [4, 3]
            assert [e.target for e in strict.edges] == [3]
            both = view.walk([4, 2], Walk(inferred=False))
            assert [e.target for e in both.edges] == [3]
            back = view.walk([2], Walk(Direction.DOWNSTREAM, inferred=False))
            assert list(back.distances) == [2]

    def test_only_nodes_of_the_kinds_to_report_are_reported(self, store: GraphStore) -> None:
        f = write_family(store)
        data = frozenset({NodeKind.DATASET_VERSION})
        with store.view() as view:
            found = view.walk([f.top], Walk(report=data))
            assert list(found.distances.items()) == [(f.top, 0), (f.raw, 2), (f.clean, 4)]
            assert [(e.source, e.target) for e in found.edges] == [(f.clean, f.raw)]
            assert (found.depth_reached, found.truncated) == (4, False)
            first = view.walk([f.top], Walk(report=data, limit=1))
            assert (list(first.distances), first.truncated) == ([f.top, f.raw], True)
            none = view.walk([f.top], Walk(report=frozenset()))
            assert (dict(none.distances), none.truncated) == ({f.top: 0}, False)

    def test_only_nodes_that_pass_the_filters_are_reported(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, put(f.base, n=1), put(f.left, n=2), put(f.top, n=0), put(f.raw, n="1"))
        having = (Filter("param/n", Comparison.AT_LEAST, 1),)
        with store.view() as view:
            found = view.walk([f.service], Walk(having=having))
            assert list(found.distances.items()) == [(f.service, 0), (f.left, 2), (f.base, 3)]
            assert [(e.source, e.target) for e in found.edges] == [(f.left, f.base)]
            one = view.walk([f.service], Walk(having=having, limit=1))
            assert (list(one.distances), one.truncated) == ([f.service, f.left], True)
            two = view.walk([f.service], Walk(having=having, limit=2))
            assert not two.truncated

    def test_a_walk_ends_in_a_graph_with_a_cycle(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, tie(f.job, cause(EdgeKind.READ_BACK, f.top)))
        with store.view() as view:
            found = view.walk([f.base], Walk(kinds=_ALL))
            assert found.distances[f.base] == 0
            assert found.distances[f.top] == 2
            assert list(found.distances)[:2] == [f.base, f.job]
            assert f.top not in view.walk([f.base], _UP).distances

    def test_an_ended_edge_is_followed_as_of_the_time_it_was_there(self, store: GraphStore) -> None:
        write(store, model("m"), version(1, 1), version(1, 2))
        for event in (depend(3, 2), undepend(3, 2), depend(3, 2)):
            commit(store, event)
        reached = []
        for revision in range(1, 5):
            with store.view(revision) as view:
                found = view.walk([3], _UP)
                reached.append((2 in found.distances, [e.since for e in found.edges]))
                assert (view.path(3, 2, LINEAGE) is not None) == (2 in found.distances)
        assert reached == [(False, []), (True, [2]), (False, []), (True, [4])]

    def test_a_walk_as_of_a_revision_knows_nothing_later(self, store: GraphStore) -> None:
        write(store, model("m"), version(1, 1))
        for number in range(2, 6):
            commit(store, version(1, number, derived(number)))
        for revision in range(1, 6):
            with store.view(revision) as view:
                found = view.walk([2], _DOWN)
                assert list(found.distances) == list(range(2, revision + 2))

    def test_a_walk_that_reads_columns_by_the_way_reads_their_table(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        commit(store, put(f.left, n=1), details(f.model, name="before"))
        commit(store, put(f.left, n=2), delete(f.right), details(f.model, name="now"))
        versions = frozenset({NodeKind.MODEL_VERSION})
        columns = (
            (Column(Origin.VALUE, "param/n", versions),),
            (Column(Origin.OWNER_VALUE, "name", versions),),
            (Column(Origin.FACT, "number", versions),),
        )
        for revision in (2, 3):
            with store.view(revision) as view:
                for walk in (_UP, Walk(limit=2), Walk(depth=0), Walk(deleted=True, depth=2)):
                    found = view.walk([f.top], replace(walk, columns=columns))
                    assert found._replace(table=None) == view.walk([f.top], walk)
                    if found.table is not None:
                        table = list(view.table(found.distances, columns))
                        assert [(kind, row[0], *row[2:]) for kind, row in found.table] == [
                            (kind, row[0], *row[2:]) for kind, row in table
                        ]

    def test_a_walk_ignores_who_owns_a_version(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert dict(view.walk([f.model], Walk(kinds=_ALL)).distances) == {f.model: 0}


class CensusRules(Rules):
    """What `census` promises: a walk, counted."""

    def test_a_census_counts_by_distance_and_kind_without_the_starts(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        with store.view() as view:
            found = view.census([f.service], _UP)
        assert found.counts == {
            (1, NodeKind.MODEL_VERSION): 1,
            (2, NodeKind.MODEL_VERSION): 2,
            (3, NodeKind.MODEL_VERSION): 1,
            (3, NodeKind.DATASET_VERSION): 1,
            (4, NodeKind.RUN): 1,
            (5, NodeKind.DATASET_VERSION): 1,
        }
        assert found.owners == {f.model: 4, f.data: 2}

    def test_a_census_is_the_walk_counted_whatever_its_parameters(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.base), put(f.left, n=1))
        walks = (
            _UP,
            _DOWN,
            Walk(depth=2),
            Walk(deleted=True),
            Walk(kinds=frozenset({EdgeKind.DERIVED_FROM})),
            Walk(kinds=frozenset()),
            Walk(stop_at=frozenset({f.left})),
            Walk(through=frozenset({NodeKind.MODEL_VERSION})),
            Walk(report=frozenset({NodeKind.DATASET_VERSION}), deleted=True),
            Walk(having=(Filter("param/n", Comparison.EQUAL, 1),)),
        )
        with store.view() as view:
            for walk in walks:
                for starts in ([f.top], [f.raw], [f.top, f.clean]):
                    _same_counts(view, starts, walk)

    def test_a_census_ignores_the_limit(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.census([f.top], Walk(limit=1)) == view.census([f.top], _UP)

    def test_the_owners_are_those_of_what_was_reached(self, store: GraphStore) -> None:
        first, second = write_family(store), write_family(store)
        commit(store, depend(second.base, first.base))
        models = Walk(kinds=frozenset({EdgeKind.DEPENDS_ON, EdgeKind.DERIVED_FROM}))
        with store.view() as view:
            assert view.census([second.base], models).owners == {first.model: 1}
            assert view.census([second.top], models).owners == {
                first.model: 1,
                second.model: 3,
                second.data: 1,
            }
            assert view.census([first.job], Walk(depth=0)).owners == {}


class PathRules(Rules):
    """What `path` promises."""

    def test_a_path_is_a_shortest_way_along_the_edges(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.path(f.service, f.raw, LINEAGE) == [f.service, f.top, f.left, f.raw]
            assert view.path(f.base, f.clean, LINEAGE) == [f.base, f.job, f.clean]
            way = view.path(f.top, f.base, LINEAGE)
        assert way in ([f.top, f.left, f.base], [f.top, f.right, f.base])

    def test_a_path_from_a_node_to_itself_is_the_node(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.path(f.top, f.top, LINEAGE) == [f.top]
            assert view.path(f.top, f.top, []) == [f.top]

    def test_there_is_no_path_against_the_edges_or_without_kinds(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.path(f.base, f.top, LINEAGE) is None
            assert view.path(f.left, f.right, LINEAGE) is None
            assert view.path(f.top, f.base, []) is None
            assert view.path(f.top, f.model, list(EdgeKind)) is None

    def test_a_path_takes_only_edges_of_the_kinds(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            assert view.path(f.left, f.raw, [EdgeKind.DERIVED_FROM]) is None
            detour = [k for k in LINEAGE if k is not EdgeKind.DEPENDS_ON]
            expected = [f.left, f.base, f.job, f.clean, f.raw]
            assert view.path(f.left, f.raw, detour) == expected
            assert view.path(f.exam, f.base, [EdgeKind.CHILD_OF]) is None
            assert view.path(f.exam, f.job, [EdgeKind.CHILD_OF]) == [f.exam, f.job]

    def test_a_path_goes_through_deleted_nodes(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.base), delete(f.job), delete(f.clean))
        with store.view() as view:
            assert view.path(f.right, f.clean, LINEAGE) == [f.right, f.base, f.job, f.clean]

    def test_what_something_comes_from_is_found_through_whatever_lies_between(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        commit(store, delete(f.base), delete(f.job))
        sought = [f.clean, f.raw, f.right, f.exam, f.service, f.clean]
        with store.view() as view:
            assert view.comes_from([f.right], sought, LINEAGE) == {f.right, f.clean, f.raw}
            assert view.comes_from([f.clean, f.left], sought, LINEAGE) == {f.clean, f.raw}
            assert view.comes_from([f.right], sought, [EdgeKind.DERIVED_FROM]) == {f.right}
            assert view.comes_from([f.right], sought, []) == {f.right}
            assert view.comes_from([f.right], [], LINEAGE) == set()
            assert view.comes_from([], sought, LINEAGE) == set()
        commit(store, undepend(f.left, f.raw))
        with store.view() as view, store.view(view.revision - 1) as before:
            direct = [EdgeKind.DEPENDS_ON]
            assert before.comes_from([f.left], [f.raw], direct) == {f.raw}
            assert view.comes_from([f.left], [f.raw], direct) == set()


def _same_counts(view: GraphView, starts: list[int], walk: Walk) -> None:
    distances = view.walk(starts, walk).distances
    reached = [i for i in distances if i not in starts]
    counts: dict[tuple[int, NodeKind], int] = {}
    nodes = view.nodes(reached, [])
    for node in nodes.values():
        key = (distances[node.id], node.kind)
        counts[key] = counts.get(key, 0) + 1
    census = view.census(starts, walk)
    assert census.counts == counts
    owners = Counter(node.owner for node in nodes.values() if node.owner)
    assert census.owners == owners
