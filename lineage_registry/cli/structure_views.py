"""The shape of lineage for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_registry.cli.lineage_views import node
from lineage_registry.cli.views import GAP, Cell, Line, Part, Table, View
from lineage_registry.cli.words import plural, ref, role

if TYPE_CHECKING:
    from lineage_registry.ports.commands import CommonAncestors, Ends, Order, Path, Paths


def paths(one: "Paths") -> View:
    """Return ways from an effect to a cause, each step on a line."""
    if not one.paths:
        return [Line([Cell("no way leads there", "dim")])]
    parts: list[Part] = []
    for path in one.paths:
        parts += [*_path(path), GAP]
    count = "more than 10**300 paths" if one.total is None else plural(one.total, "path")
    said = count if one.complete else f"the shortest {len(one.paths)} of {count}"
    return [*parts, Line([Cell(said, "dim")])]


def _path(path: "Path") -> Iterator[Part]:
    from lineage_registry.exports.words import EDGE_WORDS

    yield Line(ref(path.nodes[0]))
    for step, (name, edges) in enumerate(zip(path.nodes[1:], path.steps, strict=True), 1):
        said = ", ".join(
            EDGE_WORDS[one.edge].up + (f" ({role(one.role)})" if role(one.role) else "")
            for one in edges
            if one.edge is not None
        )
        yield Line([Cell("  " * min(step, 16) + f"{said} ", "dim"), ref(name)])


def common_ancestors(one: "CommonAncestors") -> View:
    """Return what several things all come from, the nearest marked."""
    if not one.ancestors:
        return [Line([Cell("they have nothing in common", "dim")])]
    nearest = {each.id for each in one.nearest}
    rows = [
        (node(each), Cell("nearest", "good") if each.id in nearest else None, *map(str, distances))
        for each, distances in zip(one.ancestors, one.distances, strict=True)
    ]
    return [Table(("what", "", *(f"from {ref(start).text}" for start in one.starts)), rows)]


def ends(one: "Ends") -> View:
    """Return where lineage begins or ends."""
    if not one.nodes:
        return [Line([Cell("nothing", "dim")])]
    return [Table(("away", "what"), [(str(each.distance), node(each)) for each in one.nodes])]


def order(one: "Order") -> View:
    """Return nodes in layers."""
    rows = [(str(level), node(each)) for level, nodes in enumerate(one.levels) for each in nodes]
    return [Table(("level", "what"), rows)] if rows else [Line([Cell("nothing", "dim")])]
