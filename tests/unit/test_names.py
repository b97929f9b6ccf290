"""Names, labels and keys: what is one, and when two are the same."""

# ruff: noqa: RUF001 - letters of other scripts are what this is about

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_registry.domain.names import (
    is_semantic_version,
    name_key,
    parse_dataset_label,
    parse_key,
    parse_measure,
    parse_model_label,
    parse_name,
    parse_number,
    parse_role,
    parse_run_id,
    parse_scalar,
    parse_text,
    parse_word,
)
from lineage_registry.errors import InvalidInputError, InvalidNameError, InvalidVersionError

ALPHABETS = st.sampled_from(
    ["abcXYZ019 ._-", "абвГД01 .-", "分類器ひらカタ1", "가나한漢", "éüßñ a.", "αβΓ-1"]
)
NAMES = ALPHABETS.flatmap(lambda letters: st.text(st.sampled_from(letters), max_size=12))


def accepted(text: str) -> str | None:
    try:
        return parse_name(text)
    except InvalidNameError:
        return None


@given(NAMES | st.text(max_size=8))
def test_reading_a_name_twice_changes_nothing_more(text: str) -> None:
    name = accepted(text)
    if name is not None:
        assert parse_name(name) == name
        assert unicodedata.normalize("NFC", name) == name
        assert 1 <= len(name) <= 128
        assert ".." not in name
        assert name[0] not in " ._-"
        assert name[-1] not in " ."


@given(NAMES)
def test_two_names_are_the_same_when_caseless_comparison_says_so(text: str) -> None:
    name = accepted(text)
    if name is None:
        return
    key = name_key(name)
    assert name_key(key) == key
    for other in (name.upper(), name.lower(), unicodedata.normalize("NFD", name)):
        again = accepted(other)
        if again is not None:
            assert name_key(again) == key


@given(st.text(st.sampled_from("abcAB019._- "), min_size=1, max_size=10))
def test_the_fast_way_for_ascii_says_the_same_as_the_slow_one(text: str) -> None:
    slow = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    assert name_key(text) == slow
    plain = text[0] in "abcAB019" and text[-1] not in " ." and ".." not in text
    assert (accepted(text) is not None) is plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ResNet", "resnet"),
        ("STRASSE", "straße"),
        ("Ω", "\u2126"),
        ("É", "e\u0301"),
        ("ΣΑΣ", "σας"),
    ],
)
def test_these_are_the_same_name(one: str, other: str) -> None:
    assert name_key(parse_name(one)) == name_key(parse_name(other))


@pytest.mark.parametrize(
    "name",
    [
        "resnet50",
        "vision.resnet50",
        "a",
        "0",
        "A b_c-d.e",
        "CON",
        "моя модель",
        "分類器",
        "ひらがなとカタカナ漢字",
        "한국어 漢字",
        "modèle",
        "नमस्ते",
        "ภาษาไทย",
        "عربي",
        "עברית",
        "x" * 128,
    ],
)
def test_these_are_names(name: str) -> None:
    assert parse_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a..b",
        "a.",
        "a ",
        " a",
        ".a",
        "_a",
        "-a",
        "a/b",
        "a%2fb",
        "a;b",
        "a\0b",
        "a\nb",
        "abc\n",
        "a\tb",
        "x" * 129,
        "1\u0301",  # marks on a digit: there is no letter whose script could be asked for
        "1\u0903",
        "\U00013440",  # a mark that the tables of Python 3.11 do not know
        "p\u0430ypal",
        "\u0440\u0430ypal",
        "αb",
        "한ひ",
        "漢Ж",
        "\ufb01",
        "\uff21",
        "a\u202eb",
        "a\u200bb",
        "a\u200db",
        "a\u00adb",
        "\u0661",
        "a\u00b2",
        "\u0301a",
        "\U0001d400",
        "🙂",
        "a\ud800",
        "ꙮ‍",
        "a\u3000b",
    ],
)
def test_these_are_no_names(text: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        parse_name(text)
    assert caught.value.hint
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 500


@given(st.integers(1, 10**18 - 1))
def test_numbers_are_read_with_and_without_a_v(number: int) -> None:
    assert parse_number(str(number)) == parse_number(f"v{number}") == number


@pytest.mark.parametrize(
    "text", ["0", "-1", "01", "1.0", "", "v", "vv1", "٣", "²", "1 ", "1\n", "9" * 19]
)
def test_these_are_no_numbers(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    "text",
    ["0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0-x.7.z.92"],
)
def test_these_are_semantic_versions(text: str) -> None:
    assert parse_model_label(text) == parse_dataset_label(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1.0",
        "01.0.0",
        "1.00.0",
        "1.0.0+x",
        "1.0.0-",
        "1.0.0-01",
        "v1.0.0",
        "1.0.0 ",
        "1.0.0\n",
        "1.0.0-a..b",
    ],
)
def test_these_are_no_semantic_versions(text: str) -> None:
    assert not is_semantic_version(text)
    with pytest.raises(InvalidVersionError) as caught:
        parse_model_label(text)
    assert caught.value.hint


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.sampled_from(["", "-rc.1", "-alpha"]))
def test_semantic_versions_are_taken_as_they_are(numbers: tuple[int, int, int], tail: str) -> None:
    text = ".".join(map(str, numbers)) + tail
    assert parse_model_label(text) == text


@pytest.mark.parametrize("text", ["2026-10", "2026-10-31", "spring", "1.0.0", "v", "raw data"])
def test_these_label_a_dataset_version(text: str) -> None:
    assert parse_dataset_label(text) == text


@pytest.mark.parametrize(
    "text", ["3", "v3", "1.0", "latest", "Latest", "1.0.0+x", "", "a/b", "20-1"]
)
def test_these_label_no_dataset_version(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_dataset_label(text)
    assert caught.value.hint


def test_words_are_short_and_do_not_read_like_versions() -> None:
    for text in ("champion", "Production", "a", "a_b-1", "x" * 64, "version1"):
        assert parse_word(text) == text
    for text in ("", "1a", "a b", "latest", "LATEST", "v1", "v1.0", "x" * 65, "é", "a.b", "a\n"):
        with pytest.raises(InvalidNameError):
            parse_word(text)


def test_run_ids_roles_and_keys_have_their_alphabets() -> None:
    for text in ("a", "A.b-c_9", "x" * 64, "...", "-"):
        assert parse_run_id(text) == text
    for text in ("", ".", "..", "a b", "a/b", "x" * 65, "a\n", "é"):
        with pytest.raises(InvalidNameError):
            parse_run_id(text)
    for text in ("train", "ensemble-member", "0", "x" * 64):
        assert parse_role(text) == text
    for text in ("", "Train", "a b", "-a", "x" * 65, "a\n"):
        with pytest.raises(InvalidNameError):
            parse_role(text)
    for text in ("lr", "val/acc", "a b", "A.b-c_9", "x" * 128):
        assert parse_key(text) == text
    for text in ("", " a", "a ", "/a", "x" * 129, "a\n", "a=b", "é"):
        with pytest.raises(InvalidNameError):
            parse_key(text)


@given(st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.text(max_size=5))
def test_a_scalar_is_kept_or_refused_and_never_changed_again(value: float | str | bool) -> None:
    try:
        kept = parse_scalar(value)
    except InvalidInputError:
        assert isinstance(value, int | str)
        return
    assert parse_scalar(kept) == kept
    if isinstance(value, float) and value == value and abs(value) != float("inf"):  # noqa: PLR0124
        assert kept == value
    assert not isinstance(kept, int) or isinstance(kept, bool) or -(2**63) <= kept < 2**63


def test_numbers_that_are_none_have_names() -> None:
    assert [parse_measure(x) for x in (float("nan"), float("inf"), float("-inf"), 1)] == [
        "NaN",
        "Infinity",
        "-Infinity",
        1.0,
    ]
    with pytest.raises(InvalidInputError):
        parse_measure("nan")


@given(st.text())
def test_text_is_stored_composed_or_refused(text: str) -> None:
    try:
        kept = parse_text(text)
    except InvalidInputError:
        assert "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
        return
    kept.encode()
    assert parse_text(kept) == kept == unicodedata.normalize("NFC", text)
