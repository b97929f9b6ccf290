"""Reproducibility: what is known of how something was made."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.reproducibility import Item
from lineage_registry.domain.tables import Table
from lineage_registry.ports.commands.base import Query, Route, TableAnswer


class Missing(BaseModel):
    """An item that is not known, and why."""

    model_config = ConfigDict(frozen=True)

    item: Item
    why: str


class NodeReproducibility(BaseModel):
    """What is known of one node of the ancestry; `score` is the share, from 0 to 1."""

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: NodeKind
    distance: int
    score: float
    known: list[Item]
    missing: list[Missing]


class ItemCount(BaseModel):
    """Of how many nodes an item matters, and of how many of those it is known."""

    model_config = ConfigDict(frozen=True)

    item: Item
    known: int
    total: int


class Reproducibility(TableAnswer):
    """How much of what it takes to make something again is known.

    The score is the share of known items among all that matter, counted over the whole ancestry:
    1 says that nothing is missing. It says nothing of whether the runs are deterministic.

    Attributes:
        score: From 0 to 1.
        items: The same by item.
        nodes: The nodes that something matters for, nearest first.
        truncated: Whether nodes were left out of `nodes`, or the ancestry was too large to look at
            all of it.
    """

    reference: str
    score: float
    items: list[ItemCount]
    nodes: list[NodeReproducibility]
    truncated: bool

    def table(self) -> Table:
        """Return a row for each node."""
        return Table(
            ("reference", "kind", "distance", "score", "known", "missing"),
            [
                (
                    node.reference,
                    node.kind.value,
                    node.distance,
                    node.score,
                    ", ".join(node.known),
                    ", ".join(one.item for one in node.missing),
                )
                for node in self.nodes
            ],
        )


class GetReproducibility(Query[Reproducibility]):
    """Return what is known of how something was made: code, data, parameters, environment, seed.

    Looks through deleted things, and not at data that it was only tested on.

    Attributes:
        of: A version, run or deployment.
        limit: Nodes to name at most, closest first; the score counts all of them.
    """

    route: ClassVar[Route] = Route("GET", "/reproducibility", "lineage")

    of: str
    limit: int = Field(default=1_000, ge=1, le=10_000)
