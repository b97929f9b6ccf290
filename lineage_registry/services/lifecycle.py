"""Stages, aliases and rollback."""

from collections.abc import Generator

from lineage_registry.domain import lifecycle
from lineage_registry.domain.events import (
    Event,
    NodeDeleted,
    PointerMoved,
    StageLeft,
    VersionRolledBack,
)
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import references_of, resolve, resolve_version
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
from lineage_registry.services.versions import change, reference_to
from lineage_registry.services.workplace import Workplace, demand_unchanged

_POINTER_EVENTS = frozenset({"stage.moved", "stage.left", "alias.moved", "version.rolled_back"})
_AT_ONCE = 1_000


def move_stage(work: Workplace, command: MoveStage, context: Context) -> Version:
    """Bring a version into a stage."""
    return change(
        work,
        reference_to(Space.MODELS, command.name, command.version),
        lambda view, found: lifecycle.move_stage(
            view, found, command.stage, archive=command.archive
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
        yield from lifecycle.roll_back(view, found, pointer, reason=command.reason)

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
    with work.ask(command.as_of) as view:
        reference = Reference(command.space, command.name)
        node = resolve(view, reference, deleted=True).node
        events = _pointer_events(work, node, view.revision, wanted, command.limit)
        return History(reference=str(reference), moves=moves(view, events))


def get_stages(work: Workplace, command: GetStages, _: Context) -> Stages:
    """Return the stages that versions can be in."""
    with work.ask(command.as_of) as view:
        return Stages(stages=list(lifecycle.stages(view)))


def configure_stages(work: Workplace, command: ConfigureStages, context: Context) -> Stages:
    """Set the stages that versions can be in."""
    commit = work.write(
        lambda view: lifecycle.configure_stages(view, command.stages), command, context
    )
    with work.after(commit) as view:
        return Stages(stages=list(lifecycle.stages(view)))


def moves(view: GraphView, events: list[Recorded]) -> list[Move]:
    """Tell pointer events as moves; the references read as of the view."""
    told = [(recorded, *_from_to(recorded.event)) for recorded in events]
    ids = {id_ for _, _, *ends in told for id_ in ends if id_ is not None}
    named = references_of(view, ids) if ids else {}
    answer = []
    for recorded, pointer, before, after in told:
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


def pointer_of(event: Event) -> str | None:
    """Return the stage or alias that an event moves, as its key on the model."""
    if isinstance(event, PointerMoved):
        return event.pointer
    if isinstance(event, StageLeft):
        return f"stage/{event.before}"
    if isinstance(event, NodeDeleted) and event.pointers:
        return event.pointers[0]
    return None


def _from_to(event: Event) -> tuple[str, int | None, int | None]:
    if isinstance(event, PointerMoved):
        return event.pointer, event.before, event.version
    if isinstance(event, StageLeft):
        return f"stage/{event.before}", event.version, None
    if isinstance(event, NodeDeleted):
        return event.pointers[0], event.node, None
    raise TypeError(type(event).__name__)


def _pointer_events(
    work: Workplace, node: int, revision: int, wanted: str | None, limit: int
) -> list[Recorded]:
    where = EventFilter(
        nodes=frozenset({node}), types=_POINTER_EVENTS | {NodeDeleted.type}, newest_first=True
    )
    found: list[Recorded] = []
    while True:
        batch = work.graph.events(where, _AT_ONCE)
        for recorded in batch:
            pointer = pointer_of(recorded.event)
            if recorded.revision <= revision and pointer and wanted in {None, pointer}:
                found.append(recorded)
        if len(batch) < _AT_ONCE or len(found) >= limit:
            return found[:limit]
        where = where._replace(before=batch[-1].position)


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
