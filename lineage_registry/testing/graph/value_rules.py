"""Rules of temporal values, of the edges' lives and of the nodes that carry them."""

from collections.abc import Mapping, Sequence

from lineage_registry.domain.events import AliasMoved, DeploymentMoved
from lineage_registry.domain.graph import REGISTRY, Edge, EdgeKind, Interval, NodeKind, Scalar
from lineage_registry.domain.view import Address, Column, Direction, GraphView, Located, Origin
from lineage_registry.ports.graph import GraphStore, Request
from lineage_registry.testing.graph.rules import Rules, large
from lineage_registry.testing.graph.writing import (
    cause,
    commit,
    delete,
    depend,
    deployment,
    derived,
    details,
    end,
    model,
    put,
    restore,
    run,
    tie,
    undepend,
    version,
    write,
    write_all,
    write_family,
)

SCALARS: tuple[Scalar, ...] = (
    *("", "a", "a\nb\tc", 'O\'Brien "x" \\ $1 {y} %_', "\u00e9\u0301 \u6f22 \U0001f600", "\x00"),
    *(0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    *(0.0, 1.0, 0.1, -2.5, 1e308, 5e-324),
    *(True, False),
    *("true", "1", "NaN", "None"),
)
"""Every sort of value, those that are easily taken for one another among them."""


_MORE: Mapping[str, Scalar] = {"a/b": True, "a/c": "x"}


class ValueRules(Rules):
    """What `Set` does, and how it is read at every revision."""

    def test_a_value_of_every_sort_is_read_as_it_was_written(self, store: GraphStore) -> None:
        params = {f"k{i}": value for i, value in enumerate(SCALARS)}
        (node,) = write(store, run("r", params=params))
        with store.view() as view:
            found = view.values([(node, f"param/{key}") for key in params])
            listed = view.nodes([node])[node].values
        for key, value in params.items():
            for got in (found[node, f"param/{key}"], listed[f"param/{key}"]):
                assert (type(got), got) == (type(value), value)

    def test_a_value_is_replaced_and_ended_and_earlier_revisions_still_show_it(
        self, store: GraphStore
    ) -> None:
        (node,) = write(store, model("m"))
        for value in ("a", "b", None, "c"):
            commit(store, details(node, description=value))
        seen = []
        for revision in range(6):
            with store.view(revision) as view:
                assert view.revision == revision
                seen.append(view.values([(node, "description")]).get((node, "description")))
        assert seen == [None, None, "a", "b", None, "c"]

    def test_history_shows_each_interval_and_the_gap_between(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        for value in ("a", "b", None, "c"):
            commit(store, details(node, description=value))
        with store.view() as view:
            assert view.history(node, "description") == [
                Interval(2, 3, "a"),
                Interval(3, 4, "b"),
                Interval(5, None, "c"),
            ]
            assert view.history(node, "nothing") == []

    def test_history_knows_nothing_of_what_came_later(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        for value in ("a", "b", None):
            commit(store, details(node, description=value))
        expected: dict[int, list[Interval]] = {
            1: [],
            2: [Interval(2, None, "a")],
            3: [Interval(2, 3, "a"), Interval(3, None, "b")],
            4: [Interval(2, 3, "a"), Interval(3, 4, "b")],
        }
        for revision, intervals in expected.items():
            with store.view(revision) as view:
                assert view.history(node, "description") == intervals

    def test_of_many_values_in_one_commit_the_last_one_holds(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        commit(store, put(node, n=1))
        commit(store, put(node, n=2), put(node, n=3), end(node, "param/n"), put(node, n=4))
        commit(store, put(node, m=1), put(node, m=2))
        with store.view() as view:
            assert view.history(node, "param/m") == [Interval(4, None, 2)]
            assert view.history(node, "param/n") == [Interval(2, 3, 1), Interval(3, None, 4)]

    def test_a_value_that_lives_within_one_commit_only_never_was(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        commit(store, put(node, n=1))
        commit(store, put(node, n=2, m=2), end(node, "param/n", "param/m"))
        with store.view() as view:
            assert view.history(node, "param/n") == [Interval(2, 3, 1)]
            assert view.history(node, "param/m") == []
            assert view.nodes([node], ["param/n", "param/m"])[node].values == {}

    def test_the_same_value_again_begins_a_new_interval(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        commit(store, put(node, n=1))
        commit(store, put(node, n=1))
        with store.view() as view:
            assert view.history(node, "param/n") == [Interval(2, 3, 1), Interval(3, None, 1)]

    def test_ending_what_is_not_there_changes_nothing(self, store: GraphStore) -> None:
        first, second = write(store, model("m"), model("n"))
        commit(store, end(first, "description"), undepend(first, second), put(first, n=1))
        with store.view() as view:
            assert view.history(first, "description") == []
            assert view.edges([first], Direction.UPSTREAM, list(EdgeKind)) == []
            assert view.values([(first, "param/n")]) == {(first, "param/n"): 1}

    @large
    def test_values_come_many_at_once_and_only_those_that_hold(self, store: GraphStore) -> None:
        write_all(store, (run(f"r{i}", params={"n": i}) for i in range(1500)))
        wanted = [(i, key) for i in range(1, 1701) for key in ("param/n", "status", "param/x")]
        with store.view() as view:
            found = view.values(wanted)
            assert view.values([]) == {}
        assert len(found) == 3000
        assert all(found[i, "param/n"] == i - 1 for i in range(1, 1501))

    def test_the_registry_itself_has_values(self, store: GraphStore) -> None:
        (node,) = write(store, model("Caf\u00e9"))
        with store.view() as view:
            key = (REGISTRY, "model/caf\u00e9")
            assert view.values([key, (REGISTRY, "model/other")]) == {key: node}

    def test_values_under_a_prefix_come_at_once_and_only_those_that_hold(
        self, store: GraphStore
    ) -> None:
        (node,) = write(store, model("m"))
        keys = ["a/", "a/b", "a/\u00e9", "a/\U0010ffff", "a", "a.b", "a0", "A/b", "b/a/", "a`b"]
        commit(store, put(node, **{key: index for index, key in enumerate(keys)}))
        commit(store, put(node, **_MORE))
        commit(store, end(node, "param/a/c"))
        under = {"param/a/": 0, "param/a/b": True, "param/a/\u00e9": 2, "param/a/\U0010ffff": 3}
        with store.view() as view:
            assert view.values_under(node, "param/a/") == under
            assert view.values_under(node, "param/a/b") == {"param/a/b": True}
            assert view.values_under(node, "PARAM/") == {}
            assert view.values_under(node, "tag/") == {}
            assert view.values_under(REGISTRY, "model/") == {"model/m": node}
        with store.view(3) as view:
            assert view.values_under(node, "param/a/") == {**under, "param/a/c": "x"}
        with store.view(2) as view:
            assert view.values_under(node, "param/a/") == {**under, "param/a/b": 1}
        with store.view(1) as view:
            assert view.values_under(node, "param/a/") == {}

    def test_keys_are_told_apart_exactly(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        keys = ["a", "A", "a ", "a/b", "a.b", "a`b", "\u00e9", "e\u0301", "id", "kind", "since"]
        commit(store, put(node, **{key: index for index, key in enumerate(keys)}))
        with store.view() as view:
            found = view.values([(node, f"param/{key}") for key in keys])
            listed = view.nodes([node], [f"param/{key}" for key in keys])[node].values
        assert found == {(node, f"param/{key}"): index for index, key in enumerate(keys)}
        assert listed == {f"param/{key}": index for index, key in enumerate(keys)}

    def test_changed_is_the_revision_of_the_last_value_set_or_ended(
        self, store: GraphStore
    ) -> None:
        first, second = write(store, model("a"), model("b"))
        commit(store, put(first, n=1))
        commit(store, put(second, n=1))
        commit(store, end(first, "param/n"))
        commit(store, model("c"))
        with store.view() as view:
            assert view.changed([first, second, 99]) == {first: 4, second: 3}
            assert view.changed([]) == {}
        with store.view(3) as view:
            assert view.changed([first, second]) == {first: 2, second: 3}


class NodeRules(Rules):
    """What `nodes` promises."""

    def test_a_node_knows_its_kind_owner_revision_and_facts(self, store: GraphStore) -> None:
        commit(store, model("m"))
        event = version(1, 7)
        facts = {"format": "x", "size": 2**40, "rate": 1.0, "safe": True}
        done = commit(store, event.model_copy(update={"facts": facts}), request=Request("grace"))
        with store.view() as view:
            node = view.nodes([2])[2]
        assert node[:4] == (2, NodeKind.MODEL_VERSION, 1, 2)
        assert node.facts == facts | {
            "number": 7,
            "created_at": done.at,
            "created_by": "grace",
        }
        assert {key: type(node.facts[key]) for key in facts} == {
            "format": str,
            "size": int,
            "rate": float,
            "safe": bool,
        }

    def test_nodes_of_every_kind_come_in_the_order_asked_for(self, store: GraphStore) -> None:
        family = write_family(store)
        asked = [family.service, family.data, family.exam, 999, family.top, family.raw, 4]
        with store.view() as view:
            found = view.nodes(asked)
        assert list(found) == [i for i in asked if i != 999]
        assert [node.kind for node in found.values()] == [
            NodeKind.DEPLOYMENT,
            NodeKind.DATASET,
            NodeKind.RUN,
            NodeKind.MODEL_VERSION,
            NodeKind.DATASET_VERSION,
            NodeKind.MODEL,
        ]

    def test_a_node_brings_the_values_asked_for(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        commit(store, put(node, a=1, b="x"))
        everything = {"name": "m", "last_number": 0, "param/a": 1, "param/b": "x"}
        with store.view() as view:
            assert view.nodes([node])[node].values == everything
            assert view.nodes([node], [])[node].values == {}
            assert view.nodes([node], ["param/b", "no"])[node].values == {"param/b": "x"}
            assert view.nodes([]) == {}

    def test_an_address_leads_where_its_keys_say(self, store: GraphStore) -> None:
        f = write_family(store)
        name, alias = f"model/model {f.data}", "alias/champion"
        moved = AliasMoved(model=f.model, pointer=alias, before=None, version=f.top, below=0)
        commit(store, moved)
        commit(store, delete(f.base), delete(f.data))
        expected = {
            Address(name): Located(f.model, None, deleted=False),
            Address(name, alias): Located(f.model, f.top, deleted=False),
            Address(name, "alias/no"): Located(f.model, None, deleted=False),
            Address(name, "number/", "/2"): Located(f.model, f.left, deleted=False),
            Address(name, "number/", "/1"): Located(f.model, f.base, deleted=True),
            Address(name, "number/", "/9"): Located(f.model, None, deleted=False),
            Address(f"dataset/data {f.data}", "number/", "/1"): Located(
                f.data, f.raw, deleted=True
            ),
            Address(f"run/job-{f.data}"): Located(f.job, None, deleted=False),
        }
        with store.view() as view:
            assert view.locate([*expected, Address("model/no"), Address("model/no", alias)]) == (
                expected
            )
            assert view.locate([]) == {}
        with store.view(1) as view:
            before = view.locate([Address(name, alias), Address(name, "number/", "/1")])
        assert [*before.values()] == [
            Located(f.model, None, deleted=False),
            Located(f.model, f.base, deleted=False),
        ]

    def test_a_table_shows_of_each_node_the_columns_meant_for_its_kind(
        self, store: GraphStore
    ) -> None:
        f = write_family(store)
        commit(store, put(f.top, n=True), put(f.job, n=2.0), delete(f.base))
        versions = frozenset({NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION})
        runs = frozenset({NodeKind.RUN})
        columns = (
            (
                Column(Origin.OWNER_VALUE, "name", versions),
                Column(Origin.FACT, "run_id", runs),
                Column(Origin.VALUE, "name", frozenset(NodeKind)),
            ),
            (Column(Origin.VALUE, "param/n", versions | runs),),
            (Column(Origin.FACT, "number", versions),),
        )
        ids = [f.service, f.top, 999, f.job, f.base, f.model, f.raw]
        with store.view() as view:
            rows = [(row[0], kind, *row[2:]) for kind, row in view.table(ids, columns)]
            assert list(view.table([], columns)) == []
            bare = [row[0] for _, row in view.table([f.top, f.raw], [])]
            assert bare == [f.top, f.raw]
        assert rows == [
            (f.service, NodeKind.DEPLOYMENT, "service 1", None, None),
            (f.top, NodeKind.MODEL_VERSION, "model 1", True, 4),
            (f.job, NodeKind.RUN, "job-1", 2.0, None),
            (f.base, NodeKind.MODEL_VERSION, "model 1", None, 1),
            (f.model, NodeKind.MODEL, "model 1", None, None),
            (f.raw, NodeKind.DATASET_VERSION, "data 1", None, 1),
        ]
        assert [type(row[3]) for row in rows[1:3]] == [bool, float]

    def test_a_table_shows_what_held_at_its_revision(self, store: GraphStore) -> None:
        _, node, other = write(store, model("m"), version(1, 1), version(1, 2))
        commit(store, details(node, description="x", stage=None), put(node, n=1))
        commit(store, details(node, description="y"), delete(node), details(1, name="renamed"))
        commit(store, end(node, "description", "param/n"), restore(node))
        (later,) = write(store, version(1, 3))
        versions = frozenset({NodeKind.MODEL_VERSION})
        keys = ("description", "deleted", "param/n")
        columns = [[Column(Origin.VALUE, key, versions)] for key in keys]
        columns.append([Column(Origin.OWNER_VALUE, "name", versions)])
        seen = []
        for revision in range(1, 5):
            with store.view(revision) as view:
                rows = {row[0]: row[2:] for _, row in view.table([node, other, later], columns)}
            assert rows.pop(other) == (None, None, None, "renamed" if revision > 2 else "m")
            seen.append(rows)
        assert seen == [
            {node: (None, None, None, "m")},
            {node: ("x", None, 1, "m")},
            {node: ("y", True, 1, "renamed")},
            {node: (None, None, None, "renamed")},
        ]

    def test_a_node_that_is_not_made_yet_is_missing(self, store: GraphStore) -> None:
        commit(store, model("a"))
        commit(store, model("b"))
        with store.view(1) as view:
            assert list(view.nodes([2, 1])) == [1]
            assert view.changed([2, 1]) == {1: 1}

    def test_a_deleted_node_is_a_node_like_others(self, store: GraphStore) -> None:
        (node,) = write(store, model("m"))
        commit(store, delete(node))
        commit(store, restore(node))
        seen = []
        for revision in (1, 2, 3):
            with store.view(revision) as view:
                seen.append(view.nodes([node])[node].values.get("deleted"))
        assert seen == [None, True, None]


class EdgeRules(Rules):
    """What `AddEdge` and `EndEdge` do."""

    def test_edges_leave_upstream_and_enter_downstream(self, store: GraphStore) -> None:
        f = write_family(store)
        kinds = [EdgeKind.DERIVED_FROM]
        with store.view() as view:
            up = view.edges([f.top, f.right], Direction.UPSTREAM, kinds)
            down = view.edges([f.base], Direction.DOWNSTREAM, kinds)
        assert up == [
            Edge(f.right, EdgeKind.DERIVED_FROM, f.base, "quantized", 1, declared=True),
            Edge(f.top, EdgeKind.DERIVED_FROM, f.left, "merged", 1, declared=True),
            Edge(f.top, EdgeKind.DERIVED_FROM, f.right, "merged", 1, declared=True),
        ]
        assert [(e.source, e.target) for e in down] == [(f.left, f.base), (f.right, f.base)]

    def test_only_the_kinds_asked_for_and_none_of_them_is_nothing(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            everything = view.edges([f.exam], Direction.UPSTREAM, list(EdgeKind))
            assert [e.kind.value for e in everything] == ["CHILD_OF", "EVALUATED_ON", "USED"]
            used = view.edges([f.exam], Direction.UPSTREAM, {EdgeKind.USED})
            assert [(e.target, e.role) for e in used] == [(f.top, "base")]
            assert view.edges([f.exam], Direction.UPSTREAM, []) == []
            assert view.edges([], Direction.UPSTREAM, list(EdgeKind)) == []

    def test_edges_of_other_kinds_and_roles_between_the_same_nodes_stand_side_by_side(
        self, store: GraphStore
    ) -> None:
        _, old, new = write(store, model("m"), version(1, 1), version(1, 2))
        ties = (derived(old), cause(EdgeKind.DEPENDS_ON, old, "b"), derived(old, "merged"))
        commit(store, tie(new, *ties, cause(EdgeKind.DEPENDS_ON, old, "a")))
        commit(store, undepend(new, old, "b"))
        expected = [
            (EdgeKind.DEPENDS_ON, "a"),
            (EdgeKind.DERIVED_FROM, "finetune"),
            (EdgeKind.DERIVED_FROM, "merged"),
        ]
        with store.view() as view:
            for ids, direction in (([new], Direction.UPSTREAM), ([old], Direction.DOWNSTREAM)):
                found = view.edges(ids, direction, list(EdgeKind))
                assert [(e.kind, e.role) for e in found] == expected

    def test_edges_come_in_order_whatever_the_order_of_writing(self, store: GraphStore) -> None:
        write(store, model("m"), *(version(1, n) for n in range(1, 13)))
        for source, target in ((12, 3), (12, 2), (5, 3), (13, 11), (5, 2), (13, 2)):
            commit(store, tie(source, derived(target, "other"), derived(target, "merged")))
        with store.view() as view:
            found = view.edges([13, 5, 12], Direction.UPSTREAM, list(EdgeKind))
        keys = [(e.source, e.target, e.role) for e in found]
        assert keys == sorted(keys)
        assert len(keys) == 12

    def test_an_edge_added_twice_is_there_once_since_the_first_time(
        self, store: GraphStore
    ) -> None:
        _, old, new = write(store, model("m"), version(1, 1), version(1, 2))
        commit(store, depend(new, old), depend(new, old))
        commit(store, depend(new, old))
        with store.view() as view:
            (edge,) = view.edges([new], Direction.UPSTREAM, list(EdgeKind))
        assert edge == Edge(new, EdgeKind.DEPENDS_ON, old, "tokenizer", 2, declared=True)

    def test_an_edge_ends_and_begins_again_and_earlier_revisions_show_it(
        self, store: GraphStore
    ) -> None:
        _, old, new = write(store, model("m"), version(1, 1), version(1, 2))
        for event in (depend(new, old), undepend(new, old), depend(new, old)):
            commit(store, event)
        expected = {1: [], 2: [2], 3: [], 4: [4]}
        for revision, since in expected.items():
            with store.view(revision) as view:
                assert [e.since for e in _at(view, new)] == since

    def test_an_edge_that_ends_and_begins_in_one_commit_is_there(self, store: GraphStore) -> None:
        _, old, new = write(store, model("m"), version(1, 1), version(1, 2))
        (service,) = write(store, deployment("s", old))
        there = DeploymentMoved(deployment=service, before=old, version=new)
        back = DeploymentMoved(deployment=service, before=new, version=old)
        commit(store, there, back, there, back)
        with store.view() as view:
            assert [e.target for e in _at(view, service)] == [old]
        with store.view(2) as view:
            assert [(e.target, e.since) for e in _at(view, service)] == [(old, 2)]

    def test_an_edge_says_whether_it_was_declared(self, store: GraphStore) -> None:
        commit(store, model("m"), version(1, 1))
        causes = (
            cause(EdgeKind.USED, 2, "base", inferred=True),
            cause(EdgeKind.USED, 2, "config"),
        )
        (node,) = write(store, run("r", *causes))
        with store.view() as view:
            assert [e.declared for e in _at(view, node)] == [False, True]

    def test_edges_to_deleted_nodes_are_edges_like_others(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.base))
        with store.view() as view:
            assert f.base in [e.target for e in _at(view, f.left)]
            assert len(_at(view, f.base)) == 1


def _at(view: GraphView, node: int) -> Sequence[Edge]:
    return view.edges([node], Direction.UPSTREAM, list(EdgeKind))
