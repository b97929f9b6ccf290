"""Nodes and edges of a lineage as JSON text, fast: an answer may have a million of each."""

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from lineage_registry.domain.graph import Edge
from lineage_registry.domain.lineage import Lineage, LineageNode
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


def edge_texts(edges: Sequence[Edge], spacing: Spacing) -> list[str]:
    """Return each edge as a JSON object."""
    comma, colon = spacing

    @cache
    def kinds(kind: str) -> str:
        return f'{comma}"kind"{colon}{_text(kind)}{comma}"target"{colon}'

    @cache
    def rest(role: str, since: int, declared: bool) -> str:  # noqa: FBT001 - a key
        return (
            f'{comma}"role"{colon}{_text(role)}{comma}"since"{colon}{since}'
            f'{comma}"declared"{colon}{_value(declared)}}}'
        )

    begin = f'{{"source"{colon}'
    return [
        f"{begin}{source}{kinds(kind)}{target}{rest(role, since, declared)}"
        for source, kind, target, role, since, declared in edges
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
    lead = ""
    for part in texts:
        if part:
            yield lead + comma.join(part)
            lead = comma


def _value(value: object) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)
