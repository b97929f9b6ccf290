"""References: read, written, and read again."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.references import (
    Reference,
    Selector,
    SelectorKind,
    Space,
    parse_as_of,
    parse_reference,
    parse_selector,
)
from lineage_registry.errors import InvalidInputError, InvalidReferenceError

NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}(\.[a-z0-9]{1,3})?", fullmatch=True)
WORD = st.from_regex(r"[A-Za-z][A-Za-z_]{2,8}", fullmatch=True).filter(
    lambda text: text.lower() != "latest"
)
SELECTOR = st.one_of(
    st.none(),
    st.integers(1, 10**9).map(str),
    st.just("latest"),
    st.tuples(*[st.integers(0, 99)] * 3).map(lambda v: "{}.{}.{}".format(*v)),
    WORD,
    WORD.map(lambda word: f"@{word}"),
)


@given(st.sampled_from([Space.MODELS, Space.DATASETS]), NAME, SELECTOR)
def test_a_reference_is_read_back_as_it_was_written(
    space: Space, name: str, selector: str | None
) -> None:
    picked = None if selector is None else parse_selector(selector, space)
    reference = Reference(space, name, picked)
    assert parse_reference(str(reference)) == reference
    separator = "" if selector is None or selector.startswith("@") else ":"
    assert parse_reference(f"{name}{separator}{selector or ''}", space) == reference
    dated = parse_reference(f"{reference}?as_of=17")
    assert dated == reference._replace(as_of=17)


@given(
    st.text(max_size=30) | st.from_regex(r"[a-z]{0,6}:?/?[a-z0-9]{0,4}[:/@?]{0,2}[a-z0-9._]{0,9}")
)
def test_any_text_is_read_or_refused_and_reads_the_same_twice(text: str) -> None:
    try:
        found = parse_reference(text)
    except InvalidInputError as error:
        assert error.message.isprintable()  # noqa: PT017
        assert len(error.message) < 300  # noqa: PT017
        return
    assert parse_reference(str(found)) == found._replace(as_of=None)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3", SelectorKind.NUMBER, "3"),
        ("v3", SelectorKind.NUMBER, "3"),
        ("1.2.0", SelectorKind.LABEL, "1.2.0"),
        ("latest", SelectorKind.LATEST, "latest"),
        ("Production", SelectorKind.STAGE, "Production"),
        ("@champion", SelectorKind.ALIAS, "champion"),
    ],
)
def test_what_stands_behind_a_model_says_which_version(
    text: str, kind: SelectorKind, value: str
) -> None:
    assert parse_selector(text, Space.MODELS) == Selector(kind, value)


def test_behind_a_dataset_any_other_name_is_a_label() -> None:
    for text in ("2026-10", "Production", "spring", "1.0.0"):
        assert parse_selector(text, Space.DATASETS).kind is SelectorKind.LABEL


def test_a_v_before_a_number_is_never_printed() -> None:
    assert str(parse_reference("m:v3")) == "models:/m/3"


def test_the_default_kind_is_for_short_forms_only() -> None:
    assert parse_reference("d:1", Space.DATASETS).space is Space.DATASETS
    assert parse_reference("models:/d/1", Space.DATASETS).space is Space.MODELS
    assert parse_reference("r", Space.RUNS) == Reference(Space.RUNS, "r")


@pytest.mark.parametrize("text", ["models:/", "models:/@champion", "models://m/1", ":3", "@a"])
def test_where_the_name_is_missing_it_says_so(text: str) -> None:
    with pytest.raises(InvalidInputError, match="name"):
        parse_reference(text)


@pytest.mark.parametrize("thing", [None, 3, b"m:1", ["m:1"]])
def test_what_is_no_text_is_no_reference(thing: Any) -> None:
    with pytest.raises(InvalidReferenceError, match=f"text, not {type(thing).__name__}"):
        parse_reference(thing)


@pytest.mark.parametrize(
    "text",
    [
        "m:",
        "m@",
        "m:1@a",
        "m@a:1",
        "m:1:2",
        "models:/m/1/2",
        "x:/m",
        "runs:/r/1",
        "deployments:/d@a",
        "m:01.0.0",
        "m:1.0",
        "m:1.0.0+x",
        "m?as_of=",
        "m?when=1",
        "m:²",
        "m:" + "1" * 30,
        "m" * 1025,
        "m:@a",
    ],
)
def test_these_are_no_references(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_reference(text)
    assert caught.value.hint


def test_times_are_revisions_days_and_instants() -> None:
    assert parse_as_of("0") == 0
    assert parse_as_of("17") == 17
    assert parse_as_of("2026-01-31") == datetime(2026, 1, 31, 23, 59, 59, 999999, UTC)
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for text in (
        "2026-01-31T12:00:00Z",
        "2026-01-31T14:00:00+02:00",
        "2026-01-31 12:00:00.0+00:00",
    ):
        assert parse_as_of(text) == noon
    for text in (
        "",
        "now",
        "-1",
        "1.5",
        "2026-13-01",
        "2026-1-1",
        "2026-01-31T12:00:00",
        "1" * 19,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31",
        "٣",
    ):
        try:
            parse_as_of(text)
        except InvalidReferenceError as error:
            assert error.hint  # noqa: PT017
        else:
            assert text == "9999-12-31"
