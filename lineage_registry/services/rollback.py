"""Candidates of a rollback: what a stage or alias named before, and what speaks for each."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lineage_registry.domain import licences, lifecycle, taints
from lineage_registry.domain.graph import EdgeKind, Interval, Node, NodeKind, Scalar
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import resolve, write_references
from lineage_registry.domain.taints import Reach, Severity
from lineage_registry.domain.view import Direction, GraphView
from lineage_registry.errors import (
    ArtifactNotFoundError,
    IntegrityError,
    InvalidInputError,
)
from lineage_registry.ports.commands import (
    Context,
    GetRollbackCandidates,
    RollbackCandidate,
    RollbackCandidates,
)
from lineage_registry.services.audit import check_bytes
from lineage_registry.services.contents import read_manifest
from lineage_registry.services.taints import tell
from lineage_registry.services.workplace import Workplace

_SIGNATURE = ("parameters", "tensors", "dtypes")
_SOUND = frozenset({"verified", "present", "none"})


class _Known(NamedTuple):
    """What was read about the candidates, all at once; `current` is the version named now."""

    current: Node | None
    nodes: Mapping[int, Node]
    references: Mapping[int, str]
    serving: Mapping[int, Sequence[int]]
    conflicts: Mapping[int, int]
    reaches: Mapping[int, Sequence[Reach]]
    metrics: Mapping[int, Scalar]
    ranks: Mapping[int, int]


def get_rollback_candidates(
    work: Workplace, command: GetRollbackCandidates, _: Context
) -> RollbackCandidates:
    """Return what a stage or alias named before, and what speaks for and against each.

    Raises:
        InvalidInputError: Both a stage and an alias are given.
        StageNotFoundError: There is no such stage, and never was.
    """
    if command.stage is not None and command.alias is not None:
        raise InvalidInputError("ask for a stage or an alias, not both at once")
    stage = None if command.alias is not None else command.stage or "Production"
    pointer = f"alias/{command.alias}" if stage is None else f"stage/{stage}"
    reference = Reference(Space.MODELS, command.name)
    with work.ask(command.as_of, [reference]) as view:
        model = resolve(view, reference).node
        past = lifecycle.holdings(view, model, pointer)
        current = int(past[-1].value) if past and past[-1].until is None else None
        last = {int(entry.value): entry for entry in past}
        gone = view.values([(id_, "deleted") for id_ in last])
        alive = [id_ for id_ in last if (id_, "deleted") not in gone and id_ != current]
        alive.sort(key=lambda id_: -last[id_].since)
        kept = alive[: command.limit]
        known = _read(view, command, kept, current)
        times = Counter(int(entry.value) for entry in past)
        following = lifecycle.rollback_target(view, model, pointer)
        archived = stage is not None and lifecycle.ARCHIVED in lifecycle.stages(view)
        return RollbackCandidates(
            name=command.name,
            stage=stage,
            alias=command.alias,
            current=None if current is None else known.references[current],
            moves_to=lifecycle.ARCHIVED if archived and current is not None else None,
            serving=_services(known, current),
            candidates=[
                RollbackCandidate(
                    next=id_ == following,
                    times=times[id_],
                    **_held(view, last[id_]),
                    **_state(work, view, known, id_, verify=command.verify),
                    leaves=_left(known.nodes[id_], stage),
                )
                for id_ in kept
            ],
            deleted=sum(1 for id_ in last if (id_, "deleted") in gone and id_ != current),
            truncated=len(alive) > len(kept),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _read(
    view: GraphView, command: GetRollbackCandidates, kept: Sequence[int], current: int | None
) -> _Known:
    ids = [*kept, *([] if current is None else [current])]
    serving: defaultdict[int, list[int]] = defaultdict(list)
    for edge in view.edges(ids, Direction.DOWNSTREAM, (EdgeKind.SERVES,)) if ids else ():
        serving[edge.target].append(edge.source)
    services = {id_ for found in serving.values() for id_ in found}
    keys = ["name", "stage", "deleted"]
    nodes = view.nodes([*ids, *services], keys) if ids else {}
    conflicts: dict[int, int] = {}
    if kept and licences.any_declared(view):
        ledger = licences.open_ledger(view, kept)
        found = licences.conflicts(ledger, kept)
        conflicts = {id_: len(clashes) for id_, clashes in found.items()}
    held = taints.active(view)
    metrics = {} if command.metric is None else _metrics(view, command.metric, kept)
    return _Known(
        None if current is None else nodes[current],
        nodes,
        write_references(view, nodes) if nodes else {},
        serving,
        conflicts,
        {id_: taints.reaching(view, [id_], held) for id_ in kept},
        metrics,
        _ranks(metrics, lower=command.lower_is_better),
    )


def _metrics(view: GraphView, metric: str, ids: Sequence[int]) -> dict[int, Scalar]:
    """Return a metric of each version: its own, else that of the run that made it."""
    key = f"metric/{metric}"
    made = {
        edge.source: edge.target
        for edge in (view.edges(ids, Direction.UPSTREAM, (EdgeKind.GENERATED_BY,)) if ids else ())
    }
    held = view.values([(id_, key) for id_ in (*ids, *made.values())])
    found = {id_: held.get((id_, key), held.get((made.get(id_, 0), key))) for id_ in ids}
    return {id_: value for id_, value in found.items() if value is not None}


def _ranks(metrics: Mapping[int, Scalar], *, lower: bool) -> dict[int, int]:
    """Return the places by a metric; what is as good has the same place."""
    numbers = {
        id_: float(value) * (1 if lower else -1)
        for id_, value in metrics.items()
        if isinstance(value, int | float)
    }
    order = sorted(numbers.values())
    return {id_: order.index(number) + 1 for id_, number in numbers.items()}


def _held(view: GraphView, entry: Interval) -> dict[str, object]:
    until = None if entry.until is None else view.at(entry.until)
    return {"held_from": view.at(entry.since), "held_until": until}


def _state(
    work: Workplace, view: GraphView, known: _Known, id_: int, *, verify: bool
) -> dict[str, object]:
    node, now = known.nodes[id_], known.current
    severities = {reach.taint.severity for reach in known.reaches[id_]}
    files = _files(work, node, verify=verify)
    conflicts = known.conflicts.get(id_, 0)
    return {
        "reference": known.references[id_],
        "number": node.facts["number"],
        "taints": tell(work, view, known.reaches[id_]),
        "licence_conflicts": conflicts,
        "files": files,
        "clean": not conflicts and files in _SOUND and severities <= {Severity.INFO},
        "refused": Severity.CRITICAL in severities,
        "same_format": _same(node, now, ("format",)),
        "same_signature": _same(node, now, _SIGNATURE),
        "metric": known.metrics.get(id_),
        "rank": known.ranks.get(id_),
        "deployments": _services(known, id_),
    }


def _files(work: Workplace, node: Node, *, verify: bool) -> str:
    """Return whether the files of a version are there, the worst state of any of them."""
    if "manifest" not in node.facts:
        return "none"
    try:
        entries = read_manifest(work, str(node.facts["manifest"])).files
    except (ArtifactNotFoundError, IntegrityError):
        return "missing"
    states = {check_bytes(work, entry.digest, verify=verify) for entry in entries}
    for worst in ("missing", "different"):
        if worst in states:
            return worst
    return "verified" if verify else "present"


def _same(one: Node, other: Node | None, keys: Sequence[str]) -> bool | None:
    if other is None:
        return None
    known = [key for key in keys if key in one.facts and key in other.facts]
    if not known:
        return None
    return all(one.facts[key] == other.facts[key] for key in known)


def _services(known: _Known, id_: int | None) -> list[str]:
    if id_ is None:
        return []
    found = known.serving.get(id_, ())
    return [
        known.references[service]
        for service in sorted(found)
        if known.nodes[service].kind is NodeKind.DEPLOYMENT
        and "deleted" not in known.nodes[service].values
    ]


def _left(node: Node, stage: str | None) -> str | None:
    """Return the stage that a version would leave: none if it is an alias that moves."""
    held = node.values.get("stage")
    return None if stage is None or held in {None, stage} else str(held)
