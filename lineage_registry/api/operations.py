"""Every operation of the HTTP API, derived from the table of commands."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from lineage_registry.domain.references import Space
from lineage_registry.ports.commands import (
    COMMANDS,
    AddInputs,
    AddToDraft,
    Command,
    ImportRows,
    RegisterVersion,
    RegisterVersions,
    StartRun,
)

PREFIX: Final = "/api/v1"
SMALL_BODY: Final = 1024 * 1024
BIG_BODY: Final = 16 * 1024 * 1024
_WITH_LONG_LISTS: Final = frozenset(
    {RegisterVersion, RegisterVersions, StartRun, AddInputs, AddToDraft, ImportRows}
)
_SINGULAR: Final = {Space.MODELS: "model", Space.DATASETS: "dataset"}


class Operation(NamedTuple):
    """One route that does a command.

    Attributes:
        fixed: Fields that the path settles without naming them.
        body_limit: Bytes that its body has at most.
    """

    id: str
    command: type[Command[Any]]
    path: str
    fixed: dict[str, str]
    body_limit: int

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.command.route.method

    @property
    def path_fields(self) -> list[str]:
        """Names of the fields that the path holds."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def free_fields(self) -> list[str]:
        """Names of the fields that the query or the body holds."""
        settled = {*self.path_fields, *self.fixed}
        return [name for name in self.command.model_fields if name not in settled]

    @property
    def has_body(self) -> bool:
        """Whether the free fields travel in a JSON body rather than in the query."""
        return self.method not in {"GET", "DELETE"}


def operations() -> Iterator[Operation]:
    """Walk over the operations in the order of the commands."""
    for command in COMMANDS:
        for path, space in _variants(command.route.path):
            yield Operation(
                id=_name(command, space),
                command=command,
                path=PREFIX + path,
                fixed={} if space is None else {"space": str(space)},
                body_limit=BIG_BODY if command in _WITH_LONG_LISTS else SMALL_BODY,
            )


def _variants(path: str) -> list[tuple[str, Space | None]]:
    if "{space}" not in path:
        return [(path, None)]
    return [(path.replace("{space}", space), space) for space in _SINGULAR]


def _name(command: type[Command[Any]], space: Space | None) -> str:
    """Write `GetVersion` of a model as `get_model_version`, `ListFamilies` as `list_models`."""
    words = re.findall(r"[A-Z][a-z]*", command.__name__)
    if space is not None:
        thing = _SINGULAR[space]
        if "{version}" in command.route.path and "Version" not in words:
            thing += "_version"
        plain = {"Family": thing, "Families": space.value}
        fixed = [plain.get(word, word) for word in words]
        words = fixed if fixed != words else [words[0], thing, *words[1:]]
    return "_".join(words).lower()
