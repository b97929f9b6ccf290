"""Things that nothing is known of, and things that nothing uses."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.graph import LINEAGE, EdgeKind, NodeKind
from lineage_registry.domain.resolution import references_of
from lineage_registry.domain.view import Direction, GraphView, Selection
from lineage_registry.ports.commands import (
    Context,
    ListOrphans,
    ListUnused,
    Page,
    Unlinked,
)
from lineage_registry.ports.graph import from_microseconds
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.paging import Cursor, as_of, read_cursor, write_cursor
from lineage_registry.services.workplace import Workplace

_AT_ONCE: Final = 1_000
_MOST_LOOKED_AT: Final = 100_000
"""Nodes that one page looks through, so that a request ends in time."""


class _Tie(NamedTuple):
    """The edges that a thing would have if it were not listed."""

    direction: Direction
    kinds: frozenset[EdgeKind]
    deleted: bool


# A deleted parent is an origin, too; a deleted user uses nothing any more.
_ORIGIN = _Tie(
    Direction.UPSTREAM, frozenset({EdgeKind.DERIVED_FROM, EdgeKind.GENERATED_BY}), deleted=True
)
_USE = _Tie(Direction.DOWNSTREAM, LINEAGE | {EdgeKind.READ_BACK, EdgeKind.CHILD_OF}, deleted=False)


def list_orphans(work: Workplace, command: ListOrphans, _: Context) -> Page[Unlinked]:
    """List versions that no run made and that have no parent, oldest first."""
    return _listed(work, command, _ORIGIN)


def list_unused(work: Workplace, command: ListUnused, _: Context) -> Page[Unlinked]:
    """List things that nothing comes from, oldest first."""
    return _listed(work, command, _USE)


def _listed(work: Workplace, command: ListOrphans | ListUnused, tie: _Tie) -> Page[Unlinked]:
    cursor = read_cursor(command)
    selection = Selection(NodeKind(command.kind), deleted=command.deleted)
    with work.ask(as_of(command, cursor)) as view:
        ids, last = _without(view, selection, tie, cursor.after if cursor else None, command.limit)
        if len(ids) > command.limit:
            ids, last = ids[: command.limit], ids[command.limit - 1]
        return Page[Unlinked].model_construct(
            items=_described(view, ids),
            next_cursor=None if last is None else write_cursor(Cursor(last, view.revision)),
            revision=view.revision,
        )


def _without(
    view: GraphView, selection: Selection, tie: _Tie, after: int | None, limit: int
) -> tuple[list[int], int | None]:
    """Return nodes that are not tied, one more than `limit`, and where to go on; None: nowhere."""
    found: list[int] = []
    for _ in range(_MOST_LOOKED_AT // _AT_ONCE):
        batch = view.select(selection, after, _AT_ONCE)
        tied = view.degrees(batch, tie.direction, tie.kinds, deleted=tie.deleted) if batch else {}
        found += [id_ for id_ in batch if id_ not in tied]
        if len(batch) < _AT_ONCE:
            return found, None
        after = batch[-1]
        if len(found) > limit:
            break
    return found, after


def _described(view: GraphView, ids: Sequence[int]) -> list[Unlinked]:
    born = view.nodes(ids, ())
    holders = _holders(view, ids, {node.owner for node in born.values() if node.owner})
    return [
        Unlinked(
            id=node.id,
            reference=node.reference,
            kind=node.kind,
            stage=node.stage,
            status=node.status,
            title=node.title,
            created_at=from_microseconds(int(born[node.id].facts["created_at"])),
            held_by=holders[node.id],
        )
        for node in describe_nodes(view, dict.fromkeys(ids, 0))
    ]


def _holders(
    view: GraphView, ids: Sequence[int], families: set[int]
) -> defaultdict[int, list[str]]:
    """Return what speaks against deleting each node, as a refused delete says it."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for family in view.nodes(sorted(families)).values():
        for key, version in sorted(family.values.items()):
            # The name of the newest archived version is nobody's promise.
            if key.startswith(("alias/", "stage/")) and key != "stage/Archived":
                found[int(version)].append(key)
    serving = view.edges(ids, Direction.DOWNSTREAM, (EdgeKind.SERVES,)) if ids else []
    gone = view.values([(edge.source, "deleted") for edge in serving])
    named = references_of(view, [edge.source for edge in serving]) if serving else {}
    for edge in serving:
        if (edge.source, "deleted") not in gone:
            found[edge.target].append(named[edge.source])
    return found
