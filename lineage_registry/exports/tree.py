"""The answer as a tree, for terminals: each node opens once and is `seen above` afterwards."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from lineage_registry.domain.graph import Edge, EdgeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.exports.words import (
    EDGE_WORDS,
    edge_words,
    question,
    shown,
    stage_words,
    status_words,
    truth,
)

MAX_INDENT: Final = 16
"""Deeper lines stand under each other and say their depth, so that text stays linear."""

# The run first, then what went into it, then the direct parents: most people's order of asking.
_ORDER: Final = {
    kind: place
    for place, kind in enumerate(
        (
            EdgeKind.SERVES,
            EdgeKind.GENERATED_BY,
            EdgeKind.USED,
            EdgeKind.EVALUATED_ON,
            EdgeKind.DEPENDS_ON,
            EdgeKind.DERIVED_FROM,
            EdgeKind.CHILD_OF,
            EdgeKind.READ_BACK,
            EdgeKind.SIBLING_OF,
        )
    )
}
_Way = Literal["up", "down"]
_WAYS: Final[Mapping[str, Sequence[_Way]]] = {
    "upstream": ("up",),
    "downstream": ("down",),
    "both": ("up", "down"),
}


class TreeLine(NamedTuple):
    """A line of the tree.

    Attributes:
        node: What stands on the line.
        edge: What ties it to the node it hangs from; None for a root.
        way: Whether it is a cause (`up`) or an effect (`down`) of the node it hangs from.
        depth: Edges from its root.
        guides: For each indent whether a line runs on there; the last is the line's own: True
            where a sibling follows. Empty for roots; at most MAX_INDENT long.
        continues: Whether it is the only continuation of an only continuation, and so stands
            under it without an indent of its own.
        seen_above: Whether the node stands further up already, and is not opened again.
    """

    node: LineageNode
    edge: Edge | None
    way: _Way | None
    depth: int
    guides: tuple[bool, ...]
    continues: bool
    seen_above: bool


class _Step(NamedTuple):
    edge: Edge
    way: _Way
    node: int


def tree(lineage: Lineage) -> Iterator[TreeLine]:
    """Yield the answer line by line; the starts are roots, and so is what no start leads to."""
    nodes = {node.id: node for node in lineage.nodes}
    steps = {"up": _steps(lineage.edges, "up"), "down": _steps(lineage.edges, "down")}
    ways = _WAYS[lineage.direction]
    opened: set[int] = set()
    for node in sorted(lineage.nodes, key=lambda node: node.distance > 0):
        if node.distance == 0 or node.id not in opened:
            yield from _from_root(node, nodes, steps, ways, opened)


def _steps(edges: Sequence[Edge], way: _Way) -> dict[int, list[_Step]]:
    steps: defaultdict[int, list[_Step]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: _ORDER[edge.kind]):
        begin, end = (edge.source, edge.target) if way == "up" else (edge.target, edge.source)
        steps[begin].append(_Step(edge, way, end))
    return steps


def _from_root(
    root: LineageNode,
    nodes: dict[int, LineageNode],
    steps: dict[str, dict[int, list[_Step]]],
    ways: Sequence[_Way],
    opened: set[int],
) -> Iterator[TreeLine]:
    yield TreeLine(root, None, None, 0, (), continues=False, seen_above=root.id in opened)
    if root.id in opened:
        return
    opened.add(root.id)
    first = [step for way in ways for step in steps[way].get(root.id, ())]
    waiting = _children(first, 1, (), alone=False)
    while waiting:
        step, depth, guides, continues = waiting.pop()
        seen = step.node in opened
        yield TreeLine(nodes[step.node], step.edge, step.way, depth, guides, continues, seen)
        if not seen:
            opened.add(step.node)
            after = steps[step.way].get(step.node, ())
            alone = len(after) == 1 and (continues or not guides[-1])
            waiting += _children(after, depth + 1, guides, alone=alone)


def _children(
    steps: Sequence[_Step], depth: int, guides: tuple[bool, ...], *, alone: bool
) -> list[tuple[_Step, int, tuple[bool, ...], bool]]:
    """Return the steps as a stack: the first one on top."""
    if alone:
        return [(steps[0], depth, guides, True)]
    last = len(steps) - 1
    room = guides[: MAX_INDENT - 1]
    return [
        (step, depth, (*room, place < last), False)
        for place, step in reversed(list(enumerate(steps)))
    ]


class _Glyphs(NamedTuple):
    fork: str
    end: str
    bar: str
    gap: str
    on: str


_UNICODE: Final = _Glyphs("├─ ", "└─ ", "│  ", "   ", "↳ ")
_ASCII: Final = _Glyphs("|- ", "`- ", "|  ", "   ", "> ")


def to_tree(lineage: Lineage, charset: Literal["unicode", "ascii"] = "unicode") -> str:
    """Return the answer as lines of text, one for each node and each way to it."""
    glyphs = _ASCII if charset == "ascii" else _UNICODE
    lines = [prefix(line, charset) + line_text(line) for line in tree(lineage)]
    dot = "-" if glyphs is _ASCII else "\N{MIDDLE DOT}"
    head = f"{question(lineage)}\n{truth(lineage).replace(chr(0xB7), dot)}"
    return "\n".join([head, "", *lines]) + "\n"


def prefix(line: TreeLine, charset: Literal["unicode", "ascii"] = "unicode") -> str:
    """Return the guides that stand before a line."""
    if not line.guides:
        return ""
    glyphs = _ASCII if charset == "ascii" else _UNICODE
    *before, more = line.guides
    bars = "".join(glyphs.bar if runs else glyphs.gap for runs in before)
    if line.continues:
        own = (glyphs.bar if more else glyphs.gap) + glyphs.on
    else:
        own = glyphs.fork if more else glyphs.end
    return bars + own


def line_text(line: TreeLine) -> str:
    """Return what a line says after its guides: `derived from models:/clf/2 (finetune)`."""
    said = [f"({line.depth})"] if line.depth > MAX_INDENT else []
    if line.edge is not None:
        words = EDGE_WORDS[line.edge.kind]
        said.append(words.up if line.way == "up" else words.down)
    said.append(shown(line.node.reference))
    said += [f'"{shown(line.node.title)}"'] if line.node.title else []
    told = [] if line.edge is None else edge_words(line.edge)
    said += [f"({', '.join(told)})"] if told else []
    said += [f"[{mark}]" for mark in (stage_words(line.node), status_words(line.node)) if mark]
    said += ["(seen above)"] if line.seen_above else []
    return " ".join(said)
