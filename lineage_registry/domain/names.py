"""Names, labels and keys: what they may be, and when two of them are the same."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator

from lineage_registry.domain.graph import Scalar
from lineage_registry.errors import InvalidInputError, InvalidNameError, InvalidVersionError

MAX_NAME: Final = 128
_ASCII_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _-]|\.(?!\.)){0,127}")
_ASCII_ONLY: Final = "0123456789 ._-"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,127}")
_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ROLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_NUMBER = re.compile(r"v?([1-9][0-9]{0,17})")
_SEMVER = re.compile(
    r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)"
    r"(?:-(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?"
)
_LIKE_A_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){0,2}(?:[-+].*)?|latest", re.IGNORECASE)
# Sets of scripts that one language writes together (UTS #39, section 5.1, highly restrictive).
_SCRIPT_SETS: Final = (
    ("Han", "Hiragana", "Katakana"),
    ("Han", "Hangul"),
    ("Han", "Bopomofo"),
)
_RULE: Final = (
    "use 1 to 128 letters of one script, digits 0-9, spaces and . _ -; begin with a letter or "
    "digit, do not end with a space or dot, no two dots in a row"
)


def parse_name(text: str) -> str:
    """Return a model, dataset or deployment name in the form it is stored in: NFC.

    Raises:
        InvalidNameError: The text breaks the rule for names.
    """
    name = unicodedata.normalize("NFC", text) if not text.isascii() else text
    fits = _ASCII_NAME.fullmatch(name) if name.isascii() else _is_one_script(name)
    if not fits or name[-1] in " .":
        raise InvalidNameError(f"not a name: {_shown(text)}", hint=_RULE)
    return name


def name_key(name: str) -> str:
    """Return what makes a name unique: two names of the same key are the same (NFKC, casefold)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def parse_number(text: str) -> int | None:
    """Return the version number that a selector writes (`3` or `v3`), or None if it is none."""
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else None


def is_semantic_version(text: str) -> bool:
    """Tell whether this is a semantic version (semver.org 2.0) without build metadata."""
    return len(text) <= MAX_NAME and _SEMVER.fullmatch(text) is not None


def parse_model_label(text: str) -> str:
    """Return a model version's label: a semantic version such as 1.2.0 or 2.0.0-rc.1.

    Raises:
        InvalidVersionError: It is none.
    """
    if not is_semantic_version(text):
        raise InvalidVersionError(
            f"not a semantic version: {_shown(text)}",
            hint="write MAJOR.MINOR.PATCH without leading zeros and build metadata, like 1.2.0",
        )
    return text


def parse_dataset_label(text: str) -> str:
    """Return a dataset version's label: any name that is no number, version or `latest`.

    Raises:
        InvalidVersionError: It is none.
    """
    if is_semantic_version(text):
        return text
    if _LIKE_A_VERSION.fullmatch(text) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}.*", text):
        raise InvalidVersionError(
            f"{_shown(text)} reads like a version number",
            hint="label a dataset version by a date or a name, like 2026-10 or spring",
        )
    return parse_name(text)


def parse_word(text: str) -> str:
    """Return an alias or stage name: a letter, then letters, digits, `_` and `-`, at most 64.

    Raises:
        InvalidNameError: It is none, or it reads like a version.
    """
    if not _WORD.fullmatch(text) or _LIKE_A_VERSION.fullmatch(text):
        raise InvalidNameError(
            f"not a stage or alias name: {_shown(text)}",
            hint="begin with a letter, then letters, digits, _ and -, at most 64",
        )
    return text


def parse_run_id(text: str) -> str:
    """Return a run's public id.

    Raises:
        InvalidNameError: It is not 1 to 64 letters, digits, dots, `_` and `-`.
    """
    if not _RUN_ID.fullmatch(text) or text in {".", ".."}:
        raise InvalidNameError(
            f"not a run id: {_shown(text)}", hint="use 1 to 64 of A-Z a-z 0-9 . _ -"
        )
    return text


def parse_role(text: str) -> str:
    """Return the role of an edge, like `train` or `tokenizer`.

    Raises:
        InvalidNameError: It is not 1 to 64 lower-case letters, digits, dots, `_` and `-`.
    """
    if not _ROLE.fullmatch(text):
        raise InvalidNameError(f"not a role: {_shown(text)}", hint="use a short lower-case word")
    return text


def parse_key(text: str) -> str:
    """Return the key of a tag, parameter or metric.

    Raises:
        InvalidNameError: It is not 1 to 128 letters, digits, spaces and `. _ / -`.
    """
    if not _KEY.fullmatch(text) or text[-1] == " ":
        raise InvalidNameError(
            f"not a key: {_shown(text)}",
            hint="begin with a letter or digit, then letters, digits, spaces and . _ / -",
        )
    return text


def parse_text(text: str) -> str:
    """Return free text as it is stored: NFC, without lone surrogates and NUL.

    Raises:
        InvalidInputError: It holds characters that no store keeps.
    """
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidInputError("text holds a NUL or a lone surrogate", hint="send valid Unicode")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def parse_scalar(value: Scalar) -> Scalar:
    """Return a parameter's value as it is stored; NaN and infinities become their names.

    Raises:
        InvalidInputError: An integer of more than 64 bits, or text that no store keeps.
    """
    if isinstance(value, str):
        return parse_text(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return parse_measure(value)
    if not -(2**63) <= value < 2**63:
        raise InvalidInputError(
            "an integer has more than 64 bits", hint="write it as text, in quotes"
        )
    return value


def parse_measure(value: float | str) -> float | str:
    """Return a metric's value: a finite number, or `NaN`, `Infinity`, `-Infinity`.

    Raises:
        InvalidInputError: It is other text.
    """
    if isinstance(value, str):
        if value not in {"NaN", "Infinity", "-Infinity"}:
            raise InvalidInputError(
                f"not a number: {_shown(value)}", hint="the only words are NaN, Infinity, -Infinity"
            )
        return value
    if value != value:  # noqa: PLR0124 - only NaN is unequal to itself
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    return {parse_key(key): parse_text(value) for key, value in tags.items()}


def _check_params(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {parse_key(key): parse_scalar(value) for key, value in params.items()}


def _check_metrics(metrics: Mapping[str, float | str]) -> dict[str, float | str]:
    return {parse_key(key): parse_measure(value) for key, value in metrics.items()}


Name = Annotated[str, AfterValidator(parse_name)]
Word = Annotated[str, AfterValidator(parse_word)]
RunId = Annotated[str, AfterValidator(parse_run_id)]
Role = Annotated[str, AfterValidator(parse_role)]
Text = Annotated[str, AfterValidator(parse_text)]
Tags = Annotated[dict[str, str], AfterValidator(_check_tags)]
Params = Annotated[dict[str, Scalar], AfterValidator(_check_params)]
Metrics = Annotated[dict[str, float | str], AfterValidator(_check_metrics)]


def _is_one_script(name: str) -> bool:
    import regex  # noqa: PLC0415 - most names are ASCII and never need its tables

    if not 1 <= len(name) <= MAX_NAME or ".." in name:
        return False
    # All is asked of the same tables: those of Python may know fewer characters.
    if not regex.fullmatch(r"[\p{L}\p{M}0-9 ._-]+", name) or regex.match(r"\p{M}", name):
        return False
    if name[0] in " ._-" or unicodedata.normalize("NFKC", name) != name:
        return False
    letters = "".join(char for char in name if char not in _ASCII_ONLY)
    if any(_written_in(letters, scripts) for scripts in _SCRIPT_SETS):
        return True
    # Inherited and common marks fit any script; script extensions are what UTS #39 compares.
    first = regex.search(r"\p{L}", letters)
    return first is not None and any(_written_in(letters, (one,)) for one in _scripts(first[0]))


def _written_in(letters: str, scripts: tuple[str, ...]) -> bool:
    import regex  # noqa: PLC0415

    classes = "".join(rf"\p{{scx={script}}}" for script in (*scripts, "Common", "Inherited"))
    return regex.fullmatch(f"[{classes}]+", letters) is not None


def _scripts(letter: str) -> list[str]:
    import regex  # noqa: PLC0415

    return [name for name in _SCRIPTS if regex.match(rf"\p{{scx={name}}}", letter)]


# Recommended scripts of UAX #31, table 5: those in everyday use.
_SCRIPTS: Final = tuple(
    re.findall(
        r"\w+",
        """Latin Greek Cyrillic Armenian Hebrew Arabic Devanagari Bengali Gurmukhi Gujarati Oriya
        Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer
        Thaana Hangul Han Hiragana Katakana Bopomofo""",
    )
)


def _shown(text: str) -> str:
    return ascii(text[:60]) + ("..." if len(text) > 60 else "")
