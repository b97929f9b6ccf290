"""Rules of listing nodes."""

from lineage_registry.domain.events import Event
from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.view import Comparison, Filter, GraphView, Selection
from lineage_registry.ports.graph import GraphStore
from lineage_registry.testing.graph.rules import Rules
from lineage_registry.testing.graph.writing import (
    commit,
    delete,
    end,
    model,
    put,
    restore,
    run,
    version,
    write,
    write_family,
)

_RUNS = Selection(NodeKind.RUN)
_MIXED: tuple[Scalar, ...] = (
    *("apple", "Zebra", "", "100%", "a_b", "1", "\u00c4pfel und Birnen"),
    *(0, 1, -3, 2**53, 2**53 + 1, 0.5, 1.0, 1e300),
    *(True, False),
)


class SelectRules(Rules):
    """What `select` promises."""

    def test_nodes_of_one_kind_are_listed_by_id(self, store: GraphStore) -> None:
        f = write_family(store)
        with store.view() as view:
            versions = view.select(Selection(NodeKind.MODEL_VERSION), None, 100)
            assert versions == [f.base, f.left, f.right, f.top]
            assert view.select(Selection(NodeKind.DATASET_VERSION), None, 100) == [f.raw, f.clean]
            assert view.select(_RUNS, None, 100) == [f.job, f.exam]
            assert view.select(Selection(NodeKind.MODEL), None, 100) == [f.model]

    def test_versions_of_one_owner_are_listed_alone(self, store: GraphStore) -> None:
        first, second = write_family(store), write_family(store)
        with store.view() as view:
            mine = Selection(NodeKind.MODEL_VERSION, owner=second.model)
            assert view.select(mine, None, 100) == list(second[5:9])
            assert view.select(Selection(NodeKind.RUN, owner=first.model), None, 9) == []
            assert view.select(Selection(NodeKind.MODEL_VERSION, owner=999), None, 9) == []

    def test_deleted_nodes_are_listed_only_when_asked_for(self, store: GraphStore) -> None:
        f = write_family(store)
        commit(store, delete(f.left), delete(f.right))
        commit(store, restore(f.right))
        everything = Selection(NodeKind.MODEL_VERSION, deleted=True)
        with store.view() as view:
            visible = view.select(Selection(NodeKind.MODEL_VERSION), None, 9)
            assert visible == [f.base, f.right, f.top]
            assert view.select(everything, None, 9) == [f.base, f.left, f.right, f.top]
        with store.view(2) as view:
            assert view.select(Selection(NodeKind.MODEL_VERSION), None, 9) == [f.base, f.top]

    def test_newest_first_turns_the_order_round(self, store: GraphStore) -> None:
        write(store, *(run(f"r{i}") for i in range(7)))
        turned = Selection(NodeKind.RUN, newest_first=True)
        with store.view() as view:
            assert view.select(turned, None, 3) == [7, 6, 5]
            assert view.select(turned, 5, 3) == [4, 3, 2]
            assert view.select(_RUNS, 5, 3) == [6, 7]

    def test_pages_put_together_are_the_whole(self, store: GraphStore) -> None:
        write(store, *self._sorted_runs(25))
        for newest_first in (False, True):
            wanted = Selection(
                NodeKind.RUN,
                filters=(Filter("param/n", Comparison.GREATER, 3),),
                newest_first=newest_first,
            )
            with store.view() as view:
                whole = view.select(wanted, None, 1000)
                for size in (1, 2, 7, 100):
                    assert _pages(view, wanted, size) == whole
            assert len(whole) == 21

    def _sorted_runs(self, count: int) -> list[Event]:
        return [run(f"r{i}", params={"n": i}) for i in range(count)]

    def test_numbers_compare_with_numbers(self, store: GraphStore) -> None:
        found = _compared(store, 1)
        assert found[Comparison.EQUAL] == [1, 1.0]
        assert found[Comparison.LESS] == [0, -3, 0.5]
        assert found[Comparison.AT_MOST] == [0, 1, -3, 0.5, 1.0]
        assert found[Comparison.GREATER] == [2**53, 2**53 + 1, 1e300]
        assert found[Comparison.AT_LEAST] == [1, 2**53, 2**53 + 1, 1.0, 1e300]
        assert found[Comparison.CONTAINS] == []

    def test_large_numbers_compare_exactly(self, store: GraphStore) -> None:
        found = _compared(store, 2**53 + 1)
        assert found[Comparison.EQUAL] == [2**53 + 1]
        assert found[Comparison.AT_LEAST] == [2**53 + 1, 1e300]

    def test_text_compares_with_text_letter_by_letter(self, store: GraphStore) -> None:
        found = _compared(store, "apple")
        assert found[Comparison.EQUAL] == ["apple"]
        assert found[Comparison.LESS] == ["Zebra", "", "100%", "a_b", "1"]
        assert found[Comparison.AT_MOST] == ["apple", "Zebra", "", "100%", "a_b", "1"]
        assert found[Comparison.GREATER] == ["\u00c4pfel und Birnen"]
        assert found[Comparison.AT_LEAST] == ["apple", "\u00c4pfel und Birnen"]

    def test_text_that_looks_like_a_number_is_text(self, store: GraphStore) -> None:
        assert _compared(store, "1")[Comparison.EQUAL] == ["1"]
        assert _compared(store, 1)[Comparison.EQUAL] == [1, 1.0]

    def test_a_truth_value_is_no_number(self, store: GraphStore) -> None:
        for value in (True, False):
            (found,) = _compared(store, value)[Comparison.EQUAL]
            assert found is value
        assert True not in [x for x in _compared(store, 5)[Comparison.LESS] if x is True]

    def test_contains_ignores_case_and_knows_no_wildcards(self, store: GraphStore) -> None:
        expected: dict[str, list[Scalar]] = {
            "PP": ["apple"],
            "%": ["100%"],
            "_": ["a_b"],
            "\u00e4PFEL": ["\u00c4pfel und Birnen"],
            "1": ["100%", "1"],
            "*": [],
        }
        for text, values in expected.items():
            assert _compared(store, text)[Comparison.CONTAINS] == values
        assert len(_compared(store, "")[Comparison.CONTAINS]) == 7

    def test_a_node_without_the_key_fits_only_where_it_is_to_be_absent(
        self, store: GraphStore
    ) -> None:
        write(store, run("r1"), run("r2", params={"n": 1}))
        commit(store, end(2, "param/n"))
        for comparison in Comparison:
            expected = [1, 2] if comparison is Comparison.ABSENT else []
            for value in ("", 0, -1, True, False):
                filters = (Filter("param/n", comparison, value),)
                with store.view() as view:
                    found = view.select(Selection(NodeKind.RUN, filters=filters), None, 9)
                    assert found == expected

    def test_what_is_absent_was_there_at_other_revisions(self, store: GraphStore) -> None:
        commit(store, run("r1", params={"n": 1, "other": 1}))
        commit(store, end(1, "param/n"))
        commit(store, put(1, n=2))
        commit(store, run("r2", params={"other": 1}))
        without, other = (
            Filter("param/n", Comparison.ABSENT, ""),
            Filter("param/other", Comparison.EQUAL, 1),
        )
        for filters in ((without,), (without, other), (other, without)):
            seen = []
            for revision in range(5):
                with store.view(revision) as view:
                    seen.append(view.select(Selection(NodeKind.RUN, filters=filters), None, 9))
            assert seen == [[], [], [1], [], [4]]

    def test_all_filters_hold_together(self, store: GraphStore) -> None:
        for i in range(6):
            commit(store, run(f"r{i}", params={"a": i, "b": "even" if i % 2 == 0 else "odd"}))
        filters = (
            Filter("param/a", Comparison.AT_LEAST, 2),
            Filter("param/b", Comparison.EQUAL, "even"),
            Filter("param/a", Comparison.LESS, 4),
        )
        with store.view() as view:
            assert view.select(Selection(NodeKind.RUN, filters=filters), None, 9) == [3]

    def test_a_list_shows_its_revision_and_nothing_later(self, store: GraphStore) -> None:
        commit(store, model("m"))
        commit(store, version(1, 1, params={"n": 1}))
        commit(store, put(2, n=2))
        commit(store, version(1, 2, params={"n": 1}))
        wanted = Selection(
            NodeKind.MODEL_VERSION, filters=(Filter("param/n", Comparison.EQUAL, 1),)
        )
        seen = []
        for revision in range(5):
            with store.view(revision) as view:
                seen.append(view.select(wanted, None, 9))
        assert seen == [[], [], [2], [], [4]]


def _pages(view: GraphView, wanted: Selection, size: int) -> list[int]:
    found: list[int] = []
    while page := view.select(wanted, found[-1] if found else None, size):
        assert len(page) <= size
        assert not set(page).intersection(found)
        found += page
    return found


def _compared(store: GraphStore, value: Scalar) -> dict[Comparison, list[Scalar]]:
    if store.head().revision == 0:
        write(store, *(run(f"r{i}", params={"x": mixed}) for i, mixed in enumerate(_MIXED)))
    with store.view() as view:
        return {
            comparison: [
                _MIXED[i - 1]
                for i in view.select(
                    Selection(NodeKind.RUN, filters=(Filter("param/x", comparison, value),)),
                    None,
                    100,
                )
            ]
            for comparison in Comparison
        }
