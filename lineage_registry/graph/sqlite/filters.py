"""Filters as parameters of statements."""

from collections.abc import Sequence
from typing import Final

from lineage_registry.domain.graph import Scalar
from lineage_registry.domain.view import Comparison, Filter
from lineage_registry.graph.sqlite.codes import encode
from lineage_registry.graph.sqlite.statements import PREFIX_LENGTH

_LEAST, _GREATEST = float("-inf"), float("inf")
_BELOW: Final = frozenset({Comparison.LESS, Comparison.AT_MOST})
_ABOVE: Final = frozenset({Comparison.GREATER, Comparison.AT_LEAST})
_NOTHING: Final = (1, 0)

Bound = str | int | float | bytes


def comparisons(filters: Sequence[Filter]) -> tuple[Comparison, ...]:
    """Return what makes the statement; everything else is a parameter."""
    return tuple(wanted.comparison for wanted in filters)


def parameters(filters: Sequence[Filter]) -> dict[str, object]:
    """Return the parameters of filters 0, 1, ...."""
    found: dict[str, object] = {}
    for number, wanted in enumerate(filters):
        low, high = bounds(wanted.comparison, wanted.value)
        found[f"key{number}"] = wanted.key
        found[f"low{number}"] = low
        found[f"high{number}"] = high
        found[f"value{number}"] = encode(wanted.value)
    return found


def bounds(comparison: Comparison, value: Scalar) -> tuple[Bound, Bound]:
    """Return the range of indexed values that a comparison can fit.

    SQLite orders numbers before texts before bytes, so the range holds one type only.
    """
    if isinstance(value, bool):
        stored = encode(value)
        return (stored, stored) if comparison is Comparison.EQUAL else _NOTHING
    if isinstance(value, str):
        return _range(comparison, _prefix(value), "", b"")
    if comparison is Comparison.CONTAINS:
        return _NOTHING
    return _range(comparison, value, _LEAST, _GREATEST)


def _range(
    comparison: Comparison, value: Bound, least: Bound, greatest: Bound
) -> tuple[Bound, Bound]:
    if comparison in _BELOW:
        return least, value
    if comparison in _ABOVE:
        return value, greatest
    return (value, value) if comparison is Comparison.EQUAL else (least, greatest)


def _prefix(text: str) -> str:
    # As SQLite's substr cuts it: at the first NUL at the latest.
    return text.partition("\0")[0][:PREFIX_LENGTH]
