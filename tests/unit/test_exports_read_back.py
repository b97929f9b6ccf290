"""Other programs read back what is written for them: every node and edge, parallel ones too."""

import csv
import io
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import networkx as nx
import pytest
from jsonschema import Draft202012Validator
from prov.model import ProvDocument

from lineage_registry.domain.graph import EdgeKind, NodeKind
from lineage_registry.exports import export
from lineage_registry.registry import LineageHandle
from tests.golden import lineages

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((REPOSITORY / "docs" / "schemas" / "lineage-1.json").read_text("utf-8"))
SHAPES = {
    "pipeline": lineages.pipeline(),
    "hostile": lineages.hostile(),
    "runs": lineages.chain_with_runs(30),
    "empty": lineages.empty(),
}


@pytest.fixture(params=SHAPES)
def answer(request):
    return SHAPES[request.param]


def written(answer, name):
    return json.loads(export(answer, name))


def ends(answer):
    return Counter((edge.source, edge.target) for edge in answer.edges)


def test_the_json_is_as_the_published_schema_says(answer):
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(written(answer, "json"))


def test_the_schema_knows_every_kind_and_refuses_what_is_none():
    kinds = SCHEMA["$defs"]["node"]["properties"]["kind"]["enum"]
    assert kinds == [kind.value for kind in NodeKind]
    edges = SCHEMA["$defs"]["edge"]["properties"]["kind"]["enum"]
    assert edges == [kind.value for kind in EdgeKind]
    document = written(lineages.pipeline(), "json")
    document["nodes"][0]["kind"] = "planet"
    assert not Draft202012Validator(SCHEMA).is_valid(document)


def test_node_link_json_is_what_networkx_writes(answer):
    data = written(answer, "node-link")
    graph = nx.node_link_graph(data, edges="edges")
    again = nx.node_link_data(graph, edges="edges")
    by_edge = lambda edge: (edge["source"], edge["target"], edge["key"])  # noqa: E731
    assert again["nodes"] == data["nodes"]
    assert again["graph"] == data["graph"]
    assert sorted(again["edges"], key=by_edge) == sorted(data["edges"], key=by_edge)
    assert Counter((a, b) for a, b, _ in graph.edges) == ends(answer)
    ours = LineageHandle.of(answer).to_networkx()
    assert {*ours.edges(keys=False)} == {*graph.edges(keys=False)}
    for source, target, facts in graph.edges(data=True):
        assert facts in [each for _, to, each in ours.edges(source, data=True) if to == target]


def test_cytoscape_json_is_read_by_networkx_and_its_ids_are_unique(answer):
    data = written(answer, "cytoscape")
    graph = nx.cytoscape_graph(data)
    assert graph.is_multigraph()
    assert graph.is_directed()
    assert set(graph) == {node.id for node in answer.nodes}
    assert Counter((a, b) for a, b, _ in graph.edges) == ends(answer)
    elements = data["elements"]
    ids = [each["data"]["id"] for each in (*elements["nodes"], *elements["edges"])]
    assert len(ids) == len(set(ids)) == len(answer.nodes) + len(answer.edges)
    assert all(isinstance(id_, str) for id_ in ids)


def test_gexf_is_read_by_networkx_with_its_types(answer):
    text = export(answer, "gexf")
    graph = nx.read_gexf(io.BytesIO(text), node_type=int, version="1.3")
    assert set(graph) == {node.id for node in answer.nodes}
    assert Counter((a, b) for a, b, *_ in graph.edges) == ends(answer)
    for node in answer.nodes:
        assert graph.nodes[node.id]["distance"] == node.distance
        assert graph.nodes[node.id]["kind"] == node.kind
    root = ET.fromstring(text)
    names = {"g": "http://gexf.net/1.3"}
    assert len(root.findall(".//g:edge", names)) == len(answer.edges)
    kinds = Counter(e.get("kind") for e in root.findall(".//g:edge", names))
    assert sum(kinds.values()) == len(answer.edges)


def rows(answer, name):
    return list(csv.DictReader(io.StringIO(export(answer, name).decode(), newline="")))


def test_csv_nodes_and_edges_join_by_id():
    answer = lineages.pipeline()
    nodes = {int(row["id"]): row for row in rows(answer, "csv-nodes")}
    edges = rows(answer, "csv-edges")
    assert set(nodes) == {node.id for node in answer.nodes}
    found = [
        (int(e["source"]), e["kind"], int(e["target"]), e["role"], int(e["since"]), e["declared"])
        for e in edges
    ]
    assert found == [
        (e.source, e.kind, e.target, e.role, e.since, str(e.declared).lower()) for e in answer.edges
    ]
    for edge in edges:
        assert nodes[int(edge["source"])]["reference"] == edge["source_reference"]
        assert nodes[int(edge["target"])]["reference"] == edge["target_reference"]


@pytest.mark.parametrize("name", ["csv-nodes", "csv-edges"])
def test_no_cell_of_a_hostile_graph_is_a_formula(name):
    answer = lineages.pipeline()
    nodes = [node._replace(title="=HYPERLINK(0)", stage="@SUM(1)") for node in answer.nodes]
    edges = [edge._replace(role="+1") for edge in answer.edges]
    found = rows(answer.model_copy(update={"nodes": nodes, "edges": edges}), name)
    cells = [cell for row in found for cell in row.values()]
    assert len(found) == len(nodes if name == "csv-nodes" else edges)
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r"))]
    assert any(cell.startswith("'") for cell in cells)


def test_prov_json_is_parsed_by_prov_and_comes_back_equal(answer):
    document = ProvDocument.deserialize(content=export(answer, "prov-json").decode(), format="json")
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document
    records = Counter(type(record).__name__ for record in document.get_records())
    families = len(written(answer, "prov-json").get("specializationOf", {}))
    relations = {
        "ProvDerivation": {EdgeKind.DERIVED_FROM},
        "ProvGeneration": {EdgeKind.GENERATED_BY},
        "ProvUsage": {EdgeKind.USED, EdgeKind.EVALUATED_ON, EdgeKind.READ_BACK, EdgeKind.SERVES},
        "ProvInfluence": {EdgeKind.DEPENDS_ON},
        "ProvCommunication": {EdgeKind.CHILD_OF},
        "ProvAlternate": {EdgeKind.SIBLING_OF},
    }
    for name, kinds in relations.items():
        assert records[name] == sum(edge.kind in kinds for edge in answer.edges), name
    assert records["ProvSpecialization"] == families
    activities = sum(node.kind in {NodeKind.RUN, NodeKind.DEPLOYMENT} for node in answer.nodes)
    assert records["ProvActivity"] == activities
    owners = len(set(_owners(answer)))
    assert records["ProvEntity"] == len(answer.nodes) - activities + owners + 1


def _owners(answer):
    for record in written(answer, "prov-json").get("specializationOf", {}).values():
        yield record["prov:generalEntity"]


def test_prov_json_says_what_the_graph_says():
    document = written(lineages.pipeline(), "prov-json")
    by_label = {record["prov:label"]: id_ for id_, record in document["entity"].items()}
    model = by_label["models:/digits-classifier/2"]
    used = [each for each in document["used"].values() if each.get("prov:role") == "validation"]
    assert [each["prov:entity"] for each in used] == [by_label["datasets:/digits-clean/1"]]
    derived = [d for d in document["wasDerivedFrom"].values() if d["prov:generatedEntity"] == model]
    assert [d["prov:usedEntity"] for d in derived] == [by_label["models:/digits-classifier/1"]]
    assert [d["prov:type"]["$"] for d in derived] == ["prov:Revision"]
    special = [
        s for s in document["specializationOf"].values() if s["prov:specificEntity"] == model
    ]
    assert [s["prov:generalEntity"] for s in special] == [by_label["models:/digits-classifier"]]


def test_markdown_has_a_row_for_each_node_and_edge(answer):
    text = export(answer, "markdown").decode()
    nodes, edges = text.split("\n## Edges\n")
    assert sum(line.startswith("| ") for line in nodes.splitlines()) == len(answer.nodes) + 2
    assert sum(line.startswith("| ") for line in edges.splitlines()) == len(answer.edges) + 2


PROGRAM = """
import sys
from lineage_registry.exports import FORMATS, export
from tests.golden import lineages
for name in FORMATS:
    for answer in (lineages.pipeline(), lineages.hostile(), lineages.star(600)):
        sys.stdout.buffer.write(export(answer, name))
"""


def test_the_bytes_are_the_same_in_another_process_with_another_seed():
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=True,
            cwd=REPOSITORY,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0]
    assert said[0] == said[1]


def test_where_the_order_is_ours_the_order_of_the_answer_is_not_seen():
    answer = lineages.star(600)
    nodes, edges = list(answer.nodes), list(answer.edges)
    random.Random(3).shuffle(nodes)
    random.Random(3).shuffle(edges)
    shuffled = answer.model_copy(update={"nodes": nodes, "edges": edges})
    assert export(shuffled, "mermaid") == export(answer, "mermaid")
