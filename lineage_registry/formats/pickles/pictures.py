"""Walking over the inert picture of a pickle."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lineage_registry.errors import UnsafeArtifactError
from lineage_registry.formats.pickles.gate import Inert, Pairs

_MAX_NAME = 500
_MAX_DEPTH = 10_000
_END = object()
_T = TypeVar("_T")


def walk(root: Any, pick: Callable[[Any], _T | None]) -> Iterator[tuple[str, _T]]:
    """Yield what `pick` makes of things, with their dotted names, in order.

    What it makes nothing of is entered if it is a container, each once, and one child after the
    other: a few bytes refer to a long list again, and each child has a name.

    Raises:
        UnsafeArtifactError: It is deeper than anybody writes.
    """
    entered: set[int] = set()
    within: list[tuple[str, Iterator[tuple[Any, Any]]]] = [("", iter([(None, root)]))]
    while within:
        above, children = within[-1]
        key, item = next(children, (None, _END))
        if item is _END:
            within.pop()
            continue
        name = _below(above, key)
        found = pick(item)
        if found is not None:
            yield name, found
        elif id(item) not in entered and isinstance(item, Inert | list | tuple):
            entered.add(id(item))
            within.append((name, _children(item)))
            if len(within) > _MAX_DEPTH:
                raise UnsafeArtifactError(f"the pickle nests deeper than {_MAX_DEPTH}")


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


def _children(item: Inert | list[Any] | tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    if isinstance(item, Pairs):
        return iter(item)
    if isinstance(item, Inert):
        # The state of an object is its attributes; they are named without a number between.
        return (
            (None if isinstance(part, Pairs) else number, part)
            for number, part in enumerate(item.parts)
        )
    return iter(enumerate(item))


def _below(name: str, key: Any) -> str:
    if key is None:
        return name
    part = str(key)[:_MAX_NAME] if isinstance(key, str | int) else "?"
    return f"{name}.{part}"[:_MAX_NAME] if name else part
