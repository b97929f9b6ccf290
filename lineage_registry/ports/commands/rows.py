"""Rows from elsewhere: many commands, done as one."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.ports.commands.base import Route, Write


class ImportedRows(BaseModel):
    """What an import of rows did.

    Attributes:
        rows: How many were given.
        events: How many events they became.
        revision: The commit, or the last one of several.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    events: int
    revision: int


class ImportRows(Write[ImportedRows]):
    """Do what several rows say, in their order, in one commit: all of them or none.

    A row is an object with one member, whose name says what the row is about and whose value has
    the fields of the command: `{"version": {"name": "net", "parents": [...]}}`.

    Attributes:
        first: Number of the first row where they come from, for messages.
    """

    route: ClassVar[Route] = Route("POST", "/rows", "catalog")

    rows: list[dict[str, dict[str, Any]]] = Field(min_length=1, max_length=1_000)
    first: int = Field(default=1, ge=1, lt=2**63)
