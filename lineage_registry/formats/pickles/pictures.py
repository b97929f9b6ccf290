"""Walking over the inert picture of a pickle."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lineage_registry.formats.pickles.gate import Inert, Pairs

_MAX_NAME = 500
_T = TypeVar("_T")


def walk(root: Any, pick: Callable[[Any], _T | None]) -> Iterator[tuple[str, _T]]:
    """Yield what `pick` makes of things, with their dotted names, in order.

    What it makes nothing of is entered if it is a container, each once.
    """
    entered: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        name, item = waiting.pop()
        found = pick(item)
        if found is not None:
            yield name, found
            continue
        children = _children(item)
        if not children or id(item) in entered:
            continue
        entered.add(id(item))
        waiting.extend((_below(name, key), child) for key, child in reversed(children))


def attributes(item: Any) -> dict[str, Any]:
    """Return the attributes that an object's state sets, by name."""
    states = item.parts if isinstance(item, Inert) else []
    return {
        key: value
        for state in states
        if isinstance(state, Pairs)
        for key, value in state
        if isinstance(key, str)
    }


def _children(item: Any) -> list[tuple[Any, Any]]:
    if isinstance(item, Pairs):
        return list(item)
    if isinstance(item, Inert):
        # The state of an object is its attributes; they are named without a number between.
        return [
            (None if isinstance(part, Pairs) else number, part)
            for number, part in enumerate(item.parts)
        ]
    if isinstance(item, list | tuple):
        return list(enumerate(item))
    return []


def _below(name: str, key: Any) -> str:
    if key is None:
        return name
    part = str(key)[:_MAX_NAME] if isinstance(key, str | int) else "?"
    return f"{name}.{part}"[:_MAX_NAME] if name else part
