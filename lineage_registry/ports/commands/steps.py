"""One way from a cause to an effect, step by step, as answers write it."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, cast

from pydantic import PlainSerializer
from typing_extensions import TypedDict

from lineage_registry.domain.graph import EdgeKind


class Step(NamedTuple):
    """A node on a way, and the edge that leads there from the node before.

    Attributes:
        edge: None for the first node.
        declared: Whether somebody declared that edge; False if the registry inferred it.
    """

    reference: str
    edge: EdgeKind | None = None
    role: str = ""
    declared: bool = True


class StepObject(TypedDict):
    """A step as JSON has it; see `Step`."""

    reference: str
    edge: EdgeKind | None
    role: str
    declared: bool


def _step_objects(steps: Sequence[Step]) -> list[StepObject]:
    return [cast("StepObject", dict(zip(Step._fields, one, strict=True))) for one in steps]


Steps = Annotated[Sequence[Step], PlainSerializer(_step_objects)]
"""A way; objects in JSON."""


def written(steps: Sequence[Step]) -> str:
    """Return a way as one line, for a cell of a table."""
    return " > ".join(step.reference for step in steps)
