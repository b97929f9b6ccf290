"""Taints: what is not to be trusted, and what that reaches.

A taint sits on one node and reaches everything that comes from it along the edges that carry it,
through deleted nodes, too. Nothing of that is stored: it is found when somebody asks, so lifting a
taint ends all of it, and what is registered later is reached as well.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from lineage_registry.domain.events import Event, StagesGuarded, TaintLifted, TaintRaised
from lineage_registry.domain.graph import CARRYING, REGISTRY
from lineage_registry.domain.resolution import FAMILY_KINDS, Found, members, references_of
from lineage_registry.domain.trails import Trails
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.errors import (
    InvalidInputError,
    StageNotFoundError,
    TaintedError,
    TaintNotFoundError,
)

Decision = Generator[Event, int, None]
_SLOTS: Final = "taint/"
_NAMED: Final = 20
GUARDED: Final = ("Production",)
"""Stages that are guarded where nobody said which are."""
UPWARD: Final = Walk(kinds=CARRYING, deleted=True)
"""The walk to everything that a taint or a licence comes from."""


class Severity(StrEnum):
    """How bad a taint is, the worst last.

    `info` is shown. `warning` is shown, and what it reaches is no clean candidate for a rollback.
    `critical` also closes the gates: what it reaches comes into no guarded stage and serves
    nowhere, unless somebody forces it with a reason.
    """

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


BY_WEIGHT: Final = tuple(Severity)


class Taint(NamedTuple):
    """A taint that holds; `node` is where it begins."""

    id: int
    node: int
    kind: str
    severity: Severity
    reason: str


class Reach(NamedTuple):
    """How a taint reaches what was asked about.

    Attributes:
        way: Nodes of one shortest way from there to where it begins; of a model or dataset, to
            the version of it that is nearest.
    """

    taint: Taint
    way: Sequence[int]


def raise_taint(
    view: GraphView, found: Found, kind: str, severity: Severity, reason: str
) -> Decision:
    """Raise a taint on a node; a model or dataset stands for all its versions, later ones, too."""
    last = view.values([(REGISTRY, "taints")]).get((REGISTRY, "taints"), 0)
    yield TaintRaised(
        taint=int(last) + 1, node=found.node, kind=kind, severity=severity.value, reason=reason
    )


def lift_taint(view: GraphView, taint: int) -> Decision:
    """Lift a taint; everything that it reached is as if it had not been raised.

    Raises:
        TaintNotFoundError: There is none of this number, or it was lifted before.
    """
    slot = (REGISTRY, f"{_SLOTS}{taint}")
    node = view.values([slot]).get(slot)
    if node is None:
        raise TaintNotFoundError(
            f"no taint {taint} holds", hint="list the taints; one that was lifted stays lifted"
        )
    yield TaintLifted(taint=taint, node=int(node))


def active(
    view: GraphView,
    kinds: Collection[str] | None = None,
    severities: Collection[Severity] | None = None,
) -> list[Taint]:
    """Return the taints that hold, in order of their numbers; two reads, one where there are none.

    Args:
        view: Where to read.
        kinds: Only these; none of them when empty.
        severities: Only these; none of them when empty.
    """
    slots = [(int(node), key) for key, node in view.values_under(REGISTRY, _SLOTS).items()]
    told = view.values(slots) if slots else {}
    found = (_read(node, key, str(text)) for (node, key), text in told.items())
    return sorted(
        taint
        for taint in found
        if (kinds is None or taint.kind in kinds)
        and (severities is None or taint.severity in severities)
    )


def carriers(view: GraphView, taints: Iterable[Taint]) -> dict[int, list[Taint]]:
    """Return the nodes where taints begin: of a model or dataset itself and all its versions."""
    by_node: dict[int, list[Taint]] = {}
    for taint in taints:
        by_node.setdefault(taint.node, []).append(taint)
    begins = {node: list(here) for node, here in by_node.items()}
    for node in view.nodes(by_node, ()).values():
        if node.kind in FAMILY_KINDS.values():
            for member in members(view, node.id, node.kind, deleted=True):
                begins.setdefault(member, []).extend(by_node[node.id])
    return begins


def reaching(view: GraphView, starts: Collection[int], taints: Sequence[Taint]) -> list[Reach]:
    """Return those of the taints that reach one of the starts, nearest first.

    Only if something is found does it walk up from the starts; nothing is read without taints.
    """
    if not taints or not starts:
        return []
    begins = carriers(view, taints)
    met = view.comes_from(starts, begins, CARRYING)
    if not met:
        return []
    whole = view.walk(starts, UPWARD)
    nearest: dict[int, tuple[Taint, int]] = {}
    for node in whole.distances:
        if node in met:
            for taint in begins[node]:
                nearest.setdefault(taint.id, (taint, node))
    trails = Trails(whole.distances, whole.edges, Direction.UPSTREAM)
    found = [Reach(taint, trails.nodes_to(node)) for taint, node in nearest.values()]
    return sorted(found, key=lambda reach: (len(reach.way), reach.taint.id))


def guarded(view: GraphView, known: Collection[str]) -> list[str]:
    """Return those of the `known` stages that take nothing tainted."""
    held = view.values([(REGISTRY, "guarded")]).get((REGISTRY, "guarded"))
    wanted = GUARDED if held is None else str(held).split("\n")
    return [stage for stage in known if stage in wanted]


def guard_stages(view: GraphView, wanted: Sequence[str], known: Collection[str]) -> Decision:
    """Say which stages take nothing tainted.

    Raises:
        StageNotFoundError: One of them is no stage.
    """
    for stage in wanted:
        if stage not in known:
            raise StageNotFoundError(
                f"there is no stage {stage!r} to guard", hint=f"stages are {', '.join(known)}"
            )
    if guarded(view, known) != [stage for stage in known if stage in wanted]:
        yield StagesGuarded(stages=list(wanted))


def pass_gate(
    view: GraphView, version: int, doing: str, *, force: bool, reason: str | None
) -> list[int]:
    """Return the critical taints that are overridden to let a version pass: none, mostly.

    Raises:
        TaintedError: Critical taints reach it and it is not forced.
        InvalidInputError: It is forced without a reason.
    """
    if force and not reason:
        raise InvalidInputError("forcing past a taint needs a reason", hint="say why it is right")
    found = reaching(view, [version], active(view, severities=[Severity.CRITICAL]))
    if not found or force:
        return [reach.taint.id for reach in found]
    raise _refusal(view, version, doing, found)


def _refusal(view: GraphView, version: int, doing: str, found: Sequence[Reach]) -> TaintedError:
    shown = found[:_NAMED]
    ids = {version} | {id_ for reach in shown for id_ in (*reach.way, reach.taint.node)}
    named = references_of(view, ids)
    told = [
        {
            "id": reach.taint.id,
            "kind": reach.taint.kind,
            "severity": reach.taint.severity.value,
            "reason": reach.taint.reason,
            "origin": named[reach.taint.node],
            "witness": [named[id_] for id_ in reach.way],
        }
        for reach in shown
    ]
    first = found[0].taint
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return TaintedError(
        f"{named[version]} cannot {doing}: taint {first.id} ({first.kind}) of {named[first.node]} "
        f"reaches it, because {first.reason!r}{more}",
        hint="take another version, lift the taint, or force it with a reason",
        taints=told,
        blocked_by=[
            f"taint {one['id']} ({one['kind']}): " + " <- ".join(named[id_] for id_ in reach.way)
            for one, reach in zip(told, shown, strict=True)
        ],
        count=len(found),
    )


def _read(node: int, key: str, text: str) -> Taint:
    severity, kind, reason = text.split("\n", 2)
    return Taint(int(key.removeprefix(_SLOTS)), node, kind, Severity(severity), reason)
