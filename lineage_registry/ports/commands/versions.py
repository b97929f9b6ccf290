"""Versions of models and datasets: register, find, describe, delete."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.graph import Derivation, Scalar
from lineage_registry.domain.names import Metrics, Name, Params, Role, Tags, Text
from lineage_registry.ports.commands.base import (
    CATALOG,
    Listing,
    Page,
    Query,
    Route,
    Write,
)
from lineage_registry.ports.commands.catalog import TagChanges
from lineage_registry.ports.commands.taints import ReachingTaint


class LinkedVersion(BaseModel):
    """Something that a version is tied to, and in which role."""

    model_config = ConfigDict(frozen=True)

    reference: str
    role: str = ""


class File(BaseModel):
    """A file of a version: path inside it, `sha256:<hex>` and size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1, max_length=1024)
    digest: str
    size: int = Field(ge=0, lt=2**63)


class Version(BaseModel):
    """A version of a model or dataset.

    Attributes:
        id: Number of its node in the graph.
        name: Name of its model or dataset.
        status: `active`, `rolled_back` or `deleted`.
        format: Format handler that reads its files; None for metadata only.
        size: Bytes of its files together.
        manifest: Digest of its named file list, `sha256:<hex>`.
        weights: Digest of its tensors, the same in every format; None if none can be told.
        same_weights: The first other versions that hold the same tensors; None where nobody
            looked, as in lists.
        facts: What was read from its files: parameters, tensors, dtypes, ...
        run: The run that made it.
        licence: Declared one, its own or that of its model or dataset.
        taints: Taints that reach it, nearest first; None where nobody looked, as in lists.
        revision: Revision of its last change: its ETag.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["model_version", "dataset_version"]
    id: int
    name: str
    number: int
    label: str | None = None
    reference: str
    stage: str | None = None
    aliases: list[str] = Field(default_factory=list)
    status: Literal["active", "rolled_back", "deleted"] = "active"
    rolled_back: str | None = None
    description: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    params: dict[str, Scalar] = Field(default_factory=dict)
    metrics: dict[str, float | str] = Field(default_factory=dict)
    format: str | None = None
    size: int | None = None
    manifest: str | None = None
    weights: str | None = None
    same_weights: list[str] | None = None
    facts: dict[str, Scalar] = Field(default_factory=dict)
    run: str | None = None
    parents: list[LinkedVersion] = Field(default_factory=list)
    dependencies: list[LinkedVersion] = Field(default_factory=list)
    licence: str | None = None
    taints: list[ReachingTaint] | None = None
    created_at: datetime
    created_by: str
    revision: int


class Parent(BaseModel):
    """A version that a new one derives from, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    kind: Derivation = Derivation.OTHER


class Input(BaseModel):
    """Something read or needed, and in which role: train, validation, base, tokenizer, ..."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    role: Role | None = None


class RegisterVersion(Write[Version]):
    """Register the next version; the bytes of its files are in the artifact store before.

    Attributes:
        create: Whether the model or dataset is created if there is none.
        label: A semantic version for a model, a date or name for a dataset.
        run: The run that made it, `runs:/ID`.
        parents: Versions it derives from.
        dependencies: Versions it needs to work.
        datasets: What its run read (short references are dataset versions); without `run` one is
            recorded for them.
        tested_on: Dataset versions it was evaluated on.
        siblings: Variants without a registered parent in common.
        format: Format handler that wrote the files; None detects it.
        weights: Digest of the tensors as the client computed it. The registry computes its own
            where the files are small enough for that, and refuses one that differs; of larger
            files it takes this one, and says so.
    """

    route: ClassVar[Route] = Route("POST", "/{space}/{name}/versions", "versions", 201)

    space: CATALOG
    name: Name
    create: bool = True
    label: str | None = Field(default=None, max_length=128)
    description: Text | None = None
    tags: Tags = Field(default_factory=dict)
    params: Params = Field(default_factory=dict)
    metrics: Metrics = Field(default_factory=dict)
    files: list[File] = Field(default_factory=list, max_length=100_000)
    format: str | None = Field(default=None, max_length=64)
    weights: str | None = Field(default=None, max_length=71)
    run: str | None = None
    parents: list[Parent] = Field(default_factory=list, max_length=100_000)
    dependencies: list[Input] = Field(default_factory=list, max_length=100_000)
    datasets: list[Input] = Field(default_factory=list, max_length=100_000)
    tested_on: list[Input] = Field(default_factory=list, max_length=100_000)
    siblings: list[str] = Field(default_factory=list, max_length=1_000)


class GetVersion(Query[Version]):
    """Return a version.

    Attributes:
        version: Number, label, `latest`, a stage, or `@alias`.
        deleted: Whether a deleted one is found, too.
    """

    route: ClassVar[Route] = Route("GET", "/{space}/{name}/versions/{version}", "versions")

    space: CATALOG
    name: Name
    version: str
    deleted: bool = False


class ListVersions(Listing[Page[Version]]):
    """List the versions of one model or dataset, newest first."""

    route: ClassVar[Route] = Route("GET", "/{space}/{name}/versions", "versions")

    space: CATALOG
    name: Name
    stage: str | None = None
    deleted: bool = False


class SearchVersions(Listing[Page[Version]]):
    """Find versions of all models or all datasets, newest first.

    Attributes:
        text: Part of the description, in any case.
        tag: `key` or `key=value`; all of them hold.
        metric: `name>=0.9` and the like with `=`, `<`, `<=`, `>`, `>=`; all of them hold.
        param: `name=value`, or a comparison as for metrics; all of them hold.
    """

    route: ClassVar[Route] = Route("GET", "/search/{space}/versions", "versions")

    space: CATALOG
    text: str | None = Field(default=None, max_length=200)
    stage: str | None = None
    tag: list[str] = Field(default_factory=list, max_length=20)
    metric: list[str] = Field(default_factory=list, max_length=20)
    param: list[str] = Field(default_factory=list, max_length=20)
    deleted: bool = False


class UpdateVersion(Write[Version]):
    """Describe or tag a version; what is left out stays."""

    route: ClassVar[Route] = Route("PATCH", "/{space}/{name}/versions/{version}", "versions")

    space: CATALOG
    name: Name
    version: str
    description: Text | None = None
    tags: TagChanges = Field(default_factory=dict)


class DeleteVersion(Write[Version]):
    """Put a version out of sight; nothing is destroyed.

    Attributes:
        force: Delete although something relies on it; needs a reason.
    """

    route: ClassVar[Route] = Route("DELETE", "/{space}/{name}/versions/{version}", "versions")

    space: CATALOG
    name: Name
    version: str
    force: bool = False


class RestoreVersion(Write[Version]):
    """Bring back a deleted version."""

    route: ClassVar[Route] = Route("POST", "/{space}/{name}/versions/{version}/restore", "versions")

    space: CATALOG
    name: Name
    version: str


class Files(BaseModel):
    """The files of a version, by path; `manifest` is the digest over the named list."""

    model_config = ConfigDict(frozen=True)

    reference: str
    format: str | None
    manifest: str | None
    files: list[File]


class GetFiles(Query[Files]):
    """Return the files of a version."""

    route: ClassVar[Route] = Route("GET", "/{space}/{name}/versions/{version}/files", "versions")

    space: CATALOG
    name: Name
    version: str
    deleted: bool = False


class AddDependency(Write[Version]):
    """Record that a model version needs another version; refused if that comes from it."""

    route: ClassVar[Route] = Route(
        "POST", "/models/{name}/versions/{version}/dependencies", "versions"
    )

    name: Name
    version: str
    on: str
    role: Role | None = None


class RemoveDependency(Write[Version]):
    """End a dependency; it stays visible as of earlier revisions."""

    route: ClassVar[Route] = Route(
        "DELETE", "/models/{name}/versions/{version}/dependencies", "versions"
    )

    name: Name
    version: str
    on: str
    role: Role | None = None


class LogVersionMetrics(Write[Version]):
    """Add measurements to a version."""

    route: ClassVar[Route] = Route("POST", "/{space}/{name}/versions/{version}/metrics", "versions")

    space: CATALOG
    name: Name
    version: str
    metrics: Metrics
    step: int = Field(default=0, ge=0, lt=2**63)
