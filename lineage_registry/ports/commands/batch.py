"""Batches: the same done with many things, with one result for each."""

from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.errors import RegistryError
from lineage_registry.ports.commands.base import Command, Route, Write
from lineage_registry.ports.commands.integrity import VersionCheck
from lineage_registry.ports.commands.versions import Version
from lineage_registry.problems import error_from

T = TypeVar("T")


class BatchItem(BaseModel, Generic[T]):
    """What became of one item of a batch.

    Attributes:
        index: Its place in the batch, from 0.
        state: `done`; `failed`; or `undone`, where another one failed and all go together.
        value: What was made, found or deleted.
        problem: What failed, as a problem document (RFC 9457).
    """

    model_config = ConfigDict(frozen=True)

    index: int
    state: Literal["done", "failed", "undone"]
    value: T | None = None
    problem: dict[str, Any] | None = None

    @property
    def error(self) -> RegistryError | None:
        """What failed, as the error that the thing alone would have raised."""
        return None if self.problem is None else error_from(self.problem)

    def result(self) -> T:
        """Return the value.

        Raises:
            RegistryError: What failed, if it did.
        """
        if self.value is None:
            raise self.error or RegistryError("another item of the batch failed; nothing was done")
        return self.value


class Batch(BaseModel, Generic[T]):
    """What became of each item of a batch, in the order in which they were given.

    Attributes:
        ok: Whether all are done.
    """

    model_config = ConfigDict(frozen=True)

    ok: bool
    items: list[BatchItem[T]]


class RegisterVersions(Write[Batch[Version]]):
    """Register many versions; each item has the fields of one registration.

    Without `atomic` each is a commit of its own, and what fails leaves the others alone. With it
    all are one commit, in their order, or nothing is done; one may come from one before it.

    Attributes:
        items: The fields of `register`, with `space` where it is not `models`.
    """

    route: ClassVar[Route] = Route("POST", "/batch/register", "batch")

    items: list[dict[str, Any]] = Field(min_length=1, max_length=1_000)
    atomic: bool = False


class DeleteVersions(Write[Batch[Version]]):
    """Put many versions out of sight; nothing is destroyed.

    Without `atomic` each is a commit of its own, and what fails leaves the others alone. With it
    all are one commit, in their order, or nothing is done.

    Attributes:
        force: Delete although something relies on them; needs a reason.
    """

    route: ClassVar[Route] = Route("POST", "/batch/delete", "batch")

    references: list[str] = Field(min_length=1, max_length=1_000)
    force: bool = False
    atomic: bool = False


class VerifyBatch(Command[Batch[VersionCheck]]):
    """Check the files of many versions; one that is damaged is a finding, not a failure.

    Attributes:
        read: Read every file again and compare digests; otherwise only presence and size count.
    """

    route: ClassVar[Route] = Route("POST", "/batch/verify", "batch")

    references: list[str] = Field(min_length=1, max_length=1_000)
    read: bool = True
