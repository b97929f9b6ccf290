"""The lineage graph: kinds of nodes and edges, and the four changes that build it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

Scalar = str | int | float | bool
"""What a fact or value may be: text, an integer of 64 bits, a finite number or a truth value."""


def text_of(value: Scalar | None) -> str | None:
    """Return a fact or value as text; None, that there is none, stays None."""
    return None if value is None else str(value)


REGISTRY: Final = 0
"""Id of the registry itself; its values hold the names of everything else."""


class NodeKind(StrEnum):
    """What a node is."""

    MODEL = "model"
    MODEL_VERSION = "model_version"
    DATASET = "dataset"
    DATASET_VERSION = "dataset_version"
    RUN = "run"
    DEPLOYMENT = "deployment"

    # That of `Enum` is written in Python; walks look kinds up millions of times.
    __hash__ = str.__hash__

    @property
    def label(self) -> str:
        """The kind as a graph database writes it: `ModelVersion`."""
        return self.value.title().replace("_", "")


class EdgeKind(StrEnum):
    """What an edge says; every edge points from the effect to its cause."""

    DERIVED_FROM = "DERIVED_FROM"
    GENERATED_BY = "GENERATED_BY"
    USED = "USED"
    DEPENDS_ON = "DEPENDS_ON"
    SERVES = "SERVES"
    EVALUATED_ON = "EVALUATED_ON"
    READ_BACK = "READ_BACK"
    CHILD_OF = "CHILD_OF"
    SIBLING_OF = "SIBLING_OF"

    __hash__ = str.__hash__


class Derivation(StrEnum):
    """How a version came from its parent: the roles of DERIVED_FROM."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    QUANTIZED = "quantized"
    MERGED = "merged"
    DISTILLED = "distilled"
    PRUNED = "pruned"
    CONVERTED = "converted"
    RETRAINED = "retrained"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """What holds for all edges of one kind.

    Attributes:
        ends: Allowed pairs (kind of the source, kind of the target).
        lineage: Whether ancestry and impact follow it; such edges form a DAG.
        carries: Whether taint and licence terms pass along it.
        roles: Allowed roles, or None where any short name will do.
    """

    ends: frozenset[tuple[NodeKind, NodeKind]]
    lineage: bool
    carries: bool
    roles: frozenset[str] | None = None


_MV, _DV = NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION
_RUN, _SERVICE = NodeKind.RUN, NodeKind.DEPLOYMENT

EDGE_RULES: Final[Mapping[EdgeKind, EdgeRule]] = {
    EdgeKind.DERIVED_FROM: EdgeRule(
        frozenset({(_MV, _MV), (_DV, _DV)}),
        lineage=True,
        carries=True,
        roles=frozenset(Derivation),
    ),
    EdgeKind.GENERATED_BY: EdgeRule(
        frozenset({(_MV, _RUN), (_DV, _RUN)}), lineage=True, carries=True
    ),
    EdgeKind.USED: EdgeRule(frozenset({(_RUN, _DV), (_RUN, _MV)}), lineage=True, carries=True),
    EdgeKind.DEPENDS_ON: EdgeRule(frozenset({(_MV, _MV), (_MV, _DV)}), lineage=True, carries=True),
    EdgeKind.SERVES: EdgeRule(frozenset({(_SERVICE, _MV)}), lineage=True, carries=True),
    EdgeKind.EVALUATED_ON: EdgeRule(frozenset({(_RUN, _DV)}), lineage=True, carries=False),
    EdgeKind.READ_BACK: EdgeRule(
        frozenset({(_RUN, _MV), (_RUN, _DV)}), lineage=False, carries=False
    ),
    EdgeKind.CHILD_OF: EdgeRule(frozenset({(_RUN, _RUN)}), lineage=False, carries=False),
    EdgeKind.SIBLING_OF: EdgeRule(frozenset({(_MV, _MV)}), lineage=False, carries=False),
}
"""The one table of edges that every store, export and rule reads."""

LINEAGE: Final = frozenset(kind for kind, rule in EDGE_RULES.items() if rule.lineage)
CARRYING: Final = frozenset(kind for kind, rule in EDGE_RULES.items() if rule.carries)


class AddNode(NamedTuple):
    """A node is born; its id is the position of the event, its facts never change.

    Attributes:
        owner: The model or dataset that a version belongs to; REGISTRY for everything else.
    """

    id: int
    kind: NodeKind
    owner: int
    facts: Mapping[str, Scalar]


class Set(NamedTuple):
    """A temporal value begins, and the one before it ends; None only ends it.

    `first` says that there is none before it and never was, so that no store need look for it.
    """

    node: int
    key: str
    value: Scalar | None
    first: bool = False


class AddEdge(NamedTuple):
    """An edge begins; `declared` is False where the registry inferred it."""

    source: int
    kind: EdgeKind
    target: int
    role: str
    declared: bool = True


class EndEdge(NamedTuple):
    """An edge ends; it stays visible as of earlier revisions."""

    source: int
    kind: EdgeKind
    target: int
    role: str


Change = AddNode | Set | AddEdge | EndEdge


class Node(NamedTuple):
    """A node as a view sees it: with those of its values that were asked for.

    Attributes:
        since: The revision that made it.
    """

    id: int
    kind: NodeKind
    owner: int
    since: int
    facts: Mapping[str, Scalar]
    values: Mapping[str, Scalar]


class Edge(NamedTuple):
    """An edge as a view sees it, from effect to cause."""

    source: int
    kind: EdgeKind
    target: int
    role: str
    since: int
    declared: bool


class Interval(NamedTuple):
    """A temporal value and the revisions it held for: `since` included, `until` not, None: still.

    A key that was ended and not set again shows as a gap between two intervals.
    """

    since: int
    until: int | None
    value: Scalar
