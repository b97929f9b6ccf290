"""The audit trail, and the audit report of a version."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Literal

from lineage_registry.domain.digests import Digest
from lineage_registry.domain.graph import NodeKind
from lineage_registry.domain.lineage import Lineage
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import (
    FAMILY_KINDS,
    VERSIONS,
    references_of,
    resolve,
    resolve_version,
)
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.errors import ArtifactNotFoundError, DigestMismatchError
from lineage_registry.ports.commands import (
    AuditEvent,
    AuditReport,
    Context,
    File,
    FileCheck,
    GetAuditReport,
    ListEvents,
    Page,
    Version,
)
from lineage_registry.ports.graph import EventFilter, Recorded, subjects, to_microseconds
from lineage_registry.services import describing
from lineage_registry.services.clock import now
from lineage_registry.services.contents import read_manifest
from lineage_registry.services.events import beyond, events_until
from lineage_registry.services.impact import impact
from lineage_registry.services.licences import licences_of
from lineage_registry.services.lifecycle import moves
from lineage_registry.services.lineage import lineage_of
from lineage_registry.services.log_proof import prove
from lineage_registry.services.missing import missing_items
from lineage_registry.services.paging import as_of, page, read_cursor
from lineage_registry.services.starts import versions_of
from lineage_registry.services.taints import reaching
from lineage_registry.services.workplace import Workplace, demand_zone, read

FileState = Literal["verified", "missing", "different", "not checked"]
_MAX_DESCRIBED = 10_000


def list_events(work: Workplace, command: ListEvents, _: Context) -> Page[AuditEvent]:
    """Read the audit trail; `as_of` leaves out what came later."""
    cursor = read_cursor(command)
    references = [] if command.subject is None else [read(command.subject)]
    with work.ask(as_of(command, cursor), references) as view:
        where = EventFilter(
            nodes=frozenset(_subject_nodes(view, references[0])) if references else None,
            actor=command.by,
            types=frozenset(command.type) if command.type else None,
            since=_instant(command.since),
            until=_instant(command.until),
            newest_first=command.newest_first,
        )
        found = _events(work, where, view.revision, command.limit + 1, cursor and cursor.after)
        told = describe_events(view, found[: command.limit])
        return page(told, [one.position for one in found], command.limit, view.revision)


def get_audit_report(work: Workplace, command: GetAuditReport, context: Context) -> AuditReport:
    """Return what to hand the auditor about one version."""
    reference = read(command.of)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve_version(view, reference, deleted=True)
        taints = reaching(work, view, [found.node])
        version = describing.versions(view, [found.node])[0].model_copy(update={"taints": taints})
        model = describing.families(view, [found.family])[0]
        exact = Reference(reference.space, reference.name, reference.selector)
        ancestry = lineage_of(view, [exact], Direction.UPSTREAM)
        # Runs and sources are described in full; beyond this many the ancestry alone names them.
        run_ids = [one.id for one in ancestry.nodes if one.kind is NodeKind.RUN]
        sources = _sources(ancestry)
        where = EventFilter(nodes=frozenset({found.node}))
        events = _events(work, where, view.revision, None, None)
        runs = describing.runs(view, run_ids[:_MAX_DESCRIBED])
        origins = describing.versions(view, sources[:_MAX_DESCRIBED])
        return AuditReport(
            version=version,
            model_owner=model.owner,
            model_description=model.description,
            ancestry=ancestry,
            impact=impact(view, [exact], limit=1_000),
            licences=licences_of(view, found.node),
            runs=runs,
            sources=origins,
            moves=moves(view, events),
            events=describe_events(view, events),
            files=_check_files(work, version, verify=command.verify),
            verified=command.verify,
            log=prove(work.graph.log(), view.revision),
            missing=missing_items(version, model, runs, origins),
            revision=view.revision,
            as_of=view.at(view.revision),
            generated_at=now(),
            generated_by=context.actor,
        )


def describe_events(view: GraphView, events: Sequence[Recorded]) -> list[AuditEvent]:
    """Tell events with the references of what they are about."""
    about = {one.position: subjects(one.changes()) for one in events}
    ids = {id_ for found in about.values() for id_ in found}
    named = references_of(view, ids) if ids else {}
    return [
        AuditEvent(
            position=one.position,
            revision=one.revision,
            at=one.time,
            type=one.type,
            actor=one.actor,
            reason=one.reason,
            subjects=[named[id_] for id_ in about[one.position] if id_ in named],
            data=one.event.model_dump(mode="json"),
            leaf=one.leaf.hex(),
        )
        for one in events
    ]


def _instant(time: datetime | None) -> int | None:
    return None if time is None else to_microseconds(demand_zone(time))


def _sources(ancestry: Lineage) -> list[int]:
    """Return the versions that come from no other version, not even through a run."""
    kinds = {node.id: node.kind for node in ancestry.nodes}
    causes: defaultdict[int, list[int]] = defaultdict(list)
    for edge in ancestry.edges:
        causes[edge.source].append(edge.target)
    return [
        id_
        for id_, kind in kinds.items()
        if kind in VERSIONS
        and not any(kinds[cause] in VERSIONS or causes[cause] for cause in causes[id_])
    ]


def _subject_nodes(view: GraphView, reference: Reference) -> list[int]:
    found = resolve(view, reference, deleted=True)
    if found.kind not in FAMILY_KINDS.values():
        return [found.node]
    return [found.node, *versions_of(view, found, deleted=True)]


def _events(
    work: Workplace, where: EventFilter, revision: int, limit: int | None, after: int | None
) -> list[Recorded]:
    if after is not None:
        where = beyond(where, after)
    return list(islice(events_until(work, where, revision), limit))


def _check_files(work: Workplace, version: Version, *, verify: bool) -> list[FileCheck]:
    if version.manifest is None:
        return []
    checks = []
    for path, digest, size in read_manifest(work, version.manifest).files:
        file = File(path=path, digest=str(digest), size=size)
        checks.append(FileCheck(file=file, state=check_bytes(work, digest, verify=verify)))
    return checks


def check_bytes(work: Workplace, digest: Digest, *, verify: bool) -> FileState:
    """Return whether the bytes of a file are there, and right if `verify`."""
    try:
        if verify:
            work.artifacts.verify(digest)
            return "verified"
        work.artifacts.size(digest)
    except ArtifactNotFoundError:
        return "missing"
    except DigestMismatchError:
        return "different"
    return "not checked"
