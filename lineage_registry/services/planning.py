"""What services would decide, without the writing: for many commands in one commit."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.commands import Context, RegisterVersion, Write
from lineage_registry.services.contents import kept
from lineage_registry.services.workplace import Rule, Workplace

Plan = Callable[[Callable[..., Any], Write[Any], Context], Rule]
"""Returns what a service decides for a command; raises what is wrong whatever the graph says."""


class _PlannedError(Exception):
    """Carries what a service would have decided; it never leaves this file."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule


class _Planner(Workplace):
    """A workplace where nothing is written: whoever wants to is asked for the rule instead.

    Every service writes through `Workplace.write`, once, so none needs to know of others.
    """

    def write(self, decide: Rule, _command: Write[Any], _context: Context) -> NoReturn:
        """Hand the rule to `plan`."""
        raise _PlannedError(decide)


@contextmanager
def planning(work: Workplace) -> Iterator[Plan]:
    """Give what plans commands for the block; the bytes that they name cannot go before it ends."""
    planner = _Planner(work.graph, work.artifacts, work.formats)
    with ExitStack() as pins:

        def plan(service: Callable[..., Any], command: Write[Any], context: Context) -> Rule:
            if isinstance(command, RegisterVersion) and command.files:
                pins.enter_context(kept(work, command))
            try:
                service(planner, command, context)
            except _PlannedError as planned:
                return planned.rule
            raise InvalidInputError("this would change nothing")

        yield plan
