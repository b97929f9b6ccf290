"""Nodes and edges of a lineage as JSON text, fast: an answer may have a million of each."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from lineage_registry.domain.edge_rows import EdgeRows
from lineage_registry.domain.graph import Edge, EdgeKind
from lineage_registry.domain.lineage import Lineage, LineageNode
from lineage_registry.domain.node_rows import Alike, NodeRows
from lineage_registry.domain.streams import batches

_text = encode_basestring


class Spacing(NamedTuple):
    """What stands between the parts of a JSON object."""

    comma: str
    colon: str


COMPACT: Final = Spacing(",", ":")
READABLE: Final = Spacing(", ", ": ")


def node_texts(
    nodes: Sequence[LineageNode], fields: Collection[str] | None, spacing: Spacing
) -> list[str]:
    """Return each node as a JSON object, with these fields besides id and reference; None: all."""
    if isinstance(nodes, NodeRows) and fields is None:
        return _row_texts(nodes, spacing)
    kept = [
        (place, name)
        for place, name in enumerate(LineageNode._fields)
        if place > 1 and (fields is None or name in fields)
    ]

    @cache  # many nodes have the same to say
    def rest(said: tuple[Any, ...]) -> str:
        pairs = (
            f"{spacing.comma}{_text(name)}{spacing.colon}{_value(said[place - 2])}"
            for place, name in kept
        )
        return "".join(pairs) + "}"

    begin = f'{{"id"{spacing.colon}'
    then = f'{spacing.comma}"reference"{spacing.colon}'
    return [f"{begin}{node[0]}{then}{_text(node[1])}{rest(node[2:])}" for node in nodes]


def _row_texts(nodes: NodeRows, spacing: Spacing) -> list[str]:
    """Return the same of all fields; a reference is escaped in two parts, one of them once."""
    comma, colon = spacing

    def around(alike: Alike) -> tuple[str, str]:
        before = f'{comma}"reference"{colon}{_text(alike.prefix)[:-1]}'
        said = alike._asdict().items()
        behind = "".join(
            f'{comma}"{name}"{colon}{_value(value)}' for name, value in said if name != "prefix"
        )
        return before, f'"{behind}{comma}"title"{colon}'

    begin = f'{{"id"{colon}'
    return [
        f"{begin}{id_}{before}{name if isinstance(name, int) else _text(str(name))[1:-1]}"
        f"{behind}{'null' if title is None else _text(title)}}}"
        for id_, name, (before, behind), title in nodes.parts(around)
    ]


def edge_texts(edges: Sequence[Edge], spacing: Spacing) -> list[str]:
    """Return each edge as a JSON object."""
    comma, colon = spacing
    rows: Sequence[Any] = edges
    kinds: Mapping[Any, str] = {kind: kind for kind in EdgeKind}
    if isinstance(edges, EdgeRows):
        rows, kinds = edges.rows, edges.kinds
    heads = {
        code: f'{comma}"kind"{colon}{_text(kind)}{comma}"target"{colon}'
        for code, kind in kinds.items()
    }
    ends = [f'{comma}"declared"{colon}{truth}}}' for truth in ("false", "true")]

    @cache
    def role(said: str) -> str:
        return f'{comma}"role"{colon}{_text(said)}{comma}"since"{colon}'

    begin = f'{{"source"{colon}'
    return [
        f"{begin}{source}{heads[kind]}{target}{role(said)}{since}{ends[declared]}"
        for source, kind, target, said, since, declared in rows
    ]


def answer_chunks(lineage: Lineage) -> Iterator[str]:
    """Yield the parts of what `lineage.model_dump_json()` returns."""
    bare = lineage.model_copy(update={"nodes": [], "edges": []}).model_dump_json()
    # In text of JSON a quotation mark follows a backslash, so this is the one such place.
    edges = "[]" if lineage.with_edges else "null"
    head, _, tail = bare.partition(f'"nodes":[],"edges":{edges}')
    yield f'{head}"nodes":['
    yield from _joined(
        (node_texts(part, lineage.fields, COMPACT) for part in batches(lineage.nodes)), ","
    )
    if not lineage.with_edges:
        yield f'],"edges":null{tail}'
        return
    yield '],"edges":['
    yield from _joined((edge_texts(part, COMPACT) for part in batches(lineage.edges)), ",")
    yield f"]{tail}"


def lines(texts: Iterator[Sequence[str]]) -> Iterator[str]:
    """Yield the parts of a JSON array whose items have a line each."""
    parts = _joined(texts, ",\n    ")
    first = next(parts, None)
    if first is None:
        yield "[]"
        return
    yield "[\n    "
    yield first
    yield from parts
    yield "\n  ]"


def node_lines(lineage: Lineage) -> Iterator[str]:
    """Yield the nodes as a JSON array with a line for each."""
    return lines(node_texts(part, lineage.fields, READABLE) for part in batches(lineage.nodes))


def edge_lines(lineage: Lineage) -> Iterator[str]:
    """Yield the edges as a JSON array with a line for each."""
    return lines(edge_texts(part, READABLE) for part in batches(lineage.edges))


def _joined(texts: Iterator[Sequence[str]], comma: str) -> Iterator[str]:
    lead: list[str] = []
    for part in texts:
        if part:
            yield comma.join([*lead, *part])
            lead = [""]


def _value(value: object) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)
