"""The answer as Graphviz DOT."""

from typing import Final

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.words import (
    KIND_WORDS,
    edge_label,
    edge_sentence,
    headline,
    node_sentence,
    question,
    stage_words,
    status_words,
    truth,
)

_LOOKS: Final = {
    NodeKind.MODEL: ("box", "#ffffff", "#3b6fd4"),
    NodeKind.MODEL_VERSION: ("box", "#eef4ff", "#3b6fd4"),
    NodeKind.DATASET: ("cylinder", "#ffffff", "#2b8a60"),
    NodeKind.DATASET_VERSION: ("cylinder", "#ebf7f1", "#2b8a60"),
    NodeKind.RUN: ("hexagon", "#fff6e6", "#b97a10"),
    NodeKind.DEPLOYMENT: ("cds", "#f5f0ff", "#7d52cc"),
}
_LINES: Final = {
    EdgeKind.DEPENDS_ON: "dashed",
    EdgeKind.EVALUATED_ON: "dotted",
    EdgeKind.READ_BACK: "dotted",
    EdgeKind.CHILD_OF: "dotted",
    EdgeKind.SIBLING_OF: "dashed",
}


def to_dot(lineage: Lineage) -> str:
    """Return the answer in the DOT language.

    Edges are stored from effect to cause; the arrow is drawn at the effect, causes stand left.
    """
    nodes = {node.id: node for node in lineage.nodes}
    lines = [
        "digraph lineage {",
        f"  graph [rankdir=RL, labelloc=t, label={_quoted(question(lineage), truth(lineage))}];",
        '  node [style="filled,rounded", fontname="sans-serif", fontsize=11];',
        '  edge [dir=back, fontname="sans-serif", fontsize=9, color="#6b7785"];',
        *(_node(node) for node in lineage.nodes),
        *(_edge(edge, nodes) for edge in lineage.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _node(node: LineageNode) -> str:
    shape, fill, line = _LOOKS[node.kind]
    marks = [mark for mark in (stage_words(node), status_words(node)) if mark]
    label = _quoted(headline(node), " \N{MIDDLE DOT} ".join([KIND_WORDS[node.kind], *marks]))
    style = '"filled"' if shape != "box" else '"filled,rounded"'
    width = 3 if node.distance == 0 else 1
    return (
        f'  n{node.id} [label={label}, shape={shape}, style={style}, fillcolor="{fill}", '
        f'color="{line}", penwidth={width}, tooltip={_quoted(node_sentence(node))}];'
    )


def _edge(edge: Edge, nodes: dict[int, LineageNode]) -> str:
    tip = edge_sentence(edge, nodes[edge.source], nodes[edge.target])
    style = _LINES.get(edge.kind, "solid")
    return (
        f"  n{edge.source} -> n{edge.target} [label={_quoted(edge_label(edge))}, "
        f"kind={edge.kind}, style={style}, tooltip={_quoted(tip)}];"
    )


def _quoted(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
