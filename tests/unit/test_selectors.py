"""The selector language: what reads, what does not, and where."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.graph import Edge, EdgeKind
from lineage_registry.domain.references import parse_reference
from lineage_registry.domain.selectors import (
    Around,
    Both,
    Either,
    Field,
    Fitting,
    Named,
    Selector,
    Without,
    distances_from_effects,
    leaves,
    parse_selectors,
)
from lineage_registry.errors import InvalidQueryError


def named(text: str, position: int) -> Named:
    return Named(parse_reference(text), position)


def test_a_reference_is_a_selector() -> None:
    assert parse_selectors("clf:3") == named("clf:3", 0)
    assert parse_selectors(" datasets:/raw/2026-10 ") == named("datasets:/raw/2026-10", 1)


@pytest.mark.parametrize(
    ("text", "up", "down", "position"),
    [
        ("+clf:3", None, 0, 1),
        ("clf:3+", 0, None, 0),
        ("+clf:3+", None, None, 1),
        ("2+clf:3", 2, 0, 2),
        ("clf:3+1", 0, 1, 0),
        ("2+clf:3+10", 2, 10, 2),
    ],
)
def test_plus_is_what_lies_around(
    text: str, up: int | None, down: int | None, position: int
) -> None:
    assert parse_selectors(text) == Around(named("clf:3", position), up, down)


def test_groups_and_filters_have_surroundings_too() -> None:
    assert parse_selectors("1+(a:1 | tag:pii)+") == Around(
        Either(named("a:1", 3), Fitting(Field.TAG, "pii", 9)), 1, None
    )
    assert parse_selectors("tag:pii+") == Around(Fitting(Field.TAG, "pii", 0), 0, None)


def test_and_and_minus_bind_tighter_than_or_from_left_to_right() -> None:
    a, b, c, d = (named(f"{name}:1", at) for name, at in zip("abcd", (0, 6, 12, 18), strict=True))
    assert parse_selectors("a:1 | b:1 & c:1 - d:1") == Either(a, Without(Both(b, c), d))
    assert parse_selectors("a:1 & b:1 | c:1 | d:1") == Either(Either(Both(a, b), c), d)


def test_a_minus_inside_a_name_is_part_of_it() -> None:
    assert parse_selectors("my-model:3 - your-model:1") == Without(
        named("my-model:3", 0), named("your-model:1", 13)
    )


def test_quotes_keep_spaces_and_signs() -> None:
    assert parse_selectors('"my model:3"+') == Around(named("my model:3", 0), 0, None)
    assert parse_selectors("tag:team='a & b'") == Fitting(Field.TAG, "team=a & b", 0)
    assert parse_selectors('"clf:3?as_of=2026-01-01T00:00:00+02:00"') == named(
        "clf:3?as_of=2026-01-01T00:00:00+02:00", 0
    )


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "expected a reference"),
        ("   ", 3, "expected a reference"),
        ("clf:3 &", 7, "expected a reference"),
        ("& clf:3", 0, "expected a reference"),
        ("clf:3 clf:4", 6, "expected &, | or -"),
        ("(clf:3", 0, "no ')' closes"),
        ("clf:3)", 5, "no '(' opens"),
        ("+ clf:3", 0, "right at its reference"),
        ("clf:3+1+", 7, "expected &, | or -"),
        ("+2clf:3", 0, "right at its reference"),
        ("9999999+clf:3", 0, "at most 999999"),
        ("kind:", 0, "of what?"),
        ("a:1 | 'b", 6, "does not end"),
        ("a:1 | b:c:d", 6, "not a version"),
        ("(" * 60 + "a:1" + ")" * 60, 51, "too large"),
        (" | ".join(["a:1"] * 300), 1200, "too large"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(InvalidQueryError, match="of the selector") as caught:
        parse_selectors(text)
    assert caught.value.context["position"] == position
    assert problem in caught.value.message
    assert f"at character {position + 1} " in caught.value.message


@given(st.text(alphabet=string.ascii_lowercase + " &|-+()'\":/@12.=?", max_size=60))
def test_any_text_reads_or_is_refused(text: str) -> None:
    with suppress(InvalidQueryError):
        assert all(isinstance(one, Named | Fitting) for one in leaves(parse_selectors(text)))


REFERENCES = st.sampled_from(["clf:3", "models:/a/1", "datasets:/raw/2", "runs:/r1"])
FILTERS = st.sampled_from(["kind:run", "tag:pii", "stage:Production", "metric:acc>=0.9"])


def write(one: Selector) -> str:
    if isinstance(one, Named):
        return str(one.reference)
    if isinstance(one, Fitting):
        return f"{one.field}:{one.value}"
    if isinstance(one, Around):
        up = "" if one.up == 0 else "+" if one.up is None else f"{one.up}+"
        down = "" if one.down == 0 else "+" if one.down is None else f"+{one.down}"
        return f"{up}({write(one.inner)}){down}"
    sign = {Both: "&", Either: "|", Without: "-"}[type(one)]
    return f"({write(one.left)}) {sign} ({write(one.right)})"


SELECTORS = st.recursive(
    st.builds(lambda text: Named(parse_reference(text), 0), REFERENCES)
    | st.builds(lambda text: Fitting(Field(text.split(":")[0]), text.split(":")[1], 0), FILTERS),
    lambda inner: (
        st.builds(Both, inner, inner)
        | st.builds(Either, inner, inner)
        | st.builds(Without, inner, inner)
        | st.builds(Around, inner, st.sampled_from([None, 1, 22]), st.sampled_from([None, 0, 3]))
    ),
    max_leaves=10,
)


@given(SELECTORS)
def test_what_is_written_reads_as_the_same(selector: Selector) -> None:
    text = write(selector)
    assert write(parse_selectors(text)) == text


def edge(source: int, target: int) -> Edge:
    return Edge(source, EdgeKind.DERIVED_FROM, target, "", 1, declared=True)


def test_distances_begin_at_what_nothing_comes_from() -> None:
    edges = [edge(5, 3), edge(5, 1), edge(3, 1), edge(4, 1)]
    assert list(distances_from_effects([1, 2, 3, 4, 5], edges).items()) == [
        (2, 0),
        (4, 0),
        (5, 0),
        (1, 1),
        (3, 1),
    ]
