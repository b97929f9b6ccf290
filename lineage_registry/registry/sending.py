"""How commands are sent: who asks, once, under which conditions."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict, TypeVar

from lineage_registry.domain.names import parse_text
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.commands import (
    Command,
    Commands,
    Context,
    Listing,
    Page,
    build,
)
from lineage_registry.registry.rows import Rows

A = TypeVar("A")
_MAX_KEY: Final = 200


class How(TypedDict, total=False):
    """What every writing method takes besides its own arguments.

    Attributes:
        reason: Why; stays in the log.
        key: Idempotency key: the same call with the same key is done once.
        if_match: Do it only if the thing's `revision` is still this one.
    """

    reason: str | None
    key: str | None
    if_match: int | None


class Sender:
    """Sends commands in one actor's name."""

    def __init__(self, commands: Commands, actor: str) -> None:
        self.commands = commands
        self.actor = parse_text(actor)

    def ask(self, command: type[Command[A]], **fields: Any) -> A:
        """Send a question; fields that are None are left out."""
        return self.commands.run(build(command, _given(fields)), Context(self.actor))

    def write(self, command: type[Command[A]], how: How, **fields: Any) -> A:
        """Send a command that changes something; fields that are None are left out.

        Raises:
            InvalidInputError: The idempotency key cannot be one, or a field is wrong.
            TypeError: A keyword is none of `How`, like one that is misspelt.
        """
        check_keywords(how)
        context = Context(self.actor, _key(how.get("key")), how.get("if_match"))
        given = _given({**fields, "reason": how.get("reason")})
        return self.commands.run(build(command, given), context)

    def rows(self, command: type[Listing[Page[A]]], **fields: Any) -> Rows[A]:
        """Return the rows of a question whose answer comes in pages; nothing is sent yet."""

        def ask(limit: int | None, cursor: str | None) -> Page[A]:
            return self.ask(command, **{**fields, **_given({"limit": limit, "cursor": cursor})})

        return Rows(ask)


def check_keywords(how: How) -> None:
    """Check that keywords are those of `How`: `dryrun=True` must not do the thing for real.

    Python checks what a method names itself, but not what it takes by `**how`.

    Raises:
        TypeError: One is unknown.
    """
    for keyword in how.keys() - How.__annotations__.keys():
        raise TypeError(
            f"unexpected keyword argument {keyword!r}; besides what the method names, it takes "
            f"{', '.join(How.__annotations__)}"
        )


def _key(key: str | None) -> str | None:
    if key is None or (1 <= len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        return key
    raise InvalidInputError(
        f"not an idempotency key: {key[:60]!a}",
        hint=f"use 1 to {_MAX_KEY} printable ASCII characters, like those of a UUID",
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
