"""Impact: what is affected if some things break or are withdrawn."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.graph import LINEAGE, Edge, EdgeKind, Node, NodeKind, text_of
from lineage_registry.domain.lifecycle import demand_stages, stages
from lineage_registry.domain.references import Reference
from lineage_registry.domain.resolution import VERSIONS, write_references
from lineage_registry.domain.taints import guarded
from lineage_registry.domain.view import (
    Census,
    Comparison,
    Direction,
    Filter,
    GraphView,
    Pick,
    Picked,
    Survey,
    Walk,
    picked_of,
)
from lineage_registry.ports.commands import (
    Context,
    Count,
    DeploymentHit,
    FamilyHit,
    GetImpact,
    Impact,
    OwnerHit,
)
from lineage_registry.services.filtering import in_stage
from lineage_registry.services.licences import conflicts_downstream
from lineage_registry.services.lineage_nodes import describe_nodes
from lineage_registry.services.scope import MOST, batches
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.workplace import Workplace, read

_MODELS, _SERVICES = frozenset({NodeKind.MODEL_VERSION}), frozenset({NodeKind.DEPLOYMENT})
_DELETED: Final = Pick(None, (Filter("deleted", Comparison.EQUAL, value=True),), MOST)


def get_impact(work: Workplace, command: GetImpact, _: Context) -> Impact:
    """Return what is affected by some things: counts, Production versions, deployments, owners.

    Raises:
        StageNotFoundError: There is no such stage.
    """
    references = [read(text) for text in command.start]
    with work.ask(command.as_of, references) as view:
        if command.stage is not None:
            demand_stages(view, command.stage)
        starts = nodes_of(view, references, deleted=True)
        return _impact(view, starts, [str(one) for one in references], command)


def impact(view: GraphView, references: Sequence[Reference], *, limit: int) -> Impact:
    """Count and name what lies downstream; deleted starts count as starts."""
    starts = nodes_of(view, references, deleted=True)
    return impact_of_nodes(view, starts, [str(one) for one in references], limit=limit)


def impact_of_nodes(
    view: GraphView, starts: Sequence[int], names: list[str], *, limit: int
) -> Impact:
    """Count and name what lies downstream of nodes, which the answer calls `names`."""
    return _impact(view, starts, names, GetImpact(start=names, limit=limit))


class _Named(NamedTuple):
    """What is named in an answer, as it is read."""

    nodes: Mapping[int, Node]
    references: Mapping[int, str]

    def text(self, id_: int, key: str) -> str | None:
        return text_of(self.nodes[id_].values.get(key))


def _impact(view: GraphView, starts: Sequence[int], names: list[str], command: GetImpact) -> Impact:
    kinds = None if command.node_kinds is None else frozenset(command.node_kinds)
    wanted = dict.fromkeys(guarded(view, stages(view)) if command.stage is None else command.stage)
    models, services = _MODELS, _SERVICES
    if kinds is not None:
        models, services = models & kinds, services & kinds
    # Whoever runs something that is hit has to be told, so all of these are found.
    picks = [Pick(kinds, (), command.limit), Pick(services, (), MOST)]
    picks += [Pick(models, (in_stage(stage),), command.limit) for stage in wanted]
    walk = Walk(
        Direction.DOWNSTREAM,
        depth=command.depth,
        deleted=True,
        inferred=command.inferred,
        report=kinds,
        edges=False,
    )
    (census, (closest, running, *staged)), gone = _surveyed(view, starts, walk, picks, command)
    served = picked_of(running.distances, Pick(services, (), command.limit))
    by_distance = sorted((far, id_) for found in staged for id_, far in found.distances.items())
    production = [id_ for _, id_ in by_distance[: command.limit]]
    cut = any(found.more for found in (closest, served, *staged))
    conflicting, complete = conflicts_downstream(
        view,
        starts,
        command.depth,
        kinds=VERSIONS if kinds is None else VERSIONS & kinds,
        inferred=command.inferred,
        deleted=command.deleted,
    )
    named_conflicting = conflicting[: command.limit]
    ids = {*census.owners, *running.distances, *production, *named_conflicting}
    named = _named(view, ids)
    families = _families(census.owners, production, named)
    origins = dict.fromkeys(sorted(starts)[: command.limit], 0)
    drawn = {**closest.distances, **origins}
    # One read for what serves and for what can be drawn.
    near = {**drawn, **served.distances}
    edges = view.edges(near, Direction.UPSTREAM, sorted(LINEAGE)) if near else []
    serving = _serving(view, served.distances, edges, named)
    nodes = describe_nodes(view, drawn)
    notify = _notify(families, running.distances, named)
    return Impact.model_construct(
        starts=names,
        total=sum(census.counts.values()),
        deleted_passed=gone,
        counts=[
            Count(distance=distance, kind=kind, nodes=nodes)
            for (distance, kind), nodes in sorted(census.counts.items())
        ],
        production=[named.references[id_] for id_ in production],
        deployments=[one.reference for one in serving],
        owners=[one.name for one in notify],
        families=families[: command.limit],
        serving=serving,
        notify=notify,
        licence_conflicts=len(conflicting),
        conflicting=[named.references[id_] for id_ in named_conflicting],
        licences_complete=complete,
        closest=[node for node in nodes if node.id not in origins],
        origins=[node for node in nodes if node.id in origins],
        edges=[edge for edge in edges if edge.source in drawn and edge.target in drawn],
        truncated=cut or max(len(by_distance), len(families), len(conflicting)) > command.limit,
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _surveyed(
    view: GraphView, starts: Sequence[int], walk: Walk, picks: Sequence[Pick], command: GetImpact
) -> tuple[Survey, int]:
    """Return what lies downstream, without what is deleted unless asked, and how much that is."""
    census, (*picked, deleted) = view.survey(starts, walk, [*picks, _DELETED])
    gone = deleted.distances
    if not gone or command.deleted:
        return Survey(census, picked), len(gone)
    # What is named gives way to what lies further away.
    wider = [pick._replace(limit=pick.limit + len(gone)) for pick in picks]
    _, several = view.survey(starts, walk, wider)
    living = [_without(found, gone, pick) for found, pick in zip(several, picks, strict=True)]
    return Survey(_rest(view, census, gone, walk.report), living), len(gone)


def _without(found: Picked, gone: Mapping[int, int], pick: Pick) -> Picked:
    kept = {id_: far for id_, far in found.distances.items() if id_ not in gone}
    picked = picked_of(kept, pick)
    return picked._replace(more=picked.more or found.more)


def _rest(
    view: GraphView, census: Census, gone: Mapping[int, int], kinds: Collection[NodeKind] | None
) -> Census:
    """Take what is deleted out of a census."""
    counts, owners = Counter(census.counts), Counter(census.owners)
    for batch in batches(gone):
        for node in view.nodes(batch, ()).values():
            if kinds is None or node.kind in kinds:
                counts[gone[node.id], node.kind] -= 1
                owners[node.owner] -= 1
    return Census(+counts, +owners)


def _named(view: GraphView, ids: set[int]) -> _Named:
    nodes = view.nodes(ids, ("name", "owner", "environment")) if ids else {}
    return _Named(nodes, write_references(view, nodes) if nodes else {})


def _families(
    owners: Mapping[int, int], production: Sequence[int], named: _Named
) -> list[FamilyHit]:
    staged: defaultdict[int, list[str]] = defaultdict(list)
    for id_ in production:
        staged[named.nodes[id_].owner].append(named.references[id_])
    order = sorted(owners, key=lambda id_: (-len(staged[id_]), -owners[id_], id_))
    return [
        FamilyHit(
            reference=named.references[id_],
            kind=named.nodes[id_].kind,
            owner=named.text(id_, "owner"),
            versions=owners[id_],
            production=staged[id_],
        )
        for id_ in order
    ]


def _serving(
    view: GraphView, services: Mapping[int, int], edges: Sequence[Edge], named: _Named
) -> list[DeploymentHit]:
    served = {edge.source: edge.target for edge in edges if edge.kind is EdgeKind.SERVES}
    versions = view.nodes(set(served.values()), ("name",)) if served else {}
    references = write_references(view, versions) if versions else {}
    return [
        DeploymentHit(
            reference=named.references[id_],
            distance=distance,
            serves=references.get(served.get(id_, 0)),
            environment=named.text(id_, "environment"),
            owner=named.text(id_, "owner"),
        )
        for id_, distance in services.items()
    ]


def _notify(
    families: Iterable[FamilyHit], services: Iterable[int], named: _Named
) -> list[OwnerHit]:
    owned: defaultdict[str, list[str]] = defaultdict(list)
    hit = [(one.owner, one.reference) for one in families]
    hit += [(named.text(id_, "owner"), named.references[id_]) for id_ in services]
    for owner, reference in hit:
        if owner is not None:
            owned[owner].append(reference)
    return [OwnerHit(name=name, owns=owned[name]) for name in sorted(owned)]
