"""Versions of models and datasets: register, find, describe, delete."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

from lineage_registry.domain import catalog, registration, runs
from lineage_registry.domain.events import Event, VersionRegistered
from lineage_registry.domain.lifecycle import demand_stages
from lineage_registry.domain.names import parse_dataset_label, parse_model_label
from lineage_registry.domain.references import Reference, Space, parse_selector
from lineage_registry.domain.registration import Link, NewVersion
from lineage_registry.domain.resolution import VERSION_KINDS, Found, resolve, resolve_version
from lineage_registry.domain.verdicts import Refusal, note_refusal
from lineage_registry.domain.view import GraphView, Selection
from lineage_registry.errors import UnreadableArtifactError, UnsafeArtifactError
from lineage_registry.ports.commands import (
    CATALOG,
    AddDependency,
    Context,
    DeleteVersion,
    File,
    Files,
    GetFiles,
    GetVersion,
    Input,
    ListVersions,
    LogVersionMetrics,
    Page,
    RegisterVersion,
    RemoveDependency,
    RestoreVersion,
    SearchVersions,
    UpdateVersion,
    Version,
    Write,
)
from lineage_registry.ports.graph import to_microseconds
from lineage_registry.services.clock import now
from lineage_registry.services.contents import Content, examine, kept, manifest_of, read_manifest
from lineage_registry.services.describing import versions
from lineage_registry.services.filtering import filters_of, in_stage
from lineage_registry.services.paging import listed
from lineage_registry.services.same_weights import with_same_weights
from lineage_registry.services.taints import reaching
from lineage_registry.services.workplace import (
    Workplace,
    demand_unchanged,
    log,
    read_now,
)

VersionRule = Callable[[GraphView, Found], Generator[Event, int, None]]


def register_version(work: Workplace, command: RegisterVersion, context: Context) -> Version:
    """Register a version whose bytes are in the artifact store already.

    Raises:
        ManifestIncompleteError: Bytes of a file are missing, or of another size than announced.
        UnsafeArtifactError: The files are refused.
    """
    # Whoever asks may not have pinned what they uploaded: from here on nothing of it can go.
    with kept(work, command), refusals_noted(work, command, context):
        content = examine(work, command)
        new = _new_version(command, content)
        commit = work.write(lambda view: registration.register(view, new), command, context)
    made = next(one for one in commit.events if one.type == VersionRegistered.type)
    log.info("registered node %s at revision %s", made.position, commit.revision)
    with work.after(commit) as view:
        return with_same_weights(view, versions(view, [made.position])[0])


@contextmanager
def refusals_noted(work: Workplace, command: RegisterVersion, context: Context) -> Iterator[None]:
    """Leave an event of files that are refused inside, in a commit of its own.

    It has no idempotency key: who tries twice is recorded twice.
    """
    try:
        yield
    except (UnsafeArtifactError, UnreadableArtifactError) as error:
        refusal = Refusal(
            space=command.space,
            name=command.name,
            manifest=str(manifest_of(command.files).digest),
            format=str(error.context.get("format", "unknown")),
            reasons=_texts(error.context.get("reasons")) or [error.message],
        )
        # Also where a batch only plans what it would write: who tried is on record at once.
        once = Context(context.actor)
        Workplace.write(work, lambda view: note_refusal(view, refusal), command, once)
        raise


def _texts(found: object) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []


def get_version(work: Workplace, command: GetVersion, _: Context) -> Version:
    """Return a version."""
    reference = reference_to(command.space, command.name, command.version)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve_version(view, reference, deleted=command.deleted)
        taints = reaching(work, view, [found.node])
        version = versions(view, [found.node], [found.family])[0]
        return with_same_weights(view, version.model_copy(update={"taints": taints}))


def list_versions(work: Workplace, command: ListVersions, _: Context) -> Page[Version]:
    """List the versions of one model or dataset, newest first."""

    def select(view: GraphView) -> Selection:
        family = resolve(view, Reference(command.space, command.name), deleted=command.deleted)
        if command.stage is not None:
            demand_stages(view, [command.stage])
        return Selection(
            VERSION_KINDS[command.space],
            family.node,
            () if command.stage is None else (in_stage(command.stage),),
            deleted=command.deleted,
            newest_first=True,
        )

    return listed(work, command, select, versions)


def search_versions(work: Workplace, command: SearchVersions, _: Context) -> Page[Version]:
    """Find versions of all models or all datasets, newest first."""
    selection = Selection(
        VERSION_KINDS[command.space],
        filters=filters_of(
            stage=command.stage,
            tag=command.tag,
            metric=command.metric,
            param=command.param,
            text=command.text,
        ),
        deleted=command.deleted,
        newest_first=True,
    )

    def select(view: GraphView) -> Selection:
        if command.stage is not None:
            demand_stages(view, [command.stage])
        return selection

    return listed(work, command, select, versions)


def get_files(work: Workplace, command: GetFiles, _: Context) -> Files:
    """Return the files of a version."""
    reference = reference_to(command.space, command.name, command.version)
    with work.ask(command.as_of, [reference]) as view:
        found = resolve_version(view, reference, deleted=command.deleted)
        version = versions(view, [found.node])[0]
    entries = read_manifest(work, version.manifest).files if version.manifest else ()
    return Files(
        reference=version.reference,
        format=version.format,
        manifest=version.manifest,
        files=[File(path=path, digest=str(digest), size=size) for path, digest, size in entries],
    )


def update_version(work: Workplace, command: UpdateVersion, context: Context) -> Version:
    """Describe or tag a version."""
    values: dict[str, str | None] = {f"tag/{key}": value for key, value in command.tags.items()}
    if "description" in command.model_fields_set:
        values["description"] = command.description
    return change(
        work,
        reference_to(command.space, command.name, command.version),
        lambda view, found: catalog.change_details(view, found.node, values),
        command,
        context,
    )


def delete_version(work: Workplace, command: DeleteVersion, context: Context) -> Version:
    """Put a version out of sight."""
    return change(
        work,
        reference_to(command.space, command.name, command.version),
        lambda view, found: catalog.delete(view, found, force=command.force, reason=command.reason),
        command,
        context,
        deleted=True,
    )


def restore_version(work: Workplace, command: RestoreVersion, context: Context) -> Version:
    """Bring a version back."""
    return change(
        work,
        reference_to(command.space, command.name, command.version),
        catalog.restore,
        command,
        context,
        deleted=True,
    )


def add_dependency(work: Workplace, command: AddDependency, context: Context) -> Version:
    """Record that a version needs another one."""
    other = read_now(command.on)
    return change(
        work,
        reference_to(Space.MODELS, command.name, command.version),
        lambda view, found: registration.add_dependency(
            view, found, resolve_version(view, other), command.role or ""
        ),
        command,
        context,
    )


def remove_dependency(work: Workplace, command: RemoveDependency, context: Context) -> Version:
    """End a dependency."""
    other = read_now(command.on)
    return change(
        work,
        reference_to(Space.MODELS, command.name, command.version),
        lambda view, found: registration.remove_dependency(
            view, found, resolve_version(view, other, deleted=True), command.role or ""
        ),
        command,
        context,
    )


def log_version_metrics(work: Workplace, command: LogVersionMetrics, context: Context) -> Version:
    """Add measurements to a version."""
    points = runs.points_of(command.metrics, command.step, to_microseconds(now()))
    return change(
        work,
        reference_to(command.space, command.name, command.version),
        lambda view, found: runs.log_metrics(view, found.node, points),
        command,
        context,
    )


def change(
    work: Workplace,
    reference: Reference,
    rule: VersionRule,
    command: Write[Version],
    context: Context,
    *,
    deleted: bool = False,
) -> Version:
    """Let `rule` decide about one version, and describe it afterwards."""
    node = 0

    def decide(view: GraphView) -> Generator[Event, int, None]:
        nonlocal node
        found = resolve_version(view, reference, deleted=deleted)
        node = found.node
        demand_unchanged(view, node, context)
        yield from rule(view, found)

    commit = work.write(decide, command, context)
    with work.after(commit) as view:
        # A repeated request decides nothing; its reference is resolved before it was done.
        if commit.replayed:
            with work.graph.view(commit.revision - 1) as before:
                node = resolve_version(before, reference, deleted=deleted).node
        return versions(view, [node])[0]


def reference_to(space: CATALOG, name: str, version: str) -> Reference:
    """Return the reference of a version that a command names in two parts.

    Raises:
        InvalidReferenceError: `version` can be none.
    """
    return Reference(space, name, parse_selector(version, space))


def inputs_of(inputs: Sequence[Input]) -> list[Link]:
    """Read what a run read; short references are dataset versions."""
    return [Link(read_now(one.reference, Space.DATASETS), one.role or "") for one in inputs]


def _new_version(command: RegisterVersion, content: Content) -> NewVersion:
    label = command.label
    if label is not None:
        parse = parse_model_label if command.space is Space.MODELS else parse_dataset_label
        label = parse(label)
    return NewVersion(
        space=command.space,
        name=command.name,
        create=command.create,
        label=label,
        description=command.description,
        tags=command.tags,
        params=command.params,
        metrics=command.metrics,
        facts=content.facts,
        manifest=content.manifest,
        files=content.files,
        reasons=content.reasons,
        weights=content.weights,
        run=None if command.run is None else read_now(command.run, Space.RUNS),
        parents=[
            Link(read_now(parent.reference, command.space), parent.kind)
            for parent in command.parents
        ],
        dependencies=[
            Link(read_now(one.reference), one.role or "") for one in command.dependencies
        ],
        inputs=inputs_of(command.datasets),
        tested_on=inputs_of(command.tested_on),
        siblings=[Link(read_now(text)) for text in command.siblings],
    )
