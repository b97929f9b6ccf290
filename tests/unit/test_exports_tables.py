"""Tables as CSV and Markdown: safe to open, exact to read back, safe to paste."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.tables import Table
from lineage_registry.errors import InvalidQueryError
from lineage_registry.exports import FORMATS, export, format_of, formats_of
from lineage_registry.exports.csv_table import csv_text
from lineage_registry.exports.markdown import markdown_table
from lineage_registry.ports.commands import Family, GraphAnswer, Sibling, Siblings, TableAnswer
from tests.golden import lineages

MARKS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
SIBLINGS = Siblings(
    reference="models:/clf/1",
    siblings=[
        Sibling(reference="models:/clf/2", stage="Production", shared=["runs:/a", "runs:/b"]),
        Sibling(reference="models:/=cmd|'/c calc'!A1/1", declared=True),
    ],
    truncated=False,
    revision=7,
    as_of=None,
)


class Both(TableAnswer, GraphAnswer):
    """An answer that is a table and holds a graph."""

    one: Lineage

    def table(self):
        return Table(("n",), [(len(self.one.nodes),)])

    def graph(self):
        return self.one


def read(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_an_answer_is_written_as_csv_and_markdown():
    assert export(SIBLINGS, "csv").decode().splitlines() == [
        "reference,stage,deleted,declared,shared",
        'models:/clf/2,Production,false,false,"runs:/a, runs:/b"',
        "models:/=cmd|'/c calc'!A1/1,,false,true,",
    ]
    assert export(SIBLINGS, "markdown").decode().splitlines() == [
        "| reference | stage | deleted | declared | shared |",
        "| --- | --- | --- | --- | --- |",
        "| models:/clf/2 | Production | false | false | runs:/a, runs:/b |",
        "| models:/=cmd\\|'/c calc'!A1/1 |  | false | true |  |",
    ]


@pytest.mark.parametrize("mark", MARKS)
def test_a_text_that_may_be_a_formula_gets_an_apostrophe(mark):
    table = Table(("a",), [(f"{mark}1+1",), (f" {mark}",), (f"a{mark}",)])
    assert read(csv_text(table))[1:] == [[f"'{mark}1+1"], [f" {mark}"], [f"a{mark}"]]


def test_numbers_stay_numbers():
    table = Table(("a", "b", "c"), [(-1, -0.5, "-1"), (None, 1e-9, True)])
    assert read(csv_text(table))[1:] == [["-1", "-0.5", "'-1"], ["", "1e-09", "true"]]


CELLS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_what_is_written_as_csv_reads_back_and_is_no_formula(rows):
    found = read(csv_text(Table(("a", "b"), rows)))[1:]
    assert len(found) == len(rows)
    for row, cells in zip(rows, found, strict=True):
        for value, cell in zip(row, cells, strict=True):
            if isinstance(value, str):
                assert cell == ("'" + value if value.startswith(tuple(MARKS)) else value)
                assert not cell.startswith(tuple(MARKS))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                assert float(cell) == float(value)


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=5))
def test_no_text_leaves_its_cell_in_markdown(rows):
    lines = markdown_table(Table(("a", "b"), rows)).split("\n")
    assert len(lines) == len(rows) + 3
    for line in lines[:-1]:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3


def test_columns_of_numbers_are_set_to_the_right():
    table = Table(
        ("a_b", "n", "ok", "nothing"), [("_x_", 1, True, None), ("<b>", 2.5, False, None)]
    )
    assert markdown_table(table) == (
        "| a_b | n | ok | nothing |\n| --- | ---: | --- | --- |\n"
        "| \\_x\\_ | 1 | true |  |\n| \\<b\\> | 2.5 | false |  |\n"
    )


def test_what_an_answer_is_says_which_formats_it_has():
    assert set(formats_of(Siblings)) == {"json", "csv", "markdown"}
    assert set(formats_of(Family)) == {"json"}
    assert set(formats_of(Both)) == {*FORMATS, "csv", "markdown"}
    assert format_of("a.csv", Siblings) == "csv"
    with pytest.raises(InvalidQueryError, match="svg"):
        format_of("a.svg", Siblings)


def test_an_answer_that_holds_a_graph_is_written_as_one_and_its_json_is_whole():
    answer = Both(one=lineages.pipeline(), revision=1, as_of=None)
    assert export(answer, "dot") == export(lineages.pipeline(), "dot")
    assert Both.model_validate_json(export(answer, "json")) == answer
    assert export(answer, "csv") == b"n\r\n" + str(len(answer.one.nodes)).encode() + b"\r\n"
