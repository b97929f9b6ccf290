"""Every read finds what it looks for by an index: SEARCH, never a SCAN of a table."""

import re
import sqlite3
from collections.abc import Iterator
from itertools import product

import pytest

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.view import Comparison, Direction, Origin
from lineage_registry.graph.sqlite import codes, statements
from lineage_registry.graph.sqlite.connection import connect
from lineage_registry.graph.sqlite.rebuilding import create_tables, finish_tables
from lineage_registry.ports.graph import Head

BOTH = (False, True)
FILTERS = ((), (Comparison.EQUAL,), (Comparison.CONTAINS, Comparison.LESS))


def constants() -> Iterator[tuple[str, str]]:
    for name, text in vars(statements).items():
        if isinstance(text, str) and re.match(r"SELECT|UPDATE|DELETE", text):
            yield name, text


def put_together() -> Iterator[tuple[str, str]]:
    for direction, deleted, through in product(Direction, BOTH, BOTH):
        named = f"{direction}, deleted={deleted}, through={through}"
        yield (
            f"neighbours {named}",
            statements.neighbours(direction, deleted=deleted, through=through),
        )
        for whole in BOTH:
            text = statements.expand(direction, deleted=deleted, through=through, whole=whole)
            yield f"expand {named}, whole={whole}", text
    for direction, deleted in product(Direction, BOTH):
        named = f"{direction}, deleted={deleted}"
        yield f"degrees {named}", statements.degrees(direction, deleted=deleted)
        yield f"busiest {named}", statements.busiest(direction, deleted=deleted)
    for by, newest_first in product(("node", "type", "actor", "all"), BOTH):
        yield (
            f"positions by {by}, {newest_first}",
            statements.positions(by, newest_first=newest_first),
        )
    for filters, owned, deleted, newest_first in product(FILTERS, BOTH, BOTH, BOTH):
        yield (
            f"select {len(filters)} filters, owned={owned}, {deleted}, {newest_first}",
            statements.select(filters, owned=owned, deleted=deleted, newest_first=newest_first),
        )
    for filters in FILTERS:
        yield f"fitting {len(filters)} filters", statements.fitting(filters)
        yield f"census {len(filters)} filters", statements.census(filters)
    yield "comes from", statements.COMES_FROM
    anything = codes.node_mask(NodeKind)
    columns = tuple(((origin, "name", anything),) for origin in Origin)
    yield "table", statements.table(columns)


STATEMENTS = dict([*constants(), *put_together()])


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    connection = connect(":memory:")
    create_tables(connection)
    finish_tables(connection, Head(0, 0, 0))
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    numbered = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    count = max(numbered, default=statement.count("?"))
    named = dict.fromkeys(re.findall(r":([a-z]\w*)", statement))
    given = named or (None,) * count
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
    return [detail for *_, detail in rows]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_scans_a_table(connection, name):
    steps = plan(connection, STATEMENTS[name])
    # What is scanned is a list given as a parameter, (m) the matches of the leading filter, or (c)
    # what a walk inside the engine has reached.
    scans = [step for step in steps if step.startswith("SCAN")]
    assert all(
        re.fullmatch(r"SCAN (\w+ VIRTUAL TABLE INDEX .*|m|c|cause|CONSTANT ROW)", s) for s in scans
    )
    assert any(step.startswith("SEARCH") for step in steps)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in STATEMENTS
        if name.startswith(("neighbours", "positions", "select 0", "VALUE", "HISTORY"))
        or "owned=True" in name
    ],
)
def test_what_is_cut_off_by_a_limit_comes_in_the_order_of_an_index(connection, name):
    assert not [s for s in plan(connection, STATEMENTS[name]) if "TEMP B-TREE" in s]


@pytest.mark.parametrize("direction", Direction)
def test_neighbours_are_counted_in_the_order_of_an_index(connection, direction):
    steps = plan(connection, statements.degrees(direction, deleted=False))
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize("direction", Direction)
def test_tombstones_are_looked_up_in_their_own_small_index(connection, direction):
    statement = statements.expand(direction, deleted=False, through=False, whole=True)
    assert any("INDEX tombstone" in step for step in plan(connection, statement))


def test_the_leading_filter_uses_the_index_by_value(connection):
    statement = statements.select(
        (Comparison.EQUAL,), owned=False, deleted=True, newest_first=False
    )
    steps = plan(connection, statement)
    assert any("INDEX value_by_key (key=? AND <expr>>? AND <expr><?)" in s for s in steps)


@pytest.mark.parametrize("name", ["VALUES", "VALUES_OF", "VALUES_OF_KEY"])
def test_a_value_is_found_in_one_step_however_long_its_history(connection, name):
    steps = [s for s in plan(connection, STATEMENTS[name]) if s.startswith("SEARCH")]
    assert all("node=? AND key=? AND until" in step for step in steps)
