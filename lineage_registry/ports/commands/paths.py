"""Paths between two nodes."""

from typing import ClassVar

from lineage_registry.ports.commands.base import Answer, Query, Route


class Path(Answer):
    """One shortest way from an effect to a cause; empty if there is none."""

    nodes: list[str]


class GetPath(Query[Path]):
    """Return one shortest way from a thing to something it comes from."""

    route: ClassVar[Route] = Route("GET", "/path", "lineage")

    source: str
    target: str
