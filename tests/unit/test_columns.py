"""Tables fit a terminal: no word is broken that could stand whole, nothing is left out."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.cli.columns import GAP, stand
from lineage_registry.cli.drawing import draw
from lineage_registry.cli.views import Table

WORDS = st.lists(st.text("abcde", min_size=1, max_size=30), max_size=6).map(" ".join)


@st.composite
def tables(draw_):
    names = draw_(st.lists(st.text("xyz", min_size=1, max_size=9), min_size=1, max_size=6))
    columns = [f"{name}{number}" for number, name in enumerate(names)]
    rows = draw_(st.lists(st.tuples(*[WORDS] * len(columns)), min_size=1, max_size=4))
    wrapped = draw_(st.sets(st.sampled_from(columns)))
    return Table(columns, rows, wrapped=[one for one in columns if one in wrapped])


@given(tables(), st.integers(20, 200))
def test_what_stands_beside_each_other_fits_and_the_rest_stands_below(table, room):
    used = range(len(table.columns))
    wrapped = {place for place in used if table.columns[place] in table.wrapped}
    found = stand(table, used, wrapped, room)
    assert sorted([*found.widths, *found.below]) == list(used)
    if len(found.widths) > 1:
        assert sum(found.widths.values()) + GAP * (len(found.widths) - 1) <= room
    for place, width in found.widths.items():
        whole = max(
            len(text) for text in (table.columns[place], *[row[place] for row in table.rows])
        )
        assert width <= whole
        assert width == whole or place in wrapped


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_word_is_broken_in_a_narrow_terminal(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    reason = "labels of seven and nine are swapped in the third batch of the delivery"
    rows = [("1", "poisoned", "datasets:/digits-autumn/1", reason, "2026-11-21 16:31 mira")]
    columns = ("taint", "kind", "begins at", "reason", "raised")
    stream = io.StringIO()
    draw([Table(columns, rows, wrapped=("reason",))], stream)
    text = stream.getvalue()
    assert all(len(line) <= width for line in text.splitlines())
    assert {word for cell in rows[0] for word in cell.split()} <= set(text.split())
