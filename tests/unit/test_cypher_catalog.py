"""The statements in `cypher/`: their headers are true, and every one of them is used."""

import re
from pathlib import Path

import pytest

from lineage_registry.domain.graph import EdgeKind
from lineage_registry.errors import BackendError
from lineage_registry.graph.neo4j.catalog import (
    Catalog,
    Mode,
    Rows,
    parse,
    statements,
    statements_folder,
)

SOURCES = Path(__file__).parents[2] / "lineage_registry" / "graph" / "neo4j"
SOUND = """// name: read.things
// summary: Things of a kind.
// mode: read
// rows: many
// params: kind STRING, low INTEGER
// returns: id INTEGER
// choices: order
MATCH (n:Node)  // 'CREATE' and $nothing are words in a comment
WHERE n.kind = $kind AND n.id > $low AND n.name <> 'SET $x; DELETE'
RETURN n.id AS id
ORDER BY id /*order*/
"""


def test_a_sound_statement_is_read() -> None:
    query = parse("read.things", SOUND)

    assert query.mode is Mode.READ
    assert query.rows is Rows.MANY
    assert query.params == {"kind", "low"}
    assert query.returns == ("id",)
    assert query.text == SOUND


def test_a_choice_is_put_into_the_text() -> None:
    assert parse("read.things", SOUND).with_choices(order="DESC").endswith("ORDER BY id DESC\n")


@pytest.mark.parametrize("word", ["desc", "DESC LIMIT 1", "", "ASC\n", "1"])
def test_a_choice_that_is_no_allowed_word_is_refused(word: str) -> None:
    with pytest.raises(BackendError, match="takes no order"):
        parse("read.things", SOUND).with_choices(order=word)


def test_a_choice_that_the_statement_does_not_offer_is_refused() -> None:
    with pytest.raises(BackendError, match="takes no depth"):
        parse("read.things", SOUND).with_choices(depth="3")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name: read.things", "name: read.other", "the header calls it read.other"),
        ("kind STRING, low INTEGER", "kind STRING", "uses the parameters"),
        ("low INTEGER", "low INTEGER, high INTEGER", "uses the parameters"),
        ("RETURN n.id AS id", "SET n.id = 1 RETURN n.id AS id", "only reads"),
        ("RETURN n.id AS id", "detach delete n RETURN n.id AS id", "only reads"),
        ("mode: read", "mode: write", "another folder"),
        ("mode: read", "mode: guess", "guess"),
        ("rows: many", "rows: some", "some"),
        ("rows: many", "rows: none", "columns without rows"),
        ("returns: id INTEGER", "returns: none", "rows without columns"),
        ("ORDER BY id /*order*/", "/*order*/", "in no order"),
        ("// choices: order\n", "", "has the marks"),
        ("choices: order", "choices: order, depth", "has the marks"),
        ("// summary: Things of a kind.\n", "", "lacks"),
        ("// summary: ", "// remark: x\n// summary: ", "unknown"),
        ("// rows: many", "// rows: many\n// rows: one", "cannot read"),
        ("// rows: many", "// rows many", "cannot read"),
        ("ORDER BY id /*order*/", "ORDER BY id /*order*/; MATCH (n) RETURN n.id", "more than one"),
    ],
)
def test_a_header_that_lies_is_caught(before: str, after: str, said: str) -> None:
    assert before in SOUND

    with pytest.raises(BackendError, match=said):
        parse("read.things", SOUND.replace(before, after, 1))


def test_a_folder_without_statements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no statements"):
        Catalog(tmp_path)


def test_each_file_below_the_folder_is_in_the_catalog() -> None:
    files = {f"{path.parent.name}.{path.stem}" for path in statements_folder().rglob("*.cypher")}

    assert {query.name for query in statements()} == files
    assert len(files) > 50


def test_each_statement_is_used_and_each_used_one_exists() -> None:
    code = "\n".join(path.read_text() for path in SOURCES.glob("*.py"))
    # A name may end in what is known at run time only: a direction, a side, what to erase.
    used = set(re.findall(r'"((?:read|write|schema)\.\w+(?:\{[^"]+\}\w*)?)"', code))
    patterns = {re.compile(re.sub(r"\{[^}]*\}", r"[a-z]+?", name)) for name in used}
    names = {query.name for query in statements() if query.mode is not Mode.SCHEMA}

    assert {n for n in names if not any(p.fullmatch(n) for p in patterns)} == set()
    assert {p.pattern for p in patterns if not any(p.fullmatch(q.name) for q in statements())} == (
        set()
    )


def test_the_schema_has_one_constraint_for_each_kind_of_edge() -> None:
    made = {
        match[1]
        for query in statements().schema()
        for match in re.finditer(r"\[e:(\w+)\]-\(\)\s+REQUIRE e\.key IS UNIQUE", query.text)
    }

    assert made == {kind.value for kind in EdgeKind}


def test_each_statement_of_the_schema_makes_or_drops_what_it_is_named_after() -> None:
    for query in statements().schema():
        name = query.name.removeprefix("schema.")
        action = "DROP INDEX" if name.startswith("drop_") else r"CREATE (CONSTRAINT|INDEX)"
        named = rf"^{action} lineage_{name.removeprefix('drop_')} "
        assert re.search(named, query.text, re.MULTILINE)


def test_lines_are_no_longer_than_a_page() -> None:
    long = [
        (query.name, line)
        for query in statements()
        for line in query.text.splitlines()
        if len(line) > 100 and not line.startswith("//")
    ]

    assert long == []
