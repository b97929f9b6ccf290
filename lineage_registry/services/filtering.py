"""Filters as people write them: `acc>=0.9`, `team=vision`."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from lineage_registry.domain.graph import NodeKind, Scalar
from lineage_registry.domain.lifecycle import NO_STAGE
from lineage_registry.domain.names import parse_key, parse_measure
from lineage_registry.domain.view import Comparison, Filter
from lineage_registry.errors import InvalidInputError, InvalidQueryError

_COMPARED = re.compile(r"\s*([^<>=]+?)\s*(<=|>=|<|>|==?)(?![<>=])\s*(.*?)\s*", re.DOTALL)
_COMPARISONS = {
    "=": Comparison.EQUAL,
    "==": Comparison.EQUAL,
    "<": Comparison.LESS,
    "<=": Comparison.AT_MOST,
    ">": Comparison.GREATER,
    ">=": Comparison.AT_LEAST,
}
_STAGED: Final = frozenset({NodeKind.MODEL_VERSION})


def filters_of(
    *,
    stage: str | None = None,
    tag: Sequence[str] = (),
    metric: Sequence[str] = (),
    param: Sequence[str] = (),
    text: str | None = None,
) -> tuple[Filter, ...]:
    """Read what a question says of the things it looks for; all of it holds.

    Raises:
        InvalidQueryError: A filter cannot be read.
    """
    filters = [
        *tag_filters(tag),
        *value_filters("metric", metric),
        *value_filters("param", param),
    ]
    if stage is not None:
        filters.append(in_stage(stage))
    if text is not None:
        filters.append(_about(text))
    return tuple(filters)


def in_stage(stage: str) -> Filter:
    """Return the filter for model versions in a stage; other nodes never have one."""
    return Filter("stage", Comparison.ABSENT if stage == NO_STAGE else Comparison.EQUAL, stage)


def kinds_left(
    filters: Iterable[Filter], kinds: Collection[NodeKind] | None
) -> frozenset[NodeKind] | None:
    """Return which of some kinds of nodes can pass; only model versions have a stage, or none."""
    wanted = None if kinds is None else frozenset(kinds)
    if all(one.key != "stage" for one in filters):
        return wanted
    return _STAGED if wanted is None else wanted & _STAGED


def _about(text: str) -> Filter:
    return Filter("description", Comparison.CONTAINS, text)


def tag_filters(tags: Sequence[str]) -> list[Filter]:
    """Read `key` (any value) and `key=value` filters on tags.

    Raises:
        InvalidQueryError: A key cannot be one.
    """
    filters = []
    for text in tags:
        key, mark, value = text.partition("=")
        comparison = Comparison.EQUAL if mark else Comparison.CONTAINS
        filters.append(Filter(f"tag/{_key(key)}", comparison, value))
    return filters


def value_filters(prefix: str, texts: Sequence[str]) -> list[Filter]:
    """Read comparisons of parameters or metrics; a number compares as one, all else as text.

    Raises:
        InvalidQueryError: One is no comparison, or compares a metric with what is no number.
    """
    read = _measured if prefix == "metric" else _value
    filters = []
    for text in texts:
        match = _COMPARED.fullmatch(text)
        if match is None:
            raise InvalidQueryError(
                f"not a comparison: {text[:60]!a}", hint="write like acc>=0.9 or optimizer=adam"
            )
        key, operator, value = match.groups()
        filters.append(Filter(f"{prefix}/{_key(key)}", _COMPARISONS[operator], read(value)))
    return filters


def _key(text: str) -> str:
    try:
        return parse_key(text)
    except InvalidInputError as error:
        raise InvalidQueryError(error.message, hint=error.hint) from error


def _measured(text: str) -> Scalar:
    try:
        return parse_measure(float(text))
    except ValueError as error:
        raise InvalidQueryError(
            f"not a number: {text[:60]!a}", hint="metrics are numbers: write like acc>=0.9"
        ) from error


def _value(text: str) -> Scalar:
    if text in {"true", "false"}:
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return text if number != number or abs(number) == float("inf") else number  # noqa: PLR0124


_NAMED: Final[Mapping[str, Callable[[str], list[Filter]]]] = {
    "stage": lambda text: [in_stage(text)],
    "tag": lambda text: tag_filters([text]),
    "metric": lambda text: value_filters("metric", [text]),
    "param": lambda text: value_filters("param", [text]),
    "text": lambda text: [_about(text)],
}


def named_filters(texts: Sequence[str]) -> tuple[Filter, ...]:
    """Read filters that say of what they are: `stage:Production`, `metric:acc>=0.9`.

    Raises:
        InvalidQueryError: One cannot be read.
    """
    filters: list[Filter] = []
    for text in texts:
        name, mark, rest = text.partition(":")
        if not mark or name not in _NAMED:
            raise InvalidQueryError(
                f"not a filter: {text[:60]!a}",
                hint="write like stage:Production, tag:team=vision, metric:acc>=0.9 or param:lr=1",
            )
        filters += _NAMED[name](rest)
    return tuple(filters)
