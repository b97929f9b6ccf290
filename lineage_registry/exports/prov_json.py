"""The answer as PROV-JSON (W3C submission of 24 April 2013), the interchange of provenance.

Versions are entities and specializations of their model or dataset; runs are activities, and so is
what a deployment does. PROV's arrows run from effect to cause, as ours do.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.attributes import edge_facts, graph_facts, node_facts
from lineage_registry.exports.words import family, question

NAMESPACE: Final = "urn:lineage-registry:"
_ACTIVITIES: Final = frozenset({NodeKind.RUN, NodeKind.DEPLOYMENT})
_FAMILIES: Final = {
    NodeKind.MODEL_VERSION: NodeKind.MODEL,
    NodeKind.DATASET_VERSION: NodeKind.DATASET,
}
Records = defaultdict[str, dict[str, Any]]


class _Relation(NamedTuple):
    """A relation of PROV and what it calls effect and cause."""

    name: str
    effect: str
    cause: str


_RELATIONS: Final[Mapping[EdgeKind, _Relation]] = {
    EdgeKind.DERIVED_FROM: _Relation("wasDerivedFrom", "generatedEntity", "usedEntity"),
    EdgeKind.GENERATED_BY: _Relation("wasGeneratedBy", "entity", "activity"),
    EdgeKind.USED: _Relation("used", "activity", "entity"),
    EdgeKind.EVALUATED_ON: _Relation("used", "activity", "entity"),
    EdgeKind.READ_BACK: _Relation("used", "activity", "entity"),
    EdgeKind.SERVES: _Relation("used", "activity", "entity"),
    EdgeKind.DEPENDS_ON: _Relation("wasInfluencedBy", "influencee", "influencer"),
    EdgeKind.CHILD_OF: _Relation("wasInformedBy", "informed", "informant"),
    EdgeKind.SIBLING_OF: _Relation("alternateOf", "alternate1", "alternate2"),
}


def to_prov_json(lineage: Lineage) -> str:
    """Return the answer as a PROV-JSON document.

    `reg:node-17` is the node with the id 17, the same in every document of one registry;
    `reg:answer` says what was asked, and of which revision it is true.
    """
    records: Records = defaultdict(dict)
    nodes = {node.id: node for node in lineage.nodes}
    asked = {"prov:label": question(lineage), "prov:type": _named("Answer")}
    records["entity"]["reg:answer"] = {**asked, **_own(graph_facts(lineage))}
    for node in lineage.nodes:
        sort = "activity" if node.kind in _ACTIVITIES else "entity"
        records[sort][_id(node.id)] = _node(node)
    _specialize(lineage, records)
    for number, edge in enumerate(lineage.edges):
        relation = _RELATIONS[edge.kind]
        records[relation.name][f"_:e{number}"] = _edge(edge, relation, nodes)
    return (
        json.dumps({"prefix": {"reg": NAMESPACE}, **records}, ensure_ascii=False, indent=1) + "\n"
    )


def _id(node: int) -> str:
    return f"reg:node-{node}"


def _node(node: LineageNode) -> dict[str, Any]:
    facts = {name: value for name, value in node_facts(node).items() if name != "kind"}
    return {
        "prov:label": node.title or node.reference,
        "prov:type": _named(node.kind.label),
        **_own(facts),
    }


def _specialize(lineage: Lineage, records: Records) -> None:
    """Add the models and datasets whose versions the answer names."""
    for node in lineage.nodes:
        owner = family(node)
        if owner is None:
            continue
        name = f"reg:{quote(owner.replace(':/', '/', 1), safe='/', errors='replace')}"
        kind = _FAMILIES[node.kind]
        records["entity"][name] = {"prov:label": owner, "prov:type": _named(kind.label)}
        records["specializationOf"][f"_:s{node.id}"] = {
            "prov:specificEntity": _id(node.id),
            "prov:generalEntity": name,
        }


def _edge(edge: Edge, relation: _Relation, nodes: Mapping[int, LineageNode]) -> dict[str, Any]:
    ends = {
        f"prov:{relation.effect}": _id(edge.source),
        f"prov:{relation.cause}": _id(edge.target),
    }
    if edge.kind is EdgeKind.SIBLING_OF:  # the one relation that takes no attributes
        return ends
    return {**ends, **dict(_said_of(edge, nodes)), **_own(edge_facts(edge))}


def _said_of(edge: Edge, nodes: Mapping[int, LineageNode]) -> Iterator[tuple[str, Any]]:
    if edge.kind is EdgeKind.DERIVED_FROM:
        if family(nodes[edge.source]) == family(nodes[edge.target]):
            yield "prov:type", {"$": "prov:Revision", "type": "prov:QUALIFIED_NAME"}
    elif edge.role and _RELATIONS[edge.kind].name in {"used", "wasGeneratedBy"}:
        yield "prov:role", edge.role


def _own(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {f"reg:{name}": value for name, value in facts.items()}


def _named(name: str) -> dict[str, str]:
    return {"$": f"reg:{name}", "type": "prov:QUALIFIED_NAME"}
