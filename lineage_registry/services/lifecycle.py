"""Stages, aliases and rollback."""

from collections.abc import Generator, Sequence
from itertools import islice
from typing import NamedTuple

from lineage_registry.domain import lifecycle
from lineage_registry.domain.events import (
    AliasMoved,
    Event,
    NodeDeleted,
    PointerMoved,
    StageLeft,
    StageMoved,
    VersionRolledBack,
)
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import references_of, resolve, resolve_version
from lineage_registry.domain.taints import guard_stages, guarded
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.commands import (
    CATALOG,
    ConfigureStages,
    Context,
    Family,
    GetHistory,
    GetStages,
    History,
    Move,
    MoveStage,
    RemoveAlias,
    RollBack,
    Rollback,
    SetAlias,
    Stages,
    Version,
)
from lineage_registry.ports.graph import Commit, EventFilter, Recorded
from lineage_registry.services.describing import families
from lineage_registry.services.events import events_until
from lineage_registry.services.versions import change, reference_to
from lineage_registry.services.workplace import Workplace, demand_unchanged

_POINTER_EVENTS = frozenset(
    event.type for event in (AliasMoved, StageMoved, StageLeft, VersionRolledBack, NodeDeleted)
)


class _PointerMove(NamedTuple):
    """A stage or alias, as its key on the model, named another version from an event on."""

    recorded: Recorded
    pointer: str
    before: int | None
    after: int | None


def move_stage(work: Workplace, command: MoveStage, context: Context) -> Version:
    """Bring a version into a stage."""
    return change(
        work,
        reference_to(Space.MODELS, command.name, command.version),
        lambda view, found: lifecycle.move_stage(
            view,
            found,
            command.stage,
            archive=command.archive,
            force=command.force,
            reason=command.reason,
        ),
        command,
        context,
    )


def set_alias(work: Workplace, command: SetAlias, context: Context) -> Family:
    """Let an alias name a version."""
    reference = reference_to(command.space, command.name, command.version)

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve_version(view, reference)
        demand_unchanged(view, found.family, context)
        yield from lifecycle.set_alias(view, found, command.alias)

    return _family(work, command.space, command.name, work.write(decide, command, context))


def remove_alias(work: Workplace, command: RemoveAlias, context: Context) -> Family:
    """Take an alias away."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, Reference(command.space, command.name))
        demand_unchanged(view, found.node, context)
        yield from lifecycle.remove_alias(view, found, command.alias)

    return _family(work, command.space, command.name, work.write(decide, command, context))


def roll_back(work: Workplace, command: RollBack, context: Context) -> Rollback:
    """Let a stage or alias name again what it named before.

    Raises:
        InvalidInputError: Both a stage and an alias are given.
        NothingToRollBackToError: Nothing stands below.
        TaintedError: A critical taint reaches what stands below, and it is not forced.
    """
    if command.stage is not None and command.alias is not None:
        raise InvalidInputError("roll back a stage or an alias, not both at once")
    pointer = (
        f"alias/{command.alias}"
        if command.alias is not None
        else f"stage/{command.stage or 'Production'}"
    )

    def decide(view: GraphView) -> Generator[Event, int, None]:
        found = resolve(view, Reference(Space.MODELS, command.name))
        demand_unchanged(view, found.node, context)
        yield from lifecycle.roll_back(
            view, found, pointer, reason=command.reason, force=command.force
        )

    if command.dry_run:
        with work.graph.view() as view:
            event = next(decide(view))
            return _rollback(view, command, pointer, event)
    commit = work.write(decide, command, context)
    with work.after(commit) as view:
        return _rollback(view, command, pointer, commit.events[0].event)


def get_history(work: Workplace, command: GetHistory, _: Context) -> History:
    """Return the moves of a model's stages and aliases, newest first."""
    wanted = None
    if command.stage is not None or command.alias is not None:
        wanted = f"stage/{command.stage}" if command.stage is not None else f"alias/{command.alias}"
    reference = Reference(command.space, command.name)
    with work.ask(command.as_of, [reference]) as view:
        node = resolve(view, reference, deleted=True).node
        found = _pointer_moves(work, view, node, wanted, command.limit + 1)
        return History(
            reference=str(reference),
            moves=_told(view, found[: command.limit]),
            truncated=len(found) > command.limit,
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def get_stages(work: Workplace, command: GetStages, _: Context) -> Stages:
    """Return the stages that versions can be in."""
    with work.ask(command.as_of) as view:
        return _stages(view)


def configure_stages(work: Workplace, command: ConfigureStages, context: Context) -> Stages:
    """Set the stages that versions can be in."""

    def decide(view: GraphView) -> Generator[Event, int, None]:
        yield from lifecycle.configure_stages(view, command.stages)
        if command.guarded is not None:
            yield from guard_stages(view, command.guarded, lifecycle.stages(view))

    with work.after(work.write(decide, command, context)) as view:
        return _stages(view)


def moves(view: GraphView, events: Sequence[Recorded]) -> list[Move]:
    """Tell those events that move stages and aliases; the references read as of the view."""
    return _told(view, [move for one in events for move in _moves_of(view, one, None)])


def _stages(view: GraphView) -> Stages:
    known = lifecycle.stages(view)
    return Stages(stages=list(known), guarded=guarded(view, known))


def _told(view: GraphView, found: Sequence[_PointerMove]) -> list[Move]:
    ids = {id_ for _, _, *ends in found for id_ in ends if id_ is not None}
    named = references_of(view, ids) if ids else {}
    answer = []
    for recorded, pointer, before, after in found:
        kind, _, value = pointer.partition("/")
        answer.append(
            Move(
                at=recorded.time,
                revision=recorded.revision,
                actor=recorded.actor,
                reason=recorded.reason,
                event=recorded.type,
                stage=value if kind == "stage" else None,
                alias=value if kind == "alias" else None,
                before=None if before is None else named[before],
                after=None if after is None else named[after],
            )
        )
    return answer


def _pointer_moves(
    work: Workplace, view: GraphView, node: int, wanted: str | None, limit: int
) -> list[_PointerMove]:
    where = EventFilter(nodes=frozenset({node}), types=_POINTER_EVENTS, newest_first=True)
    events = events_until(work, where, view.revision)
    moved = (move for recorded in events for move in _moves_of(view, recorded, wanted))
    return list(islice(moved, limit))


def _moves_of(view: GraphView, recorded: Recorded, wanted: str | None) -> list[_PointerMove]:
    """Return how an event moves the pointer `wanted`, or the pointers that it is about."""
    event = recorded.event
    if isinstance(event, NodeDeleted):
        found = [_PointerMove(recorded, key, event.node, None) for key in event.pointers]
    elif isinstance(event, StageLeft):
        found = [_PointerMove(recorded, f"stage/{event.before}", event.version, None)]
    elif isinstance(event, PointerMoved):
        found = [_PointerMove(recorded, event.pointer, event.before, event.version)]
        if wanted in event.pointers:
            before = _held_before(view, event.model, wanted, recorded.revision)
            found.append(_PointerMove(recorded, wanted, before, event.pointers[wanted]))
    else:
        found = []
    return [move for move in found if wanted in {None, move.pointer}]


def _held_before(view: GraphView, model: int, pointer: str, revision: int) -> int | None:
    past = view.history(model, pointer)
    return next((int(entry.value) for entry in past if entry.until == revision), None)


def _rollback(view: GraphView, command: RollBack, pointer: str, event: Event) -> Rollback:
    if not isinstance(event, VersionRolledBack) or event.version is None:
        raise TypeError(type(event).__name__)
    kind, _, value = pointer.partition("/")
    ids = {event.version} | ({event.before} if event.before is not None else set())
    named = references_of(view, ids)
    return Rollback(
        name=command.name,
        stage=value if kind == "stage" else None,
        alias=value if kind == "alias" else None,
        left=None if event.before is None else named[event.before],
        restored=named[event.version],
        reason=command.reason,
        dry_run=command.dry_run,
        revision=view.revision,
    )


def _family(work: Workplace, space: CATALOG, name: str, commit: Commit) -> Family:
    with work.after(commit) as view:
        return families(view, [resolve(view, Reference(space, name)).node])[0]
