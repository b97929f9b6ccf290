"""Audit: the trail of events, the report of a version, validation, status."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from lineage_registry.domain.lineage import Lineage
from lineage_registry.ports.commands.base import Command, Instant, Listing, Page, Query, Route
from lineage_registry.ports.commands.impact import Impact
from lineage_registry.ports.commands.licences import Licences
from lineage_registry.ports.commands.lifecycle import Move
from lineage_registry.ports.commands.runs import Run
from lineage_registry.ports.commands.versions import File, Version


class AuditEvent(BaseModel):
    """One event of the log.

    Attributes:
        position: Its number in the log, from 1.
        revision: The commit it is part of.
        subjects: References of the things it made, changed or mentions, as they read now.
        data: What it says.
        leaf: RFC 9162 leaf hash of its stored bytes, in hex.
    """

    model_config = ConfigDict(frozen=True)

    position: int
    revision: int
    at: datetime
    type: str
    actor: str
    reason: str | None
    subjects: list[str]
    data: dict[str, Any]
    leaf: str


class ListEvents(Listing[Page[AuditEvent]]):
    """Read the audit trail.

    Attributes:
        subject: A reference; a model or dataset stands for itself and all its versions.
        by: Only what this actor did.
        type: Types of events, like `stage.moved`.
        since: At or after this time; a date is its first moment, UTC.
        until: Before this time.
        newest_first: Newest first instead of oldest first.
    """

    route: ClassVar[Route] = Route("GET", "/events", "audit")

    subject: str | None = None
    by: str | None = None
    type: list[str] = Field(default_factory=list, max_length=50)
    since: Instant = None
    until: Instant = None
    newest_first: bool = False


class FileCheck(BaseModel):
    """Whether the bytes of a file are what the version says."""

    model_config = ConfigDict(frozen=True)

    file: File
    state: Literal["verified", "missing", "different", "not checked"]


class LogProof(BaseModel):
    """Where the log stood: its size and the root of its RFC 9162 Merkle tree, in hex."""

    model_config = ConfigDict(frozen=True)

    size: int
    root: str


class MissingItem(BaseModel):
    """Something that the report should hold and the registry does not know.

    Attributes:
        status: `person` where only a person can supply it.
    """

    model_config = ConfigDict(frozen=True)

    item: str
    clause: str
    status: Literal["absent", "person"]


class AuditReport(BaseModel):
    """What to hand the auditor about one model version.

    Attributes:
        ancestry: Everything it comes from.
        impact: What relies on it.
        licences: The terms that hold for it, where they come from, and what contradicts.
        runs: The runs among its ancestors that made it and its parents.
        sources: Roots of the ancestry: things that come from nothing registered.
        moves: Every move of stages and aliases that concerns it.
        events: Every event about it.
        files: Its files, verified when the report was made if `verified`.
        log: The state of the log the report was made from.
        missing: What a complete report would hold and this one does not.
    """

    model_config = ConfigDict(frozen=True)

    report_schema: Literal["lineage-registry/audit-report/1"] = "lineage-registry/audit-report/1"
    version: Version
    model_owner: str | None
    model_description: str | None
    ancestry: Lineage
    impact: Impact
    licences: Licences
    runs: list[Run]
    sources: list[Version]
    moves: list[Move]
    events: list[AuditEvent]
    files: list[FileCheck]
    verified: bool
    log: LogProof
    missing: list[MissingItem]
    revision: int
    as_of: datetime | None
    generated_at: datetime
    generated_by: str


class GetAuditReport(Query[AuditReport]):
    """Return the audit report of a version.

    Attributes:
        of: Reference of a version.
        verify: Read every file again and compare digests; otherwise only their presence counts.
    """

    route: ClassVar[Route] = Route("GET", "/audit-report", "audit")

    of: str
    verify: bool = True


class Finding(BaseModel):
    """Something wrong.

    Attributes:
        subject: What it is about: a reference, a node of the graph or an event of the log.
        hint: What would mend it, if that is known.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal[
        "dangling-edge",
        "missing-bytes",
        "different-bytes",
        "different-weights",
        "log-gap",
        "log-changed",
        "graph-differs-from-log",
        "cycle",
    ]
    subject: str
    detail: str
    hint: str | None = None


class Validation(BaseModel):
    """What a check of the whole registry found; nothing is wrong if `findings` is empty.

    Attributes:
        truncated: There are more findings than are listed.
    """

    model_config = ConfigDict(frozen=True)

    ok: bool
    events: int
    nodes: int
    edges: int
    blobs: int
    findings: list[Finding]
    truncated: bool
    log: LogProof


class Validate(Command[Validation]):
    """Check the whole registry: log against graph, edges, bytes.

    Attributes:
        bytes: Read every file again and compare digests, also those of tensors that a client said;
            otherwise only their presence counts.
    """

    route: ClassVar[Route] = Route("POST", "/validate", "audit")

    bytes: bool = False


class Status(BaseModel):
    """What answers here: versions, engines, and where the log stands."""

    model_config = ConfigDict(frozen=True)

    version: str
    graph: str
    artifacts: str
    revision: int
    events: int


class GetStatus(Command[Status]):
    """Return what answers here, after asking the graph store and the artifact store."""

    route: ClassVar[Route] = Route("GET", "/status", "status")
