"""What happened to the lineage of a thing: read from the log, as far as it was part of it then."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.events import (
    EVENT_TYPES,
    ArtifactRefused,
    DatasetCreated,
    DependencyRemoved,
    DeploymentCreated,
    DeploymentMoved,
    MetricsLogged,
    ModelCreated,
    RunStarted,
    SiblingDeclared,
    TrustGranted,
    VerdictReached,
    VersionRegistered,
)
from lineage_registry.domain.graph import LINEAGE, AddEdge, Change, EndEdge, Set
from lineage_registry.domain.presence import Span, Times, presence, there
from lineage_registry.domain.resolution import write_references
from lineage_registry.domain.view import Direction, GraphView, Walk
from lineage_registry.ports.commands import (
    Context,
    EdgeChange,
    GetLineageHistory,
    LineageChange,
    LineageHistory,
    ValueSet,
)
from lineage_registry.ports.graph import EventFilter, Recorded
from lineage_registry.services.events import events_until
from lineage_registry.services.paging import as_of, next_cursor, read_cursor
from lineage_registry.services.starts import single_nodes
from lineage_registry.services.workplace import Workplace, read

_MOST_NODES: Final = 20_000
_LISTED: Final = 100
_BIRTHS: Final = (
    DatasetCreated,
    DeploymentCreated,
    ModelCreated,
    RunStarted,
    SiblingDeclared,
    VersionRegistered,
)
# What versions are found by says no more than their manifest.
_UNTOLD: Final = ("metric", "ended", "file/", "unlisted")
# Opinions on files, which change nothing that something comes from.
_OPINIONS: Final = (VerdictReached, ArtifactRefused, TrustGranted)
_ENDING: Final = frozenset({DependencyRemoved.type, DeploymentMoved.type})
# A thing that is younger than another one joins its lineage by an edge; its birth changes nothing.
_CHANGING: Final = frozenset(EVENT_TYPES) - {
    one.type for one in (*_BIRTHS, *_OPINIONS, MetricsLogged)
}


class _Watched(NamedTuple):
    """What was ever in the lineage.

    Attributes:
        members: The versions of each model and dataset.
        times: When each node was part of it.
    """

    start: int
    members: Mapping[int, Sequence[int]]
    times: Times
    truncated: bool


def get_lineage_history(work: Workplace, command: GetLineageHistory, _: Context) -> LineageHistory:
    """Return what happened to the lineage of a thing since it is there."""
    reference = read(command.of)
    cursor = read_cursor(command)
    with work.ask(as_of(command, cursor), () if cursor else [reference]) as view:
        (start,) = single_nodes(view, [reference], deleted=True)
        watched = _watch(work, view, start)
        changes = _changes(work, view, watched, command, cursor.after if cursor else None)
        page = changes[: command.limit]
        told = [(one, _within(one.changes(), watched, one.revision)) for one in page]
        named = _named(view, start, told)
        return LineageHistory(
            reference=named[start],
            changes=[_told(one, inside, named) for one, inside in told],
            truncated=watched.truncated,
            next_cursor=next_cursor([c.position for c in changes], command.limit, view.revision),
            revision=view.revision,
            as_of=view.at(view.revision),
        )


def _watch(work: Workplace, view: GraphView, start: int) -> _Watched:
    """Find everything that ever was in the lineage, over edges that ended, too."""
    seen: set[int] = set()
    spans: list[Span] = []
    fresh, truncated = [start], False
    while fresh and not truncated:
        closure = view.walk(fresh, Walk(deleted=True, stop_at=frozenset(seen), limit=_MOST_NODES))
        spans += [Span(edge.source, edge.target, edge.since, None) for edge in closure.edges]
        new = closure.distances.keys() - seen
        seen |= new
        truncated = closure.truncated or len(seen) > _MOST_NODES
        ended = list(_ended(work, view, new))
        spans += ended
        fresh = sorted({span.target for span in ended} - seen)
    nodes = view.nodes(seen, ())
    times = presence(start, nodes[start].since, view.revision, dict.fromkeys(spans))
    members: defaultdict[int, list[int]] = defaultdict(list)
    for id_, node in nodes.items():
        if node.owner:
            members[node.owner].append(id_)
    return _Watched(start, members, times, truncated)


def _ended(work: Workplace, view: GraphView, sources: Iterable[int]) -> Iterable[Span]:
    where = EventFilter(nodes=frozenset(sources), types=_ENDING)
    for recorded in events_until(work, where, view.revision):
        for change in recorded.changes():
            if isinstance(change, EndEdge) and change.source in (where.nodes or ()):
                with work.graph.view(recorded.revision - 1) as before:
                    for edge in before.edges([change.source], Direction.UPSTREAM, (change.kind,)):
                        if (edge.target, edge.role) == (change.target, change.role):
                            yield Span(edge.source, edge.target, edge.since, recorded.revision)


def _changes(
    work: Workplace,
    view: GraphView,
    watched: _Watched,
    command: GetLineageHistory,
    after: int | None,
) -> list[Recorded]:
    """Return the events that changed the lineage; one more than a page takes, if there is one."""
    start = watched.start
    where = EventFilter(
        nodes=frozenset({*watched.times, *watched.members}),
        types=_CHANGING,
        after=start if after is None or command.newest_first else max(start, after),
        before=after if command.newest_first else None,
        newest_first=command.newest_first,
    )
    birth = work.graph.events(EventFilter(nodes=frozenset({start}), after=start - 1), 1)
    found = [] if command.newest_first or after is not None else birth
    for recorded in events_until(work, where, view.revision):
        if _within(recorded.changes(), watched, recorded.revision):
            found.append(recorded)
            if len(found) > command.limit:
                return found
    return [*found, *birth] if command.newest_first and after != start else found


def _within(changes: Sequence[Change], watched: _Watched, revision: int) -> list[Change]:
    """Return what an event did to the lineage as it was then."""
    return [change for change in changes if _touches(change, watched, revision)]


def _touches(change: Change, watched: _Watched, revision: int) -> bool:
    if isinstance(change, AddEdge | EndEdge):
        return change.kind in LINEAGE and there(watched.times, change.source, revision)
    if not isinstance(change, Set):
        return False
    if change.node in watched.members:
        versions = watched.members[change.node]
        own = change.key == "name" or change.key.startswith("taint/")
        return own and any(there(watched.times, v, revision) for v in versions)
    # Each move of a pointer takes away a mark that is hardly ever there.
    plain = change.key.startswith(_UNTOLD) or (change.key == "rolled_back" and not change.value)
    return not plain and there(watched.times, change.node, revision)


def _named(
    view: GraphView, start: int, told: Sequence[tuple[Recorded, Sequence[Change]]]
) -> dict[int, str]:
    ids = {start}
    for _, inside in told:
        for change in _edges(inside):
            ids |= {change.source, change.target}
        ids |= {change.node for change in _values(inside)}
    return write_references(view, view.nodes(ids, ("name",)))


def _edges(changes: Sequence[Change]) -> list[AddEdge | EndEdge]:
    return [one for one in changes if isinstance(one, AddEdge | EndEdge)][:_LISTED]


def _values(changes: Sequence[Change]) -> list[Set]:
    return [one for one in changes if isinstance(one, Set)][:_LISTED]


def _told(recorded: Recorded, inside: Sequence[Change], named: Mapping[int, str]) -> LineageChange:
    edges, values = _edges(inside), _values(inside)
    return LineageChange(
        position=recorded.position,
        revision=recorded.revision,
        at=recorded.time,
        actor=recorded.actor,
        reason=recorded.reason,
        event=recorded.type,
        edges=[
            EdgeChange(
                source=named[edge.source],
                kind=edge.kind,
                target=named[edge.target],
                role=edge.role,
                ended=isinstance(edge, EndEdge),
            )
            for edge in edges
        ],
        values=[ValueSet(of=named[one.node], key=one.key, value=one.value) for one in values],
        more=len(inside) - len(edges) - len(values),
    )
