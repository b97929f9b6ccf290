"""Recall: every version that used something, with the way it came there."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from lineage_registry.domain.graph import EdgeKind, NodeKind, text_of
from lineage_registry.domain.lifecycle import NO_STAGE, demand_stages
from lineage_registry.domain.references import Reference, Space
from lineage_registry.domain.resolution import resolve
from lineage_registry.domain.view import Closure, Direction, GraphView
from lineage_registry.errors import InvalidQueryError, InvalidReferenceError
from lineage_registry.ports.commands import (
    Context,
    Count,
    Evaluation,
    GetRecall,
    Recall,
    Recalled,
)
from lineage_registry.services.evaluations import evaluations
from lineage_registry.services.holders import holders
from lineage_registry.services.paging import Cursor, as_of, place_of, read_cursor, write_cursor
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.ways import Reached, Ways, carrying, known, page_of
from lineage_registry.services.workplace import Workplace, read

_DOWN = Direction.DOWNSTREAM
_DIGEST: Final = re.compile(r"sha256:[0-9a-fA-F]{16,}")  # no number of a version is that long


class _Found(NamedTuple):
    """What the walk reached, what of it is asked for, where that serves, and who was tested."""

    closure: Closure
    hits: Sequence[Reached]
    serving: Mapping[int, Sequence[int]]
    tested: Sequence[Evaluation]


def get_recall(work: Workplace, command: GetRecall, _: Context) -> Recall:
    """Return every version that used some things, directly or over other versions and runs.

    Raises:
        InvalidQueryError: It is not said what is recalled.
        NotFoundError: Something named is not there, or nothing has the content.
    """
    if not command.start and not command.content:
        raise InvalidQueryError("nothing is recalled", hint="give a reference or a digest")
    cursor = read_cursor(command)
    references = [_thing(text) for text in command.start]
    without = [read(text) for text in command.without]
    # The cursor knows the revision that the references named.
    with work.ask(as_of(command, cursor), () if cursor else [*references, *without]) as view:
        starts = [
            *(nodes_of(view, references, deleted=True) if references else ()),
            *(holders(work, view, command.content) if command.content else ()),
        ]
        walk = carrying(_DOWN, evaluated=command.evaluated, inferred=command.inferred)
        closure = view.walk(starts, walk)
        reached = known(view, closure)
        serving = _serving(closure, reached)
        tested = (
            evaluations(view, command, closure, _models(reached))
            if command.evaluated and not cursor
            else ()
        )
        hits = _hits(view, command, reached, serving)
        if without:
            spared = view.walk(nodes_of(view, without, deleted=True), replace(walk, edges=False))
            hits = [hit for hit in hits if hit.id not in spared.distances]
        place = place_of(cursor)
        return _answer(view, command, _Found(closure, hits, serving, tested), place)


def _thing(text: str) -> Reference:
    """Read a reference to what is recalled.

    Raises:
        InvalidReferenceError: It cannot be read, or is a digest.
    """
    if _DIGEST.fullmatch(text):
        raise InvalidReferenceError(
            f"{text[:80]!a} is a digest and names no thing",
            hint="recall what holds it by its content: --content, content=",
        )
    return read(text)


def _models(reached: Sequence[Reached]) -> set[int]:
    return {one.id for one in reached if one.kind is NodeKind.MODEL_VERSION}


def _serving(closure: Closure, reached: Sequence[Reached]) -> Mapping[int, list[int]]:
    """Return the deployments of each version reached, oldest first."""
    alive = {one.id: one for one in reached if one.kind is NodeKind.DEPLOYMENT and not one.deleted}
    serving: defaultdict[int, list[int]] = defaultdict(list)
    for edge in closure.edges if alive else ():
        if edge.kind is EdgeKind.SERVES and edge.source in alive:
            serving[edge.target].append(edge.source)
    return serving


def _hits(
    view: GraphView,
    command: GetRecall,
    reached: Sequence[Reached],
    serving: Mapping[int, Collection[int]],
) -> list[Reached]:
    """Return those of the nodes reached that are asked for."""
    kinds = {NodeKind.MODEL_VERSION} | ({NodeKind.DATASET_VERSION} if command.datasets else set())
    if command.stage is not None:
        demand_stages(view, command.stage)
        kinds = {NodeKind.MODEL_VERSION}
    stages = None if command.stage is None else frozenset(command.stage)
    service = None
    if command.deployment is not None:
        service = resolve(view, read(command.deployment, Space.DEPLOYMENTS)).node
    return [
        one
        for one in reached
        if one.kind in kinds
        and (command.deleted or not one.deleted)
        and (stages is None or (one.stage or NO_STAGE) in stages)
        and (not command.deployed or one.id in serving)
        and (service is None or service in serving.get(one.id, ()))
    ]


def _answer(view: GraphView, command: GetRecall, found: _Found, place: int) -> Recall:
    closure, hits, serving, tested = found
    distances = closure.distances
    page = page_of(closure, [hit.id for hit in hits[place:]], command.limit)
    end = place + len(page)
    more = end < len(hits)
    ways = Ways(view, closure, _DOWN, page)
    services = sorted({id_ for hit in hits for id_ in serving.get(hit.id, ())})
    told = view.nodes(services, ("name", "owner")) if services else {}
    owners = {hit.owner for hit in hits} | {
        text_of(one.values.get("owner")) for one in told.values()
    }
    counts = Counter((distances[hit.id], hit.kind) for hit in hits)
    starts = [*(str(read(text)) for text in command.start), *command.content]
    return Recall.model_construct(
        starts=starts,
        without=[str(read(text)) for text in command.without],
        total=len(hits),
        counts=[
            Count(distance=far, kind=kind, nodes=n) for (far, kind), n in sorted(counts.items())
        ],
        stages=_stages(hits),
        owners=sorted(owner for owner in owners if owner is not None),
        versions=[
            _recalled(
                hit,
                ways,
                [f"deployments:/{told[id_].values['name']}" for id_ in serving.get(hit.id, ())],
            )
            for hit in hits[place:end]
        ],
        evaluations=list(tested),
        lineage=ways.lineage(starts, truncated=more),
        truncated=more,
        next_cursor=write_cursor(Cursor(end, view.revision)) if more else None,
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _recalled(hit: Reached, ways: Ways, deployments: list[str]) -> Recalled:
    stage = ways.nodes[hit.id].stage
    return Recalled.model_construct(**ways.told(hit), stage=stage, deployments=deployments)


def _stages(hits: Sequence[Reached]) -> dict[str, int]:
    found = Counter(hit.stage or NO_STAGE for hit in hits if hit.kind is NodeKind.MODEL_VERSION)
    return dict(sorted(found.items()))
