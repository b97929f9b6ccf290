"""From nodes to the answers people get: models, versions, runs and deployments, many at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from lineage_registry.domain.graph import Edge, EdgeKind, Node, NodeKind, text_of
from lineage_registry.domain.references import SPACES, Space, write_reference
from lineage_registry.domain.resolution import VERSION_KINDS, references_of
from lineage_registry.domain.view import Direction, GraphView, Selection
from lineage_registry.ports.commands import (
    Deployment,
    Family,
    LinkedVersion,
    Run,
    RunInput,
    Version,
)
from lineage_registry.ports.graph import from_microseconds

_MAX_OUTPUTS = 1_000
_OWN_FACTS = frozenset(
    {"number", "label", "manifest", "weights", "format", "size", "created_at", "created_by"}
)


def families(view: GraphView, ids: Sequence[int]) -> list[Family]:
    """Describe models or datasets, in the order of `ids`."""
    nodes = view.nodes(ids)
    pointed = {
        int(value)
        for node in nodes.values()
        for key, value in node.values.items()
        if key.startswith(("alias/", "stage/"))
    }
    numbers = {id_: int(node.facts["number"]) for id_, node in view.nodes(pointed, ()).items()}
    changed = view.changed(ids)
    return [_family(view, nodes[id_], numbers, changed[id_]) for id_ in ids]


def versions(view: GraphView, ids: Sequence[int], families: Collection[int] = ()) -> list[Version]:
    """Describe versions, in the order of `ids`; who knows their `families` saves a read."""
    nodes = view.nodes({*ids, *families})
    others = {nodes[id_].owner for id_ in ids} - nodes.keys()
    owners = {**nodes, **view.nodes(others)} if others else nodes
    edges = _by_source(
        view.edges(
            ids,
            Direction.UPSTREAM,
            (EdgeKind.DERIVED_FROM, EdgeKind.DEPENDS_ON, EdgeKind.GENERATED_BY),
        )
    )
    targets = {edge.target for found in edges.values() for edge in found}
    named = references_of(view, targets) if targets else {}
    changed = view.changed(ids)
    return [
        _version(nodes[id_], owners[nodes[id_].owner], edges[id_], named, changed[id_])
        for id_ in ids
    ]


def runs(view: GraphView, ids: Sequence[int]) -> list[Run]:
    """Describe runs, in the order of `ids`."""
    nodes = view.nodes(ids)
    kinds = (EdgeKind.USED, EdgeKind.EVALUATED_ON, EdgeKind.READ_BACK, EdgeKind.CHILD_OF)
    read = _by_source(view.edges(ids, Direction.UPSTREAM, kinds))
    made: dict[int, list[int]] = defaultdict(list)
    for edge in view.edges(ids, Direction.DOWNSTREAM, (EdgeKind.GENERATED_BY,)):
        if len(made[edge.target]) < _MAX_OUTPUTS:
            made[edge.target].append(edge.source)
    mentioned = {edge.target for found in read.values() for edge in found}
    mentioned.update(*made.values())
    named = references_of(view, mentioned) if mentioned else {}
    changed = view.changed(ids)
    return [
        _run(
            view,
            nodes[id_],
            read[id_],
            named,
            outputs=[named[made_id] for made_id in made[id_]],
            revision=changed[id_],
        )
        for id_ in ids
    ]


def deployments(view: GraphView, ids: Sequence[int]) -> list[Deployment]:
    """Describe deployments, in the order of `ids`."""
    nodes = view.nodes(ids)
    serves = {
        edge.source: edge.target for edge in view.edges(ids, Direction.UPSTREAM, (EdgeKind.SERVES,))
    }
    named = references_of(view, set(serves.values())) if serves else {}
    changed = view.changed(ids)
    return [
        Deployment(
            id=id_,
            name=str(nodes[id_].values["name"]),
            reference=f"deployments:/{nodes[id_].values['name']}",
            serves=named[serves[id_]] if id_ in serves else None,
            environment=_text(nodes[id_], "environment"),
            owner=_text(nodes[id_], "owner"),
            **_birth(nodes[id_]),
            deleted="deleted" in nodes[id_].values,
            revision=changed[id_],
        )
        for id_ in ids
    ]


def _family(view: GraphView, node: Node, numbers: Mapping[int, int], changed: int) -> Family:
    space = SPACES[node.kind]
    latest = view.select(Selection(VERSION_KINDS[space], node.id, newest_first=True), None, 1)
    name = str(node.values["name"])
    return Family(
        kind="model" if space is Space.MODELS else "dataset",
        id=node.id,
        name=name,
        reference=f"{space}:/{name}",
        description=_text(node, "description"),
        owner=_text(node, "owner"),
        tags=_prefixed(node, "tag/"),
        licence=_text(node, "licence"),
        latest=int(view.nodes(latest, ())[latest[0]].facts["number"]) if latest else None,
        aliases={key: numbers[int(id_)] for key, id_ in _prefixed(node, "alias/").items()},
        stages={key: numbers[int(id_)] for key, id_ in _prefixed(node, "stage/").items()},
        **_birth(node),
        deleted="deleted" in node.values,
        revision=changed,
    )


def _version(
    node: Node, owner: Node, edges: Iterable[Edge], named: Mapping[int, str], changed: int
) -> Version:
    links: dict[EdgeKind, list[LinkedVersion]] = defaultdict(list)
    for edge in edges:
        links[edge.kind].append(LinkedVersion(reference=named[edge.target], role=edge.role))
    facts, name = node.facts, str(owner.values["name"])
    status: Literal["active", "rolled_back", "deleted"] = "active"
    if "deleted" in node.values:
        status = "deleted"
    elif "rolled_back" in node.values:
        status = "rolled_back"
    run = links[EdgeKind.GENERATED_BY]
    return Version(
        kind="model_version" if node.kind is NodeKind.MODEL_VERSION else "dataset_version",
        id=node.id,
        name=name,
        number=int(facts["number"]),
        label=_fact(node, "label"),
        reference=write_reference(node.kind, name, facts["number"]),
        stage=_text(node, "stage"),
        aliases=sorted(k for k, id_ in _prefixed(owner, "alias/").items() if id_ == node.id),
        status=status,
        rolled_back=_text(node, "rolled_back"),
        description=_text(node, "description"),
        tags=_prefixed(node, "tag/"),
        params=_prefixed(node, "param/"),
        metrics=_prefixed(node, "metric/"),
        format=_fact(node, "format"),
        size=None if "size" not in facts else int(facts["size"]),
        manifest=_fact(node, "manifest"),
        weights=_fact(node, "weights"),
        facts={key: value for key, value in facts.items() if key not in _OWN_FACTS},
        run=run[0].reference if run else None,
        parents=links[EdgeKind.DERIVED_FROM],
        dependencies=links[EdgeKind.DEPENDS_ON],
        licence=_text(node, "licence") or _text(owner, "licence"),
        **_birth(node),
        revision=changed,
    )


def _run(
    view: GraphView,
    node: Node,
    read: Iterable[Edge],
    named: Mapping[int, str],
    **known: Any,
) -> Run:
    parent, inputs = None, []
    for edge in read:
        if edge.kind is EdgeKind.CHILD_OF:
            parent = named[edge.target]
            continue
        inputs.append(
            RunInput(
                reference=named[edge.target],
                role=edge.role,
                edge=edge.kind.value,
                declared=edge.declared,
            )
        )
    return Run(
        id=node.id,
        run_id=str(node.facts["run_id"]),
        reference=f"runs:/{node.facts['run_id']}",
        name=_fact(node, "name"),
        description=_text(node, "description"),
        status=node.values["status"],
        message=_text(node, "message"),
        params=_prefixed(node, "param/"),
        metrics=_prefixed(node, "metric/"),
        tags=_prefixed(node, "tag/"),
        code_commit=_fact(node, "code_commit"),
        environment={
            key.removeprefix("environment/"): value
            for key, value in node.facts.items()
            if key.startswith("environment/")
        },
        parent=parent,
        inputs=inputs,
        **_birth(node),
        ended_at=_ended_at(view, node),
        deleted="deleted" in node.values,
        **known,
    )


def _ended_at(view: GraphView, node: Node) -> datetime | None:
    if "ended" not in node.values:
        return None
    return view.at(view.history(node.id, "ended")[-1].since)


def _birth(node: Node) -> dict[str, Any]:
    return {
        "created_at": from_microseconds(int(node.facts["created_at"])),
        "created_by": str(node.facts["created_by"]),
    }


def _by_source(edges: Iterable[Edge]) -> defaultdict[int, list[Edge]]:
    found: defaultdict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.source].append(edge)
    return found


def _prefixed(node: Node, prefix: str) -> dict[str, Any]:
    start = len(prefix)
    return {
        key[start:]: value for key, value in sorted(node.values.items()) if key.startswith(prefix)
    }


def _text(node: Node, key: str) -> str | None:
    return text_of(node.values.get(key))


def _fact(node: Node, key: str) -> str | None:
    return text_of(node.facts.get(key))
