"""Options that several commands share, written down once."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def takes(name: str, options: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that a NamedTuple lists.

    The command has one parameter `name` that holds them all; on the command line each is an
    option of its own, with the default and the help text of its field.
    """
    hints = get_type_hints(options, include_extras=True)
    shared = [
        inspect.Parameter(
            field,
            inspect.Parameter.KEYWORD_ONLY,
            default=options._field_defaults[field],
            annotation=hints[field],
        )
        for field in options._fields
    ]

    def composed(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(**given: Any) -> None:
            held = options(**{field: given.pop(field) for field in options._fields})
            command(**given, **{name: held})

        signature = inspect.signature(command)
        own = [one for one in signature.parameters.values() if one.name != name]
        called.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]
        return called

    return composed
