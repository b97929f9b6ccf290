"""Taints for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage_registry.cli.views import Cell, Line, Table, View
from lineage_registry.cli.words import minute, ref, short, stage, state

if TYPE_CHECKING:
    from lineage_registry.ports.commands import RaisedTaint, ReachingTaint, Tainted, Taints

_STYLES = {"critical": "bad", "warning": "warn"}


def severity(name: str) -> Cell:
    """Return a severity in its colour."""
    return Cell(name, _STYLES.get(name, "dim"))


def way(references: Sequence[str]) -> str:
    """Return a way from an effect to a cause."""
    return " <- ".join(short(each) for each in references)


def changed(one: "RaisedTaint") -> View:
    """Return what was raised or lifted."""
    done = "holds on" if one.active else "no more holds on"
    return [
        Line([Cell(f"taint {one.id} {one.kind} "), Cell(f"{done} "), ref(one.origin)]),
    ]


def taints(one: "Taints") -> View:
    """Return taints with their ways."""
    if not one.taints:
        if one.reference is None:
            return [Line([Cell("no taint holds", "dim")])]
        return [Line([Cell("no taint reaches ", "dim"), ref(one.reference)])]
    if one.reference is None:
        return [_table(one.taints, "", [])]
    return [_table(one.taints, "way", [way(each.witness) for each in one.taints])]


def _table(rows: Sequence["ReachingTaint"], more: str, cells: Sequence[str]) -> Table:
    columns = ("taint", "kind", "severity", "begins at", "reason", "raised")
    told = [
        (
            str(each.id),
            each.kind,
            severity(each.severity.value),
            ref(each.origin),
            each.reason,
            [minute(each.raised_at), Cell(f" {each.raised_by}", "dim")],
        )
        for each in rows
    ]
    if not more:
        return Table(columns, told, wrapped=("reason",))
    extended = [(*row, cell) for row, cell in zip(told, cells, strict=True)]
    return Table((*columns, more), extended, wrapped=("reason", more))


def tainted(one: "Tainted") -> View:
    """Return what is reached."""
    if not one.nodes:
        return [Line([Cell("nothing is reached", "dim")])]
    rows = [
        (
            ref(each.reference),
            stage(each.stage) if each.status is None else state(each.status),
            severity(each.severity.value),
            str(each.distance),
            ", ".join(map(str, each.taints)),
        )
        for each in one.nodes
    ]
    return [Table(("reached", "stage", "severity", "away", "taints"), rows)]
