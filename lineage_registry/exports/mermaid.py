"""The answer as a Mermaid flowchart, as Markdown viewers draw it."""

import re
from typing import Final

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.errors import InputTooLargeError
from lineage_registry.exports.folding import fold
from lineage_registry.exports.words import (
    KIND_WORDS,
    edge_label,
    headline,
    question,
    stage_words,
    status_words,
    truth,
)

# Mermaid's own defaults (maxEdges, maxTextSize); viewers show an error instead of more.
MAX_EDGES: Final = 500
MAX_TEXT: Final = 50_000
_MAX_LABEL: Final = 64
_HINT: Final = "ask for less (a depth, one direction), or export html, svg or dot"

_SHAPES: Final = {
    NodeKind.MODEL: ("[[", "]]"),
    NodeKind.MODEL_VERSION: ("(", ")"),
    NodeKind.DATASET: ("[(", ")]"),
    NodeKind.DATASET_VERSION: ("[(", ")]"),
    NodeKind.RUN: ("{{", "}}"),
    NodeKind.DEPLOYMENT: ("([", "])"),
}
_ARROWS: Final = {
    EdgeKind.DERIVED_FROM: "==>",
    EdgeKind.DEPENDS_ON: "-.->",
    EdgeKind.EVALUATED_ON: "-.->",
    EdgeKind.READ_BACK: "-.->",
    EdgeKind.CHILD_OF: "-.->",
    EdgeKind.SIBLING_OF: "-.-",
}
_CLASSES: Final = """\
  classDef model_version fill:#eef4ff,stroke:#3b6fd4,color:#14213d
  classDef model fill:#ffffff,stroke:#3b6fd4,color:#14213d
  classDef dataset_version fill:#ebf7f1,stroke:#2b8a60,color:#12301f
  classDef dataset fill:#ffffff,stroke:#2b8a60,color:#12301f
  classDef run fill:#fff6e6,stroke:#b97a10,color:#3d2a06
  classDef deployment fill:#f5f0ff,stroke:#7d52cc,color:#2b1a4d
  classDef start stroke-width:4px
  classDef deleted stroke-dasharray:4 3"""

# Whatever else could mean something to Mermaid goes in as a character code.
_SPECIAL: Final = re.compile(r"[^\w ./:@,+=\-\u0080-\U0010ffff]|(?<![^\W_])_|_(?![^\W_])|https?:")


def to_mermaid(lineage: Lineage) -> str:
    """Return the answer as a Mermaid flowchart, causes left, effects right.

    What viewers would refuse - more than 500 edges or 50,000 characters - is folded: chains of
    versions and groups of similar nodes become one node each.

    Raises:
        InputTooLargeError: Viewers would refuse it all the same.
    """
    if not _is_too_large(lineage, text := _text(lineage)):
        return text
    folded = fold(lineage)
    hidden = len(lineage.nodes) - len(folded.lineage.nodes) + len(folded.members)
    note = f"%% {hidden:,} of {len(lineage.nodes):,} nodes folded into {len(folded.members):,}"
    text = _text(folded.lineage, f"%% {_plain(truth(lineage))}", note)
    if _is_too_large(folded.lineage, text):
        raise _too_large(folded.lineage, text)
    return text


def _text(lineage: Lineage, *facts: str) -> str:
    lines = [
        f"%% {_plain(question(lineage))}",
        *(facts or [f"%% {_plain(truth(lineage))}"]),
        "flowchart LR",
        *(_node(node) for node in lineage.nodes),
        *(_edge(edge) for edge in lineage.edges),
        _CLASSES,
        *_starts(lineage),
    ]
    return "\n".join(lines) + "\n"


def _is_too_large(lineage: Lineage, text: str) -> bool:
    return len(lineage.edges) > MAX_EDGES or len(text) > MAX_TEXT


def _too_large(lineage: Lineage, text: str) -> InputTooLargeError:
    edges = len(lineage.edges)
    count, limit, what = (
        (edges, MAX_EDGES, "edges") if edges > MAX_EDGES else (len(text), MAX_TEXT, "characters")
    )
    return InputTooLargeError(
        f"too large for Mermaid: {count:,} {what}, folded; viewers refuse more than {limit:,}",
        hint=_HINT,
        format="mermaid",
        limit=limit,
    )


def _node(node: LineageNode) -> str:
    begin, end = _SHAPES[node.kind]
    marks = [mark for mark in (stage_words(node), status_words(node)) if mark]
    below = " \N{MIDDLE DOT} ".join(_escaped(word) for word in [KIND_WORDS[node.kind], *marks])
    label = f'"{_escaped(headline(node))}<br/>{below}"'
    return f"  n{node.id}{begin}{label}{end}:::{node.kind}"


def _edge(edge: Edge) -> str:
    arrow = _ARROWS.get(edge.kind, "-->")
    return f'  n{edge.target} {arrow}|"{_escaped(edge_label(edge))}"| n{edge.source}'


def _starts(lineage: Lineage) -> list[str]:
    starts = [f"n{node.id}" for node in lineage.nodes if node.distance == 0]
    deleted = [f"n{node.id}" for node in lineage.nodes if node.status == "deleted"]
    return [f"  class {','.join(ids)} {name}" for ids, name in _marked(starts, deleted)]


def _marked(starts: list[str], deleted: list[str]) -> list[tuple[list[str], str]]:
    return [(ids, name) for ids, name in ((starts, "start"), (deleted, "deleted")) if ids]


def _plain(text: str) -> str:
    """Return the text for a comment, where `%%{` would begin a directive."""
    return re.sub(r"[{}%]", "_", text)


def _escaped(text: str) -> str:
    if len(text) > _MAX_LABEL:
        text = text[: _MAX_LABEL - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return _SPECIAL.sub(lambda found: "".join(f"#{ord(c)};" for c in found[0]), text)
