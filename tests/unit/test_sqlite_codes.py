from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.domain.view import Comparison
from lineage_registry.graph.sqlite import codes
from lineage_registry.graph.sqlite.filters import bounds


def test_every_kind_has_a_code_of_its_own():
    assert set(codes.EDGE_CODES) == set(EdgeKind)
    assert set(codes.NODE_CODES) == set(NodeKind)
    assert len(codes.EDGE_KINDS) == len(EdgeKind)
    assert len(codes.NODE_KINDS) == len(NodeKind)


def test_codes_of_edges_are_in_the_order_of_their_names():
    by_code = sorted(EdgeKind, key=codes.EDGE_CODES.__getitem__)
    assert all(first < second for first, second in pairwise(by_code))


def test_codes_do_not_move_because_they_lie_in_the_tables():
    assert codes.EDGE_CODES[EdgeKind.USED] == 9
    assert codes.NODE_CODES[NodeKind.DEPLOYMENT] == 6


@given(st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text()))
def test_a_value_comes_back_with_its_type(value):
    back = codes.decode(codes.encode(value))
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_bounds_of_a_comparison_hold_values_of_one_type_only():
    # SQLite's order: numbers, texts, bytes.
    assert bounds(Comparison.GREATER, 3) == (3, float("inf"))
    assert bounds(Comparison.GREATER, "b") == ("b", b"")
    assert bounds(Comparison.LESS, "b") == ("", "b")


def test_long_texts_are_bounded_by_what_the_index_holds_of_them():
    assert bounds(Comparison.EQUAL, "x" * 100) == ("x" * 64, "x" * 64)
    assert bounds(Comparison.EQUAL, "a\0b") == ("a", "a")
