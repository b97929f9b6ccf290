"""Comparison: two versions, what they come from, and what they hold, side by side."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, cast

from lineage_registry.domain.digests import FileEntry
from lineage_registry.domain.graph import EdgeKind, Node, Scalar
from lineage_registry.domain.matching import Cause, Pair, nearest, pair_up
from lineage_registry.domain.references import AsOf, Reference
from lineage_registry.domain.resolution import resolve_all, write_references
from lineage_registry.domain.view import Closure, GraphView, Walk
from lineage_registry.ports.commands import (
    CauseChange,
    CauseLink,
    Context,
    Diff,
    FileChange,
    GetDiff,
    ValueChange,
)
from lineage_registry.services.contents import read_manifest
from lineage_registry.services.workplace import Workplace, read

Kind = Literal["added", "removed", "changed"]
Group = Literal["param", "metric", "tag", "code", "environment", "fact"]
Values = Mapping[tuple[Group, str], Scalar]
_LISTED: Final = {"param", "metric", "tag"}
# What a thing is called and when it came says nothing of how it was made.
_IDENTITY: Final = frozenset(
    {"number", "label", "manifest", "created_at", "created_by", "run_id", "name"}
)


class _Told(NamedTuple):
    """What was read of both ancestries at once; `whole` has the nodes with all their values."""

    revision: int
    at: datetime | None
    nodes: Mapping[int, Node]
    named: Mapping[int, str]
    whole: Mapping[int, Node]


class _Side(NamedTuple):
    """One of the two versions.

    Attributes:
        values: Values of the version and of the run that made it.
    """

    revision: int
    at: datetime | None
    reference: str
    manifest: str | None
    causes: Sequence[Cause]
    named: Mapping[int, str]
    numbers: Mapping[int, int]
    values: Mapping[Literal["version", "run"], Values]
    truncated: bool


def get_diff(work: Workplace, command: GetDiff, _: Context) -> Diff:
    """Return what differs between two versions: causes, values and files."""
    references = [read(command.before), read(command.after)]
    before, after = _both(work, references, command)
    pairs = pair_up(before.causes, after.causes)
    causes = [change for pair in pairs if (change := _cause_change(pair, before, after))]
    values = _value_changes(before, after)
    files = _file_changes(work, before, after) if command.files else []
    later = max(before, after, key=lambda side: side.revision)
    return Diff(
        before=before.reference,
        after=after.reference,
        before_revision=before.revision,
        after_revision=after.revision,
        same=not (causes or values or files),
        unchanged=len(pairs) - len(causes),
        causes=causes,
        values=values,
        files=files[: command.limit],
        truncated=before.truncated or after.truncated or len(files) > command.limit,
        revision=later.revision,
        as_of=later.at,
    )


def _both(work: Workplace, references: Sequence[Reference], command: GetDiff) -> list[_Side]:
    times: list[AsOf | None] = [
        command.as_of if reference.as_of is None else reference.as_of for reference in references
    ]
    if times[0] == times[1]:
        now = [reference._replace(as_of=None) for reference in references]
        with work.ask(times[0], now) as view:
            return _sides(view, references, command)
    sides: list[_Side] = []
    for reference, time in zip(references, times, strict=True):
        with work.ask(time, [reference._replace(as_of=None)]) as view:
            sides += _sides(view, [reference], command)
    return sides


def _sides(view: GraphView, references: Sequence[Reference], command: GetDiff) -> list[_Side]:
    found = resolve_all(view, references, deleted=command.deleted, versions=True)
    walk = Walk(deleted=command.deleted, limit=command.limit)
    closures = {one.node: view.walk([one.node], walk) for one in dict.fromkeys(found)}
    makers = {node: _makers(node, closure) for node, closure in closures.items()}
    nodes = view.nodes({id_ for each in closures.values() for id_ in each.distances}, ("name",))
    told = _Told(
        view.revision,
        view.at(view.revision),
        nodes,
        write_references(view, nodes),
        view.nodes({*closures, *(run for runs in makers.values() for run in runs)}),
    )
    return [_side(told, one.node, closures[one.node], makers[one.node]) for one in found]


def _side(told: _Told, start: int, closure: Closure, makers: Sequence[int]) -> _Side:
    ties: defaultdict[int, set[tuple[EdgeKind, str]]] = defaultdict(set)
    made: defaultdict[int, set[int]] = defaultdict(set)
    for edge in closure.edges:
        if edge.source == start or edge.source in makers:
            ties[edge.target].add((edge.kind, edge.role))
        if edge.kind is EdgeKind.GENERATED_BY:
            made[edge.target].add(0 if edge.source == start else told.nodes[edge.source].owner)
    manifest = told.nodes[start].facts.get("manifest")
    return _Side(
        revision=told.revision,
        at=told.at,
        reference=told.named[start],
        manifest=None if manifest is None else str(manifest),
        causes=[
            _cause(told.nodes[id_], distance, made[id_], ties[id_])
            for id_, distance in closure.distances.items()
            if id_ != start
        ],
        named=told.named,
        numbers={id_: int(told.nodes[id_].facts.get("number", 0)) for id_ in closure.distances},
        values={
            "version": _values(told.whole[start]),
            "run": {k: v for run in reversed(makers) for k, v in _values(told.whole[run]).items()},
        },
        truncated=closure.truncated,
    )


def _makers(start: int, closure: Closure) -> list[int]:
    return [
        edge.target
        for edge in closure.edges
        if edge.source == start and edge.kind is EdgeKind.GENERATED_BY
    ]


def _cause(
    node: Node, distance: int, made: Collection[int], ties: Collection[tuple[EdgeKind, str]]
) -> Cause:
    name = node.facts.get("name")
    return Cause(
        node.id,
        node.kind,
        node.owner,
        distance,
        None if name is None else str(name),
        frozenset(made),
        frozenset(ties),
    )


def _values(node: Node) -> Values:
    found: dict[tuple[Group, str], Scalar] = {}
    for key, value in node.values.items():
        group, _, name = key.partition("/")
        if group in _LISTED:
            found[cast("Group", group), name] = value
    for key, value in node.facts.items():
        if key == "code_commit":
            found["code", "commit"] = value
        elif key.startswith("environment/"):
            found["environment", key.removeprefix("environment/")] = value
        elif key not in _IDENTITY:
            found["fact", key] = value
    return found


def _cause_change(pair: Pair, before: _Side, after: _Side) -> CauseChange | None:
    one, other = pair
    known = one or other
    if known is None or (one and other and (one.id, one.ties) == (other.id, other.ties)):
        return None
    return CauseChange(
        change=_change(one is not None, other is not None),
        kind=known.kind,
        before=before.named[one.id] if one else None,
        after=after.named[other.id] if other else None,
        versions=after.numbers[other.id] - before.numbers[one.id]
        if one and other and known.owner
        else None,
        distance=nearest(pair),
        direct=any(cause is not None and cause.ties for cause in pair),
        links_before=_links(one),
        links_after=_links(other),
    )


def _links(cause: Cause | None) -> list[CauseLink]:
    ties = sorted(cause.ties) if cause else []
    return [CauseLink(edge=edge, role=role) for edge, role in ties]


def _change(before: bool, after: bool) -> Kind:  # noqa: FBT001 - which sides have it
    if before and after:
        return "changed"
    return "removed" if before else "added"


def _value_changes(before: _Side, after: _Side) -> list[ValueChange]:
    changes: list[ValueChange] = []
    for of in ("version", "run"):
        one, other = before.values[of], after.values[of]
        for slot in sorted(one.keys() | other.keys()):
            old, new = one.get(slot), other.get(slot)
            if _equal(old, new):
                continue
            changes.append(
                ValueChange(
                    change=_change(old is not None, new is not None),
                    of=of,
                    group=slot[0],
                    key=slot[1],
                    before=old,
                    after=new,
                    delta=_delta(old, new),
                )
            )
    return changes


def _equal(one: Scalar | None, other: Scalar | None) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _delta(old: Scalar | None, new: Scalar | None) -> float | None:
    if isinstance(old, str | bool | None) or isinstance(new, str | bool | None):
        return None
    return new - old


def _file_changes(work: Workplace, before: _Side, after: _Side) -> list[FileChange]:
    if before.manifest == after.manifest:
        return []
    one, other = (_files(work, side.manifest) for side in (before, after))
    return [
        FileChange(
            change=_change(path in one, path in other),
            path=path,
            digest_before=str(one[path].digest) if path in one else None,
            digest_after=str(other[path].digest) if path in other else None,
            size_before=one[path].size if path in one else None,
            size_after=other[path].size if path in other else None,
        )
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    ]


def _files(work: Workplace, manifest: str | None) -> dict[str, FileEntry]:
    entries = read_manifest(work, manifest).files if manifest else ()
    return {entry.path: entry for entry in entries}
