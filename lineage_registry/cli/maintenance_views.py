"""The upkeep of a registry for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage_registry.cli.lineage_views import node, refs
from lineage_registry.cli.views import GAP, Cell, Fields, Line, Part, Table, View
from lineage_registry.cli.words import minute, plural, ref, stage, state

if TYPE_CHECKING:
    from lineage_registry.ports.commands import HotList, RebuildCost, RebuildPlan, Unlinked


def rebuild_plan(one: "RebuildPlan") -> View:
    """Return what to do, level by level, and why."""
    parts: list[Part] = []
    if one.total:
        rows = [
            (
                str(step.level),
                step.action,
                ref(step.reference),
                ref(step.run),
                [*refs(step.because, ""), _more(step.causes - len(step.because))],
            )
            for step in one.steps
        ]
        parts += [Table(("level", "do", "what", "by", "because of"), rows), GAP]
    kept = [("kept", refs(one.kept, "")), ("not affected", refs(one.unaffected, ""))]
    if one.kept or one.unaffected:
        parts += [Fields(kept), GAP]
    said = [plural(one.runs, "run"), plural(one.versions, "version")]
    said += [plural(one.deployments, "deployment"), f"in {plural(one.levels, 'level')}"]
    parts.append(Line([Cell(", ".join(said) if one.total else "nothing to do", "dim")]))
    if one.deleted_passed:
        between = plural(one.deleted_passed, "deleted thing lies", "deleted things lie")
        parts.append(Line([Cell(f"{between} between; --deleted rebuilds those, too", "dim")]))
    return parts if one.cost is None else [*parts, Line(_cost(one.cost))]


def _cost(cost: "RebuildCost") -> list[Cell]:
    said = [Cell(f"{cost.seconds:,.1f} s in all, {cost.critical_seconds:,.1f} s at least", "dim")]
    if cost.critical_path:
        said += [Cell(": ", "dim"), *refs(cost.critical_path, "")]
    if cost.untimed:
        said.append(Cell(f"; {plural(cost.untimed, 'run')} of unknown length", "dim"))
    return said


def _more(count: int) -> Cell:
    return Cell(f", and {count:,} more" if count else "", "dim")


def hot_list(one: "HotList") -> View:
    """Return what most things depend on."""
    if not one.nodes:
        return [Line([Cell("nothing depends on anything", "dim")])]
    if one.transitive is None:
        rows = [(node(each), f"{n:,}") for each, n in zip(one.nodes, one.direct, strict=True)]
        return [Table(("what", "direct"), rows)]
    counted = zip(one.nodes, one.direct, one.transitive, strict=True)
    whole = [(node(each), f"{direct:,}", f"{behind:,}") for each, direct, behind in counted]
    return [Table(("what", "direct", "in all"), whole)]


def unlinked(found: Sequence["Unlinked"]) -> View:
    """Return things that are tied to nothing, and why to keep them."""
    rows = [
        (
            [ref(each.reference), Cell(f" {each.title}" if each.title else "")],
            stage(each.stage) if each.stage else state(each.status) if each.status else None,
            minute(each.created_at),
            Cell(", ".join(each.held_by), "warn"),
        )
        for each in found
    ]
    return [Table(("what", "", "made", "held by"), rows)]
