"""Texts of the command line read: `KEY=VALUE`, `REF:=role`."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lineage_registry.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_registry.domain.graph import Scalar

_WORDS = {"true": True, "false": False}


def pairs(texts: Iterable[str] | None, what: str) -> dict[str, str]:
    """Read `KEY=VALUE` texts.

    Raises:
        InvalidInputError: One has no `=`, or a key comes twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        key, mark, value = text.partition("=")
        if not mark or not key:
            raise InvalidInputError(
                f"a {what} is written KEY=VALUE, not {text[:60]!r}",
                hint=f"like {_EXAMPLES.get(what, 'key=value')}",
            )
        if key in found:
            raise InvalidInputError(f"the {what} {key!r} is given twice")
        found[key] = value
    return found


_EXAMPLES = {"metric": "-m accuracy=0.93", "parameter": "-p lr=3e-4", "tag": "-t team=vision"}


def parameters(texts: Iterable[str] | None) -> "dict[str, Scalar]":
    """Read parameters.

    In `KEY=VALUE` a number, true and false are what they look like, the rest is text; in
    `KEY:=JSON` the value is exactly what JSON says, as HTTPie reads it: `id:="0042"` is text.

    Raises:
        InvalidInputError: One cannot be read.
    """
    found: dict[str, Scalar] = {}
    for written, value in pairs(texts, "parameter").items():
        key = written.removesuffix(":")
        if key in found:
            raise InvalidInputError(f"the parameter {key!r} is given twice")
        found[key] = scalar(value) if key == written else _json_scalar(key, value)
    return found


def _json_scalar(key: str, text: str) -> "Scalar":
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, str | int | float):
        return value
    raise InvalidInputError(
        f"the parameter {key!r} is no text, number, true or false in JSON: {text[:60]!r}",
        hint=f"quote text for the shell and for JSON: -p '{key}:=\"0042\"'; or write {key}=VALUE",
    )


def _no_number(name: str) -> float:
    raise ValueError(name)


def metrics(texts: Iterable[str] | None) -> dict[str, float]:
    """Read metrics.

    Raises:
        InvalidInputError: One is no number.
    """
    found: dict[str, float] = {}
    for key, value in pairs(texts, "metric").items():
        try:
            found[key] = float(value)
        except ValueError:
            raise InvalidInputError(
                f"the metric {key!r} is no number: {value[:60]!r}", hint="like -m accuracy=0.93"
            ) from None
    return found


def scalar(text: str) -> "Scalar":
    """Read a value as what it looks like."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 100 or text != text.strip() or "_" in text:
        return text
    for read in (int, float):
        try:
            value = read(text)
        except ValueError:
            continue
        return text if value != value or abs(value) == float("inf") else value  # noqa: PLR0124
    return text


def links(texts: Iterable[str] | None) -> "list[str | tuple[str, str]]":
    """Read references with roles, `REF` or `REF:=role`."""
    return [_link(text) for text in texts or ()]


def _link(text: str) -> "str | tuple[str, str]":
    reference, mark, role = text.rpartition(":=")
    return (reference, role) if mark else text


def as_kinds(texts: Sequence[str] | None, *, upper: bool) -> list[str] | None:
    """Read kinds of nodes or edges in any case, with dashes or without; `none` is none of them."""
    given = unless_none(texts)
    if given is None:
        return None
    written = [text.strip().replace("-", "_") for text in given]
    return [text.upper() if upper else text.lower() for text in written]


def unless_none(texts: Sequence[str] | None) -> list[str] | None:
    """Return repeated texts: None if there are none, the empty list for the one word `none`."""
    if not texts:
        return None
    return [] if [text.strip().lower() for text in texts] == ["none"] else list(texts)


def tag_changes(
    tags: Iterable[str] | None, untag: Iterable[str] | None
) -> dict[str, str | None] | None:
    """Read tags to set and keys to take away; None if there are none.

    Raises:
        InvalidInputError: One cannot be read, or is to be set and taken away.
    """
    changes: dict[str, str | None] = dict(pairs(tags, "tag"))
    for key in untag or ():
        if key in changes:
            raise InvalidInputError(f"the tag {key!r} is to be set and taken away")
        changes[key] = None
    return changes or None


def run_reference(text: str | None) -> str | None:
    """Return the reference of a run given by id or reference."""
    return text if text is None or text.startswith("runs:/") else f"runs:/{text}"


def run_id(text: str) -> str:
    """Return the id of a run given by id or reference."""
    return text.removeprefix("runs:/")


def data_links(texts: Iterable[str] | None) -> "list[str | tuple[str, str]]":
    """Read references of dataset versions with roles; short ones name datasets."""
    return _in_space(links(texts), "datasets")


def model_links(texts: Iterable[str] | None) -> "list[str | tuple[str, str]]":
    """Read references of model versions with roles; short ones name models."""
    return _in_space(links(texts), "models")


def inputs(found: "Iterable[str | tuple[str, str]]") -> list[dict[str, str]]:
    """Return references with roles as commands take them."""
    return [
        {"reference": each} if isinstance(each, str) else {"reference": each[0], "role": each[1]}
        for each in found
    ]


def _in_space(
    found: "Iterable[str | tuple[str, str]]", space: str
) -> "list[str | tuple[str, str]]":
    return [
        _written_out(each, space)
        if isinstance(each, str)
        else (_written_out(each[0], space), each[1])
        for each in found
    ]


def _written_out(reference: str, space: str) -> str:
    """Return a short reference with its kind; a written one stays."""
    from lineage_registry.domain.references import Space, parse_reference

    if ":/" in reference:
        return reference
    _, mark, question = reference.partition("?")
    return f"{parse_reference(reference, Space(space))}{mark}{question}"
