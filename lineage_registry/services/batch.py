"""Batches: the same done with many things, one result for each, together or one by one."""

import hashlib
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from lineage_registry.domain.events import Event, VersionRegistered
from lineage_registry.domain.references import Space
from lineage_registry.domain.resolution import resolve_all
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidReferenceError, RegistryError
from lineage_registry.ports.commands import (
    Batch,
    BatchItem,
    Context,
    DeleteVersion,
    DeleteVersions,
    RegisterVersion,
    RegisterVersions,
    VerifyBatch,
    Version,
    VersionCheck,
    Write,
    build,
)
from lineage_registry.ports.graph import Commit
from lineage_registry.problems import problem
from lineage_registry.services.describing import versions
from lineage_registry.services.integrity import check_one
from lineage_registry.services.planning import planning
from lineage_registry.services.versions import delete_version, register_version
from lineage_registry.services.workplace import Rule, Workplace, read_now

T = TypeVar("T")
Service = Callable[[Workplace, Any, Context], Version]


class Part(NamedTuple):
    """One item of a batch: who does it, and what makes its command."""

    service: Service
    built: Callable[[], Write[Version]]


def register_versions(
    work: Workplace, command: RegisterVersions, context: Context
) -> Batch[Version]:
    """Register many versions, together or one by one."""

    def built(item: dict[str, Any]) -> RegisterVersion:
        return build(RegisterVersion, {"space": Space.MODELS, **item, "reason": command.reason})

    parts = [Part(register_version, partial(built, item)) for item in command.items]
    if not command.atomic:
        return _one_by_one(work, parts, context)

    def made(commit: Commit) -> list[Version]:
        nodes = [one.position for one in commit.events if one.type == VersionRegistered.type]
        with work.after(commit) as view:
            return versions(view, nodes)

    return _together(work, parts, command, context, made)


def delete_versions(work: Workplace, command: DeleteVersions, context: Context) -> Batch[Version]:
    """Put many versions out of sight, together or one by one."""

    def built(text: str) -> DeleteVersion:
        reference = read_now(text)
        if reference.space not in {Space.MODELS, Space.DATASETS} or reference.selector is None:
            raise InvalidReferenceError(
                f"{reference} is no version of a model or dataset", hint="write NAME:VERSION"
            )
        fields = {
            "space": reference.space,
            "name": reference.name,
            "version": str(reference.selector),
            "force": command.force,
            "reason": command.reason,
        }
        return build(DeleteVersion, fields)

    parts = [Part(delete_version, partial(built, text)) for text in command.references]
    if not command.atomic:
        return _one_by_one(work, parts, context)

    def made(commit: Commit) -> list[Version]:
        references = [read_now(text) for text in command.references]
        with work.graph.view(commit.revision - 1) as before:
            nodes = [one.node for one in resolve_all(before, references, deleted=True)]
        with work.after(commit) as view:
            return versions(view, nodes)

    return _together(work, parts, command, context, made)


def verify_batch(work: Workplace, command: VerifyBatch, _: Context) -> Batch[VersionCheck]:
    """Check the files of many versions."""
    items: list[BatchItem[VersionCheck]] = []
    for index, text in enumerate(command.references):
        try:
            value = check_one(work, text, read_bytes=command.read)
        except RegistryError as error:
            items.append(_failed(index, error))
        else:
            items.append(BatchItem(index=index, state="done", value=value))
    return _batch(items)


def _one_by_one(work: Workplace, parts: Sequence[Part], context: Context) -> Batch[Version]:
    items: list[BatchItem[Version]] = []
    for index, (service, built) in enumerate(parts):
        try:
            value = service(work, built(), Context(context.actor, _key(context, index)))
        except RegistryError as error:
            items.append(_failed(index, error))
        else:
            items.append(BatchItem(index=index, state="done", value=value))
    return _batch(items)


def _together(
    work: Workplace,
    parts: Sequence[Part],
    command: Write[Any],
    context: Context,
    made: Callable[[Commit], list[Version]],
) -> Batch[Version]:
    plain = Context(context.actor)
    rules: list[Rule] = []
    # The item that is being planned or decided; None where a failure is of the whole batch.
    current: int | None = None

    def decide(view: GraphView) -> Generator[Event, int, None]:
        nonlocal current
        for current, rule in enumerate(rules):  # noqa: B007
            yield from rule(view)
        current = None

    try:
        with planning(work) as plan:
            for current, (service, built) in enumerate(parts):  # noqa: B007
                rules.append(plan(service, built(), plain))
            current = None
            commit = work.write(decide, command, context)
    except RegistryError as error:
        if current is None:
            raise
        items: list[BatchItem[Version]] = [
            BatchItem(index=index, state="undone") for index in range(len(parts))
        ]
        items[current] = _failed(current, error)
        return _batch(items)
    return _batch(
        [
            BatchItem(index=index, state="done", value=value)
            for index, value in enumerate(made(commit))
        ]
    )


def _batch(items: list[BatchItem[T]]) -> Batch[T]:
    return Batch(ok=all(item.state == "done" for item in items), items=items)


def _failed(index: int, error: RegistryError) -> BatchItem[Any]:
    return BatchItem(index=index, state="failed", problem=problem(error))


def _key(context: Context, index: int) -> str | None:
    """Return the idempotency key of one item, so that a repeated batch does nothing twice."""
    if context.key is None:
        return None
    return f"batch-{hashlib.sha256(context.key.encode()).hexdigest()}-{index}"
