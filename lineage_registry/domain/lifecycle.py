"""Rules of stages and aliases: moving them, and going back to what was there before.

A pointer is a name of a model's version: `stage/Production` or `alias/champion`. Each of its moves
remembers the revision of the entry below it, so the moves form a stack that survives any number of
rollbacks: going back pops the entry, a later move pushes on what is left.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import Final

from lineage_registry.domain.events import (
    AliasMoved,
    Event,
    StageLeft,
    StageMoved,
    StagesConfigured,
    VersionRolledBack,
)
from lineage_registry.domain.graph import REGISTRY, Interval, NodeKind
from lineage_registry.domain.resolution import Found, references_of
from lineage_registry.domain.taints import guarded, pass_gate
from lineage_registry.domain.view import Comparison, Filter, GraphView, Selection
from lineage_registry.errors import (
    AliasNotFoundError,
    InvalidInputError,
    NothingToRollBackToError,
    StageNotFoundError,
)

NO_STAGE: Final = "None"
ARCHIVED: Final = "Archived"
DEFAULT_STAGES: Final = (NO_STAGE, "Staging", "Production", ARCHIVED)
_MAX_ARCHIVED = 10_000

Decision = Generator[Event, int, None]


def stages(view: GraphView) -> tuple[str, ...]:
    """Return the configured stages, in order; `None` is always one of them."""
    configured = view.values([(REGISTRY, "stages")]).get((REGISTRY, "stages"))
    return DEFAULT_STAGES if configured is None else tuple(str(configured).split("\n"))


def demand_stages(view: GraphView, wanted: Iterable[str]) -> None:
    """Check that these stages are configured.

    Raises:
        StageNotFoundError: One is not.
    """
    known = stages(view)
    for stage in wanted:
        if stage not in known:
            raise _unknown_stage(stage, known)


def configure_stages(view: GraphView, wanted: list[str]) -> Decision:
    """Set the stages; `None` is added in front if it is missing.

    Raises:
        InvalidInputError: One occurs twice.
    """
    full = wanted if NO_STAGE in wanted else [NO_STAGE, *wanted]
    if len(set(full)) < len(full):
        raise InvalidInputError("each stage occurs once")
    if tuple(full) != stages(view):
        yield StagesConfigured(stages=full)


def move_stage(
    view: GraphView,
    version: Found,
    stage: str,
    *,
    archive: bool,
    force: bool = False,
    reason: str | None = None,
) -> Decision:
    """Bring a version into a stage; those in it before are archived if `archive`.

    Raises:
        StageNotFoundError: There is no such stage.
        TaintedError: The stage is guarded, a critical taint reaches the version, and it is not
            forced.
        InvalidInputError: It is forced without a reason.
    """
    known = stages(view)
    if stage not in known:
        raise _unknown_stage(stage, known)
    model, node = version.family, version.node
    before_stage = view.values([(node, "stage")]).get((node, "stage"))
    left = {} if before_stage is None else _left(view, model, str(before_stage), node)
    if stage == NO_STAGE:
        if before_stage is not None:
            yield StageLeft(
                model=model, version=node, before=str(before_stage), pointers=list(left)
            )
        return
    pointer = f"stage/{stage}"
    holder, below = _entry(view, model, pointer)
    if holder == node and before_stage == stage:
        return
    despite: list[int] = []
    if stage in guarded(view, known):
        despite = pass_gate(view, node, f"come into {stage}", force=force, reason=reason)
    others = _others(view, version, stage) if archive and stage != ARCHIVED else []
    archived = ARCHIVED if ARCHIVED in known else None
    moves = {**dict.fromkeys(others, archived), node: stage}
    pointers: dict[str, int | None] = {key: None for key in left if key != pointer}
    if others and archived:
        pointers[f"stage/{ARCHIVED}"] = holder if holder in others else others[-1]
    yield StageMoved(
        model=model,
        pointer=pointer,
        before=holder,
        version=node,
        below=below,
        stages=moves,
        pointers=pointers,
        despite=despite,
    )


def set_alias(view: GraphView, version: Found, alias: str) -> Decision:
    """Give an alias to a version, or move it there."""
    holder, below = _entry(view, version.family, f"alias/{alias}")
    if holder != version.node:
        yield AliasMoved(
            model=version.family,
            pointer=f"alias/{alias}",
            before=holder,
            version=version.node,
            below=below,
        )


def remove_alias(view: GraphView, family: Found, alias: str) -> Decision:
    """Take an alias away.

    Raises:
        AliasNotFoundError: It points nowhere.
    """
    holder, below = _entry(view, family.node, f"alias/{alias}")
    if holder is None:
        raise AliasNotFoundError(f"there is no alias {alias!r}")
    yield AliasMoved(
        model=family.node, pointer=f"alias/{alias}", before=holder, version=None, below=below
    )


def roll_back(
    view: GraphView, family: Found, pointer: str, *, reason: str | None, force: bool = False
) -> Decision:
    """Let a pointer name again what it named before, and mark the version that it leaves.

    Deleted versions are skipped. What is archived was put aside by other moves, so there is no
    going back there. A critical taint is not skipped but refused: only a guarded stage looks, and
    every alias, as nobody chose the version that it goes back to.

    Raises:
        NothingToRollBackToError: Nothing stands below.
        StageNotFoundError: There is no such stage, and never was.
        TaintedError: A critical taint reaches what stands below, and it is not forced.
        InvalidInputError: It is forced without a reason.
    """
    model = family.node
    past = holdings(view, model, pointer)
    depths = view.history(model, f"below/{pointer}")
    target, below = _below(view, past, depths)
    words = pointer.replace("/", " ", 1)
    if target is None:
        raise NothingToRollBackToError(
            f"{words} of {references_of(view, [model])[model]} named no other version before",
            hint="look at its history; promote the version that should serve instead",
        )
    despite: list[int] = []
    if _is_guarded(view, pointer):
        despite = pass_gate(view, target, f"be {words} again", force=force, reason=reason)
    before = int(past[-1].value) if past[-1].until is None else None
    stages_after, pointers = _restaged(view, model, pointer, before, target)
    yield VersionRolledBack(
        model=model,
        pointer=pointer,
        before=before,
        version=target,
        below=below,
        stages=stages_after,
        pointers=pointers,
        despite=despite,
        mark=reason or "rolled back",
    )


def holdings(view: GraphView, model: int, pointer: str) -> list[Interval]:
    """Return what a pointer named up to now, oldest first; nothing for what is archived.

    Raises:
        StageNotFoundError: There is no such stage, and never was.
    """
    past = [] if pointer == f"stage/{ARCHIVED}" else view.history(model, pointer)
    if not past:
        _demand_pointer(view, pointer)
    return past


def rollback_target(view: GraphView, model: int, pointer: str) -> int | None:
    """Return the version that a rollback of a pointer goes to; None if nothing stands below."""
    past = holdings(view, model, pointer)
    return _below(view, past, view.history(model, f"below/{pointer}"))[0]


def _is_guarded(view: GraphView, pointer: str) -> bool:
    kind, _, stage = pointer.partition("/")
    return kind == "alias" or stage in guarded(view, stages(view))


def _demand_pointer(view: GraphView, pointer: str) -> None:
    kind, _, stage = pointer.partition("/")
    known = stages(view)
    if kind == "stage" and stage not in known:
        raise _unknown_stage(stage, known)


def _unknown_stage(stage: str, known: Sequence[str]) -> StageNotFoundError:
    return StageNotFoundError(f"there is no stage {stage!r}", hint=f"stages are {', '.join(known)}")


def _entry(view: GraphView, model: int, pointer: str) -> tuple[int | None, int]:
    """Return the current holder and the revision a later rollback comes back to (0 for none)."""
    past = view.history(model, pointer)
    if not past:
        return None, 0
    if past[-1].until is not None:
        return None, past[-1].since
    if past[-1].since == view.revision:  # set in this very commit: no entry of its own
        depth = view.values([(model, f"below/{pointer}")]).get((model, f"below/{pointer}"), 0)
        return int(past[-1].value), int(depth)
    return int(past[-1].value), past[-1].since


def _below(view: GraphView, past: list[Interval], depths: list[Interval]) -> tuple[int | None, int]:
    versions = {entry.since: int(entry.value) for entry in past}
    below = {entry.since: int(entry.value) for entry in depths}
    gone = view.values([(version, "deleted") for version in set(versions.values())])
    if not past:
        return None, 0
    current = versions[past[-1].since] if past[-1].until is None else None
    revision = past[-1].since if current is None else int(depths[-1].value)
    while revision and ((versions[revision], "deleted") in gone or versions[revision] == current):
        revision = below[revision]
    return (versions[revision], below[revision]) if revision else (None, 0)


def _restaged(
    view: GraphView, model: int, pointer: str, before: int | None, target: int
) -> tuple[dict[int, str | None], dict[str, int | None]]:
    kind, _, stage = pointer.partition("/")
    if kind != "stage":
        return {}, {}
    held = view.values([(target, "stage")]).get((target, "stage"))
    pointers: dict[str, int | None] = {}
    if held is not None and held != stage:
        pointers.update(_left(view, model, str(held), target))
    moves: dict[int, str | None] = {target: stage}
    if before is not None:
        archived = ARCHIVED if ARCHIVED in stages(view) else None
        moves[before] = archived
        if archived:
            pointers[f"stage/{ARCHIVED}"] = before
    return moves, pointers


def _left(view: GraphView, model: int, stage: str, version: int) -> dict[str, int | None]:
    key = (model, f"stage/{stage}")
    return {key[1]: None} if view.values([key]).get(key) == version else {}


def _others(view: GraphView, version: Found, stage: str) -> list[int]:
    selection = Selection(
        NodeKind.MODEL_VERSION,
        version.family,
        (Filter("stage", Comparison.EQUAL, stage),),
        deleted=True,
    )
    found = view.select(selection, None, _MAX_ARCHIVED)
    return [other for other in found if other != version.node]
