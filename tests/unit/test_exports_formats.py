"""Every format: chosen by name or suffix, the same bytes each time, read back by other programs."""

import json
import re
from itertools import accumulate
from xml.etree import ElementTree as ET

import networkx as nx
import pydot
import pytest

from lineage_registry.domain.graph import Edge
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.errors import InputTooLargeError, InvalidQueryError
from lineage_registry.exports import FORMATS, export, format_of
from lineage_registry.exports.folding import fold
from lineage_registry.exports.words import KIND_WORDS, headline, short_name
from tests.golden import lineages
from tests.golden.lineages import Draft

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {
    "pipeline": lineages.pipeline(),
    "hostile": lineages.hostile(),
    "lattice": lineages.lattice(8),
    "star": lineages.star(70),
    "empty": lineages.empty(),
}


@pytest.fixture(params=SHAPES)
def answer(request):
    return SHAPES[request.param]


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_answer_gives_the_same_bytes(answer, format_):
    again = Lineage.model_validate(answer.model_dump())
    assert export(answer, format_) == export(again, format_)


@pytest.mark.parametrize(
    ("path", "format_"),
    [
        ("a.json", "json"),
        ("a.DOT", "dot"),
        ("dir.svg/a.gv", "dot"),
        ("a.mmd", "mermaid"),
        ("a.svg", "svg"),
        ("a.graphml", "graphml"),
        ("a.b.html", "html"),
        ("a.txt", "tree"),
        ("a.node-link.json", "node-link"),
        ("a.cyjs", "cytoscape"),
        ("a.provjson", "prov-json"),
        ("a.prov.json", "prov-json"),
        ("a.gexf", "gexf"),
        ("a.csv", "csv-edges"),
        ("a.edges.csv", "csv-edges"),
        ("a.nodes.csv", "csv-nodes"),
        ("a.png", "png"),
        ("a.pdf", "pdf"),
        ("a.md", "markdown"),
    ],
)
def test_a_suffix_names_its_format(path, format_):
    assert format_of(path) == format_


@pytest.mark.parametrize(
    ("word", "format_"),
    [("csv", "csv-edges"), ("md", "markdown"), ("txt", "tree"), ("gv", "dot"), ("htm", "html")],
)
def test_a_suffix_without_its_dot_is_a_name_of_the_format(word, format_):
    answer = lineages.pipeline()
    assert format_of(f"a.{word}") == format_
    assert export(answer, word) == export(answer, format_)


@pytest.mark.parametrize("path", ["a.docx", "a", ".svg", ""])
def test_an_unknown_suffix_is_refused_with_all_that_exist(path):
    with pytest.raises(InvalidQueryError) as failure:
        format_of(path)
    assert ".svg" in failure.value.hint


@pytest.mark.parametrize("name", ["docx", "", ".svg", "CSV-EDGES"])
def test_an_unknown_format_is_refused_with_all_that_exist(name):
    with pytest.raises(InvalidQueryError) as failure:
        export(lineages.empty(), name)
    assert all(name in failure.value.hint for name in FORMATS)


def test_json_holds_the_answer_exactly(answer):
    read = json.loads(export(answer, "json"))
    nodes = [LineageNode(**node) for node in read["nodes"]]
    assert nodes == list(answer.nodes)
    assert [Edge(**edge) for edge in read["edges"]] == list(answer.edges)
    assert read["$schema"].endswith(":1")
    assert read["revision"] == answer.revision
    assert read["query"]["direction"] == answer.direction


# pydot still speaks to an older pyparsing.
@pytest.mark.filterwarnings(r"ignore::DeprecationWarning:pydot\.")
def test_dot_reads_back_with_all_nodes_and_edges(answer):
    (graph,) = pydot.graph_from_dot_data(export(answer, "dot").decode())
    nodes = [node for node in graph.get_nodes() if re.fullmatch(r"n\d+", node.get_name())]
    assert {node.get_name() for node in nodes} == {f"n{node.id}" for node in answer.nodes}
    ends = [(edge.get_source(), edge.get_destination()) for edge in graph.get_edges()]
    assert sorted(ends) == sorted((f"n{e.source}", f"n{e.target}") for e in answer.edges)
    assert {node.get("label").count("\n") for node in nodes} <= {0}


def test_graphml_keeps_every_edge_and_attribute(answer):
    graph = nx.parse_graphml(export(answer, "graphml"), force_multigraph=True)
    assert graph.number_of_nodes() == len(answer.nodes)
    assert graph.number_of_edges() == len(answer.edges)
    kinds = sorted(kind for *_, kind in graph.edges(data="kind"))
    assert kinds == sorted(edge.kind for edge in answer.edges)
    for node in answer.nodes:
        assert graph.nodes[f"n{node.id}"]["distance"] == node.distance
        assert graph.nodes[f"n{node.id}"]["kind"] == node.kind


def test_graphml_of_clean_names_is_exact():
    answer = lineages.pipeline()
    graph = nx.parse_graphml(export(answer, "graphml"))
    assert graph.is_multigraph()  # train used digits-clean twice
    for node in answer.nodes:
        facts = {key: value for key, value in node._asdict().items() if value is not None}
        facts.pop("id")
        assert graph.nodes[f"n{node.id}"] == facts
    declared = [edge.declared for edge in answer.edges]
    assert sorted(d for *_, d in graph.edges(data="declared")) == sorted(declared)


def test_svg_is_one_xml_document_with_every_node_and_edge(answer):
    root = ET.fromstring(export(answer, "svg"))
    tips = [element.text for element in root.iter(f"{SVG}title")]
    groups = [g for g in root.iter(f"{SVG}g") if (g.get("class") or "").startswith("n ")]
    cards = [g for g in groups if g.find(f"{SVG}title") is not None]
    assert len(cards) == len(answer.nodes)
    said = [line for tip in tips[1:] if tip for line in tip.splitlines()]
    lines = root.findall(f".//{SVG}path[{SVG}title]")
    assert sum(len(line.find(f"{SVG}title").text.splitlines()) for line in lines) == len(
        answer.edges
    )
    for node in answer.nodes:
        assert any(KIND_WORDS[node.kind] in line for line in said)
    assert not list(root.iter(f"{SVG}script"))
    assert "http" not in export(answer, "svg").decode().replace("http://www.w3.org/2000/svg", "")


def test_html_holds_its_data_in_one_block_that_no_name_can_leave(answer):
    page = export(answer, "html").decode()
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    block = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    data = json.loads(block[1])
    assert len(data["nodes"]) == len(answer.nodes)
    count = len(answer.nodes)
    said = [row[2] for row in data["lines"] if row[0] < count and row[1] < count]
    assert sum(len(one) if isinstance(one, list) else 1 for one in said) == len(answer.edges)
    members = [number for group in data["groups"] for number in accumulate(group[-1])]
    assert len(set(members)) == len(members) == sum(map(len, fold(answer).members.values()))


def test_the_html_page_asks_for_nothing_and_allows_only_its_own_script():
    page = export(lineages.hostile(), "html").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r'(?:src|href)\s*=\s*"', page)


def test_mermaid_is_nodes_and_edges_of_plain_tokens(answer):
    text = export(answer, "mermaid").decode()
    label = r'"(?:[^"\n#%{}|`<>\\]|#\d+;|<br/>)*"'
    node = rf"  n(\d+)(?:\(|\[\[|\[\(|\{{\{{|\(\[){label}(?:\)|\]\]|\)\]|\}}\}}|\]\)):::\w+"
    edge = rf"  n(\d+) (?:-->|==>|-\.->|-\.-)\|{label}\| n(\d+)"
    lines = text.splitlines()
    nodes = [found for line in lines if (found := re.fullmatch(node, line))]
    edges = [found for line in lines if (found := re.fullmatch(edge, line))]
    other = [line for line in lines if not re.fullmatch(f"{node}|{edge}", line)]
    assert len(nodes) == len(answer.nodes)
    assert sorted((int(e[2]), int(e[1])) for e in edges) == sorted(
        (e.source, e.target) for e in answer.edges
    )
    known = re.compile(r"%% [^{}%]*|flowchart LR|  classDef .*|  class [n\d,]+ \w+")
    assert all(known.fullmatch(line) for line in other), other


def test_mermaid_folds_what_its_viewers_would_not_draw():
    text = export(lineages.star(501), "mermaid").decode()
    assert "501 runs" in text
    assert "501 of 502 nodes folded into 1" in text
    assert text.count("-->") == 1
    assert export(lineages.star(300), "mermaid").decode().count("-->") == 300


def test_mermaid_refuses_what_is_too_large_folded():
    wide = lineages.families(400)
    with pytest.raises(InputTooLargeError) as failure:
        export(wide, "mermaid")
    assert "html" in failure.value.hint
    assert failure.value.context["limit"] == 500


@pytest.mark.parametrize(
    "format_", ["dot", "mermaid", "svg", "graphml", "gexf", "markdown", "tree"]
)
def test_no_control_or_direction_mark_reaches_a_reader(format_):
    text = export(lineages.hostile(), format_).decode()
    allowed = {"\n"}
    bad = {c for c in text if (ord(c) < 32 or 127 <= ord(c) < 160) and c not in allowed}
    if format_ in {"graphml", "gexf"}:  # XML 1.0 allows NEL, and exactness wins there
        bad -= {"\x85"}
    assert not bad
    assert "\u202e" not in text or format_ in {"graphml", "gexf"}


def test_names_are_short_where_the_kind_is_clear():
    node = LineageNode(1, "models:/vision.resnet50/1.2.0", lineages.MV, 0)
    assert short_name(node) == "vision.resnet50:1.2.0"
    assert headline(LineageNode(2, "runs:/8f3a", lineages.RUN, 1)) == "8f3a"
    assert headline(LineageNode(2, "runs:/8f3a", lineages.RUN, 1, title="train")) == "train"
    labelled = LineageNode(3, "datasets:/digits/4", lineages.DV, 1, title="2026-10")
    assert headline(labelled) == "digits:2026-10"


@pytest.mark.parametrize("format_", ["dot", "mermaid", "svg", "gexf", "html"])
def test_a_labelled_version_is_drawn_with_its_name(format_):
    draft = Draft()
    draft.node("datasets:/digits/4", lineages.DV, title="2026-10")
    assert "digits:2026-10" in export(draft.answer(1), format_).decode().replace("#58;", ":")
