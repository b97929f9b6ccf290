"""Paths between two nodes: the shortest ones, and how many there are."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import GraphAnswer, Route, TableAnswer
from lineage_registry.ports.commands.scope import Scoped
from lineage_registry.ports.commands.steps import Steps


class Path(BaseModel):
    """A way from an effect to a cause.

    Attributes:
        length: Its steps.
        nodes: References, the effect first.
        steps: The edges from each node to the next one, which may be several.
    """

    model_config = ConfigDict(frozen=True)

    length: int
    nodes: list[str]
    steps: list[Steps]


class Paths(TableAnswer, GraphAnswer):
    """Ways from an effect to a cause, in order of (length, ids of the nodes).

    A path is a sequence of nodes: where several edges join two nodes, that is one step with
    several edges, and one path.

    Attributes:
        paths: The shortest ones.
        total: How many there are, exactly; None for more than 10**300.
        complete: Whether `paths` are all of them.
        other_way: There is none, but there is one from target to source.
        truncated: The ancestry was too large to be looked through; there may be more paths.
        lineage: Nodes and edges of these paths.
    """

    source: str
    target: str
    paths: list[Path]
    total: int | None
    complete: bool
    other_way: bool
    truncated: bool
    lineage: Lineage

    def graph(self) -> Lineage:
        """Return nodes and edges of these paths."""
        return self.lineage

    def table(self) -> Table:
        """Return a row for each edge of each path; a path without steps has none."""
        rows = [
            (number, step, path.nodes[step - 1], path.nodes[step], str(edge.edge), edge.role)
            for number, path in enumerate(self.paths, 1)
            for step, edges in enumerate(path.steps, 1)
            for edge in edges
        ]
        return Table(("path", "step", "effect", "cause", "edge", "role"), rows)


class GetPaths(Scoped[Paths]):
    """Return the shortest ways from a thing to something it comes from, and count all.

    Attributes:
        source: The effect: a version, run or deployment.
        target: The cause.
        limit: Paths to list at most.
    """

    route: ClassVar[Route] = Route("GET", "/paths", "lineage")

    source: str
    target: str
    limit: int = Field(default=10, ge=1, le=100)
