"""Lineage for people: trees, tables, what is affected."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from lineage_registry.cli.views import GAP, Cell, Fields, Line, Table, Tree, View, Words
from lineage_registry.cli.words import plural, ref, role, short, stage, state

if TYPE_CHECKING:
    from lineage_registry.domain.lineage import Lineage, LineageNode
    from lineage_registry.exports.tree import TreeLine
    from lineage_registry.ports.commands import (
        DeploymentHit,
        FamilyHit,
        Impact,
        Neighbours,
        Siblings,
    )

_MOST_ROWS = 30


def lineage(one: "Lineage", charset: Literal["unicode", "ascii"]) -> View:
    """Return an answer as a tree."""
    return [Tree(_tree_lines(one, charset)), GAP, Line(_truth(one))]


def _tree_lines(one: "Lineage", charset: Literal["unicode", "ascii"]) -> Iterator[list[Cell]]:
    from lineage_registry.exports.drawable import drawable
    from lineage_registry.exports.tree import prefix, tree

    for line in tree(drawable(one)):
        yield [Cell(prefix(line, charset), "dim"), *_tree_words(line)]


def _tree_words(line: "TreeLine") -> list[Cell]:
    from lineage_registry.exports.tree import MAX_INDENT
    from lineage_registry.exports.words import EDGE_WORDS, edge_words

    said: list[Cell] = []
    if line.depth > MAX_INDENT:
        said.append(Cell(f"({line.depth}) ", "dim"))
    if line.edge is not None:
        words = EDGE_WORDS[line.edge.kind]
        said.append(Cell((words.up if line.way == "up" else words.down) + " ", "dim"))
    said += node(line.node)
    if line.edge is not None and (told := edge_words(line.edge)):
        said.append(Cell(f" ({', '.join(told)})", "dim"))
    if line.seen_above:
        said.append(Cell(" (seen above)", "dim"))
    return said


def node(one: "LineageNode") -> list[Cell]:
    """Return a node of an answer: reference, title, stage and what is worth a mark."""
    said = [ref(one.reference)]
    if one.title:
        said.append(Cell(f" {one.title}"))
    mark = stage(one.stage)
    if mark.text:
        said.append(Cell(f" [{mark.text}]", mark.style))
    if one.status and one.status not in {"finished", "active"}:
        named = state(one.status)
        said.append(Cell(f" [{named.text}]", named.style))
    return said


def _truth(one: "Lineage") -> list[Cell]:
    said = [plural(len(one.nodes), "node"), plural(len(one.edges), "edge")]
    said.append(f"revision {one.revision}")
    if one.truncated:
        said.append("not complete")
    return [Cell(", ".join(said), "dim")]


def nodes(found: Sequence["LineageNode"]) -> View:
    """Return nodes as a list."""
    if not found:
        return []
    rows = [
        (ref(each.reference), each.title, stage(each.stage), state(each.status or ""))
        for each in found
    ]
    return [Table(("what", "title", "stage", "state"), rows)]


def impact(one: "Impact") -> View:
    """Return what is affected: who to tell first, then the things."""
    starts = refs(one.starts, "name")
    between = plural(one.deleted_passed, "deleted thing lies", "deleted things lie")
    hidden = [Line([Cell(f"{between} downstream", "dim")])] if one.deleted_passed else []
    if not one.total:
        return [Line([Cell("nothing depends on "), *starts]), *hidden]
    kinds: dict[str, int] = {}
    for count in one.counts:
        kinds[count.kind] = kinds.get(count.kind, 0) + count.nodes
    said = ", ".join(plural(n, kind.replace("_", " ")) for kind, n in kinds.items())
    rows: list[tuple[str, Words | None]] = [
        ("in Production", refs(one.production, "bad")),
        ("deployments", refs(one.deployments, "bad")),
        ("owners to tell", ", ".join(one.owners)),
        ("licence conflicts", refs(one.conflicting, "warn")),
        ("by distance", _by_distance(one)),
    ]
    hit = [*map(_family, one.families), *map(_service, one.serving)][:_MOST_ROWS]
    shown = [node for node in one.closest if node.distance][:_MOST_ROWS]
    parts: list[Line | Fields | Table] = [
        Line([Cell(f"{plural(one.total, 'thing')}", "name"), Cell(" affected by "), *starts]),
        Line([Cell(said, "dim")]),
        *hidden,
        GAP,
        Fields(rows),
    ]
    if hit:
        parts += [GAP, Table(("hit", "owner", "versions", "in Production"), hit)]
    if shown:
        parts += [GAP, _closest(shown)]
    if one.total > len(shown):
        parts.append(Line([Cell(f"and {one.total - len(shown):,} more", "dim")]))
    return parts


def _family(hit: "FamilyHit") -> tuple[Words, ...]:
    production = refs(hit.production, "bad")
    return ref(hit.reference), hit.owner or "", f"{hit.versions:,}", production


def _service(hit: "DeploymentHit") -> tuple[Words, ...]:
    place = f" ({hit.environment})" if hit.environment else ""
    serves = f"serves {short(hit.serves)}" if hit.serves else ""
    return [ref(hit.reference), Cell(place, "dim")], hit.owner or "", "", serves


def _by_distance(one: "Impact") -> str:
    far: dict[int, int] = {}
    for count in one.counts:
        far[count.distance] = far.get(count.distance, 0) + count.nodes
    said = [f"{distance}: {nodes:,}" for distance, nodes in sorted(far.items())]
    return ", ".join([*said[:8], f"... up to {max(far)}"] if len(said) > 8 else said)


def _closest(nodes: Sequence["LineageNode"]) -> Table:
    rows = [(str(each.distance), node(each)) for each in nodes]
    return Table(("away", "affected"), rows)


def refs(references: Sequence[str], style: str) -> list[Cell]:
    """Return references behind each other, not too many."""
    said: list[Cell] = []
    for each in references[:_MOST_ROWS]:
        said += [Cell(", ")] if said else []
        said.append(Cell(ref(each).text, style))
    if len(references) > _MOST_ROWS:
        said.append(Cell(f", and {len(references) - _MOST_ROWS} more", "dim"))
    return said


def siblings(one: "Siblings") -> View:
    """Return siblings and what they share."""
    if not one.siblings:
        return [Line([ref(one.reference), Cell(" has no siblings", "dim")])]
    rows = [
        (
            [ref(each.reference), _gone(each.deleted)],
            stage(each.stage),
            [*refs(each.shared, ""), Cell(_declared(each.declared, each.shared), "dim")],
        )
        for each in one.siblings
    ]
    return [Table(("sibling", "stage", "shares"), rows)]


def _gone(deleted: bool) -> Cell:  # noqa: FBT001 - a fact of the answer
    return Cell(" [deleted]" if deleted else "", "bad")


def _declared(declared: bool, shared: Sequence[str]) -> str:  # noqa: FBT001 - a fact of the answer
    if not declared:
        return ""
    return ", declared" if shared else "declared"


def neighbours(one: "Neighbours") -> View:
    """Return what is tied to a thing, causes first."""
    from lineage_registry.exports.words import EDGE_WORDS

    if not one.neighbours:
        return [Line([ref(one.reference), Cell(" has no neighbours", "dim")])]
    rows = [
        (
            EDGE_WORDS[each.edge].up
            if each.direction == "upstream"
            else EDGE_WORDS[each.edge].down,
            [ref(each.reference), _gone(each.deleted)],
            role(each.role),
            None if each.declared else Cell("inferred", "dim"),
        )
        for each in sorted(one.neighbours, key=lambda each: each.direction == "downstream")
    ]
    return [Table(("how", "what", "role", ""), rows)]
