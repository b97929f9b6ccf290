"""What every event is: a frozen fact with a type, a schema version and the changes it makes."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import Change, EdgeKind, Scalar

NodeId = int
Facts = dict[str, Scalar]


class Event(BaseModel):
    """Something that happened to the registry.

    The graph is a function of the log: `changes` says all that an event does to it, from the
    event and its position alone.

    Attributes:
        type: Stable name, `subject.happened`.
        schema_version: Raised when the fields change; older ones are upcast when read.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, ser_json_inf_nan="strings", allow_inf_nan=False
    )

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1

    @abstractmethod
    def changes(self, position: int) -> Iterator[Change]:
        """Yield what the event does to the graph; `position` is the id of a node it makes."""


class Cause(BaseModel):
    """An edge that leaves the node an event is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EdgeKind
    target: NodeId
    role: Annotated[str, Field(max_length=64)] = ""
    declared: bool = True
