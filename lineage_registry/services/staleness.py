"""Staleness: whose causes have newer versions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from lineage_registry.domain.dag import distances
from lineage_registry.domain.graph import LINEAGE, Node, NodeKind, text_of
from lineage_registry.domain.lifecycle import NO_STAGE, demand_stages
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import (
    VERSION_KINDS,
    VERSIONS,
    references_of,
    write_references,
)
from lineage_registry.domain.staleness import (
    Newer,
    causes_by_effect,
    newer_versions,
    standing,
)
from lineage_registry.domain.view import Closure, Comparison, Filter, GraphView, Selection, Walk
from lineage_registry.errors import InvalidReferenceError
from lineage_registry.ports.commands import (
    Context,
    GetStaleness,
    StaleCause,
    Staleness,
    StaleVersion,
)
from lineage_registry.services.paging import as_of, next_cursor, read_cursor
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read

_MOST_CAUSES: Final = 100_000
_SECOND: Final = 1_000_000  # in microseconds


def get_staleness(work: Workplace, command: GetStaleness, _: Context) -> Staleness:
    """Return which versions have causes that have newer versions."""
    references = [read(text) for text in command.start]
    cursor = read_cursor(command)
    # The cursor knows the revision that the references named.
    with work.ask(as_of(command, cursor), () if cursor else references) as view:
        ids = _subjects(view, command, references, cursor.after if cursor else None)
        subjects = _in_stage(view, ids[: command.limit], command.stage)
        walk = Walk(
            kinds=LINEAGE if command.edge_kinds is None else frozenset(command.edge_kinds),
            deleted=True,
            limit=_MOST_CAUSES,
        )
        closure = view.walk(subjects, walk)
        return Staleness(
            checked=len(subjects),
            stale=_stale(view, subjects, closure),
            truncated=closure.truncated,
            next_cursor=next_cursor(ids, command.limit, view.revision),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _subjects(
    view: GraphView, command: GetStaleness, references: Sequence[Reference], after: int | None
) -> list[int]:
    """Return the versions to look at, one more than a page takes."""
    if command.stage is not None:
        demand_stages(view, [command.stage])
    if not references:
        filters: tuple[Filter, ...] = ()
        if command.stage not in {None, NO_STAGE}:
            filters = (Filter("stage", Comparison.EQUAL, str(command.stage)),)
        selection = Selection(VERSION_KINDS[command.space], filters=filters)
        return view.select(selection, after, command.limit + 1)
    found = sorted(nodes_of(view, references, deleted=False))
    rest = [id_ for id_ in found if after is None or id_ > after]
    return rest[: command.limit + 1]


def _in_stage(view: GraphView, ids: Sequence[int], stage: str | None) -> list[int]:
    if stage is None:
        return list(ids)
    held = view.values([(id_, "stage") for id_ in ids])
    return [id_ for id_ in ids if held.get((id_, "stage"), NO_STAGE) == stage]


def _stale(view: GraphView, subjects: Sequence[int], closure: Closure) -> list[StaleVersion]:
    nodes = view.nodes(closure.distances, ())
    for id_ in subjects:
        if nodes[id_].kind not in VERSIONS:
            raise InvalidReferenceError(
                f"{references_of(view, [id_])[id_]} is not a version of a model or dataset",
                hint="only versions get stale; name one, or a whole model or dataset",
            )
    versions = {id_: node for id_, node in nodes.items() if node.kind in VERSIONS}
    causes = causes_by_effect(closure.edges)
    owners = {id_: node.owner for id_, node in versions.items()}
    stands_on = {id_: _stands_on(causes, owners, id_) for id_ in subjects}
    newer = newer_versions(view, _lowest(versions, stands_on.values()))
    told: dict[int, list[tuple[int, int, bool, list[Newer]]]] = {}
    for id_ in subjects:
        near = direct_causes(causes, nodes, id_)
        outdated = [
            (distance, cause, cause in near, after)
            for cause, distance in stands_on[id_].items()
            if (after := _after(versions[cause], newer))
        ]
        if outdated:
            told[id_] = sorted(outdated)
    return _described(view, told)


def _stands_on(
    causes: Mapping[int, Sequence[int]], owners: Mapping[int, int], start: int
) -> dict[int, int]:
    """Return the distance of each version that a version stands on."""
    reached = distances(causes, [start])
    return {id_: reached[id_] for id_ in standing(causes, owners, reached) if id_ != start}


def direct_causes(
    causes: Mapping[int, Sequence[int]], nodes: Mapping[int, Node], start: int
) -> set[int]:
    """Return what a version, or the run that made it, is tied to itself."""
    near = set(causes.get(start, ()))
    runs = [cause for cause in near if nodes[cause].kind is NodeKind.RUN]
    return near.union(*(causes.get(run, ()) for run in runs))


def _described(
    view: GraphView, told: Mapping[int, Sequence[tuple[int, int, bool, list[Newer]]]]
) -> list[StaleVersion]:
    mentioned = set(told)
    for outdated in told.values():
        for _, cause, _, after in outdated:
            mentioned |= {cause, after[-1].id}
    nodes = view.nodes(mentioned, ("stage",))
    named = write_references(view, nodes)
    return [
        StaleVersion(
            reference=named[id_],
            stage=text_of(nodes[id_].values.get("stage")),
            causes=[
                StaleCause(
                    used=named[cause],
                    newest=named[after[-1].id],
                    behind=len(after),
                    seconds=(_born(nodes[after[-1].id]) - _born(nodes[cause])) / _SECOND,
                    distance=distance,
                    direct=direct,
                )
                for distance, cause, direct, after in outdated
            ],
        )
        for id_, outdated in told.items()
    ]


def _born(node: Node) -> int:
    return int(node.facts["created_at"])


def _lowest(versions: Mapping[int, Node], asked: Iterable[Collection[int]]) -> dict[int, int]:
    """Return the lowest number asked for of each model or dataset."""
    lowest: dict[int, int] = {}
    for id_ in set().union(*asked):
        node = versions[id_]
        number = int(node.facts["number"])
        lowest[node.owner] = min(number, lowest.get(node.owner, number))
    return lowest


def _after(node: Node, newer: Mapping[int, list[Newer]]) -> list[Newer]:
    number = int(node.facts["number"])
    return [one for one in newer.get(node.owner, ()) if one.number > number]
