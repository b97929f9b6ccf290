"""Exposure: every dataset version and every mark that reached a version."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from lineage_registry.domain.graph import Node, NodeKind
from lineage_registry.domain.resolution import VERSIONS, write_references
from lineage_registry.domain.view import Closure, Direction, GraphView
from lineage_registry.ports.commands import (
    Context,
    Exposure,
    GetExposure,
    Mark,
    ReachingTaint,
    Source,
)
from lineage_registry.services.paging import Cursor, as_of, place_of, read_cursor, write_cursor
from lineage_registry.services.scope import in_parts
from lineage_registry.services.starts import nodes_of
from lineage_registry.services.taints import reaching
from lineage_registry.services.ways import Reached, Ways, carrying, known, page_of
from lineage_registry.services.workplace import Workplace, read

_UP = Direction.UPSTREAM
_AT_ONCE: Final = 2_000
_NAMED: Final = 20
_LICENCE: Final = "licence"
_LICENCE_TAGS: Final = frozenset({_LICENCE, "license"})

Marks = Mapping[tuple[str, str], Sequence[int]]
"""What bears each mark, by its key and value, the closest first."""


class _Found(NamedTuple):
    """What the walk reached, what of it is a source, and the marks upstream."""

    closure: Closure
    sources: Sequence[Reached]
    marks: Mapping[str, Marks]
    taints: Sequence[ReachingTaint]


def get_exposure(work: Workplace, command: GetExposure, _: Context) -> Exposure:
    """Return what reached some things: dataset versions, tags, licences, taints."""
    cursor = read_cursor(command)
    references = [read(text) for text in command.start]
    with work.ask(as_of(command, cursor), () if cursor else references) as view:
        starts = nodes_of(view, references, deleted=True)
        walk = carrying(_UP, evaluated=command.evaluated, inferred=command.inferred)
        closure = view.walk(starts, walk)
        upstream = [one for one in known(view, closure) if closure.distances[one.id]]
        kinds = VERSIONS if command.models else {NodeKind.DATASET_VERSION}
        found = [one for one in upstream if one.kind in kinds]
        place = place_of(cursor)
        taints = reaching(work, view, starts)
        return _answer(view, command, _Found(closure, found, _marks(view, upstream), taints), place)


def _answer(view: GraphView, command: GetExposure, found: _Found, place: int) -> Exposure:
    closure, sources, marks, taints = found
    page = page_of(closure, [one.id for one in sources[place:]], command.limit)
    end = place + len(page)
    more = end < len(sources)
    ways = Ways(view, closure, _UP, page)
    named = _named(view, marks)
    starts = [str(read(text)) for text in command.start]
    return Exposure.model_construct(
        starts=starts,
        total=len(sources),
        sources=[_source(one, ways) for one in sources[place:end]],
        tags=_written(marks["tags"], named),
        licences=_written(marks["licences"], named),
        taints=list(taints),
        lineage=ways.lineage(starts, truncated=more),
        truncated=more,
        next_cursor=write_cursor(Cursor(end, view.revision)) if more else None,
        revision=view.revision,
        as_of=view.at(view.revision),
    )


def _source(one: Reached, ways: Ways) -> Source:
    return Source.model_construct(**ways.told(one), role=ways.edges(one.id)[-1].role)


def _marks(view: GraphView, upstream: Sequence[Reached]) -> dict[str, Marks]:
    """Return what is marked upstream: versions, and the models and datasets they belong to.

    A licence counts where it holds: that of a model or dataset, for versions without their own.
    """
    found: dict[str, defaultdict[tuple[str, str], dict[int, None]]] = {
        what: defaultdict(dict) for what in ("tags", "licences")
    }
    seen: set[int] = set()
    for node, family in _with_families(view, [one.id for one in upstream]):
        holder = node if family is None or _LICENCE in node.values else family
        if _LICENCE in holder.values:
            found["licences"][_LICENCE, str(holder.values[_LICENCE])][holder.id] = None
        for bearer in (node, family):
            if bearer is None or bearer.id in seen:
                continue
            seen.add(bearer.id)
            for key, value in bearer.values.items():
                what, _, name = key.partition("/")
                if what == "tag":
                    kind = "licences" if name in _LICENCE_TAGS else "tags"
                    found[kind][name, str(value)][bearer.id] = None
    return {what: {mark: [*ids] for mark, ids in marks.items()} for what, marks in found.items()}


def _with_families(view: GraphView, ids: Sequence[int]) -> Iterator[tuple[Node, Node | None]]:
    """Read nodes with all their values, in order, each with its model or dataset."""
    families: dict[int, Node] = {}
    for batch in in_parts(ids, _AT_ONCE):
        nodes = view.nodes(batch)
        fresh = {node.owner for node in nodes.values() if node.owner} - families.keys()
        if fresh:
            families.update(view.nodes(fresh))
        for node in nodes.values():
            yield node, families.get(node.owner)


def _named(view: GraphView, marks: Mapping[str, Marks]) -> Mapping[int, str]:
    shown = {id_ for each in marks.values() for ids in each.values() for id_ in ids[:_NAMED]}
    return write_references(view, view.nodes(shown, ("name",))) if shown else {}


def _written(marks: Marks, named: Mapping[int, str]) -> list[Mark]:
    return [
        Mark(key=key, value=value, count=len(ids), sources=[named[id_] for id_ in ids[:_NAMED]])
        for (key, value), ids in sorted(marks.items())
    ]
